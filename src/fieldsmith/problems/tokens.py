"""An expression's text as tokens, each with its place; Unicode as physicists write it is made plain here."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from fieldsmith.problems.faults import Misread

LONGEST = 4000
"""Characters of one expression."""
MOST = 1200
"""Tokens of one expression."""
DIGITS = 40
"""Digits of one number."""

Kind = Literal["number", "name", "power", "subscript", "sign", "end"]
SUPERSCRIPTS = {**{c: str(n) for n, c in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")}, "⁻": "-"}
SUBSCRIPTS = dict(zip("ₐₑₒₓₕₖₗₘₙₚₛₜᵢᵣᵤᵥ", "aeoxhklmnpstiruv", strict=True))
GREEK = {
    **dict(zip("αβγδεζηθικλμνξοπρστυφχψω", ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi", "omicron", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega"], strict=True)),
    **dict(zip("ΓΘΛΞΠΣΦΨΩ", ["Gamma", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi", "Omega"], strict=True)),
    "ϕ": "phi", "ϵ": "epsilon", "ϑ": "theta", "ϱ": "rho", "ς": "sigma",
}  # fmt: skip
PLAIN = {
    "−": "-", "–": "-", "×": "*", "·": "*", "⋅": "*", "∙": "*", "÷": "/", "∕": "/", "≤": "<=", "≥": ">=",
    "∆": "Δ", "∧": "&", "∨": "|", "⟨": "(", "⟩": ")", "＝": "=",
}  # fmt: skip
SIGNS = ("**", "<=", ">=", "==", "!=", "&&", "||", *"+-*/^()[],=<>&|∂∇Δ√")
WORDS = {"and": "&", "or": "|", "not": "!"}


@dataclass(frozen=True)
class Token:
    """`text` is plain: a superscript is its number, a subscript its letters; `at` is the first character's index."""

    kind: Kind
    text: str
    at: int


def latin(name: str) -> str:
    """A name in letters that every keyboard has: ν is nu, ψ₁ is psi1."""
    plain = unicodedata.normalize("NFKC", name)
    return "".join(GREEK.get(c, c) for c in plain)


def tokens(text: str) -> list[Token]:
    """The tokens of an expression, the last of kind `end`. Raises Misread for what is none."""
    if len(text) > LONGEST:
        raise Misread(f"The expression has {len(text)} characters.", 0, f"Up to {LONGEST} are read.")
    found: list[Token] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        token, at = _next(text, at)
        found.append(token)
        if len(found) > MOST:
            raise Misread("The expression is too long.", at, f"Up to {MOST} numbers, names and signs are read.")
    return [*found, Token("end", "", len(text))]


def _next(text: str, at: int) -> tuple[Token, int]:
    c = text[at]
    if c in SUPERSCRIPTS:
        end = _while(text, at, lambda c: c in SUPERSCRIPTS)
        return Token("power", "".join(SUPERSCRIPTS[c] for c in text[at:end]), at), end
    if c in SUBSCRIPTS:
        end = _while(text, at, lambda c: c in SUBSCRIPTS)
        return Token("subscript", "".join(SUBSCRIPTS[c] for c in text[at:end]), at), end
    if c in "0123456789" or (c == "." and text[at + 1 : at + 2] in tuple("0123456789")):
        return _number(text, at)
    plain = PLAIN.get(c, c)
    if plain == "*" and text.startswith("**", at):
        return Token("sign", "**", at), at + 2
    for sign in SIGNS:
        if plain == sign or (len(sign) == 2 and text.startswith(sign, at)):
            same = {"&&": "&", "||": "|", "^": "**"}.get(sign, sign)
            return Token("sign", same, at), at + (len(sign) if text.startswith(sign, at) else 1)
    if plain in ("<=", ">="):
        return Token("sign", plain, at), at + 1
    if _letter(c):
        return _name(text, at)
    mend = "A derivative is written u_x or d(u, x)." if c in "'′{}" else "Write + - * / ** ( ) [ ] , = < > and names."
    raise Misread(f"The character {c if c.isprintable() else ascii(c)} is not read here.", at, mend)


def _while(text: str, at: int, holds: Callable[[str], bool]) -> int:
    while at < len(text) and holds(text[at]):
        at += 1
    return at


def _letter(c: str) -> bool:
    return (c.isalpha() or c == "_") and c not in SUBSCRIPTS and c not in "Δ∆"


def _number(text: str, at: int) -> tuple[Token, int]:
    def digit(c: str) -> bool:
        return c in "0123456789"

    end = _while(text, at, digit)
    if text[end : end + 1] == ".":
        end = _while(text, end + 1, digit)
    if text[end : end + 1] in ("e", "E"):
        sign = end + 1 + (text[end + 1 : end + 2] in ("+", "-"))
        stop = _while(text, sign, digit)
        end = stop if stop > sign else end
    word = text[at:end]
    if end - at > DIGITS or not float(word) < 1e300:
        raise Misread(f"The number {word[:20]}{'…' if len(word) > 20 else ''} is too large.", at, "Up to 1e300.")
    return Token("number", word, at), end


def _name(text: str, at: int) -> tuple[Token, int]:
    end = at
    while end < len(text) and (_letter(text[end]) or text[end] in "0123456789₀₁₂₃₄₅₆₇₈₉"):
        end += 1
    name = latin(text[at:end])
    below = _while(text, end, lambda c: c in SUBSCRIPTS)
    if below > end:  # uₓₓ
        name, end = f"{name}_{''.join(SUBSCRIPTS[c] for c in text[end:below])}", below
    if not name.isidentifier():
        raise Misread(f"“{text[at:end]}” is no name.", at, "Names are letters, digits and underscores.")
    return (Token("sign", WORDS[name], at) if name in WORDS else Token("name", name, at)), end
