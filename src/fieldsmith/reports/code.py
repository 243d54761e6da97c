"""Programs for the page: which characters are keywords, strings and so on, and what changed from one to the next."""

import difflib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from pygments.lexers import PythonLexer
from pygments.token import Comment, Keyword, Literal, Name, Operator, Token

_lexer = PythonLexer(stripnl=False, ensurenl=False)
_KINDS = [
    (Comment, "c"),
    (Literal.String, "s"),
    (Literal.Number, "n"),
    (Keyword, "k"),
    (Operator.Word, "k"),
    (Name.Function, "f"),
    (Name.Class, "f"),
    (Name.Decorator, "d"),
    (Name.Builtin, "b"),
]


@lru_cache(maxsize=2048)
def colouring(source: str) -> str:
    """Runs of characters as letter and length, `k3o1f6…`: compact, so that hundreds of programs fit a page.

    k keyword, f name of a function or class, d decorator, b builtin, s string, n number, c comment, o anything else.
    """
    runs: list[list[Any]] = []
    for _, token, text in _lexer.get_tokens_unprocessed(source):
        kind = _kind(token)
        if runs and (runs[-1][0] == kind or not text.strip()):
            runs[-1][1] += len(text.encode("utf-16-le")) // 2  # as JavaScript counts
        else:
            runs.append([kind, len(text.encode("utf-16-le")) // 2])
    return "".join(f"{kind}{length}" for kind, length in runs)


@lru_cache(maxsize=1024)
def _kind(token: Any) -> str:
    return next((letter for parent, letter in _KINDS if token in parent and token is not Token), "o")


@lru_cache(maxsize=2048)
def changes(before: str, after: str) -> tuple[tuple[str, int, int, int, int], ...]:
    """What turns the lines of one text into those of another: (`equal`, `replace` …, from, to, from, to)."""
    matcher = difflib.SequenceMatcher(None, before.split("\n"), after.split("\n"), autojunk=False)
    return tuple(matcher.get_opcodes())


def closest(source: str, others: Sequence[str]) -> int:
    """Which of several texts shares most lines with this one; the first of equals."""
    own = set(source.split("\n"))

    def shared(other: str) -> float:
        lines = set(other.split("\n"))
        return len(own & lines) / max(1, len(own | lines))

    return max(range(len(others)), key=lambda n: (shared(others[n]), -n))
