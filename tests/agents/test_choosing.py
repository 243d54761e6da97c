"""Of several blocks the whole program is taken, with what the reply corrects in it afterwards."""

import pytest

from fieldsmith.agents.reply import program_in

ARGS = ("u0_batch", "t_coordinate", "nu")
WHOLE = """import numpy as np

CFL = 0.25


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


BETTER = "def step(u, dt, nu):\n    return u * np.exp(-dt * nu)\n"
TAKEN = ("`step` of a later block took the place of the program's.",)


@pytest.mark.parametrize(
    "words",
    [
        "Replace it by",
        "The old `step` is unstable. Use this instead:",
        "Replace the wrong step by:",
        "The stable step:",
        "",
        "It would be better so:",
    ],
)
def test_a_later_correction_takes_its_place(words):
    found = program_in(reply(WHOLE, words, BETTER), "solver", ARGS)
    assert found.repairs == TAKEN
    assert found.source.count("def step") == 1
    assert "np.exp(-dt * nu)" in found.source
    assert "def solver" in found.source


def test_a_later_constant_takes_its_place_where_it_is_said_to():
    found = program_in(reply(WHOLE, "Change it to", "CFL = 0.5\n"), "solver", ARGS)
    assert found.source == WHOLE.replace("0.25", "0.5")


def test_two_corrections_and_one_of_the_function_itself():
    last = HEAD + "    return step(u0_batch, t_coordinate[-1], nu)\n"
    found = program_in(reply(WHOLE, "Correction:", BETTER, "And with fewer steps:", last), "solver", ARGS)
    assert found.repairs == (*TAKEN, "`solver` of a later block took the place of the program's.")
    space: dict = {}
    exec(found.source, space)
    assert space["solver"](2.0, [0.0, 0.0], 1.0) == 2.0
    assert "for a, b" not in found.source


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("Do not replace it by", BETTER),
        ("What not to do:", BETTER),
        ("The naive step would be", BETTER),
        ("For comparison, the original step:", BETTER),
        ("Like this:", f"# Don't do this\n{BETTER}"),
        ("Replace it by", BETTER.replace("    return", "    # ... as before\n    return")),
        ("Replace it by", BETTER.replace("    return", "    ...\n    return")),
        ("Replace it by", BETTER.replace("-dt", "-rate")),
        ("Replace it by", "def step(u, dt, nu):\n    ...\n"),
        ("Replace it by", BETTER.replace("u, dt, nu", "u, dt, nu, k")),
        ("A test:", "def test_step():\n    assert step(1.0, 0.0, 1.0) == 1.0\n"),
        ("A better test:", "CFL = 0.5\nprint(solver(np.ones(3), [0.0, CFL], 1.0))\n"),
        ("Take", "CFL = 0.5\n"),
        ("The step again:", WHOLE[WHOLE.index("def step") : WHOLE.index("def solver")]),
    ],
)
def test_what_is_no_correction_changes_nothing(words, text):
    found = program_in(reply(WHOLE, words, text), "solver", ARGS)
    assert (found.source, found.repairs) == (WHOLE, ())
