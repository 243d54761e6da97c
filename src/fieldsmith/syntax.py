"""Syntax trees of Python programs, made by one thread at a time.

CPython before 3.11.8 and 3.12.2 counts the depth of all trees that are in the making in one place, so that two threads that
make one at once may get a SystemError (python/cpython#106905). Candidates are made side by side, so trees are made here.
"""

import ast
import threading
from typing import Any

ONE_AT_A_TIME = threading.RLock()
"""To be held where a library makes a tree: NumPy does, for the header of each array that it reads."""


def parse(source: str) -> ast.Module:
    """The tree of a program. Raises SyntaxError (ValueError for null bytes, RecursionError, MemoryError for deep nesting)."""
    with ONE_AT_A_TIME:
        return ast.parse(source)


def parse_expression(source: str) -> ast.expr:
    """The tree of one expression. Raises as `parse`."""
    with ONE_AT_A_TIME:
        return ast.parse(source, mode="eval").body


def literal_eval(source: str) -> Any:
    """The value of a literal. Raises ValueError for what is none, and as `parse`."""
    with ONE_AT_A_TIME:
        return ast.literal_eval(source)
