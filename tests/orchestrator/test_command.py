"""A run that was asked for from Python says what to type for the same, or that nothing can be typed for it."""

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer.main

from fieldsmith import tasks
from fieldsmith.agents.numerics_author import NumericsAuthor
from fieldsmith.cli.main import app
from fieldsmith.orchestrator import open as opening
from fieldsmith.orchestrator.question import Question
from fieldsmith.orchestrator.record import read_asked, write_asked
from fieldsmith.strategies.refine import RefineBest
from fieldsmith.tasks.advection import Advection

QUESTIONS = [
    Question("advection"),
    Question("burgers", param={"nu": 0.001}, scale="paper", seed=3, candidates=4, max_hours=0.5),
    Question(
        "burgers",
        Path("here it is"),
        model="command:cat 'a file'",
        model_options={"timeout": "30"},
        prompt_style="skeleton",
        strategy="best-of-n",
        debug_rounds=0,
        max_tokens=1234567,
        in_flight=3,
        on_finish="echo it's done",
    ),
    Question(
        "advection",
        model="openai:m",
        base_url="http://localhost:1/v1",
        temperature=0.5,
        model_options={"stop": ["a b", "c"], "max_tokens": 900},
        strategy_options={"drafts": 6},
    ),
    Question(tasks.load("burgers", {"nu": 0.02}, "paper")),
]


@pytest.mark.parametrize("question", QUESTIONS, ids=range(len(QUESTIONS)))
def test_the_command_of_a_call_asks_for_the_same(question, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    run = opening.open_solve(replace(question, sandbox="process"))
    words = shlex.split(run.asked.command)
    assert words[:2] == ["fieldsmith", "solve"]

    typed: list[Question] = []

    class Seen(Exception):
        pass

    def note(question: Question, *_: Any, **__: Any):
        typed.append(question)
        raise Seen

    open_solve = opening.open_solve
    monkeypatch.setattr(opening, "open_solve", note)
    with pytest.raises(Seen):
        typer.main.get_command(app).main(words[1:], standalone_mode=False)
    again = open_solve(typed[0])
    assert again.folder == run.folder
    write_asked(tmp_path, run.asked)
    assert replace(again.asked, started="") == replace(read_asked(tmp_path), started="")


class Waves(Advection):
    """A task that no entry point names."""

    name = "waves"


def nameless() -> Advection:
    class Waves(Advection):
        name = "waves"

    return Waves({"beta": 0.1})


def test_a_task_in_a_file_is_named_by_its_place(monkeypatch):
    tried, load = [], tasks.load
    monkeypatch.setattr(tasks, "load", lambda name, *given: tried.append(name) or load(name, *given))
    asked = opening.open_solve(Question(Waves({"beta": 0.3}), sandbox="process")).asked
    words = shlex.split(asked.command)
    assert (tried.count("waves"), tried.count(words[2])) == (1, 1), "each name is tried once"
    assert words[2] == f"{Path(__file__).resolve()}:Waves"
    again = tasks.load(words[2], {"beta": 0.3})
    assert again.fingerprint == asked.fingerprint


@pytest.mark.parametrize(
    "question",
    [
        Question(nameless()),
        Question("advection", author=NumericsAuthor()),
        Question("advection", strategy=RefineBest(drafts=1)),
    ],
    ids=["task", "author", "strategy"],
)
def test_objects_that_no_command_can_name_leave_none(question):
    asked = opening.open_solve(replace(question, sandbox="process")).asked
    assert asked.command == ""
    assert "the same call resumes" in asked.call
    assert asked.resumed_by == "the same call from Python"
