"""The program and its plan are found in a reply however the model fences them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldsmith.agents.reply import plan_of, program_of

GOOD = "def solver(u):\n    return u\n"


@pytest.mark.parametrize(
    "reply",
    [
        f"```python\n{GOOD}```",
        f"```python\n{GOOD}```".replace("\n", "\r\n"),
        f"~~~\n{GOOD}~~~",
        "  ```python\n  def solver(u):\n      return u\n  ```",
        f"```python\ndef solver(u):\n    return 0\n```\n```python\n{GOOD}```\n```\nother = 1\n```",
        f"<think>\n```python\ndef solver(u): pass\n```\n</think>\n```python\n{GOOD}```",
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
        ("I cannot.", "no code block"),
        ("```python\ndef other(u):\n    return u\n```", "defines `solver`"),
    ],
)
def test_what_is_wrong_is_said_in_words_an_author_can_act_on(reply, words):
    program, problem = program_of(reply, "solver")
    assert program is None
    assert words in problem


@given(st.text())
def test_no_reply_breaks_it(text):
    program_of(text, "solver")
    plan_of(text)


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
