"""The page that a run of episodes writes as it goes, by the command line and in spite of faults."""

import json
from pathlib import Path

import pytest

from command_line import run
from fieldsmith.orchestrator.episodes.question import EpisodeQuestion
from fieldsmith.orchestrator.episodes.run import open_run

ROOM = Path(__file__).parents[1] / "small_environment.py"


@pytest.mark.slow
def test_a_run_writes_its_page_and_report_writes_it_again(tmp_path):
    script, folder = tmp_path / "script.jsonl", tmp_path / "run"
    script.write_text(json.dumps({"action": "heat", "arguments": {"degrees": 3}}))
    ended = run("env", "run", ROOM, "--agent", f"script:{script}", "--run-dir", folder, "--json", "--quiet")
    assert json.loads(ended.stdout.splitlines()[-1])["report"] == str(folder / "report.html")
    page = (folder / "report.html").read_text()
    assert "distance from 21 degrees" in page, "the panel is known where the environment is not"
    (folder / "report.html").unlink()
    again = run("report", folder)
    assert again.returncode == 0, again.stderr
    assert again.stdout.strip().endswith("report.html")
    assert "A room" in (folder / "report.html").read_text()


def test_a_page_that_cannot_be_written_ends_nothing(tmp_path):
    script, told = tmp_path / "script.jsonl", []
    script.write_text(json.dumps({"action": "heat", "arguments": {"degrees": 3}}))
    playing = open_run(EpisodeQuestion(str(ROOM), agent=f"script:{script}", run_dir=tmp_path / "run"))
    playing.listener = lambda kind, fields: told.append((kind, fields))
    playing.write_report = lambda folder: 1 / 0
    fields = playing.run()
    assert fields["state"] == "done"
    assert "ZeroDivisionError" in dict(told)["report_failed"]["message"]
