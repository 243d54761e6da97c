"""Names of local variables taken out of a syntax tree, so that programs which differ in them alone become the same tree (alpha-equivalence).

Local is what a function, lambda or comprehension binds. What others can call by its name keeps it: globals, attributes, parameters (a caller may give them as
keywords, and libraries look at the names of callbacks'), imports, and what a class binds. So does a name that stands as a word in a string, as `numexpr` and the like look
variables up by their text. A program that looks at names itself (`locals`, `eval`, `__code__` ...) keeps all.

Scopes are those of the language reference, "Naming and binding": a comprehension's first iterable is evaluated outside of it, what `:=` binds in a comprehension belongs to the function around it,
methods do not see what their class binds.
"""

import ast
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
LOOK_AT_NAMES = {
    "locals", "vars", "eval", "exec", "compile", "globals", "dir", "inspect", "sys", "gc", "getattr", "setattr", "delattr", "importlib", "traceback", "breakpoint",
    "pickle", "cloudpickle", "dill", "f_locals", "f_back", "gi_frame", "tb_frame", "co_varnames", "__import__", "__dict__", "__code__", "__closure__", "__globals__",
    "__name__", "__qualname__", "__annotations__", "__defaults__", "__kwdefaults__", "__wrapped__", "__class__",
}  # fmt: skip
"""Names by which a program may come to see those of its variables."""
NOT_FOLLOWED = tuple(
    getattr(ast, name) for name in ("Match", "TryStar", "TypeAlias", "TypeVar", "TemplateStr") if hasattr(ast, name)
)
"""Nodes of newer versions that bind names in ways of their own: a program with one keeps its names."""


@dataclass
class Scope:
    """What a module, a class or a function binds. `names` are the new names of its own variables by the old ones."""

    number: int
    kind: str
    outer: "Scope | None" = None
    bound: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    names: dict[str, str] = field(default_factory=dict)
    comprehension: bool = False

    def owner(self, name: str) -> "Scope | None":
        """The function whose variable a name is when it is used here; None for globals and what a class binds."""
        scope: Scope | None = self
        while scope is not None and scope.kind != "module":
            if name in scope.bound and (scope.kind == "function" or scope is self):
                return scope if scope.kind == "function" else None
            scope = scope.outer
        return None

    def function(self) -> "Scope":
        """Where `:=` binds: the nearest scope that is no comprehension's."""
        return self.outer.function() if self.comprehension and self.outer is not None else self


def without_local_names(tree: ast.Module) -> ast.Module:
    """The tree with its local variables numbered in the order in which they are met; changed in place, not to be compiled."""
    nodes = list(ast.walk(tree))
    if any(isinstance(node, NOT_FOLLOWED) for node in nodes) or LOOK_AT_NAMES & set(words(nodes)):
        return tree
    if any(isinstance(node, ast.ClassDef) for one in nodes if isinstance(one, FUNCTIONS) for node in _inside(one)):
        return tree  # a class within a function may mean its own or the function's variable, as the run decides
    quoted = {word for node in nodes if isinstance(node, ast.Constant) for word in _in_text(node.value)}
    reader = _Reader()
    reader.visit(tree)
    _Writer(reader.scopes, quoted).visit(tree)
    return tree


def words(nodes: list[ast.AST]) -> Iterator[str]:
    """All names that a program uses in any way, words in its strings among them."""
    for node in nodes:
        if isinstance(node, ast.Name):
            if node.id != "__name__":  # alone that is the module's
                yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.alias):
            yield from node.name.split(".")
        elif isinstance(node, ast.Constant):
            yield from _in_text(node.value)


def _in_text(value: object) -> list[str]:
    return (
        re.findall(r"\w+", value if isinstance(value, str) else value.decode("latin-1"))
        if isinstance(value, str | bytes)
        else []
    )


def _inside(function: ast.AST) -> Iterator[ast.AST]:
    return (node for node in ast.walk(function) if node is not function)


class _Walker(ast.NodeVisitor, ABC):
    """Goes through a tree with the scope that each part is evaluated in."""

    def __init__(self) -> None:
        self.scope = Scope(0, "module")
        self.scopes: dict[ast.AST, Scope] = {}

    @abstractmethod
    def inner(self, node: ast.AST, kind: str, comprehension: bool = False) -> Scope:
        """The scope that a node opens."""

    def within(self, scope: Scope, parts: list[ast.AST]) -> None:
        before, self.scope = self.scope, scope
        for part in parts:
            self.visit(part)
        self.scope = before

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.binds(node, "name")
        self._function(node, list(node.body))

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self.binds(node, "name")
        self._function(node, list(node.body))

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._function(node, [node.body])

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, body: list[ast.AST]) -> None:
        arguments = node.args
        outside = [*getattr(node, "decorator_list", ()), *arguments.defaults, *filter(None, arguments.kw_defaults)]
        every = [
            *arguments.posonlyargs,
            *arguments.args,
            *arguments.kwonlyargs,
            *filter(None, (arguments.vararg, arguments.kwarg)),
        ]
        notes = [one.annotation for one in every if one.annotation] + [r for r in [getattr(node, "returns", None)] if r]
        for part in (*outside, *notes):
            self.visit(part)
        scope = self.inner(node, "function")
        scope.bound |= {one.arg for one in every}
        scope.kept |= {one.arg for one in every}
        self.within(scope, body)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.binds(node, "name")
        for part in (*node.decorator_list, *node.bases, *node.keywords):
            self.visit(part)
        self.within(self.inner(node, "class"), list(node.body))

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> None:
        first, *others = node.generators
        self.visit(first.iter)
        results: list[ast.AST] = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        parts: list[ast.AST] = [first.target, *first.ifs, *others, *results]
        self.within(self.inner(node, "function", comprehension=True), parts)

    def visit(self, node: ast.AST) -> None:
        if isinstance(node, COMPREHENSIONS):
            self._comprehension(node)
        else:
            super().visit(node)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self.within(self.scope.function(), [node.target])

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self.binds(node, "name")
        self.generic_visit(node)

    @abstractmethod
    def binds(self, node: ast.AST, attribute: str) -> None:
        """The node binds the name that its attribute holds."""


class _Reader(_Walker):
    """Finds out what every scope binds."""

    def inner(self, node: ast.AST, kind: str, comprehension: bool = False) -> Scope:
        scope = Scope(len(self.scopes) + 1, kind, self.scope, comprehension=comprehension)
        self.scopes[node] = scope
        return scope

    def binds(self, node: ast.AST, attribute: str) -> None:
        self.scope.bound.add(getattr(node, attribute))

    def visit_Name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Load):
            self.scope.bound.add(node.id)

    def visit_alias(self, node: ast.alias) -> None:
        name = node.asname or node.name.split(".")[0]
        self.scope.bound.add(name)
        self.scope.kept.add(name)

    def visit_Global(self, node: ast.Global) -> None:
        self._elsewhere(node.names)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self._elsewhere(node.names)

    def _elsewhere(self, names: list[str]) -> None:
        """Names that a scope declares to be another's: they keep theirs wherever they stand, which is rare and always sound."""
        scope: Scope | None = self.scope
        while scope is not None:
            scope.kept |= set(names)
            scope = scope.outer


class _Writer(_Walker):
    """Puts a number in place of every name that is local; `%` begins no name that a program can have."""

    def __init__(self, scopes: dict[ast.AST, Scope], quoted: set[str]) -> None:
        super().__init__()
        self.scopes, self.quoted = scopes, quoted

    def inner(self, node: ast.AST, kind: str, comprehension: bool = False) -> Scope:
        return self.scopes[node]

    def renamed(self, name: str) -> str:
        owner = self.scope.owner(name)
        if owner is None or name in owner.kept or name in self.quoted or name.startswith("__"):
            return name
        return owner.names.setdefault(name, f"%{owner.number}.{len(owner.names)}")

    def binds(self, node: ast.AST, attribute: str) -> None:
        setattr(node, attribute, self.renamed(getattr(node, attribute)))

    def visit_Name(self, node: ast.Name) -> None:
        node.id = self.renamed(node.id)
