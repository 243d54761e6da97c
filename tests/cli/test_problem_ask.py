"""`fieldsmith problem ask`: words in, a checked problem file out, by a model that is a command."""

import json
import os
import re
import subprocess
import sys

import pytest

from command_line import COMMAND, run

HEAT = """# assumed: the rod is 1 m long
title = "Heat in a rod"
equations = ["u_t = u_xx"]
[domain]
x = [0, 1]
t = [0, 0.1]
[boundary]
x = "u = 0"
[initial]
u = "sin(pi*x)"
"""
AUTHOR = """
import pathlib, sys
count = pathlib.Path(sys.argv[1])
number = int(count.read_text()) + 1 if count.exists() else 1
count.write_text(str(number))
text = pathlib.Path(__file__).with_name("heat.txt").read_text()
print("```toml\\n" + (text.replace("u_xx", "-u_xx") if number == 1 else text) + "```")
"""
WORDS = "heat in a rod that is held at 0"


@pytest.fixture
def place(tmp_path):
    (tmp_path / "author.py").write_text(AUTHOR)
    (tmp_path / "heat.txt").write_text(HEAT)
    return tmp_path


def ask(place, *words, model=True):
    named = ["--model", f"command:{sys.executable} {place / 'author.py'} {place / 'count'}"] if model else []
    environment = {**os.environ, "FIELDSMITH_HOME": str(place / "home")}
    return run("problem", "ask", *words, *named, cwd=place, env=environment)


@pytest.mark.slow
def test_words_become_a_checked_file_and_the_same_words_are_asked_once(place):
    done = ask(place, WORDS, "--yes")
    assert done.returncode == 0, done.stderr
    assert (place / "heat-in-a-rod.toml").read_text() == HEAT
    assert "problem.toml:3:" in done.stderr  # what was wrong with the first reply
    assert "assumed    the rod is 1 m long" in done.stderr
    assert "∂u/∂t" in done.stderr
    assert re.search(r"2 replies, about [1-9][0-9,]* tokens \(estimated\), price unknown", done.stderr)
    again = ask(place, WORDS, "--yes", "--json")
    told = [json.loads(line) for line in again.stdout.splitlines()]
    assert [one["event"] for one in told] == ["drafted", "drafted", "understood", "result"]
    assert told[2]["assumed"] == ["the rod is 1 m long"]
    assert told[2]["estimated"] is True
    assert told[3]["file"] == "heat-in-a-rod.toml"  # the same words mean the same file
    assert (place / "count").read_text() == "2"  # nothing was asked again


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ([WORDS], 2, "Nobody is there to say yes"),
        ([WORDS, "--out", "heat.txt", "--yes"], 2, "heat.txt is there already"),
        (["  ", "--yes"], 2, 'Say what is to be solved, such as "heat in a rod'),
    ],
)
@pytest.mark.slow
def test_what_cannot_go_on_says_why_and_writes_nothing(place, words, code, says):
    done = ask(place, *words)
    assert done.returncode == code
    assert says in done.stderr
    assert not list(place.glob("*.toml"))


@pytest.mark.parametrize("folder", ["x y", "count2/x"])
@pytest.mark.slow
def test_a_folder_that_is_not_there_is_told_before_anything_is_asked(place, folder):
    done = ask(place, WORDS, "--out", f"{folder}/heat.toml", "--yes")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert f"The folder of {folder}/heat.toml is not there." in done.stderr
    assert not (place / "count").exists()


def test_without_a_model_it_is_one_sentence(place):
    done = ask(place, WORDS, model=False)
    assert done.returncode == 2
    assert "Words are read by a model, and none is named." in done.stderr


def test_a_question_of_the_models_is_told_where_nobody_can_answer(place):
    (place / "author.py").write_text("print('QUESTION: How long is the rod?')")
    done = ask(place, WORDS, "--yes")
    assert done.returncode == 2
    assert "The model asks: How long is the rod?" in done.stderr


@pytest.mark.slow
def test_words_are_solved_by_the_author_that_is_named(place):
    model = f"command:{sys.executable} {place / 'author.py'} {place / 'count'}"
    environment = {**os.environ, "FIELDSMITH_HOME": str(place / "home")}
    words = (
        "solve",
        "--ask",
        WORDS,
        "--model",
        model,
        "--author",
        "built-in",
        "--yes",
        "--sandbox",
        "process",
        "--run-dir",
        "run",
    )
    done = run(*words, cwd=place, env=environment)
    assert done.returncode == 0, done.stderr
    assert (place / "run" / "best" / "solver.py").is_file()
    assert json.loads((place / "run" / "result.json").read_text())["task"] == "heat-in-a-rod"
    both = run("solve", "heat-in-a-rod.toml", "--ask", WORDS, "--model", model, cwd=place, env=environment)
    assert both.returncode == 2
    assert "Leave one of them out" in both.stderr


@pytest.mark.slow
def test_who_answers_in_a_mailbox_is_told_where(place):
    words = [*COMMAND, "problem", "ask", WORDS, "--yes", "--model", f"mailbox:{place / 'mail'}"]
    environment = {**os.environ, "FIELDSMITH_HOME": str(place / "home")}
    with subprocess.Popen(words, cwd=place, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as asking:  # fmt: skip
        assert asking.stderr is not None
        line = asking.stderr.readline()
        assert line.startswith("Waiting for ")
        assert line.endswith("the problem file that 0000-prompt.md asks for\n")
        (reply,) = re.findall(r"(/\S+-reply\.md)", line)
        (place / "draft.md").write_text(f"```toml\n{HEAT}```\n")
        (place / "draft.md").rename(reply)
        _, said = asking.communicate(timeout=120)
    assert asking.returncode == 0, said
    assert (place / "heat-in-a-rod.toml").read_text() == HEAT
