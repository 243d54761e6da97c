"""A reply that changes a part of the earlier program gives the whole program with that part changed."""

import re

import pytest
from solvers import PARENT

from fieldsmith.agents.reply import program_in
from fieldsmith.agents.reply.patches import applied, merged

NEW_STEP = "def step(u, dt, nu):\n    return u - dt * nu * u / 2\n"
OTHER = "def solve_decay(u0_batch, t_coordinate, nu):\n"


def mend(reply: str, parent: str = PARENT, **also):
    """What a mend's reply gives for u0 = 4 with one step of length 1, and what was done."""
    found = program_in(f"```python\n{reply}```", "solver", ("u0_batch", "t_coordinate", "nu"), parents=[parent], **also)
    space: dict = {}
    exec(found.source, space)
    return space["solver"](4.0, [0.0, 1.0], 0.5), " ".join(found.repairs), found.source


def test_a_whole_new_solver_under_another_name_is_no_patch_of_the_helpers_that_come_with_it():
    value, words, source = mend(f"{NEW_STEP}\n\n{OTHER}    return step(u0_batch, t_coordinate[-1], nu)\n")
    assert value == 3.0
    assert words == "`solve_decay` was given the asked name `solver`."
    assert "FACTOR" not in source, "the earlier program is not in it"


def test_a_new_solver_under_another_name_that_counts_on_old_helpers_takes_the_old_ones_place():
    value, words, source = mend(f"{NEW_STEP}\n\n{OTHER}    return FACTOR * step(u0_batch, 1.0, nu) + rate(2.0, nu)\n")
    assert value == 5.0
    assert "`step`, `solver` took the place" in words
    assert "`solve_decay` was given the asked name" in words
    assert "def solver" not in source


def test_a_new_solver_is_put_together_with_helpers_from_other_blocks():
    reply = f"{NEW_STEP}```\n\n```python\n{OTHER}    return step(u0_batch, t_coordinate[-1], nu)\n"
    assert mend(reply)[0] == 3.0


@pytest.mark.parametrize(
    ("reply", "value", "parent"),
    [
        (NEW_STEP, 6.0, PARENT),
        (f"def half(u):\n    return u / 2\n\n\n{NEW_STEP.replace('u / 2', 'half(u)')}", 6.0, PARENT),
        (
            f"{NEW_STEP}\n\n{OTHER}    return 7.0\n",
            7.0,
            PARENT.replace("FACTOR * u", "solve_decay(u, t_coordinate, nu)"),
        ),
        (
            f"{OTHER}    return 7.0\n\n\ndef step(u, dt, nu):\n    return solve_decay(u, [0.0, dt], nu)\n",
            14.0,
            PARENT,
        ),
        (
            f"{OTHER}    return u0_batch - nu * u0_batch / 2\n",
            3.0,
            f"{OTHER}    return 0.0\n\n\ndef other():\n    return 1\n\n\nsolver = solve_decay\n",
        ),
        (
            f"{NEW_STEP}\n\n{OTHER}    return 7.0\n",
            3.0,
            f"{NEW_STEP}\n\n{OTHER}    return step(u0_batch, 1.0, nu)\n\n\nsolver = lambda *a: step(a[0], 1.0, a[2])\n",
        ),
    ],
    ids=[
        "a helper",
        "a helper with a new one",
        "a function that was missing",
        "a new helper of a helper",
        "a function that the earlier program has",
        "a function that the earlier program has and does not use",
    ],
)
def test_parts_of_the_earlier_program_stay_parts(reply, value, parent):
    given, words, _ = mend(reply, parent)
    assert given == value
    assert "holds only a part of the program" in words


def test_gaps_that_were_asked_for_stay_parts():
    reply = f"{NEW_STEP}\n\n{OTHER}    return 7.0\n"
    assert mend(reply, asked=("step(u, dt, nu)",))[0] == 6.0


def test_a_diff_applies_only_where_it_is_plain():
    diff = "--- a\n+++ b\n@@ -7,2 +7,2 @@\n def rate(u, nu):\n-    return -nu * u\n+    return -2 * nu * u\n"
    assert "return -2 * nu * u" in applied(diff, PARENT)
    assert applied(diff.replace("nu * u\n+", "mu * u\n+"), PARENT) is None
    assert applied(diff, PARENT + PARENT) is None
    assert applied("", PARENT) is None


def test_what_is_to_be_found_and_what_takes_its_place_is_a_diff():
    exchange = "<<<<<<< SEARCH\n    return -nu * u\n=======\n    return -2 * nu * u\n>>>>>>> REPLACE\n"
    more = exchange.replace("return -nu * u", "return FACTOR * u").replace("-2 * nu * u", "u + FACTOR")
    for reply in (exchange + more, f"{exchange}```\n\nAnd:\n\n```\n{more}"):
        value, words, _ = mend(reply)
        assert value == 2.0
        assert words == "The reply's diff was applied to the earlier program."
    assert applied(exchange.replace("-nu", "-mu"), PARENT) is None
    assert applied("<<<<<<< SEARCH\n=======\nx = 1\n>>>>>>> REPLACE\n", PARENT) is None


def test_functions_are_merged_only_where_it_is_plain():
    changes = "import math\n\ndef helper(u):\n    return math.sqrt(u)\n\ndef rate(u, nu):\n    return helper(u)\n"
    source, names = merged(changes, PARENT)
    assert names == ["rate"]
    space: dict = {}
    exec(source, space)
    assert space["solver"](4.0, [0.0, 1.0], 0.5) == 2.0 * (4.0 + 2.0)
    assert merged("def unknown(u):\n    return u\n", PARENT) is None
    assert merged("def rate(u, nu):\n    return nowhere(u)\n", PARENT) is None
    assert merged(changes, PARENT + "\n\ndef rate(u, nu):\n    return 0\n") is None
    assert merged("def rate(u, nu):\n    v = u\n    ...\n    return v\n", PARENT) is None


REFINED = """N = 4


def step(u):
    return u / R


R = 2


def solver(u0_batch, t_coordinate, nu):
    return step(u0_batch) * N
"""


@pytest.mark.parametrize(
    ("reply", "value", "names"),
    [
        ("R = 8\n", 2.0, "`R`"),
        ("R: int = 8\n", 2.0, "`R`"),
        ("R = 8\nN = 4\n", 2.0, "`R`"),
        ("R = 8\n\n\ndef step(u):\n    return 2 * u / R\n", 4.0, "`step`, `R`"),
        ("R = 8\nQ = 2 * R\nP = Q\n\n\ndef step(u):\n    return u / P\n", 1.0, "`step`, `R`"),
        ("import math\n\nM = 8\nR = int(math.sqrt(M * M))\n", 2.0, "`R`"),
    ],
)
def test_a_constant_takes_the_place_of_the_earlier_programs(reply, value, names):
    given, words, source = mend(reply, REFINED)
    assert given == value
    assert f": {names} took the place" in words
    assert len(re.findall(r"^R\b.*=", source, re.MULTILINE)) == 1


@pytest.mark.parametrize(
    ("reply", "parent"),
    [
        ("R = 2\n", REFINED),
        ("Z = 2\n", REFINED),
        ("R = 3\nR = 4\n", REFINED),
        ("R = solver(1.0, [0.0], 1.0)\n", REFINED),
        ("R = 3\n", REFINED + "\n\nR = 5\n"),
        ("R = 3\n", REFINED.replace("R = 2", "R, S = 2, 3")),
    ],
    ids=["as it was", "unknown", "twice", "an example", "twice in the parent", "one of two"],
)
def test_a_constant_is_merged_only_where_it_is_plain(reply, parent):
    assert merged(reply, parent) is None
    assert program_in(f"```python\n{reply}```", "solver", parents=[parent]).source is None


def test_an_example_of_use_is_no_part_of_the_program():
    reply = (
        "```python\ndef solver(u0):\n    return np.array(u0)\n```\n"
        "Use it so:\n```python\nimport numpy as np\nu0 = np.ones(3)\nprint(solver(u0))\n```\n"
    )
    found = program_in(reply, "solver", ["u0"])
    assert found.source == "import numpy as np\ndef solver(u0):\n    return np.array(u0)\n"


@pytest.mark.parametrize("fence", ["", "```\n", "```diff\n"])
def test_a_patch_in_its_envelope_is_applied(fence):
    patch = """*** Begin Patch
*** Update File: solver.py
@@ def step(u, dt, nu):
 def step(u, dt, nu):
-    return u + dt * rate(u, nu)
+    return u - dt * nu * u / 2
*** End Patch
"""
    reply = f"The step is too long.\n\n{fence}{patch}{'```' if fence else ''}\nThat is all."
    found = program_in(reply, "solver", ("u0_batch", "t_coordinate", "nu"), parents=[PARENT])
    assert found.source == PARENT.replace("u + dt * rate(u, nu)", "u - dt * nu * u / 2")
    assert found.repairs == ("The reply's diff was applied to the earlier program.",)


def test_texts_to_find_and_replace_need_no_fences():
    reply = "Change one line:\n\n<<<<<<< SEARCH\nFACTOR = 2.0\n=======\nFACTOR = 3.0\n>>>>>>> REPLACE\n\nThat is all."
    found = program_in(reply, "solver", ("u0_batch", "t_coordinate", "nu"), parents=[PARENT])
    assert found.source == PARENT.replace("2.0", "3.0")


HALVING = "def step(u, dt):\n    return u\n\n\ndef solver(u):\n    return step(u, 1) / 2\n"
TURNING = "def step(u, dt):\n    return -u\n\n\ndef solver(u):\n    return step(step(u, 1), 1)\n"
ALONE = "def solver(u):\n    return u\n"


@pytest.mark.parametrize(
    "reply",
    [
        "```python\ndef step(u, dt):\n    return 3 * u\n```",
        "```diff\n--- a\n+++ b\n@@\n def step(u, dt):\n+    u = u + 0\n```",
    ],
)
def test_changes_that_fit_several_programs_are_told_which(reply):
    told = program_in(reply, "solver", ("u",), parents=(HALVING, ALONE, TURNING), named=("first", "other", "second"))
    assert told.source is None
    assert "they fit first and second alike" in told.problem
    assert "program 1 and program 3" in program_in(reply, "solver", ("u",), parents=(HALVING, ALONE, TURNING)).problem
    assert program_in(reply, "solver", ("u",), parents=(HALVING, ALONE)).source is not None
