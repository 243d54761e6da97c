"""Figures as a person writes them."""

import math
import re

from markupsafe import Markup, escape

POWER = re.compile(r"\d[\d.]*e-\d+")


def number(value: float | None, digits: int = 2) -> Markup:
    """A figure as a person writes it: 1.23 x 10^-4; a dash where it is unknown."""
    if value is None or not math.isfinite(value):
        return Markup("–")
    if value == 0.0:
        return Markup("0")
    # Rounding comes first, so that 9.999e-5 becomes 1.00 x 10^-4 and not 10.00 x 10^-5.
    mantissa, exponent = f"{value:.{digits}e}".split("e")
    power = int(exponent)
    if -3 < power < 4:
        return Markup(f"{value:.{max(0, digits - power)}f}".replace("-", "−"))
    return Markup(f"{mantissa} × 10<sup>{power}</sup>".replace("-", "−"))


def unbroken(text: str) -> Markup:
    """A text, escaped, whose figures such as 3.8e-06 no line breaks."""
    return Markup(POWER.sub(r'<span class="unbroken">\g<0></span>', str(escape(text))))


def finite(value: float | None) -> float | None:
    """The value, or None where it cannot be drawn or sorted by."""
    return value if value is not None and math.isfinite(value) else None
