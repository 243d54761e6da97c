"""docs/environments.md, typed to the letter: its files are written, its commands run in their order, its output is what they print."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import command_line

PAGE = (Path(__file__).parents[1] / "docs" / "environments.md").read_text(encoding="utf-8")
PART = re.compile(
    r"^`(?P<file>[\w/.]+)`:\n\n```\w+\n(?P<text>.*?)^```$|^```sh\n(?P<commands>.*?)^```$(?:\n\n```text\n(?P<output>.*?)^```$)?",
    re.MULTILINE | re.DOTALL,
)


def printed(command: str, folder: Path) -> tuple[int, str]:
    words = command.split()
    if words[0] == "fieldsmith":
        ran = command_line.run(*words[1:], cwd=folder)
    else:
        ran = subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True)
    return ran.returncode, ran.stdout + ran.stderr


def follow(folder: Path) -> None:
    """Do all that the page says, in its order."""
    for part in PART.finditer(PAGE):
        if part["file"]:
            (folder / part["file"]).parent.mkdir(parents=True, exist_ok=True)
            (folder / part["file"]).write_text(part["text"], encoding="utf-8")
            continue
        for command in part["commands"].splitlines():
            code, told = printed(command, folder)
            assert code == (1 if "FAIL" in (part["output"] or "") else 0), told
        for line in (part["output"] or "").splitlines():
            pattern = ".*".join(map(re.escape, line.split("…")))
            assert re.search(rf"^{pattern}$", told, re.MULTILINE), f"{line}\nis not in\n{told}"


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tutorial")
    follow(folder)
    return folder


@pytest.mark.slow
def test_what_the_page_says_is_what_happens(followed):
    files = [part["file"] for part in PART.finditer(PAGE) if part["file"]]
    assert len(files) == len(set(files)) == 6
    assert all((followed / file).is_file() for file in files)


@pytest.mark.slow
def test_its_python_snippet_plays_an_episode(followed):
    (snippet,) = re.findall(r"^```python\n(from fieldsmith.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    ran = subprocess.run([sys.executable, "-c", snippet], cwd=followed, capture_output=True, text=True, env=os.environ)
    assert ran.returncode == 0, ran.stderr
    assert "success {'ratio': " in ran.stdout
    assert float(ran.stdout.splitlines()[-1]) > 1.0


def test_it_imports_only_what_is_stable():
    lines = re.findall(r"^from fieldsmith\S* import", PAGE, re.MULTILINE)
    assert set(lines) == {"from fieldsmith.environments import"}
