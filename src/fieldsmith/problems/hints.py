"""What is meant by words of other notations: LaTeX, Leibniz's derivatives, values at a place among the equations."""

import re
from collections.abc import Sequence

from fieldsmith.problems.faults import Misread

LEIBNIZ = re.compile(
    r"\bd(?:\s*(?:\^|\*\*)\s*(?P<order>\d))?\s*(?P<what>[^\W\d]\w*)\s*/\s*d\s*(?P<along>[^\W\d_]\w*?)(?:\s*(?:\^|\*\*)\s*\d)?(?!\w)"
)
PARTIAL = re.compile(
    r"\\d?frac\s*\{\s*(?:\\partial|d)\s*(?:\^\{?(?P<order>\d)\}?)?\s*\\?(?P<what>\w+)\s*\}\s*\{\s*(?:\\partial|d)\s*\\?(?P<along>[^\W\d_]\w*).*?\}"
)
PLACE = re.compile(r"\s*(?P<what>[^\W\d]\w*)\s*\((?P<places>[^()]*)\)\s*=")


def better(text: str, misread: Misread, axes: Sequence[str] | None = None) -> Misread:
    """The same, or in its place what is wrong with a notation that is not read here; `axes` of an equation."""
    if "\\" in text:
        return _latex(text)
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
