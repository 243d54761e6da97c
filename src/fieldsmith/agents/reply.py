"""Takes the program out of a model's reply."""

import ast
import re

from fieldsmith.agents.author import Program

_OPENING = re.compile(r"^[ \t]*(`{3,}|~{3,})[ \t]*([\w+-]*)[^\n`]*$")
_THINKING = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)


def program_of(text: str, function: str) -> Program | None:
    """The last fenced block that defines `function`, or None.

    A block that does not parse is taken only where no block that parses defines the function, so that the
    sandbox can report its SyntaxError. Text within <think> is ignored.
    """
    blocks = _blocks(_THINKING.sub("", text.replace("\r\n", "\n")))
    parsed = [block for block in blocks if _defines(block, function)]
    wanted = re.compile(rf"^\s*def\s+{re.escape(function)}\s*\(", re.MULTILINE)
    chosen = parsed or [block for block in blocks if wanted.search(block)]
    return Program(chosen[-1]) if chosen else None


def _blocks(text: str) -> list[str]:
    """Contents of the fenced blocks, dedented by the fence's indentation; the last may lack its closing fence."""
    blocks: list[str] = []
    lines: list[str] | None = None
    fence, indent = "", 0
    for line in text.split("\n"):
        if lines is None:
            if match := _OPENING.match(line):
                lines, fence, indent = [], match[1], len(line) - len(line.lstrip())
        elif (bare := line.strip()) and len(bare) >= len(fence) and set(bare) == {fence[0]}:
            blocks.append("\n".join(lines) + "\n")
            lines = None
        else:
            lines.append(line[indent:] if not line[:indent].strip() else line)
    return [*blocks, "\n".join(lines) + "\n"] if lines else blocks


def _defines(source: str, function: str) -> bool:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return any(isinstance(node, ast.FunctionDef) and node.name == function for node in tree.body)
