"""A program is found whatever became of its fences, and what was done is told."""

import json
import textwrap

import pytest

from fieldsmith.agents.reply import cut_off, program_in

PROGRAM = "import numpy as np\n\n\ndef step(u):\n    return np.sin(u)\n\n\ndef solver(u):\n    # half a step\n    return step(u) / 2\n"
INDENTED = textwrap.indent(PROGRAM, "    ")
QUOTED = textwrap.indent(f"```python\n{PROGRAM}```\n", "> ", lambda line: True)
OWN_LINE = "A fence within a line was put on a line of its own."
BEFORE = "Characters before a fence were taken off."
MISSING = "The fence before the program was missing and put in."
MISPLACED = [
    (f"Here: ```python\n{PROGRAM}```\nIt works.", OWN_LINE),
    (f"Here: ```\n{PROGRAM}```\n", OWN_LINE),
    (f"The plan is upwind. Here: ```python\n{PROGRAM.rstrip()}```", OWN_LINE),
    (f"```python\n{PROGRAM.rstrip()}```\nIt uses `step`.", OWN_LINE),
    (f"\ufeff```python\n{PROGRAM}```", BEFORE),
    (f"\u200b~~~python\n{PROGRAM}~~~", BEFORE),
    (f"<|message|>```python\n{PROGRAM}```", BEFORE),
    (f"As I said:\n\n{QUOTED}\nThat is it.", "The marks of a quotation were taken off."),
    (f"{PROGRAM}```\nThis works.", MISSING),
    (f"Here is the program:\n\n{PROGRAM}```\nThis works.", MISSING),
    (f"Here is the program:\n\n{INDENTED}\nIt works.", "Code that was only indented was taken as a block."),
    (INDENTED, "The indentation that all lines shared was taken off."),
    (f"```python\n{INDENTED}```", "The indentation that all lines shared was taken off."),
]

ADDED = textwrap.indent(PROGRAM, "+", lambda line: True)
MISPLACED += [
    (json.dumps({"code": PROGRAM, "expected_order": 2}), "The program was taken out of JSON."),
    (f"```json\n{json.dumps({'program': PROGRAM})}\n```", "The program was taken out of JSON."),
    (
        f"```diff\n--- /dev/null\n+++ b/solver.py\n@@ -0,0 +1,9 @@\n{ADDED}```",
        "The diff adds a whole program, which was taken.",
    ),
]


@pytest.mark.parametrize(("reply", "words"), MISPLACED)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_program_whose_fence_is_not_where_it_should_be_is_found(reply, words, end):
    found = program_in(reply.replace("\n", end), "solver", ("u",))
    assert found.source is not None, found.problem
    assert found.source == PROGRAM
    assert words in found.repairs
    assert not cut_off(reply, "stop", found)


@pytest.mark.parametrize(
    "reply",
    [
        "Use ```def solver(u): return u``` here.",
        "> The function `solver` is to be written.\n\nI shall do so.",
        "    def solver(u):\n        return (u\n",
        "```python\n```\n```\n",
        '{"code": "def other(v, w): return v"}',
        '["def solver(u): return u"]',
    ],
)
def test_what_holds_no_program_gets_none(reply):
    assert program_in(reply, "solver", ("u",)).source is None


@pytest.mark.parametrize(
    "text",
    [
        "<<<<<<<\n" * 20_000 + "def ",
        "> " * 20_000,
        "    x\n" * 5_000,
        "a ```\n" * 3_000,
        "<|" * 20_000,
        "\ufeff" * 20_000,
    ],
)
def test_repetitions_take_no_time(text):
    for _ in range(3):
        assert program_in(text, "solver").source is None
