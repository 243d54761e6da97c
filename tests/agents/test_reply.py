"""The program and its plan are found in a reply whatever its form, and what was done to get it is told.

`replies/` holds whole replies as models write them; each begins with a comment of what is expected of it.
"""

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from solvers import GOOD, PARENT

from fieldsmith.agents.reply import can_go_on, cut_off, ending, joined, plan_of, program_in, program_of

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
        ("```python\ndef other(u):\n    return u\n```", "defines `solver`; it defines `other(u)`. Give"),
        (
            "```python\nclass Scheme:\n    def solver(self, u):\n        return u\n```",
            "defines `solver` at its top level: it is a method of `Scheme`. Give",
        ),
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


LOOP = "def solver(u):\n    for n in range(3):\n        if u[n] < 1 and n > 0:\n            u[n] = 1\n\n    return u\n"


@pytest.mark.parametrize(
    ("text", "repair"),
    [
        (LOOP.replace("<", "&lt;").replace(">", "&gt;"), "as in HTML"),
        ("".join(f"{n:>3} | {line}\n" for n, line in enumerate(LOOP.splitlines(), 1)), "numbers before the lines"),
        ("".join(f"{n}: {line}\n" for n, line in enumerate(LOOP.splitlines(), 1)), "numbers before the lines"),
    ],
)
def test_listings_as_pages_show_them_are_read(text, repair):
    found = program_in(f"```python\n{text}```", "solver")
    assert found.source == LOOP
    assert repair in " ".join(found.repairs)


@pytest.mark.parametrize(
    "text", ["<think>" * 20_000, "</think>" * 20_000, "<think>x</think>" * 5_000 + "<think>" * 20_000]
)
@pytest.mark.slow
def test_repeated_tags_take_no_time(text):
    """A model that repeats itself; a search that is quadratic takes a minute for each, which the suite's limit ends."""
    for _ in range(30):
        assert program_of(text, "solver")[0] is None


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
@pytest.mark.slow
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


@pytest.mark.parametrize(
    "plan",
    [
        "# Plan\n- Discretisation: WENO\n- Time integrator: SSP-RK3\n- Expected order: 5",
        "## 1. Numerical plan\n\n1. **Spatial discretization**: WENO\n2. **Time integration:** SSP-RK3\n3. Order: 5\n\n## Program",
        "**Plan**\n\n**Space:** WENO\n**Time:** SSP-RK3\n**Order:** 5",
        "The plan:\n* discretization: WENO\n* time stepping: SSP-RK3\n* order of convergence: 5",
        "```plan\ndiscretization: WENO\ntime integration: SSP-RK3\norder: 5\n```",
    ],
)
def test_a_plan_under_a_usual_heading_is_read(plan):
    found = plan_of(f"Words about a plan.\n\n{plan}\n\n```python\n{GOOD}```\n\nIt is fast.")
    assert (found.discretisation, found.time_integrator, found.expected_order) == ("WENO", "SSP-RK3", 5.0)


@pytest.mark.parametrize(
    "heading", ["# Plan\n", "**Plan:** ", "Plan: ", "### My plan for this problem\n", "**Plan**\n\n"]
)
def test_a_plan_in_prose_is_kept_as_words(heading):
    words = "Fourth-order central differences, RK4."
    found = plan_of(f"{heading}{words}\n\n- nRMSE below 1e-9\n\n```python\n# Plan\n# none\n{GOOD}```")
    assert found.method == found.summary == f"{words}; nRMSE below 1e-9"


def test_other_headings_are_no_plan():
    assert plan_of(f"# Analysis\nIt is stiff.\n\n# Planet\nEarth.\n\n```python\n{GOOD}```").summary == ""
    assert plan_of(f"# Plan\n\n# Program\n\n```python\n{GOOD}```").summary == ""


def test_a_plan_of_a_task_without_an_equation_names_a_method():
    plan = plan_of(f"Words.\n\n```plan\nmethod: Wiener filter\nresolution_control: none\n```\n\n```python\n{GOOD}```")
    assert (plan.method, plan.summary, plan.discretisation) == ("Wiener filter", "Wiener filter", "")


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


def test_a_plan_that_was_left_open_does_not_swallow_the_program():
    reply = f"```plan\ndiscretisation: WENO\ntime_integrator: SSP-RK3\n\n```python\n{GOOD}```\n"
    assert program_in(reply, "solver").source == GOOD
    assert plan_of(reply).discretisation == "WENO"


BROKEN = """import numpy as np

CFL = 0.4


def rhs(u, dx):
    return -u * np.gradient(u, dx))


def solver(u):
    return u + CFL * rhs(u, 1.0)
"""


@pytest.mark.parametrize("old", ["dx))", "CFL = 0.4\n"])
def test_code_with_a_mistake_is_no_prose_and_stays(old):
    """So that the run names the line."""
    text = BROKEN if old == "dx))" else BROKEN.replace("dx))", "dx)").replace(old, "CFL = 0.4 if True\n")
    for parents in ((), (BROKEN.replace("dx))", "dx)"),)):
        found = program_in(f"```python\n{text}```", "solver", ("u",), "stop", parents)
        assert found.source == text
        assert not found.repairs


@pytest.mark.parametrize(
    "reply",
    [
        f"```python:solver.py\n{GOOD}```",
        f"```{{python}}\n{GOOD}```",
        f"```{{.python .numberLines}}\n{GOOD}```",
        f"```solver.py\n{GOOD}```",
        f"<|python_tag|>{GOOD}",
        f"[THINK]\n```python\ndef solver(u): return 0\n```\n[/THINK]\n```python\n{GOOD}```",
        f"◁think▷Hm.◁/think▷```python\n{GOOD}```",
        "<|channel|>analysis<|message|>```python\ndef solver(u):\n    return 0\n```<|end|><|start|>assistant<|channel|>final"
        f"<|message|>```python\n{GOOD}```",
        f"<|channel|>final<|message|>```python\n{GOOD}```",
        "```python\ndef solver（u）：\n    return u\n```",
    ],
)
def test_marks_of_many_models_are_understood(reply):
    found = program_in(reply, "solver", ("u",))
    assert (found.source, found.problem) == (GOOD, "")


def test_thoughts_alone_are_told_as_such():
    found = program_in("<think>First I would", "solver", ("u",), "length")
    assert found.problem.startswith("The reply holds thoughts alone")


def test_a_module_of_the_reply_is_put_into_the_program():
    reply = (
        "`flux.py`:\n```python\nimport numpy as np\n\ndef rhs(u):\n    return np.sin(u)\n```\n`solver.py`:\n"
        "```python\nfrom flux import rhs\n\ndef solver(u):\n    return rhs(u)\n```"
    )
    found = program_in(reply, "solver", ("u",))
    assert "from flux" not in found.source
    assert found.source.index("def rhs") < found.source.index("def solver")
    assert found.repairs == ("The reply's module `flux` was put into the program.",)
