"""What models cost: the shipped table `prices.toml`, dated and with its sources, and before it a person's own.

A file named by FIELDSMITH_PRICES (TOML, `"openai:NAME" = [input, output, cache read, cache write]`, the last two may be left out) goes first. A
model that is in neither has an unknown price.
"""

import math
import os
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from fieldsmith.errors import InputError
from fieldsmith.folders import expanded
from fieldsmith.models.chat_model import ChatReply

SNAPSHOT = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|\d{8})$")
"""What a name ends with that means one day's version of a model."""
WRITING = 1.25
"""Times the price of input that writing to a cache costs where no price is told: Anthropic's factor for five minutes."""
LINE = 'Lines are "openai:NAME" = [input, output, cache read, cache write], US dollars a million tokens; the last two may be left out.'


@dataclass(frozen=True)
class Price:
    """US dollars a million tokens. Without a price of its own a read from the cache costs what input does, which is never too little.

    `up_to` is the longest prompt, in tokens, that these prices hold for; beyond it the price is unknown.
    """

    input: float
    output: float
    cache_read: float | None = None
    cache_write: float | None = None
    up_to: float = math.inf

    def cost(self, reply: ChatReply) -> float | None:
        """US dollars of a reply and of the attempts before it that were charged."""
        if reply.input_tokens > self.up_to:
            return None
        read, written = reply.charged_tokens
        plain = read - reply.cached_tokens - reply.cache_written_tokens
        kept = reply.cached_tokens * (self.input if self.cache_read is None else self.cache_read)
        stored = reply.cache_written_tokens * (WRITING * self.input if self.cache_write is None else self.cache_write)
        return (plain * self.input + kept + stored + written * self.output) / 1e6


def listed(label: str) -> Price | None:
    """Price of a model by its label. Raises InputError for a price file that cannot be read."""
    return own(label) or shipped(label)


def own(label: str) -> Price | None:
    """Its price in the person's own file. Raises InputError for a price file that cannot be read."""
    file = os.environ.get("FIELDSMITH_PRICES")
    if not file:
        return None
    try:
        table = tomllib.loads(expanded(file).read_text(encoding="utf-8"))
        return _price(table[label]) if label in table else None
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"The price file {file} cannot be read: {error}.", LINE) from None


def shipped(label: str) -> Price | None:
    """Its price in the table that comes along: under its own name, else under that of which it is a dated version."""
    table = _table()
    return table.get(label) or table.get(SNAPSHOT.sub("", label))


@cache
def _table() -> dict[str, Price]:
    told = tomllib.loads(Path(str(files("fieldsmith.models") / "prices.toml")).read_text(encoding="utf-8"))
    return {
        f"{provider}:{name}": _price(values, part.get("up_to", {}).get(name, math.inf))
        for provider, part in told.items()
        for name, values in part["models"].items()
    }


def _price(values: Any, up_to: float = math.inf) -> Price:
    """Raises TypeError and ValueError for anything but two to four numbers that are prices."""
    numbers = [float(value) for value in values]
    if not 2 <= len(numbers) <= 4 or not all(0.0 <= number < math.inf for number in numbers):
        raise ValueError(f"{values} is not two to four prices")
    return Price(*numbers, up_to=up_to)


def known(label: str, base_url: str | None) -> bool:
    """Whether replies have a known price: at another server than the provider's only where the person's own file says so."""
    return (listed(label) if base_url is None else own(label)) is not None


def cost(label: str, reply: ChatReply) -> float | None:
    price = listed(label)
    return None if price is None else price.cost(reply)


def saving(label: str, reply: ChatReply) -> float | None:
    """US dollars that a cache of prompts saved: what the same tokens cost without one, less what they cost."""
    price = listed(label)
    paid = None if price is None else price.cost(reply)
    if price is None or paid is None:
        return None
    return (reply.charged_tokens[0] * price.input + reply.charged_tokens[1] * price.output) / 1e6 - paid
