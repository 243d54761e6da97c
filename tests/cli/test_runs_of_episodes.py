"""`fieldsmith runs` of runs of episodes: they stand in the list, are shown, and are watched from another process."""

import json
import os
import warnings
from pathlib import Path

import pytest

import fieldsmith as fs
from command_line import run

THERMOSTAT = f"{Path(__file__).parents[1] / 'small_environment.py'}:Thermostat"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with one run of a scripted agent, of one step and a submission."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "script.jsonl").write_text('{"action": "heat", "arguments": {"degrees": 1.0}}\n{"action": "submit"}\n')
    said = told(folder, "env", "run", THERMOSTAT, "--agent", f"script:{folder / 'script.jsonl'}", "--run-dir", "one")
    assert said.returncode == 0, said.stderr
    return folder


def told(folder, *words):
    return run(*words, cwd=folder, env={**os.environ, "FIELDSMITH_HOME": str(folder / "data")})


@pytest.mark.slow
def test_they_are_found_from_anywhere(home, tmp_path):
    said = run("runs", "--json", cwd=tmp_path, env={**os.environ, "FIELDSMITH_HOME": str(home / "data")})
    (row,) = json.loads(said.stdout)["runs"]
    assert (row["kind"], row["environment"], row["task"]) == ("episodes", THERMOSTAT, "warm")
    assert (row["state"], row["candidates"]) == ("done", 1)
    line = told(home, "runs", "--task", "warm").stdout
    assert f"score {row['best']:.4g}  1 episode" in line
    assert told(home, "runs", "--task", "burgers").stdout.startswith("None of the 1 run")


@pytest.mark.slow
def test_one_is_shown_and_followed_to_its_end(home):
    shown = told(home, "runs", "show", "one")
    assert "submitted    2 of" in shown.stdout
    followed = told(home, "runs", "watch", "one")
    assert followed.returncode == 0
    assert [line.split()[3] for line in followed.stderr.splitlines()[:2]] == ["heat", "submit"]
    events = [json.loads(line) for line in told(home, "runs", "watch", "one", "--json").stdout.splitlines()]
    assert [event["event"] for event in events] == ["step", "step", "episode", "result"]
    assert not [event for event in events if "secret" in event.get("metrics", {}) and event["event"] == "step"]
    assert events[-1] == json.loads(told(home, "runs", "show", "one", "--json").stdout)


def test_they_are_no_runs_of_solve(home, monkeypatch):
    monkeypatch.setenv("FIELDSMITH_HOME", str(home / "data"))
    monkeypatch.chdir(home)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fs.list_runs() == []
