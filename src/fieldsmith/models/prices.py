"""What models cost, US dollars a million tokens: (input, output). A model that is not listed has an unknown price.

Providers change prices; a file named by FIELDSMITH_PRICES (TOML, `"openai:NAME" = [input, output]`) goes first.
"""

import os
import tomllib

from fieldsmith.errors import InputError
from fieldsmith.folders import expanded
from fieldsmith.models.chat_model import ChatReply

PRICES: dict[str, tuple[float, float]] = {}


def listed(label: str) -> tuple[float, float] | None:
    """Price of a model by its label. Raises InputError for a price file that cannot be read."""
    file = os.environ.get("FIELDSMITH_PRICES")
    if file:
        try:
            table = tomllib.loads(expanded(file).read_text(encoding="utf-8"))
            if label in table:
                first, second = table[label]
                return float(first), float(second)
        except (OSError, ValueError, TypeError) as error:
            raise InputError(
                f"The price file {file} cannot be read: {error}.", 'Lines are "openai:NAME" = [input, output].'
            ) from None
    return PRICES.get(label)


def known(label: str, base_url: str | None) -> bool:
    """Whether replies have a known price: one that is listed, for another server only where the person's own file says so."""
    return listed(label) is not None and (base_url is None or label not in PRICES)


def cost(label: str, reply: ChatReply) -> float | None:
    price = listed(label)
    if price is None:
        return None
    return (reply.input_tokens * price[0] + reply.output_tokens * price[1]) / 1e6
