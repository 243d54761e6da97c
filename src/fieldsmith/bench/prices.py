"""What a cell may cost at most, and what it lacks, before anything is asked."""

from collections.abc import Callable
from typing import Any

from fieldsmith.bench.suite import Cell
from fieldsmith.errors import FieldsmithError
from fieldsmith.models import open_model
from fieldsmith.models.chat_model import ChatReply
from fieldsmith.orchestrator.episodes.question import EpisodeQuestion
from fieldsmith.orchestrator.open import DEFAULT_CANDIDATES
from fieldsmith.strategies import requests_of

PROMPT_TOKENS, REPLY_TOKENS = 6_000, 8_000
"""Taken for a prompt, and for a reply of a model whose `max_tokens` is not set."""
STEPS = 20
"""Taken for an episode whose steps are not set."""


def estimated(cell: Cell, capped: bool = False) -> dict[str, Any]:
    """How many programs or episodes a cell asks for; dollars at most, None where the price is unknown; and why it cannot be asked, in a sentence. capped: whether the whole grid's dollars are limited."""
    question = cell.question
    if isinstance(question, EpisodeQuestion):
        count = question.episodes
        replies = count * (question.steps or STEPS)
    else:
        count = question.candidates or DEFAULT_CANDIDATES
        named = question.strategy
        replies = count * (requests_of(named) if isinstance(named, str) else 1)
    usd, lacks = _usd(cell, replies, capped)
    return {"programs": count, "unit": "episodes" if cell.acts else "programs", "usd": usd, "lacks": lacks}


def _usd(cell: Cell, replies: int, capped: bool) -> tuple[float | None, str]:
    question = cell.question
    if question.model is None:
        return 0.0, ""
    try:
        model = open_model(question.model, question.base_url, question.key_file, question.settings())  # type: ignore[arg-type]
    except FieldsmithError as error:
        return question.max_cost, str(error)
    close: Callable[[], None] = getattr(model, "close", lambda: None)
    try:
        longest = int(str(question.settings().get("max_tokens", REPLY_TOKENS)))
        price = model.price(ChatReply("", PROMPT_TOKENS, longest))
    finally:
        close()
    if (capped or question.max_cost is not None) and not model.priced:
        return (
            None,
            f"The price of {model.label} is unknown, so no limit in dollars can be kept. Leave it out, or name a file of prices in FIELDSMITH_PRICES.",
        )
    whole = None if price is None else replies * price
    limits = [one for one in (whole, question.max_cost) if one is not None]
    return (min(limits) if limits else None), ""
