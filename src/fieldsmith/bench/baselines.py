"""What a table is measured against, at equal candidates: the built-in author, a plain scan, and a single shot of the same model."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Literal

from fieldsmith.agents.author import BUILT_IN
from fieldsmith.orchestrator.episodes.question import EpisodeQuestion
from fieldsmith.orchestrator.open import DEFAULT_CANDIDATES
from fieldsmith.orchestrator.question import MODEL_OPTIONS, Question, field_of

SCAN, SINGLE_SHOT = "scan", "single shot"
Baseline = Literal["", "built-in", "scan", "single shot"]
OF_A_MODEL = (*MODEL_OPTIONS, "prompt_style", "prompts", "max_tokens", "max_cost")
"""What an author without a model has no use for."""
Placed = tuple[str, str, str, int, Question]
"""A cell: task, author, strategy and seed as they are called in the results, and what is asked."""


def baseline_of(question: Question | EpisodeQuestion) -> Baseline:
    """Which baseline a cell is; empty for one that is to beat them."""
    if isinstance(question, EpisodeQuestion):
        return ""
    if question.model is None:
        return BUILT_IN if question.author in (None, BUILT_IN) else SCAN if question.author == SCAN else ""
    return SINGLE_SHOT if question.candidates == 1 else ""


def candidates_of(question: Question) -> int:
    return question.candidates or DEFAULT_CANDIDATES


def missing(cells: Sequence[Placed]) -> list[Placed]:
    """The baselines that no cell is yet: for every task, seed and number of candidates the built-in author and the scan, and a
    single shot of every model.
    """
    compared = [cell for cell in cells if baseline_of(cell[-1]) != SINGLE_SHOT] or list(cells)
    several = len({candidates_of(cell[-1]) for cell in compared}) > 1
    known = {_key(cell) for cell in cells}
    found: dict[tuple[Any, ...], Placed] = {}
    for task, author, _, seed, question in compared:
        for called, strategy, asked in _beside(author, question, several):
            cell = (task, called, strategy, seed, asked)
            if _key(cell) not in known:
                found.setdefault(_key(cell), cell)
    return list(found.values())


def _key(cell: Placed) -> tuple[Any, ...]:
    """The same for two cells of which one makes the other needless as a baseline."""
    task, author, _, seed, question = cell
    kind = baseline_of(question)
    return task, seed, kind, candidates_of(question), author if kind in ("", SINGLE_SHOT) else ""


def _beside(author: str, question: Question, several: bool) -> Iterator[tuple[str, str, Question]]:
    """Author, strategy and question of the baselines of a cell. several: whether the number of candidates must be told."""
    usual = {
        name: field_of(name).default
        for name in (*OF_A_MODEL, "model", "author", "strategy_options", "in_flight", "pilots")
    }
    free = replace(question, **usual, strategy="refine", debug_rounds=field_of("debug_rounds").default)
    told = f", {candidates_of(question)} candidates" if several else ""
    yield BUILT_IN, f"refine{told}", free
    yield SCAN, f"best-of-n{told}", replace(free, author=SCAN, strategy="best-of-n", debug_rounds=0)
    if question.model is not None:
        yield author, SINGLE_SHOT, replace(question, strategy="best-of-n", strategy_options=None, candidates=1)
