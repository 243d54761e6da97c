"""Programs for a newer Python than the sandbox's are told so, with its version."""

import sys

import pytest

from fieldsmith import tasks
from fieldsmith.evaluation import evaluate
from fieldsmith.evaluation.newer import newer
from fieldsmith.sandboxes.process import ProcessSandbox, host_libraries

HERE = ("Python 3.11.4", "numpy 2.3.1")


@pytest.mark.parametrize(
    ("kind", "message", "line", "since"),
    [
        ("SyntaxError", "f-string: unmatched '('", "print(f'{d['a']:.3e}')", "3.12"),
        ("SyntaxError", "f-string: expecting '}'", 'x = f"n = {", ".join(names)}"', "3.12"),
        ("SyntaxError", "f-string expression part cannot include a backslash", r"f'{chr(10).join(x)}\n{'\n'}'", "3.12"),
        ("SyntaxError", "f-string expression part cannot include '#'", "f'''{x # it", "3.12"),
        ("SyntaxError", "invalid syntax", "type Field = np.ndarray", "3.12"),
        ("SyntaxError", "invalid syntax", "type Pair[T] = tuple[T, T]", "3.12"),
        ("SyntaxError", "expected '('", "def first[T](x: list[T]) -> T:", "3.12"),
        ("SyntaxError", "invalid syntax", "class Grid[T]:", "3.12"),
        ("SyntaxError", "multiple exception types must be parenthesized", "except ValueError, TypeError:", "3.14"),
        ("SyntaxError", "invalid syntax", "x = t'{a}'", "3.14"),
        ("AttributeError", "module 'itertools' has no attribute 'batched'", "", "3.12"),
        ("ImportError", "cannot import name 'override' from 'typing' (/usr/lib/python3.11/typing.py)", "", "3.12"),
        ("AttributeError", "module 'math' has no attribute 'fma'", "", "3.13"),
    ],
)
def test_what_is_newer_than_the_sandbox_is_named_with_its_version(kind, message, line, since):
    step = newer(kind, message, line, HERE)
    assert step is not None
    assert (step["since"], step["here"]) == (since, "3.11.4")
    assert newer(kind, message, line, ("Python 3.15.0",)) is None


@pytest.mark.parametrize(
    ("kind", "message", "line"),
    [
        ("SyntaxError", "f-string: expecting '}'", 'print(f"{x")'),
        ("SyntaxError", "'(' was never closed", "u = np.sin(x"),
        ("SyntaxError", "invalid syntax", "type = = 3"),
        ("SyntaxError", "expected ':'", "def solver(u, t)"),
        ("AttributeError", "module 'numpy' has no attribute 'ff'", ""),
    ],
)
def test_other_mistakes_are_not_taken_for_it(kind, message, line):
    assert newer(kind, message, line, HERE) is None


def test_a_sandbox_tells_its_python():
    assert host_libraries()[0] == f"Python {sys.version.split()[0]}"


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="this Python knows it")
def test_a_program_that_uses_it_is_told_the_next_step():
    source = "def solver(u0_batch, t_coordinate, beta):\n    names = {'a': 1}\n    return f'{names['a']}'\n"
    with ProcessSandbox() as place:
        told = evaluate(tasks.load("advection"), source, place, refinement=False).feedback
    assert "an f-string with its own quotes within its braces is there since Python 3.12 only" in told
