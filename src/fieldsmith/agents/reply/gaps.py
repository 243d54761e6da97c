"""Functions that were asked for by their `def` line, and of which a reply gives only the body."""

import ast
import re
import textwrap

from fieldsmith import syntax
from fieldsmith.agents.reply.names import tree_of


def name_of(signature: str) -> str:
    """`rate` for `rate(u, dx)`."""
    return signature.partition("(")[0]


def under_header(text: str, signature: str) -> str | None:
    """A block that holds only a function's body, `rate(u, dx) = ...` or the expression alone, as that function.

    None where it is something else.
    """
    header = f"def {signature}:\n"
    equated = re.fullmatch(rf"\s*{re.escape(name_of(signature))}\s*\([^()\n]*\)\s*=(?!=)(.*)", text, re.DOTALL)
    if equated and _is_expression(equated[1]):
        return f"{header}    return {equated[1].strip()}\n"
    if _is_expression(text):
        return f"{header}    return {text.strip()}\n"
    source = header + textwrap.indent(textwrap.dedent(text).strip("\n"), "    ") + "\n"
    tree = tree_of(source)
    body = tree.body[0].body if tree and len(tree.body) == 1 and isinstance(tree.body[0], ast.FunctionDef) else []
    return source if body and isinstance(body[-1], ast.Return) and body[-1].value is not None else None


def _is_expression(text: str) -> bool:
    """Whether a text is a formula: names or numbers alone say nothing."""
    try:
        return isinstance(syntax.parse_expression(text.strip()), ast.BinOp | ast.UnaryOp)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
