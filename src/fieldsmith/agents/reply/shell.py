"""What a shell or a notebook would read around a program, and words that stand alone: they are Python only by chance."""

import ast
import re

from fieldsmith.agents.reply.names import GIVEN, bound, tree_of

HEREDOC = re.compile(
    r"^[ \t]*(?:[$>%#][ \t]+)?(?:sudo[ \t]+)?(?:[\w./~-]+[ \t]+)*(?:cat|tee|python[\d.]*|dd|apply_patch|uv run)\b[^\n]*?<<-?[ \t]*\\?"
    r"(?P<quote>['\"]?)(?P<word>\w+)(?P=quote)[^\n]*\n(?P<body>.*?)(?P<end>^[ \t]*(?P=word)[ \t]*$|^[ \t]*`{3,}[ \t]*$|\Z)",
    re.MULTILINE | re.DOTALL,
)
"""`cat > solver.py << 'EOF'`, or another command that is given a text, and that text up to its end."""
HERESTRING = re.compile(
    r"^[ \t]*(?:[^\n@]*[= \t])?@(?P<quote>['\"])[ \t]*\n(?P<body>.*?)(?P<end>^(?P=quote)@[^\n]*$|\Z)",
    re.MULTILINE | re.DOTALL,
)
"""The same in PowerShell: `@'` … `'@ | Set-Content solver.py`."""
MAGIC = re.compile(r"^[ \t]*(?:%%\w[^\n]*|%\w[^\n]*|![^\n=][^\n]*)$\n?", re.MULTILINE)
"""Lines that a notebook reads: `%%writefile solver.py`, `!pip install numpy`."""
OUT_OF_SHELL = "The shell command around the program was left out."
MAGIC_OUT = "Lines for a notebook (%, !) were left out."


def out_of_shell(reply: str) -> tuple[str, str]:
    """A reply with the texts that its shell commands write as blocks of Python, and what was done; as it is without such.

    The text of a patch command stays a patch. Without its end a text is a block that was left open.
    """
    if "<<" not in reply and "@'" not in reply and '@"' not in reply:
        return reply, ""
    found = [
        m
        for form in (HEREDOC, HERESTRING)
        for m in form.finditer(reply)
        if re.search(r"^\+?[ \t]*def ", m["body"], re.M)
    ]
    if not found:
        return reply, ""
    blocks = []
    for match in found:
        if "*** Begin Patch" in match["body"]:
            blocks.append(match["body"])
        else:
            body = match["body"] if match["body"].endswith("\n") or not match["body"] else f"{match['body']}\n"
            blocks.append(f"```python\n{body}{'```' if match['end'] else ''}")
    return "\n\n".join(blocks), OUT_OF_SHELL


def without_magic(text: str) -> tuple[str, str]:
    """A text that is no Python without the lines of a notebook."""
    return MAGIC.sub("", text), MAGIC_OUT


def without_lone_words(text: str) -> tuple[str, str]:
    """A program without words at its head or its end that stand alone and that nothing defines, and what was done.

    `Done`, `EOF`, `python`: such a line can do nothing but stop the program with a NameError.
    """
    tree = tree_of(text)
    if (
        tree is None
        or len(tree.body) < 2
        or any(isinstance(n, ast.ImportFrom) and n.names[0].name == "*" for n in tree.body)
    ):
        return text, ""
    known, body, lone = bound(tree) | GIVEN, list(tree.body), []
    while len(body) > 1 and _alone(body[-1], known):
        lone.append(body.pop())
    while len(body) > 1 and _alone(body[0], known):
        lone.append(body.pop(0))
    if not lone:
        return text, ""
    lines = re.split(r"\r\n|\r|\n", text)  # where Python ends a line
    out = {n for node in lone for n in range(node.lineno, (node.end_lineno or node.lineno) + 1)}
    said = " ".join(lines[n - 1].strip() for n in sorted(out))[:60]
    kept = "\n".join(line for n, line in enumerate(lines, 1) if n not in out)
    return kept.rstrip() + "\n", f"`{said}`, which nothing defines, was left out."


def _alone(node: ast.stmt, known: set[str]) -> bool:
    """Whether a statement is names alone, with dots, commas and signs between them, of which nothing defines the first."""
    if not isinstance(node, ast.Expr) or isinstance(node.value, ast.Constant):
        return False
    parts = list(ast.walk(node.value))
    plain = (
        ast.Name, ast.Attribute, ast.Tuple, ast.Compare, ast.BinOp, ast.UnaryOp, ast.Constant, ast.expr_context, ast.cmpop,
        ast.operator, ast.unaryop,
    )  # fmt: skip
    names = [part.id for part in parts if isinstance(part, ast.Name)]
    return all(isinstance(part, plain) for part in parts) and any(name not in known for name in names)
