"""When two programs are the same: up to comments, formatting, docstrings and names of local variables, and never when they do something else."""

import ast
import io
import symtable
import tokenize

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fieldsmith import syntax
from fieldsmith.agents.scan_author import ScanAuthor
from fieldsmith.evaluation.essence import essence_of
from fieldsmith.evaluation.renaming import without_local_names
from fieldsmith.tasks import load

SAME = [
    ("def f(a):\n    b = a\n    return b\n", "def f(a):\n    c = a\n    return c\n"),
    ("def f(a):\n    return [i for i in a]\n", "def f(a):\n    return [j for j in a]\n"),
    ("'Of waves.'\ndef f(a):\n    'One.'\n    return a\n", "def f(a):\n    return a\n"),
    ("x = [i for i in range(3)]\n", "x = [k for k in range(3)]\n"),
    (
        "def f(a):\n    n = len(a)\n    def g(t):\n        return t * n\n    return g(2)\n",
        "def f(a):\n    m = len(a)\n    def rhs(t):\n        return t * m\n    return rhs(2)\n",
    ),
    ("def f(a):\n    for z, b in a:\n        pass\n    return z, b\n", "def f(a):\n    for a1, a0 in a:\n        pass\n    return a1, a0\n"),
    (
        "def f(a):\n    try:\n        return a()\n    except ValueError as e:\n        return e\n",
        "def f(a):\n    try:\n        return a()\n    except ValueError as why:\n        return why\n",
    ),
    ("def f(a):\n    return sum((y := i) for i in a) + y\n", "def f(a):\n    return sum((z := j) for j in a) + z\n"),
    ("def f(a):\n    s = a\n    return dict(s=s)\n", "def f(a):\n    t = a\n    return dict(s=t)\n"),
    ("class C:\n    def f(self):\n        v = 1\n        return v\n", "class C:\n    def f(self):\n        w = 1\n        return w\n"),
    ("def f(a):\n    b = a\n    return b\nif __name__ == '__main__':\n    f(1)\n", "def f(a):\n    c = a\n    return c\nif __name__ == '__main__':\n    f(1)\n"),
]  # fmt: skip
OTHER = {
    "what others call": ("def f(a):\n    return a\n", "def g(a):\n    return a\n"),
    "a global variable": ("n = 1\ndef f(a):\n    return n\n", "m = 1\ndef f(a):\n    return m\n"),
    "a parameter, which may be given by its name": ("def f(a, b=1):\n    return b\n", "def f(a, c=1):\n    return c\n"),
    "a parameter of a callback": (
        "def f(a):\n    return a(callback=lambda intermediate_result: 0)\n",
        "def f(a):\n    return a(callback=lambda xk: 0)\n",
    ),
    "an attribute": ("def f(a):\n    return a.x\n", "def f(a):\n    return a.y\n"),
    "a keyword": ("def f(a):\n    return a(x=1)\n", "def f(a):\n    return a(y=1)\n"),
    "two variables swapped once": (
        "def f(a):\n    b = a\n    c = -a\n    return b - c\n",
        "def f(a):\n    b = a\n    c = -a\n    return c - b\n",
    ),
    "one variable in place of two": (
        "def f(a):\n    b = a\n    c = 2 * a\n    return b + c\n",
        "def f(a):\n    b = a\n    b = 2 * a\n    return b + b\n",
    ),
    "a local in place of a global": (
        "c = 1\ndef f(a):\n    b = a\n    return c\n",
        "c = 1\ndef f(a):\n    c = a\n    return c\n",
    ),
    "a name of an outer function's in place of one's own": (
        "def f(a):\n    b = 1\n    def g():\n        c = 2\n        return b\n    return g()\n",
        "def f(a):\n    b = 1\n    def g():\n        b = 2\n        return b\n    return g()\n",
    ),
    "an outer variable that is changed": (
        "def f(a):\n    b = 1\n    def g():\n        nonlocal b\n        b = 2\n    g()\n    return b\n",
        "def f(a):\n    b = 1\n    def g():\n        c = 2\n    g()\n    return b\n",
    ),
    "a name in a text that a library reads": (
        "import numexpr\ndef f(a):\n    b = 2 * a\n    c = a\n    return numexpr.evaluate('b')\n",
        "import numexpr\ndef f(a):\n    c = 2 * a\n    b = a\n    return numexpr.evaluate('b')\n",
    ),
    "a name that the program looks up": (
        "def f(a):\n    b = a\n    return len(locals()['b'])\n",
        "def f(a):\n    c = a\n    return len(locals()['b'])\n",
    ),
    "a docstring that the program reads": (
        "'0.1'\ndef f(a):\n    return a * float(__doc__)\n",
        "'0.2'\ndef f(a):\n    return a * float(__doc__)\n",
    ),
    "a function's docstring that is looked up by name": (
        "def f(a):\n    '1'\n    return a * float(getattr(f, '__doc__'))\n",
        "def f(a):\n    '2'\n    return a * float(getattr(f, '__doc__'))\n",
    ),
    "a docstring that a library reads": (
        "import inspect\ndef f(a):\n    '1'\n    return a * float(inspect.getdoc(f))\n",
        "import inspect\ndef f(a):\n    '2'\n    return a * float(inspect.getdoc(f))\n",
    ),
    "a class's variable that its method does not see": (
        "b = 1\nclass C:\n    b = 2\n    def f(self):\n        return b\n",
        "b = 1\nclass C:\n    c = 2\n    def f(self):\n        return b\n",
    ),
}


@pytest.mark.parametrize(("one", "other"), SAME)
def test_names_of_local_variables_make_no_other_program(one, other):
    assert essence_of(one) == essence_of(other)


@pytest.mark.parametrize(("one", "other"), OTHER.values(), ids=OTHER)
def test_what_may_behave_otherwise_is_another_program(one, other):
    assert essence_of(one) != essence_of(other)


NAMES = ("p", "q", "r", "s")
BEGIN = 3
"""The line at which `main` begins."""


@st.composite
def expressions(draw, names, depth=2):
    kind = draw(st.integers(0, 6 if depth else 1))
    if kind == 0:
        return str(draw(st.integers(0, 3)))
    if kind == 1:
        return draw(st.sampled_from(names))
    inner = expressions(names, depth - 1)
    if kind in (2, 3):
        return f"({draw(inner)} {draw(st.sampled_from('+-*'))} {draw(inner)})"
    name = draw(st.sampled_from(names))
    if kind == 4:
        return f"sum([{draw(inner)} for {name} in (1, 2, {draw(inner)})])"
    if kind == 5:
        return f"(lambda {name}: {draw(inner)})({draw(inner)})"
    return f"sum(({name} := {draw(inner)}) for _ in (1, 2))"


@st.composite
def bodies(draw, names, depth=2, indent=1):
    lines, pad = [], "    " * indent
    for _ in range(draw(st.integers(1, 4))):
        kind, name = draw(st.integers(0, 4 if depth else 1)), draw(st.sampled_from(names))
        if kind <= 1:
            lines.append(f"{pad}{name} {draw(st.sampled_from(['=', '+=']))} {draw(expressions(names))}")
        elif kind == 2:
            lines += [f"{pad}for {name} in (1, 2):", *draw(bodies(names, depth - 1, indent + 1))]
        elif kind == 3:
            other = draw(st.sampled_from(names))
            declared = draw(st.sampled_from(["", f"global {other}", f"nonlocal {other}"]))
            lines.append(f"{pad}def {name}({draw(st.sampled_from(['', *names]))}):")
            if declared:
                lines.append(f"{pad}    {declared}")
            lines += [*draw(bodies(names, depth - 1, indent + 1)), f"{pad}    return {draw(expressions(names))}"]
        else:
            lines += [f"{pad}try:", f"{pad}    1 // 0", f"{pad}except ZeroDivisionError as {name}:", f"{pad}    pass"]
    return lines


@st.composite
def programs(draw):
    """Programs whose functions, loops, comprehensions and handlers bind few names over and over, so that scopes shadow each other."""
    body = draw(bodies(NAMES))
    source = "\n".join(["p = 5", "q = 7", "def main(r):", *body, f"    return {draw(expressions(NAMES))}", ""])
    try:
        compile(source, "program", "exec")
    except SyntaxError:
        assume(False)
    return source


def outcome(source: str) -> object:
    """What calls of the program come to, an exception by its type."""
    found = []
    for value in (0, 3):
        space: dict = {}
        exec(source, space)
        try:
            result = space["main"](value)
            found.append(result if isinstance(result, int) else type(result).__name__)
        except Exception as error:
            found.append(type(error).__name__)
    return found


def renamed_by_the_compiler(source: str, new: dict[str, str]) -> str:
    """The program with other names for the local variables of `main`, as far as Python's own symbol table says that nothing else is meant by them."""
    table = symtable.symtable(source, "program", "exec")
    (main,) = [one for one in table.get_children() if one.get_name() == "main"]
    elsewhere: set[str] = set()

    def others(one):
        for symbol in one.get_symbols():
            meant = symbol.is_global() or symbol.is_parameter() or (one is not main and symbol.is_local())
            if meant or symbol.is_nonlocal():
                elsewhere.add(symbol.get_name())
        for inner in one.get_children():
            others(inner)

    others(main)
    free = {s.get_name() for s in main.get_symbols() if s.is_local() and not s.is_parameter()} - elsewhere
    tokens = [
        token._replace(string=new[token.string])
        if token.type == tokenize.NAME and token.string in free and token.start[0] > BEGIN
        else token
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
    ]
    return tokenize.untokenize((token.type, token.string) for token in tokens)


@settings(deadline=None, max_examples=100)
@given(source=programs())
@pytest.mark.slow
def test_new_names_for_what_the_symbol_table_calls_local_change_nothing(source):
    new = {"p": "alpha", "q": "beta", "r": "gamma", "s": "delta"}
    other = renamed_by_the_compiler(source, new)
    assume("global" not in source and "nonlocal" not in source)  # names that are declared to be another's are kept
    assert essence_of(other) == essence_of(source)


@settings(deadline=None, max_examples=100)
@given(source=programs(), data=st.data())
@pytest.mark.slow
def test_programs_with_one_essence_do_the_same(source, data):
    """One name at one place is changed: where that makes no other essence, it makes no other behaviour."""
    places = [n for n, node in enumerate(ast.walk(ast.parse(source))) if isinstance(node, ast.Name)]
    assume(places)
    tree = ast.parse(source)
    node = list(ast.walk(tree))[data.draw(st.sampled_from(places))]
    node.id = data.draw(st.sampled_from((*NAMES, "fresh")))
    try:
        other = ast.unparse(tree)
        compile(other, "program", "exec")
    except SyntaxError:
        assume(False)
    if essence_of(other) == essence_of(source):
        assert outcome(other) == outcome(source)


@settings(deadline=None, max_examples=100)
@given(source=programs())
@pytest.mark.slow
def test_a_program_with_the_new_names_does_what_it_did(source):
    """The numbers in place of names, read as names, are a program that behaves alike: nothing is captured and nothing lost."""
    tree = without_local_names(syntax.parse(source))
    again = ast.unparse(tree).replace("%", "v_").replace("v_.", "v_")
    again = "".join(word.replace(".", "_") if word.startswith("v_") else word for word in _split(again))
    assert outcome(again) == outcome(source)


def _split(text: str) -> list[str]:
    import re

    return re.split(r"(v_\d+\.\d+)", text)


@pytest.mark.parametrize("name", ["burgers", "cns1d"])
@pytest.mark.slow
def test_programs_of_the_built_in_methods_stay_apart_and_survive_new_names(name):
    brief = load(name).brief()
    sources = [
        one.program.source if one.program else ""
        for _, one in zip(range(12), ScanAuthor().programs(brief), strict=False)
    ]
    assert len(set(map(essence_of, sources))) == len(sources)
    for source in sources[:3]:
        tree = ast.parse(source)
        local = [node for one in tree.body if isinstance(one, ast.FunctionDef) for node in _assigned_once(one, source)]
        assert local
        for node, uses in local:
            for use in (node, *uses):
                use.id = f"renamed_{use.id}"
        assert ast.unparse(tree) != source
        assert essence_of(ast.unparse(tree)) == essence_of(source)


def _assigned_once(function: ast.FunctionDef, source: str):
    """A variable of the function that no inner scope touches, with all its uses."""
    if any(
        isinstance(node, ast.FunctionDef | ast.Lambda | ast.ListComp | ast.GeneratorExp | ast.DictComp)
        for node in ast.walk(function)
        if node is not function
    ):
        return []  # fmt: skip
    names = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
    parameters = {one.arg for one in ast.walk(function) if isinstance(one, ast.arg)}
    strings = " ".join(str(n.value) for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Constant))
    stored = [n for n in names if isinstance(n.ctx, ast.Store) and n.id not in parameters and n.id not in strings]
    if not stored:
        return []
    first = stored[0]
    return [(first, [n for n in names if n.id == first.id and n is not first])]
