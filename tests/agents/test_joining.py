"""A reply that was cut off anywhere and its continuation give the whole program, with all of its functions."""

import ast

import pytest

from fieldsmith.agents.reply import joined, program_in

PROGRAM = '''"""Upwind in space."""

import numpy as np

CFL = 0.5


def flux(u, *, limit=True):
    """The flux, limited if asked for."""
    if limit:
        u = np.clip(u, -1.0, 1.0)
    return u


def advance(u, dt):
    for stage in range(2):
        v = flux(
            u,
            limit=stage > 0,
        )
        u = u + dt * v  # explicit
    return u


class State:
    def __init__(self, u):
        self.u = u


def solver(u0_batch, t_coordinate, nu):
    state = State(u0_batch)
    for a, b in zip(t_coordinate[:-1], t_coordinate[1:]):
        # One step for each interval.
        state.u = advance(state.u, CFL * (b - a))
    return state.u
'''
FENCED = f"```python\n{PROGRAM}```\n"
NAMES = {"flux", "advance", "State", "solver"}


def source_of(begun: str, more: str) -> str:
    found = program_in(joined(begun, more, "solver"), "solver")
    assert found.source is not None, (begun[-60:], more[:60], found.problem)
    return found.source


def named(source: str) -> set[str]:
    return {n.name for n in ast.parse(source).body if isinstance(n, ast.FunctionDef | ast.ClassDef)}


@pytest.mark.slow
@pytest.mark.parametrize("text", [FENCED, PROGRAM], ids=["fenced", "not fenced"])
@pytest.mark.parametrize("part", range(8))
def test_cut_anywhere_it_goes_together_again(text, part):
    for at in range(1 + part, len(text), 8):
        source = source_of(text[:at], text[at:])
        assert ast.dump(ast.parse(source)) == ast.dump(ast.parse(PROGRAM)), (at, text[at - 40 : at], source)


@pytest.mark.slow
@pytest.mark.parametrize("text", [FENCED, PROGRAM], ids=["fenced", "not fenced"])
@pytest.mark.parametrize("part", range(4))
def test_cut_anywhere_no_function_is_lost_with_the_white_space_after_the_cut(text, part):
    places = [
        n
        for n in range(12, text.index("    return state.u"))
        if text[n].isspace() and "#" not in text[:n].rpartition("\n")[2]
    ]
    for at in places[part::4]:
        source = source_of(text[:at], text[at:].lstrip())
        assert named(source) == NAMES, (at, text[at - 40 : at], source)
        compile(source, "joined", "exec")


def test_the_function_at_the_seam_is_not_dropped():
    begun = "```python\nimport numpy as np\n\ndef step(u):"
    for more in ("    v = u + 1\n    return v\n", "\n    v = u + 1\n    return v\n", "v = u + 1\n    return v\n"):
        source = source_of(begun, f"{more}\ndef solver(u):\n    return step(u)\n```\n")
        assert named(source) == {"step", "solver"}
        assert source.index("v = u + 1") > source.index("def step")


def test_a_continuation_that_opens_the_block_within_a_function_does_not_begin_anew():
    begun = "```python\ndef step(u):\n    v = u + 1\n"
    source = source_of(begun, "```python\n    return v\n\ndef solver(u):\n    return u\n```\n")
    assert named(source) == {"step", "solver"}
