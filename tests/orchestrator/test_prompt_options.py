"""What the model is told is an option of the run: written down, kept when it resumes, refused where it is another's."""

import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from command_line import run
from fieldsmith.errors import InputError
from fieldsmith.orchestrator.open import open_solve
from fieldsmith.orchestrator.question import Question

REPLY = """```python
import numpy as np

def solve_advection(u0_batch, t_coordinate, beta):
    return np.repeat(np.asarray(u0_batch)[:, None], len(t_coordinate), axis=1)
```
"""


def solve(folder: Path, *options: str) -> subprocess.CompletedProcess:
    """One candidate of a program that answers every prompt with the same reply."""
    (folder / "reply.md").write_text(REPLY)
    script = f"import sys; sys.stdin.read(); print(open({str(folder / 'reply.md')!r}).read())"
    model = f"command:{shlex.quote(sys.executable)} -c {shlex.quote(script)}"
    words = ["solve", "advection", "--sandbox", "process", "--model", model, "--candidates", "1", "--run-dir", "run"]
    return run(*words, *options, cwd=folder)


@pytest.mark.slow
def test_style_and_templates_are_options_of_the_run(tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "answer.md.jinja").write_text("Answer with {{ brief.signature.function }} alone.\n")
    options = ("--prompt-style", "skeleton", "--prompts", "own")
    ran = solve(tmp_path, *options)
    assert ran.returncode == 0, ran.stderr
    place = tmp_path / "run" / "candidates" / "1"
    prompt = (place / "prompt.md").read_text()
    assert prompt.rstrip().endswith("Answer with solver alone.")
    assert "## A program with gaps" in prompt
    kept = tomllib.loads((tmp_path / "run" / "run.toml").read_text())
    assert kept["question"]["prompt_style"] == "skeleton"
    assert kept["templates"] == {"answer.md.jinja": "Answer with {{ brief.signature.function }} alone.\n"}
    assert "`solve_advection` was given the asked name `solver`." in (place / "candidate.json").read_text()
    assert "solve_advection` was given the asked name" in (tmp_path / "run" / "report.html").read_text()
    assert solve(tmp_path, *options).returncode == 0, "the same command shows the run again"
    other = solve(tmp_path, "--prompt-style", "plain")
    assert other.returncode == 2
    assert "its prompt_style is skeleton, not plain" in other.stderr.splitlines()[-1]
    (tmp_path / "own" / "answer.md.jinja").write_text("Something else.\n")
    other = solve(tmp_path, *options)
    assert other.returncode == 2
    assert "its prompts are other templates" in other.stderr.splitlines()[-1]


def test_the_name_of_a_run_tells_styles_apart(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = [
        open_solve(Question("advection", model="command:cat", prompt_style=style, sandbox="process")).folder
        for style in (None, "guided", "plain")
    ]
    assert names[0] == names[1]
    assert names[0] != names[2]


def test_a_faulty_template_costs_nothing(tmp_path):
    (tmp_path / "debug.md.jinja").write_text("{{ candidate.evaluation.fedback }}")
    with pytest.raises(InputError, match="fedback"):
        open_solve(Question("advection", tmp_path / "run", model="command:cat", prompts=tmp_path, sandbox="process"))
    assert not (tmp_path / "run").exists()


def test_a_run_goes_on_with_a_model_that_is_served_otherwise(tmp_path):
    """More time or room for a reply is what an error message advises; the replies so far must not be lost by it."""
    from fieldsmith.orchestrator.record import write_asked

    def opened(**settings):
        return open_solve(Question("advection", model="command:cat", model_options=settings, sandbox="process"))

    assert opened(timeout="5").folder == opened(timeout="60").folder == opened().folder
    first = opened(timeout="5")
    first.folder = tmp_path / "run"
    first.prepare()
    write_asked(first.folder, first.asked)
    later = opened(timeout="60")
    later.folder = first.folder
    later.prepare()
