"""Of several blocks the whole program is taken, with what the reply corrects in it afterwards."""

import pytest

from fieldsmith.agents.reply import program_in

ARGS = ("u0_batch", "t_coordinate", "nu")
WHOLE = """import numpy as np


def step(u, dt, nu):
    return u - dt * nu * u


def solver(u0_batch, t_coordinate, nu):
    u = u0_batch
    for a, b in zip(t_coordinate[:-1], t_coordinate[1:]):
        u = step(u, b - a, nu)
    return u
"""
HEAD = "def solver(u0_batch, t_coordinate, nu):\n"


def reply(*texts: str) -> str:
    return "\n\n".join(f"```python\n{text}```" if "\n" in text else text for text in texts)


@pytest.mark.parametrize(
    "body",
    [
        "    # transform...\n    return trajectory\n",
        "    # ...\n    u = u0_batch\n    # ... rest as above\n    return u\n",
        "    ...\n    return u0_batch\n",
        "    u = transform(u0_batch)\n    for t in t_coordinate:\n        u = advance(u)\n    return u\n",
    ],
)
def test_an_outline_does_not_take_the_place_of_the_program(body):
    found = program_in(reply("Here it is.", WHOLE, "In outline:", HEAD + body), "solver", ARGS, "stop")
    assert (found.source, found.repairs) == (WHOLE, ("A later outline of `solver` was left out.",))
    before = program_in(reply("In outline:", HEAD + body, "In full:", WHOLE), "solver", ARGS, "stop")
    assert (before.source, before.repairs) == (WHOLE, ())


def test_a_later_version_whose_helpers_stand_in_another_block_is_whole():
    later = HEAD + "    return half(u0_batch)\n"
    found = program_in(reply(WHOLE, "Better:", "def half(u):\n    return u / 2\n", later), "solver", ARGS)
    assert "return half(u0_batch)" in found.source
    assert "def half" in found.source


def test_an_outline_alone_is_taken_as_it_is_or_told():
    assert program_in(reply(HEAD + "    return trajectory\n"), "solver", ARGS).source
    assert "leaves a part out" in program_in(reply(HEAD + "    ...\n    return u0_batch\n"), "solver", ARGS).problem
