"""What a cell may cost at most, and what it lacks, before anything is asked."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fieldsmith.bench.suite import Cell
from fieldsmith.errors import FieldsmithError, InputError
from fieldsmith.models import open_model
from fieldsmith.models.chat_model import ChatModel, ChatReply
from fieldsmith.orchestrator.episodes.question import EpisodeQuestion
from fieldsmith.orchestrator.open import DEFAULT_CANDIDATES
from fieldsmith.strategies import requests_of

PROMPT_TOKENS, REPLY_TOKENS = 6_000, 8_000
"""Taken for a prompt, and for a reply of a model whose `max_tokens` is not set."""
UNPRICED = "The price of {} is unknown, so no limit in dollars can be kept."
LEAVE_OUT = "Leave it out, or name a file of prices in FIELDSMITH_PRICES."
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


def check_priced(cells: Iterable[Cell], capped: bool) -> None:
    """Raises InputError for a cell whose dollars are limited, by its suite or with the whole grid's, and whose model has no known price.

    Of a model that cannot be opened, which a key may mend, nothing is known yet.
    """
    for cell in cells:
        if cell.question.model is None or not (capped or cell.question.max_cost is not None):
            continue
        try:
            model = _opened(cell)
        except FieldsmithError:
            continue
        with _closing(model):
            if not model.priced:
                raise InputError(f"{cell.name} cannot be asked. {UNPRICED.format(model.label)}", LEAVE_OUT)


def _usd(cell: Cell, replies: int, capped: bool) -> tuple[float | None, str]:
    question = cell.question
    if question.model is None:
        return 0.0, ""
    try:
        model = _opened(cell)
    except FieldsmithError as error:
        return question.max_cost, str(error)
    with _closing(model):
        longest = int(str(question.settings().get("max_tokens", REPLY_TOKENS)))
        price = model.price(ChatReply("", PROMPT_TOKENS, longest))
    if (capped or question.max_cost is not None) and not model.priced:
        return None, f"{UNPRICED.format(model.label)} {LEAVE_OUT}"
    whole = None if price is None else replies * price
    limits = [one for one in (whole, question.max_cost) if one is not None]
    return (min(limits) if limits else None), ""


def _opened(cell: Cell) -> ChatModel:
    question = cell.question
    key_file = Path(question.key_file) if question.key_file else None
    return open_model(str(question.model), question.base_url, key_file, question.settings())


@contextmanager
def _closing(model: ChatModel) -> Iterator[None]:
    """Ends what the model has started on this machine."""
    try:
        yield
    finally:
        close: Callable[[], None] = getattr(model, "close", lambda: None)
        close()
