"""The program is found in a reply however the model fences it."""

import pytest

from fieldsmith.agents.reply import program_of

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
    ],
)
def test_the_last_block_that_defines_the_function_is_taken(reply):
    program = program_of(reply, "solver")
    assert program is not None
    assert program.source == GOOD


def test_a_block_without_closing_fence_is_taken():
    program = program_of("```python\n" + GOOD, "solver")
    assert program is not None
    assert program.source.strip() == GOOD.strip()


def test_a_block_that_does_not_parse_is_taken_if_it_is_the_only_one():
    program = program_of("```python\ndef solver(u):\n    return (\n```", "solver")
    assert program is not None
    assert "return (" in program.source


def test_no_program_without_a_block_that_defines_the_function():
    assert program_of("I cannot.", "solver") is None
    assert program_of("```python\ndef other(u):\n    return u\n```", "solver") is None
