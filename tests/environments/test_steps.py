"""Steps of an environment: checked calls, statuses, limits, figures, states that are values."""

import json
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldsmith import environments
from fieldsmith.environments import Action, Call, Host
from fieldsmith.environments.action import name_of, schema_of
from fieldsmith.environments.calls import argument_words
from fieldsmith.environments.episode import Record, efficient
from fieldsmith.environments.sampling import sampled
from fieldsmith.errors import InputError
from small_environment import Heat, Thermostat


@pytest.fixture
def room() -> Thermostat:
    env = Thermostat()
    env.reset(seed=3)
    return env


def test_a_step_changes_the_state_and_tells_all_figures(room):
    before = room.episode.last.metrics["off"]
    step = room.step(Heat(degrees=2.0))
    assert (step.status, step.number, step.counted) == ("success", 1, True)
    assert step.metrics["off"] == pytest.approx(before - 2.0, abs=0.02)
    assert step.reward == pytest.approx(room.episode.last.score - room.episode.records[0].score)
    assert "It is" in step.observation.text
    assert "off:" in step.observation.text
    assert "19 steps are left" in step.observation.text


WRONG = [
    (Call("heet"), "validation_error", "Did you mean 'heat'?"),
    (Call("heat"), "validation_error", "degrees is missing"),
    (Call("heat", {"degrees": 30}), "validation_error", "at most 10"),
    (Call("heat", {"degrees": float("nan")}), "validation_error", "degrees = nan"),
    (Call("heat", {"degree": 3}), "validation_error", "did you mean 'degrees'?"),
    (Call("heat", '{"degrees": 3'), "parse_error", "no JSON"),
    (Call("heat", "[3]"), "parse_error", "no object"),
    (Call("heat", "[" * 100_000), "parse_error", "degrees"),
    (Call("go_back", {"step": 17}), "validation_error", "0 to 0"),
    (Call("go_back"), "validation_error", 'For example: go_back {"step": 1}.'),
    (Call("read_docs", {"action": "heet"}), "validation_error", "Did you mean 'heat'?"),
    (Call("broken"), "runtime_error", "ZeroDivisionError"),
    (Call("wait"), "timeout", "longer than"),
    (Call("report", {"script": "exit 3"}), "runtime_error", "exit code 3"),
    (Call("report", {"script": "sleep 60"}), "timeout", "2 s"),
    (Call("broken", {"lacking": True}), "resource_error", "Plug it in"),
]


@pytest.mark.parametrize(("call", "status", "words"), WRONG, ids=lambda one: str(one)[:40])
def test_what_is_wrong_is_an_observation_with_what_would_be_right(room, call, status, words):
    before = room.episode.last.state
    step = room.step(call)
    assert step.status == status
    assert words in step.observation.text
    assert room.episode.last.state == before
    assert not room.episode.over
    assert step.counted == (status in ("runtime_error", "timeout"))


def test_what_lacks_leaves_the_episode_as_it_was_so_that_it_can_be_tried_again(room, monkeypatch):
    assert room.step(Call("broken", {"lacking": True})).status == "resource_error"
    assert len(room.episode.records) == 1
    monkeypatch.setenv("ROOM_MENDED", "1")
    assert room.step(Call("broken", {"lacking": True})).status == "success"


@pytest.mark.slow
def test_a_program_is_ended_with_all_that_it_has_started_when_its_time_is_over(room):
    mark = f"{time.time():.6f}"
    room.step(Call("report", {"script": f"sleep 61.{mark[-6:]} & sleep 61.{mark[-6:]}"}))
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert f"61.{mark[-6:]}" not in running


def test_arguments_may_come_as_text_and_as_text_twice_over(room):
    assert room.step(Call("heat", '{"degrees": "2"}')).status == "success"
    assert room.step(Call("heat", json.dumps(json.dumps({"degrees": 2})))).status == "success"


def test_a_free_action_costs_no_step_and_changes_nothing(room):
    before = room.episode.last
    step = room.step(Call("look"))
    assert (step.status, step.counted, step.number) == ("success", False, 0)
    assert room.episode.last.state == before.state
    assert room.episode.last.metrics == before.metrics
    for _ in range(3):
        room.step(Heat(degrees=10.0))
    failed = room.step(Call("look"))
    assert (failed.status, failed.counted, failed.number) == ("runtime_error", False, 3)


def test_going_back_gives_the_earlier_state_and_keeps_the_history(room):
    room.step(Heat(degrees=2.0))
    kept = room.episode.last
    room.step(Heat(degrees=9.0))
    step = room.step(Call("go_back", {"step": 1}))
    assert (room.episode.last.state, step.metrics["off"]) == (kept.state, kept.metrics["off"])
    table = room.step(Call("history")).observation.text
    assert [line.split("|")[2].strip() for line in table.splitlines() if line.startswith("| ")][2:] == [
        "",
        "0",
        "1",
        "1",
    ]


def test_judges_see_what_agents_do_not(room):
    step = room.step(Call("submit"))
    assert step.terminated
    assert "secret" not in step.metrics
    assert "secret" not in step.observation.text
    assert room.episode.last.metrics["secret"] < 0
    assert room.episode.last.judged["final_off"] == pytest.approx(room.episode.last.metrics["off"])
    refused = room.step(Heat(degrees=1.0))
    assert refused.status == "budget_exceeded"
    assert "secret" not in refused.metrics


def test_the_last_step_is_judged_too(room):
    room.reset(seed=3, max_steps=2)
    room.step(Heat(degrees=1.0))
    step = room.step(Heat(degrees=1.0))
    assert (step.truncated, step.terminated) == (True, False)
    assert "final_off" in room.episode.last.judged


def test_an_episode_that_ends_at_a_limit_is_judged_by_its_best_state(room):
    def worse_at_last(end):
        room.reset(seed=3, max_steps=3)
        room.step(Heat(degrees=5.0))
        best = room.episode.last
        room.step(Heat(degrees=9.0))
        end()
        return best, room.episode.last

    best, last = worse_at_last(lambda: room.step(Heat(degrees=9.0)))
    assert (last.truncated, last.judged_step, last.judged["final_off"]) == (True, 1, best.metrics["off"])
    assert last.score == pytest.approx(best.score)
    assert last.metrics["off"] > best.metrics["off"], "the step itself is told as it was"
    assert "judged by the state after step 1" in last.text
    best, last = worse_at_last(lambda: room.end("The tokens are spent."))
    assert (last.judged_step, last.score) == (1, pytest.approx(best.score))
    best, last = worse_at_last(lambda: room.step(Call("submit")))
    assert (last.judged_step, last.judged["final_off"] > best.metrics["off"]) == (None, True)


def test_an_agent_that_only_reads_comes_to_an_end(room):
    room.reset(seed=3, max_steps=3)
    for _ in range(50):
        if room.step(Call("look")).truncated:
            break
    assert room.episode.over
    assert len(room.episode.records) < 30


def test_rewards_add_up_to_the_score(room):
    start = room.episode.last.score
    for degrees in (2.0, 3.0, 9.0):
        room.step(Heat(degrees=degrees))
    room.step(Call("go_back", {"step": 2}))
    room.step(Call("submit"))
    assert start + sum(r.reward for r in room.episode.records) == pytest.approx(room.episode.last.score)


def test_the_same_seed_and_actions_give_the_same_episode():
    def played(seed: int) -> list[dict]:
        env = Thermostat()
        env.reset(seed=seed)
        for degrees in (1.0, 2.0):
            env.step(Heat(degrees=degrees))
        return [{**record.to_dict(), "seconds": 0.0} for record in env.episode.records]

    assert played(1) == played(1)
    assert played(1) != played(2)


def test_an_episode_goes_on_in_another_process_from_its_json():
    one, other = Thermostat(), Thermostat()
    one.reset(seed=5)
    one.step(Heat(degrees=1.0))
    records = [json.loads(json.dumps(record.to_dict())) for record in one.episode.records]
    from dataclasses import replace

    other.episode = replace(one.episode, records=tuple(map(Record.from_dict, records)))
    assert one.step(Heat(degrees=3.0)).metrics == other.step(Heat(degrees=3.0)).metrics
    assert one.episode.last.state == other.episode.last.state


def test_artifacts_are_kept_by_their_content(tmp_path):
    host = Host(folder=tmp_path)
    env = Thermostat(host)
    env.reset()
    step = env.step(Call("report", {"script": "echo warm"}))
    (artifact,) = step.observation.artifacts
    assert (artifact.name, host.content(artifact)) == ("report.txt", b"warm\n")
    assert (tmp_path / artifact.digest).read_bytes() == b"warm\n"
    with pytest.raises(InputError, match="not kept"):
        host.content("../../etc/passwd")


@pytest.mark.slow
def test_a_hundred_episodes_at_once_do_not_mix():
    host, before = Host(), set(threading.enumerate())

    def played(seed: int) -> tuple[int, str]:
        env = Thermostat(host)
        env.reset(seed=seed)
        for _ in range(5):
            env.step(Heat(degrees=1.0))
        return seed, env.episode.last.state

    with ThreadPoolExecutor(100) as pool:
        together = dict(pool.map(played, range(100)))
    assert together == dict(played(seed) for seed in range(100))
    assert not [thread for thread in set(threading.enumerate()) - before if thread.name == "step"]


@given(
    st.one_of(
        st.sampled_from(["heat", "go_back", "look", "history", "read_docs", "report", "", "submit"]),
        st.text(max_size=30),
    ),
    st.one_of(
        st.text(max_size=60),
        st.dictionaries(
            st.one_of(st.sampled_from(["degrees", "step", "action"]), st.text(max_size=8)),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
                lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
                max_leaves=6,
            ),
            max_size=4,
        ),
    ),
)
@settings(max_examples=300, deadline=None)
@pytest.mark.slow
def test_no_call_whatever_it_holds_raises(action, arguments):
    env = Thermostat()
    env.reset()
    if action == "report" and isinstance(arguments, dict) and "script" in arguments:
        return
    step = env.step(Call(action, arguments))
    assert step.observation.text


def test_random_arguments_are_what_the_schema_allows():
    rng = np.random.default_rng(0)
    for _ in range(200):
        Heat.model_validate(sampled(Heat, rng))


def test_a_schema_stands_alone_and_is_told_in_words(room):
    schema = schema_of(Heat)
    assert schema["properties"]["degrees"]["exclusiveMinimum"] == 0
    assert "$defs" not in json.dumps(schema)
    page = room.docs("heat")
    assert "degrees (number above 0 and at most 10): by how much" in page
    assert "Warm the room" in page


def test_a_pair_is_told_by_what_stands_in_it():
    class Show(Action):
        """Show lines."""

        lines: tuple[int, float]

    assert "lines (list of whole number, number, in this order)" in argument_words(
        "lines", schema_of(Show)["properties"]["lines"], True
    )


def test_names_are_in_snake_case():
    class ReadPDBFile(Action):
        """Read."""

    assert name_of(ReadPDBFile) == "read_pdb_file"


def test_pareto_efficient_steps_are_those_that_nothing_beats():
    from fieldsmith.environments import Measure

    measures = (Measure("a", "", True, main=True), Measure("b", "", False, main=True), Measure("c", "", main=False))
    points = [(1.0, 1.0), (2.0, 3.0), (2.0, 2.0), (0.5, None)]
    records = [Record(n, 0, "x", {}, "success", "", "{}", {"a": a, "b": b}) for n, (a, b) in enumerate(points)]
    assert efficient(records, measures) == [0, 1]


def test_places_and_short_names_are_found(tmp_path):
    file = environments.__file__.replace("src/fieldsmith/environments/__init__.py", "tests/small_environment.py")
    assert environments.load(f"{file}:Thermostat").name == "test/thermostat-v1"
    with pytest.raises(InputError, match="holds neither"):
        environments.load(str(tmp_path))
    with pytest.raises(InputError, match="There is no environment"):
        environments.load("nothing/of-this-name-v1")


def test_a_folder_called_as_an_environment_does_not_hide_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pde-workbench").mkdir()
    (tmp_path / "mine").mkdir()
    assert environments.load("pde-workbench").name == "fieldsmith/pde-workbench-v1"
    assert environments.place_of("pde-workbench") == "pde-workbench"
    for name in ("./pde-workbench", "mine"):
        with pytest.raises(InputError, match="holds neither"):
            environments.load(name)


def test_what_cannot_be_begun_or_is_not_begun_is_told():
    with pytest.raises(InputError, match="No episode of test/thermostat-v1 has been begun"):
        Thermostat().step(Heat(degrees=2.0))

    class Idle(Thermostat):
        def tasks(self):
            return {}

    with pytest.raises(InputError, match="has no tasks"):
        Idle().reset()


def test_a_score_that_fails_is_an_observation_and_the_episode_goes_on():
    class Unsure(Thermostat):
        def score(self, metrics):
            return super().score(metrics) if metrics["off"] > 3.0 else 1.0 / 0.0

    env = Unsure()
    env.reset(seed=3)
    failed = env.step(Heat(degrees=5.0))
    assert (failed.status, failed.counted) == ("runtime_error", True)
    assert "ZeroDivisionError" in failed.observation.text
    assert env.episode.last.state == env.episode.records[0].state
    assert env.step(Heat(degrees=1.0)).status == "success"


def test_what_an_action_tells_has_a_length_that_models_and_pages_can_bear(room):
    step = room.step(Call("report", {"script": "yes | head -c 300000"}))
    assert step.status == "success"

    class Verbose(Thermostat):
        def act(self, state, action, tools):
            return "first " + "x" * 300_000 + " last"

    env = Verbose()
    env.reset()
    text = env.step(Heat(degrees=1.0)).observation.text
    assert len(text) < 101_000
    assert text.startswith("first ")
    assert " last" in text
    assert "200,011 characters are left out" in text
