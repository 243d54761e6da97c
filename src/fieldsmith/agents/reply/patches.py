"""Replies that hold only what changes: a diff, or some functions, put into the program that they are about."""

import ast
import re
from collections.abc import Sequence

from fieldsmith.agents.reply.blocks import Block, parses
from fieldsmith.agents.reply.names import bound, first_line, functions, is_stub, missing, text_of, tree_of
from fieldsmith.agents.reply.omissions import gap

HUNK = re.compile(r"^@@.*@@|^@@\s*$", re.MULTILINE)

EXCHANGE = re.compile(
    r"^<{5,9}[^\n<]*\n(?P<old>(?:(?![=<>]{5})[^\n]*\n)*)={5,9}[ \t]*\n(?P<new>(?:(?![=<>]{5})[^\n]*\n)*)>{5,9}[^\n>]*$",
    re.MULTILINE,
)
"""What is to be found and what takes its place, between the marks of a conflict: `<<<<<<< SEARCH`, `=======`, `>>>>>>> REPLACE`."""

ENVELOPE = "*** Begin Patch"
"""How a patch begins in the form that some assistants are trained on; hunks follow, as in a diff without numbers."""


def is_diff(block: Block) -> bool:
    if block.language in ("diff", "patch") or block.text.lstrip().startswith(ENVELOPE):
        return True
    return any(form.search(block.text) is not None for form in (HUNK, EXCHANGE)) and not parses(block.text)


def bare_patch(said: str) -> list[Block]:
    """The patch, or the texts to find and replace, of a reply that has no fences around them, as a block."""
    if exchanges := [match[0] for match in EXCHANGE.finditer(said)]:
        return [Block("patch", "\n".join(exchanges))]
    _, begin, rest = said.partition(ENVELOPE)
    return [Block("patch", begin + rest.partition("*** End Patch")[0].rstrip("\n"))] if begin else []


def applied(diff: str, parent: str) -> str | None:
    """The parent with the hunks of a unified diff applied; None unless each hunk's old lines occur just once.

    Line numbers, which models seldom get right, are not looked at.
    """
    source = parent.split("\n")
    hunks = _hunks(diff)
    for old, new in hunks:
        wanted = [line.rstrip() for line in old]
        places = [
            n for n in range(len(source) - len(old) + 1) if [s.rstrip() for s in source[n : n + len(old)]] == wanted
        ]
        if not old or len(places) != 1:
            return None
        source[places[0] : places[0] + len(old)] = new
    return "\n".join(source) if hunks else None


def _hunks(diff: str) -> list[tuple[list[str], list[str]]]:
    """Old and new lines of each hunk that changes something."""
    if exchanges := list(EXCHANGE.finditer(diff)):
        pairs = [(match["old"].split("\n")[:-1], match["new"].split("\n")[:-1]) for match in exchanges]
        return [(old, new) for old, new in pairs if old != new]
    hunks: list[tuple[list[str], list[str]]] = [([], [])]
    for line in diff.split("\n"):
        if line.startswith(("--- ", "+++ ", "diff ", "index ", "\\", "*** ")):
            continue
        if line.startswith("@@"):
            hunks.append(([], []))
            continue
        old, new = hunks[-1]
        if not line.startswith("+"):
            old.append(line[1:] if line[:1] in ("-", " ") else line)
        if not line.startswith("-"):
            new.append(line[1:] if line[:1] in ("+", " ") else line)
    for old, new in hunks:
        while old and new and not old[-1].strip() and not new[-1].strip():
            old.pop()
            new.pop()
    return [(old, new) for old, new in hunks if old != new]


def merged(changes: str, parent: str, lacking: bool = False) -> tuple[str, list[str]] | None:
    """The parent with the functions and constants of `changes` in place of its own, and their names.

    What is new comes before the first of them, or after the constants that it uses, in its order. None where that is not plain:
    nothing of the parent is replaced, a name stands twice, or, unless `lacking` is fine, names are still missing.
    """
    new, old = tree_of(changes), tree_of(parent)
    if new is None or old is None or gap(changes):
        return None
    functions_there = functions(old)
    ours: dict[str, ast.stmt] = {
        name: nodes[-1] for name, nodes in functions(new).items() if not is_stub(nodes[-1])
    } | _aliases(new)
    kept = {name: node for name, node in ours.items() if name in functions_there}
    constants = _constants(new, old)
    if constants is None or any(len(functions_there[name]) != 1 for name in kept) or (lacking and not kept):
        return None
    theirs: dict[str, ast.stmt] = {name: functions_there[name][0] for name in kept}
    for name, (node, there) in constants.items():
        if ast.dump(node) != ast.dump(there):
            kept[name], theirs[name] = node, there
    if not kept:
        return None
    first = min(map(first_line, theirs.values())) - 1
    edits = [(first_line(node) - 1, 1, _end(node), text_of(changes, kept[name])) for name, node in theirs.items()]
    ends = {name: _end(there) for name, (_, there) in constants.items()}
    for node in new.body:
        if _adds(node, set(kept), old) and _constant(node) not in constants:
            place = first
            if isinstance(node, ast.Assign | ast.AnnAssign):
                place = max([first, *(ends.get(n.id, 0) for n in ast.walk(node) if isinstance(n, ast.Name))])
                ends |= dict.fromkeys(bound(ast.Module([node], [])), place)
            edits.append((place, 0, place, f"{text_of(changes, node)}\n"))
    lines = parent.split("\n")
    for start, _, end, text in reversed(sorted(edits, key=lambda edit: edit[:2])):
        lines[start:end] = text.split("\n")
    source = "\n".join(lines)
    tree = tree_of(source)
    if tree is None or (not lacking and missing(tree) - missing(old)):
        return None
    return source, list(kept)


def _end(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


def _constant(node: ast.stmt) -> str:
    """The one name that a statement assigns a value to; empty where it is another statement."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    single = targets[0] if len(targets) == 1 and getattr(node, "value", None) is not None else None
    return single.id if isinstance(single, ast.Name) else ""


def _constants(new: ast.Module, old: ast.Module) -> dict[str, tuple[ast.stmt, ast.stmt]] | None:
    """Statements of both that give the same name a value; None where it is not plain which of them count."""
    known = functions(old).keys()
    found: dict[str, tuple[ast.stmt, ast.stmt]] = {}
    for node in new.body:
        name = _constant(node)
        if not name or name in known or name not in bound(old) or _calls(node) & known:
            continue
        theirs = [other for other in old.body if name in bound(ast.Module([other], []))]
        if name in found or len(theirs) != 1 or _constant(theirs[0]) != name:
            return None
        found[name] = node, theirs[0]
    return found


def _calls(node: ast.stmt) -> set[str]:
    return {n.func.id for n in ast.walk(node) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}


def _aliases(tree: ast.Module) -> dict[str, ast.stmt]:
    """Statements `solver = solve_heat` that give a function of the text another name."""
    known = functions(tree)
    return {
        target.id: node
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and node.value.id in known
        for target in node.targets
        if len(node.targets) == 1 and isinstance(target, ast.Name)
    }


def _adds(node: ast.stmt, kept: set[str], old: ast.Module) -> bool:
    """Whether a statement of the changes is to be taken over beside the functions that replace others."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return node.name not in kept and not is_stub(node)
    if isinstance(node, ast.Import | ast.ImportFrom):
        return ast.dump(node) not in map(ast.dump, old.body)
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.ClassDef):
        if any(isinstance(target, ast.Name) and target.id in kept for target in getattr(node, "targets", ())):
            return False
        if _calls(node) & functions(old).keys():  # an example of use
            return False
        return ast.dump(node) not in map(ast.dump, old.body)
    return False


def patched(changes: str, parents: Sequence[str], lacking: bool = False) -> tuple[str, list[str]] | None:
    """The parent with the changes; None where they fit none, or more than one and do not give the same program with each."""
    found = [result for parent in dict.fromkeys(parents) if (result := merged(changes, parent, lacking)) is not None]
    return found[0] if len({source for source, _ in found}) == 1 else None


def fitting(blocks: Sequence[Block], parents: Sequence[str]) -> list[int]:
    """The places of the parents that changes fit, where they give one program with one and another with the next."""
    diffs = "\n@@\n".join(block.text for block in blocks if is_diff(block))
    parts = "\n\n".join(block.text for block in blocks if block.python and not is_diff(block) and tree_of(block.text))
    found: dict[int, str] = {}
    for place, parent in enumerate(parents):
        result = applied(diffs, parent) if diffs else (merged(parts, parent) or ("",))[0] if parts else None
        if result:
            found[place] = result
    return list(found) if len(set(found.values())) > 1 else []


def lacks(source: str, parents: Sequence[str]) -> set[str]:
    """Names that a program uses without having them, and that one of the parents defines."""
    tree = tree_of(source)
    absent = missing(tree) if tree else set()
    known = [bound(parent) for text in parents if (parent := tree_of(text)) is not None]
    return absent & set().union(*known)
