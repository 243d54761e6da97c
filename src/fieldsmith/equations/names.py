"""Names in generated programs: whatever an equation or a signature calls its things, nothing collides.

Templates are filled in with placeholders. Once the whole program is known, the asked function and its arguments
get their names and the program's own identifiers give way to them; an equation's symbols then get their names
where these are free, and underscores at the end where they are not.
"""

import ast
import builtins
import io
import keyword
import re
import tokenize
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from fieldsmith import syntax

_PLACEHOLDER = re.compile(r"(?:eq|time|arg|fun)0_(\w+?)_0qe")


def symbol(name: str) -> str:
    """Placeholder of an equation's symbol: an unknown, parameter, constant, coefficient or axis."""
    return f"eq0_{unicodedata.normalize('NFKC', name)}_0qe"


def clock(name: str) -> str:
    """Placeholder of the time, which an equation may call a symbol of its own by."""
    return f"time0_{name}_0qe"


def argument(name: str, of: str) -> str:
    """Placeholder of an argument; one that is called like the symbol it carries is that symbol."""
    return symbol(name) if name == of else f"arg0_{unicodedata.normalize('NFKC', name)}_0qe"


def function(name: str) -> str:
    return f"fun0_{name}_0qe"


def original(text: str) -> str:
    """The text with names in place of placeholders."""
    return _PLACEHOLDER.sub(lambda found: found[1], text)


def settled(source: str, asked: Iterable[str]) -> str:
    """The program with names in place of placeholders. Names that were asked for stand."""
    return _settled(source, tuple(asked))


@lru_cache(maxsize=64)  # an author writes the first programs of its families anew whenever it is asked for another
def _settled(source: str, wanted: tuple[str, ...]) -> str:
    asked = [unicodedata.normalize("NFKC", name) for name in wanted]
    attributes = _own_attributes(source)
    for name in sorted(set(asked) & _own(source)):
        source = _renamed(source, name, _free(name, {*_identifiers(source), *asked}))
    # An axis may be kept as an attribute; what was asked for never is, and keeps its name whatever a method is called.
    taken = _own(source) | (attributes - set(asked))
    names: dict[str, str] = {}
    for code in sorted(_identifiers(source) - taken, key=_rank):
        names[code] = _free(original(code), taken)
        taken.add(names[code])
    return _substituted(source, names)


def _rank(code: str) -> tuple[int, str]:
    """What was asked for comes first, then symbols, then what is called after symbols (such as u_x after u and x)."""
    if not _PLACEHOLDER.fullmatch(code):
        return 3, code
    return ("arg0", "fun0", "eq0_", "time").index(code[:4]) // 2 + code.startswith("time"), code


def _free(name: str, taken: Iterable[str]) -> str:
    # Python changes names inside classes that begin, but do not end, with two underscores.
    while name in taken or keyword.iskeyword(name) or (name.startswith("__") and not name.endswith("__")):
        name += "_"
    return name


def _own(source: str) -> set[str]:
    return {name for name in _identifiers(source) if not _PLACEHOLDER.search(name)}


def _own_attributes(source: str) -> set[str]:
    """Methods and attributes of the program's classes, among which it may keep the values of an axis."""
    found: set[str] = set()
    for node in ast.walk(syntax.parse(source)):
        match node:
            case ast.Attribute(value=ast.Name(id="self"), attr=name) if not _PLACEHOLDER.search(name):
                found.add(name)
            case ast.FunctionDef(name=name, args=ast.arguments(args=[ast.arg(arg="self"), *_])):
                found.add(name)
    return found


@lru_cache(maxsize=4)  # the same text is looked at several times in a row
def _identifiers(source: str) -> frozenset[str]:
    """Everything a program calls by name, builtins included, but for attributes, methods and keyword arguments."""
    found: set[str] = set()
    for node in ast.walk(syntax.parse(source)):
        match node:
            case ast.FunctionDef(args=ast.arguments(args=[ast.arg(arg="self"), *_])):
                continue  # a method, which is an attribute
            case ast.Name(id=name) | ast.arg(arg=name) | ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.alias(name=name, asname=other):
                found.add(other or name.partition(".")[0])
    return frozenset(found)


def _renamed(source: str, old: str, new: str) -> str:
    """The program with one of its own identifiers, imports and builtins included, under another name."""
    pattern = re.compile(rf"^( *(?:from [\w.]+ )?import (?:[\w, ]+, )?){old}\b(?! as|\.)", re.MULTILINE)
    source = pattern.sub(rf"\1{old} as {new}", source)
    word = re.compile(rf"(?<![\w.]){old}(?!\w)")
    edits: list[tuple[tokenize.TokenInfo, str]] = []
    parameters = _as_parameter(source, old)
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    depth = 0
    for n, token in enumerate(tokens[:-1]):
        depth += (token.string in "([{") - (token.string in ")]}") if token.type == tokenize.OP else 0
        if token.type == tokenize.NAME and token.string == old:
            keyword_argument = depth > 0 and tokens[n + 1].string == "=" and token.start not in parameters
            if not keyword_argument and not _is_attribute_or_import(tokens, n):
                edits.append((token, new))
        elif token.type == tokenize.STRING and token.string[0] in "fF":
            # Python 3.12 and later split these into tokens of their own.
            edits.append((token, re.sub(r"\{[^{}]*\}", lambda part: word.sub(new, part[0]), token.string)))
    source = _edited(source, edits)
    if not hasattr(builtins, old):
        return source
    return re.sub(r"^import ", f"from builtins import {old} as {new}\nimport ", source, count=1, flags=re.MULTILINE)


def _as_parameter(source: str, name: str) -> set[tuple[int, int]]:
    """Where a name is a parameter of the program's own functions, defined or given by keyword: line and column."""
    tree = syntax.parse(source)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    own = {f.name for f in functions if any(node.arg == name for node in ast.walk(f.args) if isinstance(node, ast.arg))}
    found: set[tuple[int, int]] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.arg) and node.arg == name:
            found.add((node.lineno, node.col_offset))
        elif isinstance(node, ast.Call):
            called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            found |= {(k.lineno, k.col_offset) for k in node.keywords if k.arg == name and called in own}
    return found


def _is_attribute_or_import(tokens: Sequence[tokenize.TokenInfo], n: int) -> bool:
    before = tokens[n - 1].string
    method = before == "def" and tokens[min(n + 2, len(tokens) - 1)].string == "self"
    imported = tokens[n].line.lstrip().startswith(("import ", "from ")) and before != "as"
    return before == "." or method or imported


def _substituted(source: str, names: Mapping[str, str]) -> str:
    """Identifiers by the table; placeholders in strings and comments by the names they stand for."""
    edits = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if _PLACEHOLDER.search(token.string):
            # An attribute's name is free, whatever else is called so.
            edits.append((token, names.get(token.string, original(token.string))))
    return _edited(source, edits)


def _edited(source: str, edits: Iterable[tuple[tokenize.TokenInfo, str]]) -> str:
    lines = source.splitlines(keepends=True)
    for token, text in sorted(edits, key=lambda edit: edit[0].start, reverse=True):
        (first, begin), (last, end) = token.start, token.end
        text = lines[first - 1][:begin] + text + lines[last - 1][end:]
        lines[first - 1 : last] = [text]
    return "".join(lines)
