"""Who writes the programs of a run: a model, an author that was given or named, or the built-in one."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from fieldsmith.agents.author import BUILT_IN, Author
from fieldsmith.agents.authors import AUTHORS, open_author
from fieldsmith.agents.llm_author import LLMAuthor
from fieldsmith.agents.prompts import DEFAULT_STYLE, Prompts, read_templates
from fieldsmith.agents.prompts.rehearsal import rehearse
from fieldsmith.errors import InputError
from fieldsmith.models import open_model
from fieldsmith.models.chat_model import ChatModel
from fieldsmith.orchestrator.budget import Budget
from fieldsmith.orchestrator.question import Question
from fieldsmith.orchestrator.store import Store, StoredModel
from fieldsmith.tasks.task import Brief

DEFAULT_IN_FLIGHT = 4


@dataclass(frozen=True)
class Writer:
    """A model, or an author where no model is asked."""

    question: Question
    model: ChatModel | None
    author_without: Author

    @property
    def label(self) -> str:
        return (self.model or self.author_without).label

    @property
    def note(self) -> str:
        return (self.model or self.author_without).note

    @property
    def trusted(self) -> bool:
        """Whether its programs may run in a plain process without being asked for."""
        return self.model is None and self.author_without.trusted

    @property
    def independent(self) -> bool:
        """Whether its drafts do not depend on what came before; an author that does not say so is taken to look at it."""
        return bool(getattr(LLMAuthor if self.model is not None else self.author_without, "independent", False))

    @property
    def in_flight(self) -> int:
        """How many candidates are in the making at a time; the authors that come along write one after the other."""
        author = self.question.author or BUILT_IN
        if self.model is None and isinstance(author, str) and author in AUTHORS.built_ins():
            return 1
        usual = DEFAULT_IN_FLIGHT if self.model else 1
        return self.question.in_flight or getattr(self.model, "parallel", usual)

    def prompts(self, brief: Brief) -> Prompts | None:
        """What a model is told, every template of a person's own tried once."""
        if self.model is None:
            return None
        style = self.question.prompt_style or getattr(self.model, "prompt_style", DEFAULT_STYLE)
        folder = self.question.prompts
        prompts = Prompts(style, read_templates(Path(folder), style) if folder is not None else {})
        if prompts.templates:
            rehearse(prompts, brief)
        return prompts

    def author(self, store: Store, prompts: Prompts | None, budget: Budget) -> Author:
        """The author of a sitting; a model's replies are stored before they are used, and the budget is told what they are charged."""
        if self.model is None:
            return self.author_without
        tokens, usd = self.question.max_tokens or math.inf, self.question.max_cost or math.inf
        stored = StoredModel(self.model, store, tokens, usd)
        budget.charged = lambda: stored.used[1]
        return LLMAuthor(stored, self.question.seed, prompts)

    def stop(self) -> None:
        """End requests that are being waited for."""
        getattr(self.model, "stop", lambda: None)()

    def close(self) -> None:
        """End what a model has started on this machine."""
        getattr(self.model, "close", lambda: None)()

    def listen(self, tell: Callable[[str, Mapping[str, object]], None]) -> None:
        """Have the model tell what it waits for and how much of a reply has come."""
        if self.model is not None:
            self.model.waiting = lambda what: tell("waiting", {"for": what})
            self.model.receiving = lambda slot, count: tell("receiving", {"slot": slot, "characters": count})


def open_writer(question: Question) -> Writer:
    """Raises InputError and MissingPart for a model or an author that cannot be had, and InputError for a price that is not known."""
    model = question.model
    if isinstance(model, str):
        key_file = Path(question.key_file) if question.key_file else None
        model = open_model(model, question.base_url, key_file, question.settings())
    if model is not None and question.max_cost is not None and not model.priced:
        raise InputError(
            f"The price of {model.label} is unknown, so --max-cost cannot be kept.",
            "Limit --candidates or --max-tokens, or name a file of prices in FIELDSMITH_PRICES: "
            f'"{model.label}" = [USD a million input tokens, USD a million output tokens].',
        )
    author = question.author or BUILT_IN
    return Writer(question, model, open_author(author, question.seed) if isinstance(author, str) else author)
