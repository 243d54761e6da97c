"""What is meant by words of other notations: LaTeX, Leibniz's derivatives, values at a place among the equations."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from fieldsmith.problems.faults import Misread

LEIBNIZ = re.compile(
    r"\bd(?:\s*(?:\^|\*\*)\s*(?P<order>\d))?\s*(?P<what>[^\W\d]\w*)\s*/\s*d\s*(?P<along>[^\W\d_]\w*?)(?:\s*(?:\^|\*\*)\s*\d)?(?!\w)"
)
PARTIAL = re.compile(
    r"\\d?frac\s*\{\s*(?:\\partial|d)\s*(?:\^\{?(?P<order>\d)\}?)?\s*\\?(?P<what>\w+)\s*\}\s*\{\s*(?:\\partial|d)\s*\\?(?P<along>[^\W\d_]\w*).*?\}"
)
MEASURED = re.compile(r"\s*(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(?P<unit>[^\W\d][^*()]*|%|°.*)\s*$")
ENDLESS = re.compile(r"\b(inf|infty|infinity|oo)\b|∞", re.IGNORECASE)
MODULE = re.compile(r"\b(?:np|numpy|math|sp|sympy|torch|jnp)\.(?P<name>\w+)")
NO_FUNCTION = {
    ("delta", "dirac", "diracdelta", "deltafunction"): "A point source is a narrow bell, such as exp(-((x - 0.3)/w)**2)/(w*sqrt(pi)) with a small parameter w.",
    ("int", "integral", "integrate", "quad", "trapz", "mean", "average"): "Integrals have no place in an equation; where one runs from an end up to x, a further unknown holds it: s_x = u.",
    ("gauss", "gaussian", "bell"): "A bell is exp(-((x - 0.3)/w)**2).",
    ("step", "unitstep", "theta"): "Write heaviside(x - 0.3).",
    ("box", "rect", "rectangle", "boxcar", "tophat", "pulse"): "Write where(abs(x - 0.3) < w, 1, 0).",
    ("log10",): "Write log(x)/log(10).",
    ("log2",): "Write log(x)/log(2).",
    ("pow", "power"): "Write a**b.",
    ("square",): "Write a**2.",
    ("rand", "random", "randn", "noise", "uniform", "normal"): 'What is random is drawn from a family: u = { family = "gaussian", length = 0.1 }.',
}  # fmt: skip
"""Functions of other languages that are not there, and what is written for them."""
PLACE = re.compile(r"\s*(?P<what>[^\W\d]\w*)\s*\((?P<places>[^()]*)\)\s*=")


def better(text: str, misread: Misread, axes: Sequence[str] | None = None) -> Misread:
    """The same, or in its place what is wrong with a notation that is not read here; `axes` of an equation."""
    if "\\" in text:
        return _latex(text)
    if text[misread.at : misread.at + 1] == "." and (prefixed := MODULE.search(text)):
        what = f"{prefixed.group()} is a name of Python."
        return Misread(what, prefixed.start(), f"Functions stand alone: {prefixed['name']}(x).")
    if misread.what.startswith("There is no function "):
        name = misread.what.removeprefix("There is no function ").rstrip(".")
        for words, instead in NO_FUNCTION.items():
            if name.casefold().replace("_", "") in words:
                return Misread(misread.what, misread.at, instead)
    for found in LEIBNIZ.finditer(text):
        if found.start() <= misread.at < found.end() + 1:
            plain = derivative(found)
            return Misread(
                f"The derivative {found.group()} is not read.",
                found.start(),
                f"Write {plain}, and products with *, such as D*{plain}.",
            )
    place = PLACE.match(text) if axes is not None else None
    if place and axes is not None and (mend := _at_a_place(text, place, axes)):
        return Misread("An equation holds everywhere, not at one place.", misread.at, mend)
    return misread


def measured(value: str, path: Sequence[str | int], document: Mapping[str, Any]) -> str:
    """How a number with its unit, or an end that is none, is written where a number belongs; empty for what is neither. `path` is where it stands."""
    if path[0] == "domain" and ENDLESS.search(value):
        return "Domains are finite: put the end where nothing happens any more."
    found = MEASURED.match(value)
    if not found or found["unit"] in ("pi", "e", "π"):
        return ""
    number, unit = found["number"], found["unit"].strip()
    if unit == "%":
        return f"Write {float(number) / 100:g}."
    if path[0] == "parameters":
        return f'Write {path[1]} = {{ value = {number}, unit = "{unit}" }}.'
    if path[0] == "domain":
        both = document["domain"][path[1]]
        ends = [MEASURED.match(one) if isinstance(one, str) else None for one in both] if isinstance(both, list) else []
        low, high = ([one["number"] if one else both[k] for k, one in enumerate(ends)] + [0, 1])[:2]
        return f'Write {path[1]} = {{ low = {low}, high = {high}, unit = "{unit}" }}.'
    return f"Write {number}."


def derivative(found: re.Match[str]) -> str:
    """u_xx of d^2u/dx^2."""
    return f"{found['what']}_{found['along'] * int(found['order'] or 1)}"


def _latex(text: str) -> Misread:
    at = text.index("\\")
    found = PARTIAL.match(text, at)
    if found:
        return Misread("This is LaTeX, which is not read.", at, f"Write {derivative(found)} for the derivative.")
    word = re.match(r"\\([a-zA-Z]*)", text[at:])
    name = word.group(1) if word else ""
    plain = {"frac": "a/b", "nabla": "grad, div or laplace", "partial": "u_t", "cdot": "*", "times": "*", "left": "plain brackets", "right": "plain brackets"}  # fmt: skip
    instead = plain.get(name, name)
    return Misread(
        "This is LaTeX, which is not read.", at, f"Write {instead} for \\{name}." if name else "Leave the \\ out."
    )


def _at_a_place(text: str, found: re.Match[str], axes: Sequence[str]) -> str:
    """Where u(x, 0) = … and u(0, t) = … belong; empty for what has no place in it."""
    places = [word.strip() for word in found["places"].split(",")]
    fixed = [place for place in places if re.match(r"[\d.+-]", place) or place == "pi"]
    if len(fixed) != 1:
        return ""
    what, right = found["what"], text[found.end() :].strip()
    left_out = [axis for axis in axes if axis not in places]
    if left_out:
        return f'Write below [boundary] "{left_out[0]}={fixed[0]}" = "{what} = {right}".'
    return f'Write below [initial] {what} = "{right}".'


def split(word: str, known: Sequence[str]) -> tuple[str, str] | None:
    """The two known names that a name is made of: pix is pi and x; None of others."""
    cuts = ((word[:cut], word[cut:]) for cut in range(1, len(word)))
    return next((pair for pair in cuts if pair[0] != pair[1] and {*pair} <= {*known}), None)
