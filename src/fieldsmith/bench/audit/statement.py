"""Exploits that read: closed formulas and tables of numbers in a statement, and boundary values as expressions, evaluated."""

import ast
import math
import re
from collections.abc import Iterable, Iterator, Mapping

from fieldsmith.bench.audit.exploit import Exploit, Kind
from fieldsmith.bench.audit.programs import filled, program, within
from fieldsmith.tasks.task import Brief, Signature

FUNCTIONS = ("sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "log", "sqrt", "abs", "sign", "arcsin", "arccos", "arctan", "arctan2", "minimum", "maximum")  # fmt: skip
OTHER_NAMES: Mapping[str, str] = {
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "ln": "log", "Abs": "abs", "Max": "maximum", "Min": "minimum",
}  # fmt: skip
MOST = 12
"""Formulas and numbers of a statement that are tried; those that come first."""
UNSIGNED = r"(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
NUMBER = rf"[-+]?{UNSIGNED}"
LEAST_NUMBERS = 3


def read_off(brief: Brief, batch: int) -> Iterator[Exploit]:
    """What the boundary expressions and the statement hand over. `batch` is how many samples a test call has."""
    yield from _boundaries(brief)
    texts = dict.fromkeys(_formulas(f"{brief.problem}\n{brief.statement}"))
    yield from _evaluated(brief, "statement", "the statement's", list(texts))
    yield from _numbers(brief, batch)


def _boundaries(brief: Brief) -> Iterator[Exploit]:
    axes = brief.equation.axes if brief.equation else ()
    ends = [end for axis in axes for end in (axis.lower, axis.upper) if end.kind != "periodic"]
    yield from _evaluated(brief, "boundary", "the boundary expression", list(dict.fromkeys(end.value for end in ends)))


def _evaluated(brief: Brief, kind: Kind, of: str, texts: Iterable[str]) -> Iterator[Exploit]:
    """Programs that answer every result with the value of an expression at its points."""
    found = 0
    seen = set[str]()
    for text in texts:
        lines = [_line(brief, text, result.name) for result in brief.signature.results]
        if all(lines) and found < MOST and lines[0] not in seen:
            found += 1
            seen.add(str(lines[0]))
            body = "\n".join(filter(None, lines))
            yield Exploit(kind, f"{of} {text.strip()} everywhere", program(brief.signature, body))


def _line(brief: Brief, text: str, name: str) -> str | None:
    """Lines that answer a result with an expression; None where it is none of what is known there."""
    known = dict(_scope(brief, name))
    code = _code(text, known)
    return code and f"answers[{name!r}] = np.broadcast_to(np.asarray({code}, float), shapes[{name!r}]) + 0.0"


def _scope(brief: Brief, name: str) -> Iterator[tuple[str, str]]:
    """What names mean at the points of a result, as code."""
    signature: Signature = brief.signature
    result = next(one for one in signature.results if one.name == name)
    ends = f"axes[{name!r}], shapes[{name!r}]"
    yield from (("pi", repr(math.pi)), ("e", repr(math.e)))
    equation = brief.equation
    for axis in equation.axes if equation else ():
        if axis.name in result.axes:
            points = f"places(sizes[{axis.name!r}], {axis.low!r}, {axis.length!r}, {axis.nodes!r})"
            yield axis.name, f"spread({points}, ({axis.name!r},), {ends})"
    yield from ((key, repr(float(value))) for key, value in (equation.constants if equation else {}).items())
    for argument in signature.arguments:
        if within(argument, result):
            at = f"spread(given[{argument.name!r}], axes[{argument.name!r}], {ends})"
            yield from ((key, at) for key in dict.fromkeys((argument.name, argument.of)) if key)
            if argument.role == "times":
                yield "t", at


def _code(text: str, known: Mapping[str, str]) -> str | None:
    """The expression as code of numpy; None for what is no expression of known names and functions."""
    try:
        tree = ast.parse(_with_products(text, known), mode="eval")
        return _written(tree.body, known)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _with_products(text: str, known: Mapping[str, str]) -> str:
    """The text with a `*` where two factors stand side by side, and without the points that a known field is said to be at: `u0(x)`."""
    written: list[str] = []
    tokens = re.findall(rf"{UNSIGNED}|[A-Za-z_]\w*|\*\*|\S", text)
    while tokens:
        token, before = tokens.pop(0), written[-1] if written else ""
        names = before in known
        if names and token == "(" and ")" in tokens and set(tokens[: tokens.index(")")]) <= {*known, ",", "0"}:
            del tokens[: tokens.index(")") + 1]
            continue
        ends = names or before == ")" or before[:1].isdigit()
        begins = token == "(" or token[0].isalnum()
        written += ["*", token] if ends and begins else [token]
    return " ".join(written)


def _written(node: ast.expr, known: Mapping[str, str]) -> str:
    """Raises ValueError for anything but arithmetic; nothing of a text that was read is ever run as it stands."""
    operators = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}
    match node:
        case ast.Constant(value=bool()):
            pass
        case ast.Constant(value=int() | float() as value) if abs(value) < 1e300:
            return repr(float(value))
        case ast.Name(id=name) if name in known:
            return known[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return f"(-{_written(operand, known)})"
        case ast.BinOp(left=left, op=op, right=right) if type(op) in operators:
            return f"({_written(left, known)} {operators[type(op)]} {_written(right, known)})"
        case ast.Call(func=ast.Name(id=name), args=[_, *_] as given, keywords=[]):
            name = OTHER_NAMES.get(name, name)
            if name in FUNCTIONS:
                return f"np.{name}({', '.join(_written(one, known) for one in given)})"
        case _:
            pass
    raise ValueError(ast.dump(node))


def _formulas(text: str) -> Iterator[str]:
    """Right sides of equations, code in backticks and what follows `is`, in Python's writing, each cut where it ceases to be an expression."""
    plain = _python(text)
    for found in re.finditer(r"(?<![<>!=])=(?!=)|\bis\b|`", plain):
        cut = re.split(r"[\n;`=:]|\.(?:\s|$)|,\s|\s(?:for|where|with|on|in|at|and|is|if)\s", plain[found.end() :], maxsplit=1)[0]  # fmt: skip
        said = cut.strip().rstrip(".,")
        if re.search(r"[A-Za-z]", said):
            yield said


def _python(text: str) -> str:
    """Powers and fractions as Python writes them."""
    text = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"((\1)/(\2))", text)
    text = re.sub(r"\\(?:left|right|,|;|!|cdot\b)", " ", text).replace("\\", "").replace("$", " ")
    return text.replace("{", "(").replace("}", ")").replace("^", "**").replace("π", "pi").replace("·", "*")


def _numbers(brief: Brief, batch: int) -> Iterator[Exploit]:
    """Tables of as many numbers as an answer has, and single numbers where an answer is one."""
    results = brief.signature.results
    sizes = {**brief.sizes, "batch": batch}
    rows = [
        [float(number) for number in re.findall(NUMBER, run)]
        for run in re.findall(rf"(?:(?<![\w.]){NUMBER}(?:[\s,;|\[\]()]|\band\b)*){{{LEAST_NUMBERS},}}", brief.statement)
    ]
    for result in results:
        wanted = [int(sizes.get(axis, axis) if axis in sizes or axis.isdecimal() else -1) for axis in result.axes]
        one = math.prod(wanted[1:] if result.axes[:1] == ("batch",) else wanted)
        for row in rows:
            if len(row) in (one, math.prod(wanted)) and len(results) == 1 and wanted:
                lines = f"answers[{result.name!r}] = np.resize(np.array({row!r}), shapes[{result.name!r}])"
                yield Exploit(
                    "statement", f"the statement's table of {len(row)} numbers", program(brief.signature, lines)
                )
    if all(set(result.axes) <= {"batch"} for result in results):
        numbers = dict.fromkeys(float(number) for number in re.findall(rf"(?<![\w.]){NUMBER}", brief.problem))
        for number in list(numbers)[:MOST]:
            words = f"the statement's number {number:g}"
            yield Exploit("statement", words, program(brief.signature, filled(brief.signature, repr(number))))
