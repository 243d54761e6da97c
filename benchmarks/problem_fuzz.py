"""Texts by chance, and problem files damaged by chance: each must be read or refused in a sentence, within two seconds
of the processor.

    python benchmarks/problem_fuzz.py --count 100000

Nine in ten are expressions (words of the grammar in any order, sound ones with characters exchanged, Unicode at large), one in ten
is a whole file. Printed are how many were read, refused and slow, and the slowest.
"""

import argparse
import contextlib
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import sympy as sp

from fieldsmith.problems import Problem, ProblemError
from fieldsmith.problems.algebra import Algebra
from fieldsmith.problems.faults import Misread, TooLarge
from fieldsmith.problems.grammar import FUNCTIONS, OPERATORS, expression
from fieldsmith.problems.jets import Jets

EXAMPLES = Path(__file__).parents[1] / "examples" / "problems"
WORDS = [
    *FUNCTIONS, *OPERATORS, *["u", "v", "x", "y", "t", "a", "b", "pi", "e", "I", "u_t", "u_xx", "u_xy", "v_y", "u_xxyy", "a_x", "0", "1", "2", "3", "10", "1e10", "1e-300", "9e299", "0.5", "7"],
    *["+", "-", "*", "/", "**", "^", "(", ")", "(", ")", "(", ")", "[", "]", ",", ",", "<", ">", "<=", "and", "or", "not", "=", "∂", "∇", "∇²", "Δ", "·", "×", "²", "³", "⁻¹", "ₓ", "√", "ν", ".", ";", "'", '"', "#", "\\", "{", "}", "_", "__", "99999999999999999999"],
    "∂u/∂t", "∂²u/∂x²", "d(u, x, 2)", "where(x < 1, u, v)", "**10", "exp(exp(", "((((((((", "[u, v]", "\n", "\0", "é", "𝛼",
]  # fmt: skip
SOUND = [
    "-u*u_x + a*laplace(u)", "div([a*u_x, b*u_y])", "dot(grad(u), grad(v))", "exp(-(x - a)**2/(2*b**2))*sin(pi*t)",
    "where(x < 0.5 and y > a, 1, max(u, v, 0))", "biharmonic(u**3 - u)", "d(u**2/2, x) + dt(v)", "curl([u, v])",
    "sqrt(u**2 + v**2)*(1 - u/(1 + v))**2.5", "((u + v)**2 - (u - v)**2)/(4*u)", "abs(u)*sign(v) + atan2(v, u)",
]  # fmt: skip
ALPHABET = "uvxytab0123456789.+-*/^()[],<>=_ ∂∇Δ²³·eIpi\n\\\"'{}"


def expressions(rng: random.Random) -> Iterator[str]:
    while True:
        kind = rng.random()
        if kind < 0.45:
            yield " ".join(rng.choice(WORDS) for _ in range(rng.randint(1, rng.choice((4, 12, 60)))))
        elif kind < 0.7:
            yield damaged(rng, rng.choice(SOUND), ALPHABET)
        elif kind < 0.85:
            yield nested(rng, rng.randint(1, 12))
        elif kind < 0.95:
            yield "".join(
                chr(rng.choice((rng.randint(0, 127), rng.randint(0, 0x2FFF)))) for _ in range(rng.randint(0, 40))
            )
        else:
            yield rng.choice(("(", "-", "2**", "exp(", "1+", "u*", "x^", "∇", "[", "not ", "u_x")) * rng.randint(
                1, 3000
            )


def nested(rng: random.Random, depth: int) -> str:
    """A sound expression of a given depth."""
    if depth == 0 or rng.random() < 0.1:
        return rng.choice(("u", "v", "x", "y", "t", "a", "2", "0.3", "10", "pi", "u_x", "v_yy", "u_t"))
    inner = nested(rng, depth - 1)
    form = rng.choice(
        ("sin({})", "exp({})", "({} + {})", "({})*({})", "({})/({})", "({})**{}", "({})**({})", "laplace({})", "d({}, x)",
         "d({}, x, 3)", "biharmonic({})", "-{}", "log({})", "abs({})", "where({} < {}, {}, 1)", "max({}, {})", "dt({})", "sqrt({})"),
    )  # fmt: skip
    parts = [inner, *(nested(rng, rng.randint(0, min(depth - 1, 2))) for _ in range(form.count("{}") - 1))]
    return form.format(*parts)


def damaged(rng: random.Random, text: str, alphabet: str) -> str:
    """The text with some characters exchanged, left out, put in or said again."""
    letters = list(text)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        at = rng.randrange(len(letters) + 1)
        change = rng.random()
        if change < 0.4:
            letters[at : at + 1] = [rng.choice(alphabet)]
        elif change < 0.6:
            del letters[at : at + rng.randint(1, 6)]
        elif change < 0.8:
            letters.insert(at, rng.choice(alphabet))
        else:
            letters[at:at] = letters[at : at + rng.randint(1, 30)] * rng.choice((1, 2, 20))
    return "".join(letters)


def files(rng: random.Random, sound: list[str]) -> Iterator[str]:
    texts = expressions(rng)
    while True:
        text = rng.choice(sound)
        if rng.random() < 0.5:
            yield damaged(rng, text, ALPHABET)
        else:  # an expression of the file in place of another one
            parts = text.split('"')
            quoted = range(1, len(parts), 2)
            for _ in range(rng.choice((1, 1, 2))):
                parts[rng.choice(quoted)] = next(texts).replace('"', "").replace("\\", "").replace("\n", " ")
            yield '"'.join(parts)


def read_expression(text: str) -> str:
    """`read` or `refused`; any other exception is a fault of the reader."""
    symbols = {name: sp.Symbol(name) for name in ("t", "x", "y", "a", "b")}
    jets = Jets(tuple(symbols[name] for name in ("t", "x", "y")))
    names = {**symbols, **{name: jets.field(name) for name in ("u", "v")}}
    try:
        Algebra(jets, ("t", "x", "y"), True, names).read(expression(text))
    except (Misread, TooLarge):
        return "refused"
    return "read"


def read_file(text: str) -> str:
    try:
        problem = Problem.from_text(text, "fuzz.toml")
        problem.understood.lines()
    except ProblemError:
        return "refused"
    return "read"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--share", type=float, default=0.1, help="share of whole files")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    sound = [file.read_text(encoding="utf-8") for file in sorted(EXAMPLES.glob("*.toml"))]
    streams = {"expression": (expressions(rng), read_expression), "file": (files(rng, sound), read_file)}
    outcomes: Counter[tuple[str, str]] = Counter()
    slowest = {"expression": (0.0, ""), "file": (0.0, "")}
    for _ in range(options.count):
        kind = "file" if rng.random() < options.share else "expression"
        texts, read = streams[kind]
        text = next(texts)
        began = time.thread_time()
        try:
            outcome = read(text)
        except Exception as error:
            outcome = f"FAULT {type(error).__name__}"
            with contextlib.suppress(Exception):
                print(f"{outcome}: {error}: {text!r}", file=sys.stderr)
        took = time.thread_time() - began
        outcomes[kind, "SLOW" if took > 2 else outcome] += 1
        slowest[kind] = max(slowest[kind], (took, text))
    print("| input | outcome | count |\n| --- | --- | --- |")
    for (kind, outcome), count in sorted(outcomes.items()):
        print(f"| {kind} | {outcome} | {count} |")
    for kind, (took, text) in slowest.items():
        print(f"slowest {kind}: {took:.2f} s, {text[:300]!r}")
    if any(outcome.startswith(("FAULT", "SLOW")) for _, outcome in outcomes):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
