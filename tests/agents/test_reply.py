"""The program and its plan are found in a reply whatever its form, and what was done to get it is told.

`replies/` holds whole replies as models write them; each begins with a comment of what is expected of it.
"""

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldsmith.agents.reply import can_go_on, cut_off, ending, joined, plan_of, program_in, program_of
from fieldsmith.agents.reply.patches import applied, merged

GOOD = "def solver(u):\n    return u\n"
REPLIES = Path(__file__).parent / "replies"


@pytest.mark.parametrize(
    "reply",
    [
        f"```python\n{GOOD}```",
        f"```python\n{GOOD}```".replace("\n", "\r\n"),
        f"~~~\n{GOOD}~~~",
        "  ```python\n  def solver(u):\n      return u\n  ```",
        f"```python\ndef solver(u):\n    return 0\n```\n```python\n{GOOD}```\n```\nother = 1\n```",
        f"<think>\n```python\ndef solver(u): pass\n```\n</think>\n```python\n{GOOD}```",
        f"I should think of periodic data.\n</think>\n\n```python\n{GOOD}```",
        f"```python\n{GOOD}```\n```python\ndef solver(u:\n```",
        f"````markdown\nprose\n````\n```python\n{GOOD}```",
        f"```python\n{GOOD}",
        GOOD,
    ],
)
def test_the_last_block_that_defines_the_function_is_taken(reply):
    assert program_of(reply, "solver") == (GOOD, "")


def test_a_block_that_does_not_parse_is_taken_if_it_is_the_only_one():
    program, problem = program_of("```python\ndef solver(u):\n    return (\n```", "solver")
    assert "return (" in program
    assert not problem


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ("", "empty"),
        ("Use a Fourier method.", "no code block"),
        ("The function is `def solver(u):` and needs a body.", "no code block"),
        ("```python\ndef other(u):\n    return u\n```", "defines `solver`"),
        ("I'm sorry, but I can't help with that.", "refused to answer, saying: I'm sorry"),
        ("```julia\nfunction solver(u)\n  return u\nend\n```", "is in julia"),
        ("```python\ndef solver(u):\n    pass\n```", "has no body"),
        ("```diff\n-a = 1\n+a = 2\n```", "is a diff"),
        (
            "```python\ndef solver(u):\n    v = u\n    # ... the rest is unchanged\n    return v\n```",
            "leaves a part out",
        ),
        ("```python\ndef solver(u):\n    v = u\n    ...\n    return v\n```", "leaves a part out"),
    ],
)
def test_what_is_wrong_is_said_in_words_an_author_can_act_on(reply, words):
    program, problem = program_of(reply, "solver")
    assert program is None
    assert words in problem


@pytest.mark.parametrize(
    "line", ["# remaining mass stays constant", "# the other terms remain unchanged", "# the rest is the same as above"]
)
def test_words_about_the_physics_leave_nothing_out(line):
    source = f"def solver(u):\n    {line}\n    try:\n        u = u + 1\n    except ValueError: ...\n    return u\n"
    program, problem = program_of(f"```python\n{source}```", "solver")
    assert (program, problem) == (source, "")


REFUSALS = [
    "I must decline.",
    "I must respectfully decline this request.",
    "I’m sorry, but I have to decline to answer.",
    "I won't be able to help with that.",
    "Unfortunately, I will not be able to write this program.",
    "I'm not able to assist with this.",
    "I'm **not able** to provide code for this request.",
    "I am unable to fulfill your request.",
    "I can't assist with that.",
    "I can not do that.",
    "I'm afraid I can't do this for you.",
    "I cannot, in short, but also: I cannot provide you with a numerical solver.",
    "I'm not comfortable helping with this.",
    "Sorry, I can’t continue.",
    "I'm not permitted to create such code.",
    "Sorry, but unable to comply.",
    "As an AI language model, I don't have the ability to do this.",
    "I refuse to write that.",
    "This request goes against my guidelines.",
]
PROSE = [
    "I cannot use forward Euler here, the limit of its step is too small.",
    "I'm sorry for the bug, I cannot see how the sign got there. The fix is to use dt/2.",
    "I can't help but notice that the flux is not convex.",
    "I won't be able to resolve the shock on this grid without a limiter.",
    "I'm not able to see where the NaN comes from, so smaller steps it is.",
    "I cannot do this with forward Euler, so the plan is an implicit scheme.",
    "I cannot write the flux in conservative form, hence the source term.",
    "I cannot provide the exact solution in closed form for this viscosity.",
    "I must decline the idea of an explicit scheme.",
    "An upwind scheme cannot help here: it is too diffusive. It will not do.",
    "The scheme violates the maximum principle, which goes against the physics.",
    "I cannot continue the solution beyond the shock by characteristics.",
    "You can't answer this with one grid, as an aid take two.",
    "I won't give up the conservation of mass.",
    "I'm unable to complete the square, so the root is found by Newton's method.",
]


@pytest.mark.parametrize("words", REFUSALS)
def test_a_refusal_in_words_is_told_as_one(words):
    assert program_of(words, "solver") == (None, f"The model refused to answer, saying: {words}")


@pytest.mark.parametrize("words", REFUSALS)
def test_a_refusal_with_a_program_is_none(words):
    assert program_of(f"{words} But here you are:\n\n```python\n{GOOD}```", "solver") == (GOOD, "")


@pytest.mark.parametrize("words", PROSE)
def test_what_a_method_cannot_do_and_an_apology_are_no_refusals(words):
    assert "refused" not in program_of(words, "solver")[1]


@pytest.mark.parametrize(
    "text", ["<think>" * 20_000, "</think>" * 20_000, "<think>x</think>" * 5_000 + "<think>" * 20_000]
)
def test_repeated_tags_take_no_time(text):
    """A model that repeats itself; a search that is quadratic takes a minute for each, which the suite's limit ends."""
    for _ in range(30):
        assert program_of(text, "solver")[0] is None


def test_a_refusal_of_the_provider_is_told():
    found = program_in("", "solver", stop="refusal")
    assert found.source is None
    assert "refused" in program_in("It is against the rules.", "solver", stop="refusal").problem
    assert program_in(f"```python\n{GOOD}```", "solver", stop="refusal").source == GOOD


@pytest.mark.parametrize("stop", ["refusal", "content_filter"])
@pytest.mark.parametrize("begun", ["def solver(u):\n    return (u +", GOOD])
def test_a_program_that_the_provider_breaks_off_is_a_refusal_and_not_gone_on_with(begun, stop):
    found = program_in(f"```python\n{begun}", "solver", stop=stop)
    assert found.source is None
    assert found.problem.startswith("The model refused to answer")
    assert not cut_off(f"```python\n{begun}", stop, found)


EXPECTED = re.compile(r"<!-- (\w+): (.*?) -->")


@pytest.mark.parametrize("file", sorted(REPLIES.glob("*.md")), ids=lambda file: file.stem)
def test_replies_as_models_write_them(file):
    text = file.read_text(encoding="utf-8")
    expected = dict(EXPECTED.findall(text))
    reply = EXPECTED.sub("", text)
    parents = [PARENT] if "parent" in expected else []
    found = program_in(reply, "solver", ("u0_batch", "t_coordinate", "nu"), parents=parents)
    if "problem" in expected:
        assert found.source is None
        assert expected["problem"] in found.problem
        return
    assert found.source is not None, found.problem
    space: dict = {}
    exec(found.source, space)
    assert space["solver"](2.0, [0.0, 1.0], 0.5) == float(expected["gives"])
    assert expected.get("repair", "") in " ".join(found.repairs)
    assert bool(found.repairs) == ("repair" in expected), found.repairs


PARENT = """import numpy as np

FACTOR = 2.0


def rate(u, nu):
    return -nu * u


def step(u, dt, nu):
    return u + dt * rate(u, nu)


def solver(u0_batch, t_coordinate, nu):
    u = u0_batch
    for a, b in zip(t_coordinate[:-1], t_coordinate[1:]):
        u = step(u, b - a, nu)
    return FACTOR * u
"""


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


@settings(deadline=None)
@given(st.text())
def test_no_reply_breaks_it(text):
    found = program_in(text, "solver", ("u",), parents=(PARENT,))
    plan_of(text)
    cut_off(text, "length", found)
    can_go_on(text)
    joined(text, text, "solver")


PIECES = st.sampled_from(
    [
        "```python\n", "```\n", "~~~\n", "```diff\n", "@@ -1 +1 @@\n", "-    u = u0_batch\n", "+    u = 1\n", "def solver(u):\n",
        "    return u\n", "def step(u, dt, nu):\n", "    ...\n", "# ... rest unchanged\n", "import numpy as np\n", "“\n", "<think>\n",
        "</think>\n", "\t x = 1\n", "class A:\n", "    pass\n", "Words.\n", "if True:\n", ">>> x\n", "\u00a0", "lambda: 0\n", "solver = 1\n",
        "from x import *\n", "global u\n", "except:\n", "(", "\\\n", "'''\n", "@f\n", "async def solver(u):\n",
    ]
)  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(st.lists(PIECES, max_size=14).map("".join), st.lists(PIECES, max_size=6).map("".join))
def test_no_mixture_of_pieces_breaks_it(text, more):
    found = program_in(text, "solver", ("u",), parents=(PARENT, GOOD))
    cut_off(text, "stop", found)
    program_in(joined(text, more, "solver"), "solver")
    if found.source is not None and found.repairs:
        assert all(words.endswith(".") for words in found.repairs)


@given(st.text(alphabet="`~ \nabpython(){}:def solver"))
def test_no_fencing_breaks_it(text):
    program_of(text, "solver")


@pytest.mark.parametrize(
    "block",
    [
        "```plan\ndiscretisation: WENO\ntime_integrator: SSP-RK3\nresolution_control: CFL 0.4\nexpected_order: 5\n```",
        '```json\n{"discretisation": "WENO", "time_integrator": "SSP-RK3", "expected_order": "about 5", "more": 1}\n```',
        '```toml\ndiscretisation = "WENO"\ntime_integrator = "SSP-RK3"\nexpected_order = 5\n```',
    ],
)
def test_the_plan_is_read_in_any_of_its_forms(block):
    plan = plan_of(f"Words.\n\n{block}\n\n```python\n{GOOD}```")
    assert (plan.discretisation, plan.time_integrator, plan.expected_order) == ("WENO", "SSP-RK3", 5.0)


def test_a_reply_without_a_plan_has_an_empty_one():
    assert plan_of(GOOD).discretisation == ""
    assert plan_of(f"First words.\n\n```python\n{GOOD}").summary == ""


def test_without_a_plan_the_sentence_after_the_program_is_its_summary():
    reply = f"First words.\n\n```python\n{GOOD}```\n\nThis is **upwind**,\nof first order. It may be slow."
    assert plan_of(reply).summary == "This is **upwind**, of first order."


@pytest.mark.parametrize(
    "program",
    [
        "try:\n    import numba\n    def solver(u):\n        return u\nexcept ImportError:\n    def solver(u):\n        return 2 * u\n",
        "import os\nif os.name == 'posix':\n    solver = abs\nelse:\n    solver = int\n",
        "from collections.abc import Callable\nsolver: Callable = abs\n",
        "from math import sqrt as solver\n",
        'def solver(u):\n    """Doc with Markdown:\n\n```\nx = 1\n```\n    """\n    return u\n',
    ],
)
def test_every_way_to_bind_the_name_counts(program):
    assert program_of(f"Words.\n\n```python\n{program}```\n\nMore words.", "solver") == (program, "")


@pytest.mark.parametrize(
    "later",
    [
        f"```text\n{GOOD}```",
        "```python\ndef solver(u):\n    ...\n```",
        '```python\ndef solver(u):\n    """Solve."""\n    raise NotImplementedError\n```',
        "```python\nsolver: object\n```",
    ],
)
def test_a_restated_stub_or_output_does_not_replace_the_program(later):
    program = "def solver(u):\n    return u + 1\n"
    assert program_of(f"```python\n{program}```\n\nIt has the form asked for:\n\n{later}", "solver") == (program, "")


def test_plans_in_other_dress():
    yaml = "```yaml\n**Discretisation**: WENO\n`time integrator`: SSP-RK3\nexpected_order: 1" + "0" * 400 + "\n```"
    plan = plan_of(yaml)
    assert (plan.discretisation, plan.time_integrator, plan.expected_order) == ("WENO", "SSP-RK3", None)


def test_a_program_that_parses_is_never_changed():
    program = (
        'def solver(u):\n    """A “quoted” word – and\u00a0a space."""\n    # ... compute the flux\n    return u\n'
    )
    found = program_in(f"```python\n{program}```", "solver")
    assert (found.source, found.repairs) == (program, ())


LONG = f"```python\nimport numpy as np\n\n\n{GOOD}".replace("return u", "v = np.asarray(u) * 2.0\n    return v + 1.0")


@pytest.mark.parametrize("at", range(40, len(LONG) - 1, 7))
@pytest.mark.parametrize(
    "go_on",
    [
        lambda begun, rest: rest,
        lambda begun, rest: begun.rpartition("\n")[2] + rest,
        lambda begun, rest: "\n".join(begun.split("\n")[-2:]) + rest,
        lambda begun, rest: "Here is the rest:\n\n```python\n" + begun.rpartition("\n")[2] + rest,
        lambda begun, rest: "Sorry, once more in full.\n\n" + LONG + "```\n",
    ],
    ids=["goes on", "repeats the line", "repeats two lines", "opens the block again", "begins anew"],
)
def test_a_reply_and_its_continuation_make_the_whole_program(at, go_on):
    begun, rest = LONG[:at], LONG[at:] + "```\n\nThat is all."
    found = program_in(begun, "solver")
    assert cut_off(begun, "length", found)
    whole = program_in(joined(begun, go_on(begun, rest), "solver"), "solver")
    assert ast.dump(ast.parse(whole.source)) == ast.dump(ast.parse(LONG.partition("\n")[2]))


def test_what_is_complete_is_not_cut_off():
    closed = f"```python\n{GOOD}```\n\nIt is good bec"
    assert not cut_off(closed, "length", program_in(closed, "solver"))
    opened = f"```python\n{GOOD}"
    assert not cut_off(opened, "stop", program_in(opened, "solver"))
    assert cut_off(opened, "length", program_in(opened, "solver"))
    broken = "```python\ndef solver(u):\n    return (u +"
    assert cut_off(broken, "stop", program_in(broken, "solver"))
    assert not cut_off("I cannot.", "stop", program_in("I cannot.", "solver"))


def test_thoughts_alone_are_not_gone_on_with():
    assert not can_go_on("<think>\nLet me see, the equation is")
    assert not can_go_on("")
    assert can_go_on("<think>x</think>\n```python\nimport")
    assert ending("a\n" * 50 + "last").endswith("a\nlast")


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


def test_a_plan_that_was_left_open_does_not_swallow_the_program():
    reply = f"```plan\ndiscretisation: WENO\ntime_integrator: SSP-RK3\n\n```python\n{GOOD}```\n"
    assert program_in(reply, "solver").source == GOOD
    assert plan_of(reply).discretisation == "WENO"
