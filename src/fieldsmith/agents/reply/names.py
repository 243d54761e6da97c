"""What a source text defines, what it uses without defining it, and where."""

import ast
import builtins
import re
import sys
from collections.abc import Iterator, Sequence

from fieldsmith import syntax

Function = ast.FunctionDef | ast.AsyncFunctionDef
USUAL = {"np": "import numpy as np", "numpy": "import numpy", "scipy": "import scipy", "math": "import math"}
"""Names that mean one module to everybody."""
GIVEN = {*dir(builtins), "__name__", "__file__", "__doc__", "__builtins__"}


def tree_of(source: str) -> ast.Module | None:
    """None for what is no Python."""
    try:
        return syntax.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def defines(source: str, function: str) -> bool:
    """Whether a source text defines the function at its top level; by its looks where it cannot be parsed."""
    tree = tree_of(source)
    if tree is None:
        return re.search(rf"^\s*(async\s+)?def\s+{re.escape(function)}\s*\(", source, re.MULTILINE) is not None
    return any(_binds(node, function) for node in _top_level(tree.body))


def only_imports(source: str, function: str) -> bool:
    """Whether a text has the function from elsewhere, as examples of its use do."""
    tree = tree_of(source)
    binding = [node for node in _top_level(tree.body) if _binds(node, function)] if tree else []
    return bool(binding) and all(isinstance(node, ast.Import | ast.ImportFrom) for node in binding)


def _top_level(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that bind names of the module: those inside `if`, `try` and `with` too."""
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try | ast.With | ast.For | ast.While):
            for part in ("body", "orelse", "finalbody"):
                yield from _top_level(getattr(node, part, []))
            for handler in getattr(node, "handlers", []):
                yield from _top_level(handler.body)


def _binds(node: ast.stmt, function: str) -> bool:
    """Whether a statement makes the name something that can be called; a function without a body does not."""
    if isinstance(node, ast.FunctionDef):
        return node.name == function and not is_stub(node)
    if isinstance(node, ast.Assign):
        return any(isinstance(target, ast.Name) and target.id == function for target in node.targets)
    if isinstance(node, ast.AnnAssign):
        return isinstance(node.target, ast.Name) and node.target.id == function and node.value is not None
    if isinstance(node, ast.Import | ast.ImportFrom):
        return any((alias.asname or alias.name) == function for alias in node.names)
    return False


def is_stub(node: Function) -> bool:
    """Whether a function is only a stub: a docstring, `pass`, `...`, or an exception that says so."""
    raises = [n for n in node.body if isinstance(n, ast.Raise) and "NotImplementedError" in ast.dump(n)]
    return all(
        isinstance(n, ast.Pass) or (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant)) or n in raises
        for n in node.body
    )


def functions(tree: ast.Module) -> dict[str, list[Function]]:
    """Functions right at the top level by name, in order."""
    found: dict[str, list[Function]] = {}
    for node in tree.body:
        if isinstance(node, Function):
            found.setdefault(node.name, []).append(node)
    return found


def parameters(node: Function) -> tuple[str, ...]:
    """Names of the parameters that a call by position must or may give."""
    return tuple(argument.arg for argument in (*node.args.posonlyargs, *node.args.args))


def with_parameters(tree: ast.Module, arguments: tuple[str, ...]) -> list[str]:
    """Functions that can be called with these arguments and begin with parameters of these names; stubs are none."""
    return [
        name
        for name, nodes in functions(tree).items()
        if isinstance(nodes[-1], ast.FunctionDef)
        and parameters(nodes[-1])[: len(arguments)] == arguments
        and len(parameters(nodes[-1])) - len(nodes[-1].args.defaults) <= len(arguments)
        and not is_stub(nodes[-1])
    ]


def used_by(name: str, changes: Sequence[ast.Module], parents: Sequence[ast.Module]) -> set[str]:
    """What a name of the parents uses, directly or through others, once the changes are put into them."""
    new = [n for tree in changes for n in tree.body if not (isinstance(n, Function) and is_stub(n))]
    anew = {name for node in new for name in _named(node)}
    old = [node for tree in parents for node in tree.body if not anew & _named(node)]
    uses: dict[str, set[str]] = {}
    for node in (*old, *new):
        names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        for made in _named(node):
            uses.setdefault(made, set()).update(names)
    found: set[str] = set()
    ahead = [name]
    while ahead:
        more = uses.get(ahead.pop(), set()) - found
        found |= more
        ahead += more
    return found


def _named(node: ast.stmt) -> set[str]:
    """The names that a statement of the top level defines: functions, classes, variables."""
    if isinstance(node, Function | ast.ClassDef):
        return {node.name}
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return {target.id for target in targets if isinstance(target, ast.Name)}


def bound(tree: ast.Module) -> set[str]:
    """Names that the module binds at its top level."""
    names: set[str] = set()
    for node in _top_level(tree.body):
        if isinstance(node, Function | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        else:
            names |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return names


def missing(tree: ast.Module) -> set[str]:
    """Names that are used and bound nowhere; a star import may bind any, so then none are told."""
    used: set[str] = set()
    made: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                used.add(name)
            case ast.Name(id=name) | ast.arg(arg=name):
                made.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                made.add(name)
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                made.add(name)
            case ast.Import(names=listed) | ast.ImportFrom(names=listed):
                made |= {(alias.asname or alias.name).partition(".")[0] for alias in listed}
    return set() if "*" in made else used - made - GIVEN


def imported(source: str) -> tuple[str, list[str]]:
    """The source with an import for each usual name that it uses and has from nowhere, and what was done."""
    tree = tree_of(source)
    if tree is None or not (names := sorted(missing(tree) & USUAL.keys())):
        return source, []
    # A docstring and imports from __future__ must stay first.
    heads = [n for n in tree.body if isinstance(n, ast.ImportFrom) and n.module == "__future__"]
    heads = heads or ([tree.body[0]] if ast.get_docstring(tree) is not None else [])
    at = (heads[-1].end_lineno or 0) if heads else 0
    lines = source.split("\n")
    lines[at:at] = [USUAL[name] for name in names]
    return "\n".join(lines), [f"`{USUAL[name]}` was missing and put in." for name in names]


KNOWN = {*sys.stdlib_module_names, "numpy", "scipy", "numba", "pyamg", "torch", "jax", "sympy", "pandas", "matplotlib"}


def inlined(source: str, tree: ast.Module, others: Sequence[str]) -> tuple[str, ast.Module, list[str]]:
    """The source with those other texts in it that it imports from as modules of its own, its tree, and the modules' names.

    `from flux import f` goes where another text has `f` and no library is called `flux`.
    """
    changed, taken, modules = source, [], []
    for node in reversed(tree.body):
        if not isinstance(node, ast.ImportFrom) or not node.module or node.module.partition(".")[0] in KNOWN:
            continue
        names = {alias.name for alias in node.names}
        plain = all(alias.asname in (None, alias.name) for alias in node.names)
        texts = (text for text in others if (known := tree_of(text)) is not None and names <= bound(known))
        if plain and (text := next(texts, None)) is not None:
            changed = without(changed, node)
            taken.insert(0, text)
            modules.insert(0, node.module)
    joined = "\n\n".join([*dict.fromkeys(taken), changed])
    parsed = tree_of(joined) if modules else None
    return (joined, parsed, modules) if parsed is not None else (source, tree, [])


def first_line(node: ast.stmt) -> int:
    """Where a statement begins, decorators included; from 1."""
    decorators = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def without(source: str, node: ast.stmt) -> str:
    """The source without a statement of its top level."""
    lines = source.split("\n")
    return "\n".join([*lines[: first_line(node) - 1], *lines[node.end_lineno or node.lineno :]])


def text_of(source: str, node: ast.stmt) -> str:
    """The lines of a statement, decorators included."""
    return "\n".join(source.split("\n")[first_line(node) - 1 : node.end_lineno])
