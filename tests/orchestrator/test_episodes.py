"""Runs of episodes: kept step by step, taken up after a kill, branched, limited, replayed and scored again."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from command_line import run
from fieldsmith.orchestrator.episodes.ledger import Ledger
from served_llm import Witness, small_model

ROOM = Path(__file__).parents[1] / "small_environment.py"


def env_run(folder: Path, *options: object, code: int = 0) -> dict:
    """The result of `env run`."""
    ended = run("env", "run", ROOM, "--run-dir", folder, "--json", "--quiet", *options)
    assert ended.returncode == code, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])


def script(folder: Path, *calls: dict) -> str:
    file = folder / "script.jsonl"
    file.write_text("\n".join(map(json.dumps, calls)))
    return f"script:{file}"


def heat(degrees: float) -> dict:
    return {"action": "heat", "arguments": {"degrees": degrees}}


def test_a_script_is_played_and_its_episode_stands_whole_in_a_file(tmp_path):
    done = env_run(tmp_path / "run", "--agent", script(tmp_path, heat(3), heat(2.5)))
    assert done["best"]["score"] > 0.9
    assert done["best"]["metrics"]["final_off"] < 0.5
    whole = json.loads((tmp_path / "run/episodes/0001.json").read_text())
    assert [turn["records"][0]["action"] for turn in whole["turns"]] == ["heat", "heat", "submit"]
    assert json.loads((tmp_path / "run/result.json").read_text())["best"]["score"] == done["best"]["score"]


def test_a_branch_goes_on_from_the_best_step_of_an_earlier_episode(tmp_path):
    calls = script(tmp_path, heat(3), heat(2.5), heat(9))
    done = env_run(
        tmp_path / "run", "--agent", calls, "--episodes", 3, "--strategy", "refine", "--strategy-option", "drafts=1"
    )
    assert [one["move"] for one in done["episodes"]] == ["draft", "refine", "refine"]
    ledger = Ledger(tmp_path / "run/run.sqlite", reading=True)
    branch = ledger.episode(2)
    assert branch.parent == (1, 2)
    assert branch.episode.records[0].state == ledger.episode(1).episode.at(2).state
    ledger.close()


@pytest.mark.slow
def test_replay_takes_the_actions_again_and_tells_what_differs(tmp_path, monkeypatch):
    folder = tmp_path / "run"
    monkeypatch.setenv("ROOM_MENDED", "1")
    env_run(folder, "--agent", "random", "--episodes", 3, "--strategy", "refine", "--strategy-option", "drafts=1")
    for options in ((), ("--rescore",)):
        ended = run("env", "replay", folder, *options)
        assert ended.returncode == 0, ended.stdout
        assert ended.stdout.count("as recorded") == 3
    with sqlite3.connect(folder / "run.sqlite") as store:
        number, record = store.execute(
            "SELECT rowid, record FROM steps WHERE record LIKE '%final_off%' LIMIT 1"
        ).fetchone()
        changed = json.loads(record)
        changed["judged"]["final_off"] = 0.0
        store.execute("UPDATE steps SET record = ? WHERE rowid = ?", (json.dumps(changed), number))
    for options in ((), ("--rescore",)):
        ended = run("env", "replay", folder, *options)
        assert ended.returncode == 1
        assert "final_off is" in ended.stdout


def test_what_is_written_for_other_programs_is_standard_json(tmp_path):
    agent = script(tmp_path, heat(float("nan")))
    ended = run("env", "run", ROOM, "--run-dir", tmp_path / "run", "--agent", agent, "--json", "--quiet")
    for text in (*ended.stdout.splitlines(), (tmp_path / "run/episodes/0001.json").read_text()):
        json.loads(text, parse_constant=pytest.fail)


@pytest.mark.slow
def test_another_question_does_not_go_into_the_same_directory(tmp_path):
    env_run(tmp_path, "--agent", "random", "--steps", 2)
    ended = run("env", "run", ROOM, "--run-dir", tmp_path, "--agent", "random", "--steps", 3)
    assert ended.returncode == 2
    assert "its steps is 2, not 3" in ended.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "Nobody is named who acts"),
        (("--agent", "randon"), "Did you mean 'random'?"),
        (("--agent", "random", "--task", "worm"), "Did you mean 'warm'?"),
        (("--agent", "random", "--documentation", "none"), "on-demand or all"),
        (("--agent", "gold"), "has no gold sequence"),
    ],
)
def test_what_is_asked_wrongly_is_told_in_one_sentence(tmp_path, options, words):
    ended = run("env", "run", ROOM, "--run-dir", tmp_path / "run", *options)
    assert ended.returncode == 2
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.slow
def test_what_the_machine_lacks_ends_the_sitting_and_the_next_goes_on(tmp_path):
    agent = script(tmp_path, heat(3), {"action": "broken", "arguments": {"lacking": True}}, heat(2.5))
    ended = run("env", "run", ROOM, "--run-dir", tmp_path / "run", "--agent", agent)
    assert ended.returncode == 3
    assert "Plug it in" in ended.stderr
    done = json.loads(
        run(
            "env",
            "run",
            ROOM,
            "--run-dir",
            tmp_path / "run",
            "--agent",
            agent,
            "--json",
            env={**os.environ, "ROOM_MENDED": "1"},
        ).stdout.splitlines()[-1]
    )
    assert done["best"]["score"] > 0.9
    ledger = Ledger(tmp_path / "run/run.sqlite", reading=True)
    assert [r.action for r in ledger.episode(1).episode.records] == ["reset", "heat", "broken", "heat", "submit"]
    ledger.close()


@pytest.mark.slow
def test_replies_without_a_call_end_the_episode(tmp_path):
    model = f"command:{sys.executable} -c 'print(1)'"
    done = env_run(tmp_path / "run", "--model", model, "--format-errors", 3)
    whole = json.loads((tmp_path / "run/episodes/0001.json").read_text())
    assert len(whole["turns"]) == 3
    assert "3 calls in a row were not valid" in whole["end"]["text"]
    assert done["best"]["metrics"]["valid_calls"] == 0.0
    assert done["best"]["score"] == 0.0


@pytest.mark.slow
def test_an_episode_ends_where_the_tokens_do(tmp_path):
    code = """print('{"action": "look"}')"""
    done = env_run(
        tmp_path / "run",
        "--model",
        f'command:{sys.executable} -c "{code.replace(chr(34), chr(92) + chr(34))}"',
        "--max-tokens",
        3000,
        "--episodes",
        3,
    )
    whole = json.loads((tmp_path / "run/episodes/0001.json").read_text())
    assert "3000 tokens" in whole["end"]["text"].replace(",", "")
    assert 3000 <= done["spend"]["input_tokens"] + done["spend"]["output_tokens"] < 6000
    assert done["spend"]["estimated"]
    assert len(done["episodes"]) == 1, "nothing is begun that nothing is left for"
    assert "3000 tokens" in done["message"]


@pytest.mark.slow
def test_a_person_plays_through_the_mailbox(tmp_path):
    box = tmp_path / "box"
    answers = {"0001": '{"action": "heat"}', "0001-2": 'That will do. {"action": "submit"}'}

    def person() -> None:
        for number, words in answers.items():
            while not (box / f"{number}-prompt.md").exists():
                time.sleep(0.05)
            (box / f"{number}-reply.md").write_text(words)

    threading.Thread(target=person, daemon=True).start()
    env_run(tmp_path / "run", "--model", f"mailbox:{box}")
    assert sorted(f.name for f in box.glob("*-prompt.md")) == ["0001-2-prompt.md", "0001-prompt.md"]


KILLS = int(os.environ.get("FIELDSMITH_KILLS", "4"))


@pytest.mark.slow
@pytest.mark.needs("small-llm")
def test_kills_in_the_middle_of_an_episode_change_nothing(tmp_path):
    folder, moments = tmp_path / "run", random.Random(7)
    with small_model() as address:
        witness = Witness(address)
        words = [sys.executable, "-m", "fieldsmith.cli.main", "env", "run", str(ROOM), "--model", "openai:smollm2"]
        words += ["--base-url", f"http://127.0.0.1:{witness.server_port}/v1", "--model-option", "max_tokens=12"]
        words += ["--format-errors", "24", "--steps", "4", "--window", "1", "--run-dir", str(folder), "--quiet"]
        for _ in range(KILLS):
            asked, stored = witness.asked, replies(folder)
            process = subprocess.Popen(words, start_new_session=True)
            while replies(folder) <= stored and process.poll() is None:
                time.sleep(0.02)
            time.sleep(moments.uniform(0.0, 0.2))
            assert process.poll() is None, "the episode was over too early"
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            time.sleep(0.2)
            assert witness.asked - asked <= replies(folder) - stored + 1, (
                "an answer that was stored was asked for again"
            )
        ended = subprocess.run(words, check=False, capture_output=True, text=True)
        witness.shutdown()
    assert ended.returncode == 0, ended.stderr
    ledger = Ledger(folder / "run.sqlite", reading=True)
    kept = ledger.episode(1)
    ledger.close()
    assert kept.episode.over
    assert len(kept.dialogue) == replies(folder)
    assert sum(len(exchange.records) for exchange in kept.dialogue) + 1 >= len(kept.episode.records) - 1
    assert run("env", "replay", folder).returncode == 0


def replies(folder: Path) -> int:
    """How many are stored; a killed run's file is read as it lies there."""
    if not (folder / "run.sqlite").exists():
        return 0
    with sqlite3.connect(folder / "run.sqlite", timeout=10) as store:
        tables = {name for (name,) in store.execute("SELECT name FROM sqlite_master")}
        return store.execute("SELECT count(*) FROM replies").fetchone()[0] if "replies" in tables else 0
