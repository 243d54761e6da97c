"""A run that was asked for from Python says what to type for the same."""

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer.main

from fieldsmith.cli.main import app
from fieldsmith.orchestrator import open as opening

CALLS: list[tuple[str, dict[str, Any]]] = [
    ("advection", {}),
    ("burgers", {"parameters": {"nu": 0.001}, "scale": "paper", "seed": 3, "candidates": 4, "max_hours": 0.5}),
    (
        "burgers",
        {
            "model": "command:cat 'a file'",
            "settings": {"timeout": "30"},
            "prompt_style": "skeleton",
            "strategy": "best-of-n",
            "debug_rounds": 0,
            "folder": Path("here it is"),
            "max_tokens": 1234567,
            "in_flight": 3,
            "on_finish": "echo it's done",
        },
    ),
    (
        "advection",
        {
            "model": "openai:m",
            "base_url": "http://localhost:1/v1",
            "settings": {"temperature": "0.5", "stop": ["a b", "c"]},
        },
    ),
]


@pytest.mark.parametrize(("task", "given"), CALLS)
def test_the_command_of_a_call_asks_for_the_same(task, given, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = opening.open_solve(task, sandbox="process", **given)
    words = shlex.split(run.asked.command)
    assert words[:2] == ["fieldsmith", "solve"]

    typed: list[dict[str, Any]] = []

    class Seen(Exception):
        pass

    def note(task, parameters, **options):
        typed.append({"task": task, "parameters": parameters, **options})
        raise Seen

    open_solve = opening.open_solve
    monkeypatch.setattr(opening, "open_solve", note)
    with pytest.raises(Seen):
        typer.main.get_command(app).main(words[1:], standalone_mode=False)
    again = open_solve(**{**typed[0], "command": ""})
    assert replace(again.asked, started="") == replace(run.asked, started="")
    assert again.folder == run.folder
