"""What the README shows can be typed: its Python runs, its commands and their options exist."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from fieldsmith.cli.main import app

ROOT = Path(__file__).parents[1]
PAGES = ["README.md", "CHANGELOG.md", *(str(p.relative_to(ROOT)) for p in (ROOT / "docs").glob("*.md"))]


def commands() -> list[str]:
    """Lines of code that begin with `fieldsmith`, and inline code that does and has a word after it."""
    found = []
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8").replace("\\\n", "")
        found += re.findall(r"^    (fieldsmith .*?)(?:\s{2,}#.*)?$", text, re.MULTILINE)
        found += [line for line in re.findall(r"`(fieldsmith [^`\n]+)`", text) if not re.search(r"[A-Z]{2,}|…", line)]
    return sorted(set(found))


@pytest.mark.parametrize("line", commands())
def test_commands_parse(line):
    words = shlex.split(line, comments=True)[1:]
    command = typer.main.get_command(app)
    context = command.make_context("fieldsmith", list(words), resilient_parsing=words[0].startswith("-"))
    while hasattr(command, "resolve_command") and (rest := [*context._protected_args, *context.args]):
        name, command, rest = command.resolve_command(context, rest)  # type: ignore[attr-defined]
        assert command is not None, line
        context = command.make_context(str(name), rest, parent=context)


def test_there_are_commands_to_test():
    assert len(commands()) > 12


@pytest.mark.slow
def test_the_python_of_the_readme_runs(tmp_path):
    (snippet,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    ran = subprocess.run([sys.executable, "-c", snippet], cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    error, report = ran.stdout.split()
    assert float(error) < 1e-3
    assert (tmp_path / report).exists()
