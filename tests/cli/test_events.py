"""What `--json` prints is what docs/events.md says of it, and what earlier sittings found is not lost with their log."""

import json
import os
import re
import sys
from pathlib import Path

import pytest

from command_line import run
from small_task import SOURCE

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", (ROOT / "docs/events.md").read_text("utf-8"), re.M | re.S))
AUTHOR = """
import pathlib, sys
count = pathlib.Path(sys.argv[1])
number = int(count.read_text()) + 1 if count.exists() else 1
count.write_text(str(number))
factor = {1: "undefined", 2: "2.02", 3: "2.0002"}.get(number, "2.0")
print(f"```python\\nimport numpy as np\\n\\n\\ndef f(x):\\n    return {factor} * x\\n```")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run of two candidates, of which the first fails, that is taken up for two more and then fails a condition."""
    place = tmp_path_factory.mktemp("events")
    (place / "twice.py").write_text(SOURCE)
    (place / "author.py").write_text(AUTHOR)
    return place


def told(folder, *words):
    environment = {**os.environ, "FIELDSMITH_HOME": str(folder / "home")}
    done = run(*words, "--json", cwd=folder, env=environment)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def sittings(folder):
    model = f"command:{sys.executable} {folder / 'author.py'} {folder / 'count'}"
    solve = ("solve", "twice.py", "--model", model, "--sandbox", "process", "--in-flight", "1", "--run-dir", "run")
    return [
        told(folder, *solve, "--candidates", "2", "--strategy", "refine"),
        told(folder, *solve, "--candidates", "4", "--strategy", "refine"),
        told(folder, *solve, "--candidates", "4", "--strategy", "refine", "--fail-if", "nrmse < 1"),
    ]


def documented(kind):
    """The fields that the page names of an event: at the beginning of a line, before a colon."""
    lines = re.findall(r"^- (`.*?): ", SECTIONS[kind], re.M)
    return {name for line in lines for name in re.findall(r"`(\w+)`", line)}


def test_every_event_has_the_fields_that_the_page_says(folder, sittings):
    events = [event for _, lines in sittings for event in lines] + told(folder, "solve", "unknown")[1]
    assert {"begin", "resumed", "start", "candidate", "testing", "result", "error"} <= {e["event"] for e in events}
    for event in events:
        assert event.keys() - {"event"} == documented(event["event"]), event["event"]


def test_the_page_has_every_event_that_is_told_and_true_examples():
    sources = [file.read_text("utf-8") for file in (ROOT / "src/fieldsmith").rglob("*.py")]
    kinds = {kind for text in sources for kind in re.findall(r"\b_?(?:listener|event|tell)\(\s*\"(\w+)\",", text)}
    live, of_a_grid = {"receiving", "evaluating"}, {"news", "again", "end"}
    assert kinds - live - of_a_grid == SECTIONS.keys(), "for a live display, and of cells, told as cell_…"
    page = (ROOT / "docs/benchmarks.md").read_text("utf-8")
    assert all(f"`cell_{kind}`" in page for kind in of_a_grid)
    for kind, text in SECTIONS.items():
        (example,) = re.findall(r"```json\n(.*?)\n```", text)
        assert json.loads(example).keys() - {"event"} == documented(kind)
        assert json.loads(example)["event"] == kind


def test_a_run_that_is_taken_up_says_what_was_there_before(sittings):
    (_, first), (_, second), _ = sittings
    assert "resumed" not in [event["event"] for event in first]
    resumed = second[1]
    assert resumed["event"] == "resumed"
    assert resumed["first_shot"] == {"candidate": 1, "slot": "1", "status": "crashed", "value": None}
    assert [row["value"] for row in resumed["curve"]] == [None, pytest.approx(0.01)]
    assert resumed["best_value"] == pytest.approx(0.01)
    assert second[-1]["first_shot"] == resumed["first_shot"]
    assert second[-1]["failures"] == {"crashed": 1}


def test_the_last_line_says_why_the_exit_code_is_1(folder, sittings):
    assert [(code, lines[-1]["reason"]) for code, lines in sittings] == [(0, None), (0, None), (1, "fail_if")]
    shrug = f"command:{sys.executable} -c \"print('Sorry.')\""
    code, lines = told(folder, "solve", "twice.py", "--model", shrug, "--sandbox", "process", "--candidates", "1")
    assert (code, lines[-1]["event"], lines[-1]["reason"]) == (1, "result", "no_program_ran")
    (folder / "wrong.py").write_text("def g(x):\n    return x\n")
    code, lines = told(folder, "evaluate", "twice.py", "wrong.py", "--sandbox", "process")
    assert (code, lines[-1]["event"], lines[-1]["reason"]) == (1, "result", "program_failed")


def test_events_of_episodes_have_the_fields_that_the_page_says(folder):
    room = ROOT / "tests/small_environment.py"
    _, lines = told(folder, "env", "run", room, "--agent", "random", "--steps", "2", "--run-dir", "episodes")
    _, again = told(folder, "env", "replay", "episodes")
    for event in [*lines, *again]:
        if event["event"] in ("step", "episode", "progress", "replayed"):
            assert event.keys() - {"event"} == documented(event["event"]), event["event"]
    assert {"begin", "start", "step", "episode", "result"} <= {event["event"] for event in lines}
    assert [event["event"] for event in again] == ["replayed", "result"]
