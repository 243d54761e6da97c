"""What a run was made with stands beside its figures, for every sitting that had other surroundings."""

import getpass
import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from command_line import run
from fieldsmith.machine import checkout
from fieldsmith.tasks.digest import digest_of
from fieldsmith.tasks.task import Case
from small_task import SOURCE

REPLY = "```python\\ndef f(x):\\n    return 2.0 * x\\n```"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run in two sittings, the first of which had another version of Fieldsmith and of NumPy."""
    place = tmp_path_factory.mktemp("made")
    (place / "twice.py").write_text(SOURCE)
    solved(place, "1")
    asked = (place / "run" / "run.toml").read_text()
    older = re.sub(r'fieldsmith = ".*"', 'fieldsmith = "0.0.9"', re.sub(r'"numpy .*"', '"numpy 1.0"', asked, count=1))
    (place / "run" / "run.toml").write_text(older)
    solved(place, "2")
    solved(place, "2")
    return place


def solved(folder: Path, candidates: str) -> None:
    model = f'command:{sys.executable} -c "print({REPLY!r})"'
    options = ("--model", model, "--sandbox", "process", "--run-dir", "run", "--candidates", candidates)
    environment = {**os.environ, "FIELDSMITH_HOME": str(folder / "home")}
    done = run("solve", "twice.py", *options, "--quiet", cwd=folder, env=environment)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_sittings_with_other_versions_are_told_apart_and_equal_ones_once(folder):
    sittings = json.loads((folder / "run" / "result.json").read_text())["sittings"]
    assert [one["fieldsmith"] == "0.0.9" for one in sittings] == [True, False]
    assert ["numpy 1.0" in one["libraries"] for one in sittings] == [True, False]
    assert f"numpy {np.__version__}" in sittings[1]["libraries"]
    assert sittings[0]["data"] == sittings[1]["data"]
    assert sittings[1]["cores"] == len(os.sched_getaffinity(0))
    assert platform.release() in sittings[1]["system"]


def test_nothing_in_it_says_whose_machine_it_is(folder):
    told = json.dumps(json.loads((folder / "run" / "result.json").read_text())["sittings"])
    words = {platform.node(), str(Path.home()), str(folder), getpass.getuser()} - {""}
    assert not [word for word in words if re.search(rf"(?<![\w.-]){re.escape(word)}(?![\w.-])", told)]


def test_the_page_lists_what_it_was_made_with(folder):
    page = (folder / "run" / "report.html").read_text()
    section = page[page.index('id="made"') :]
    for words in ("0.0.9", "numpy 1.0", f"numpy {np.__version__}", platform.release()):
        assert words in section


def test_one_value_of_the_data_changes_its_digest():
    def case(value: float) -> Case:
        return Case("test", {"x": np.array([1.0, value])}, {"y": np.ones(3)})

    assert digest_of([case(2.0)]) == digest_of([case(2.0)])
    assert digest_of([case(2.0)]) != digest_of([case(np.nextafter(2.0, 3.0))])


def test_a_checkout_tells_its_commit_and_whether_it_was_changed(tmp_path, monkeypatch):
    def git(*words: str) -> str:
        who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
        command = ["git", "-C", str(tmp_path), *who, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    assert checkout(tmp_path) == ("", False)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text("")
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "a")
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "b").write_text("a run is no change")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    assert checkout(tmp_path)[1] is False
    (tmp_path / "src" / "b.py").write_text("")
    monkeypatch.delenv("GIT_DIR")
    assert checkout(tmp_path) == (git("rev-parse", "HEAD"), True)
