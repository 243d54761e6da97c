"""What a provider's headers say of its limits: how long to wait, and how much may still be asked before when."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

UNITS = {"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
OPENAI = re.compile(r"x-ratelimit-(?P<what>limit|remaining|reset)(?:-(?P<of>[\w-]+))?")
ANTHROPIC = re.compile(r"anthropic-ratelimit-(?P<of>[\w-]+)-(?P<what>limit|remaining|reset)")
EPOCH, EPOCH_MS = 1e9, 1e12
"""From here on a number is no span but seconds, or milliseconds, since 1970 (OpenRouter)."""


@dataclass(frozen=True)
class Allowance:
    """How much of something, `requests` or a kind of tokens, may still be asked, and in how many seconds all of it may be again.

    `most` is all of it, infinite where that is not told. Providers fill allowances steadily, not at once.
    """

    of: str
    left: float
    seconds: float
    most: float = math.inf

    def wait(self, needed: float) -> float:
        """Seconds until so much may be asked: none where it may be now, all until the reset where nothing tells how it fills."""
        needed = min(needed, self.most)
        if needed <= self.left or self.seconds <= 0.0:
            return 0.0
        return (
            self.seconds * (needed - self.left) / (self.most - self.left) if math.isfinite(self.most) else self.seconds
        )


def asked_to_wait(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that Retry-After asks to wait, told in seconds, milliseconds or as an HTTP date; None where it tells nothing.

    `now` is the time in seconds since 1970. The server's own clock is believed where it tells its time.
    """
    told = headers.get("retry-after-ms")
    if told is not None and (span := _number(told)) is not None:
        return max(0.0, span / 1000.0)
    told = headers.get("retry-after", "").strip()
    if (span := _number(told)) is not None:
        return max(0.0, span)
    until = _date(told)
    if until is None:
        return None
    served = _date(headers.get("date", ""))
    return max(0.0, until - (now if served is None else served))


def allowances(headers: Mapping[str, str], now: float) -> Iterator[Allowance]:
    """What OpenAI's, Anthropic's and like headers say of limits; those that do not tell what is left and until when are left out."""
    found: dict[str, dict[str, str]] = {}
    for name, value in headers.items():
        match = OPENAI.fullmatch(name.lower()) or ANTHROPIC.fullmatch(name.lower())
        if match:
            found.setdefault(match["of"] or "requests", {})[match["what"]] = value
    for of, told in found.items():
        left, seconds = _number(told.get("remaining", "")), span_of(told.get("reset", ""), now)
        if left is not None and seconds is not None:
            most = _number(told.get("limit", ""))
            yield Allowance(of, left, seconds, math.inf if most is None or most <= left else most)


def span_of(told: str, now: float) -> float | None:
    """Seconds from now that a text tells: `6m0s`, `20ms`, `1.5`, seconds or milliseconds since 1970, or a time in RFC 3339."""
    told = told.strip()
    if (number := _number(told)) is not None:
        since = number / 1000.0 if number >= EPOCH_MS else number
        return max(0.0, since - now) if number >= EPOCH else max(0.0, number)
    parts = SPAN.findall(told)
    if parts and "".join(n + unit for n, unit in parts) == told:
        return sum(float(n) * UNITS[unit] for n, unit in parts)
    try:
        until = datetime.fromisoformat(told.replace("Z", "+00:00"))
    except ValueError:
        return None
    return max(0.0, until.timestamp() - now) if until.tzinfo else None


def _number(told: str) -> float | None:
    try:
        value = float(told)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _date(told: str) -> float | None:
    try:
        return parsedate_to_datetime(told).timestamp()
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
