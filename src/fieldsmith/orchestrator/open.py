"""From what a person asks to a run that is ready to start."""

import hashlib
import json
import math
import os
import shlex
import time
from collections.abc import Mapping
from pathlib import Path

from fieldsmith import sandboxes, tasks
from fieldsmith.agents.author import Author
from fieldsmith.agents.numerics.author import NumericsAuthor
from fieldsmith.agents.strategies import open_strategy
from fieldsmith.errors import InputError
from fieldsmith.orchestrator.budget import Budget
from fieldsmith.orchestrator.run import Asked
from fieldsmith.orchestrator.solve import SAME_OPTIONS, Solve
from fieldsmith.orchestrator.store import Store, StoredModel
from fieldsmith.tasks.task import Task

DEFAULT_CANDIDATES = 12
DEFAULT_IN_FLIGHT = 4
DEBUG_ROUNDS = 4


def open_solve(
    task: str | Task,
    parameters: Mapping[str, str | float] | None = None,
    *,
    scale: str = "demo",
    data: Path | None = None,
    model: str | None = None,
    base_url: str | None = None,
    key_file: Path | None = None,
    settings: Mapping[str, object] | None = None,
    strategy: str = "refine",
    debug_rounds: int = DEBUG_ROUNDS,
    in_flight: int = 0,
    candidates: int = 0,
    max_tokens: float | None = None,
    max_cost: float | None = None,
    max_hours: float | None = None,
    seed: int = 0,
    sandbox: str = "auto",
    image: str = "base",
    folder: Path | None = None,
    command: str = "",
) -> Solve:
    """Everything checked that can be checked before anything is spent. Raises InputError, MissingPart."""
    _at_least_zero(candidates=candidates, in_flight=in_flight, debug_rounds=debug_rounds)
    _above_zero(max_tokens=max_tokens, max_cost=max_cost, max_hours=max_hours)
    problem = tasks.load(task, parameters, scale, data) if isinstance(task, str) else task
    label, note, trusted = NumericsAuthor.label, NumericsAuthor.note, True
    chat = None
    if model is not None:
        from fieldsmith.agents.models import open_model

        chat = open_model(model, base_url=base_url, key_file=key_file, settings=settings or {})
        label, note, trusted = chat.label, chat.note, False
        if max_cost is not None and not chat.priced:
            raise InputError(
                f"The price of {model} is unknown, so --max-cost cannot be kept.",
                "Limit --candidates or --max-tokens, or name a file of prices in FIELDSMITH_PRICES: "
                f'"{chat.label}" = [USD a million input tokens, USD a million output tokens].',
            )
    place = sandboxes.choose(sandbox, trusted=trusted, image=image)
    count = candidates or DEFAULT_CANDIDATES
    flying = (in_flight or DEFAULT_IN_FLIGHT) if chat is not None else 1
    drafts = min(4, max(1, count // 3)) if chat is not None else 2
    search = open_strategy(strategy, debug_rounds, **({"drafts": drafts} if strategy == "refine" else {}))
    budget = Budget(count, max_tokens or math.inf, math.inf if max_cost is None else max_cost, max_hours or math.inf)

    def make_author(store: Store) -> Author:
        if chat is None:
            return NumericsAuthor()
        from fieldsmith.agents.llm_author import LLMAuthor

        return LLMAuthor(StoredModel(chat, store))

    asked = Asked(
        task=problem.name,
        title=problem.title,
        statement=problem.brief(place.libraries()).statement,
        parameters=dict(problem.parameters),
        scale=problem.scale,
        data=str(data or ""),
        fingerprint=problem.fingerprint,
        author=label,
        author_note=note,
        strategy=strategy,
        sandbox=place.name,
        seed=seed,
        budget={k: v for k, v in _limits(budget).items() if math.isfinite(v)},
        command=command or f"fieldsmith solve {shlex.quote(problem.name)}",
        started=time.strftime("%Y-%m-%d %H:%M:%S"),
        options={
            "debug_rounds": debug_rounds,
            "in_flight": flying,
            "image": image,
            "base_url": base_url or "",
            "settings": dict(settings or {}),
        },
    )
    solving = Solve(
        task=problem,
        make_author=make_author,
        strategy=search,
        sandbox=place,
        budget=budget,
        asked=asked,
        folder=folder or Path("runs") / _run_name(asked),
        in_flight=flying,
        workers=min(os.cpu_count() or 1, flying),
        stop_author=getattr(chat, "stop", lambda: None),
    )
    if chat is not None:
        chat.waiting = lambda what: solving.listener("waiting", {"for": what})
    return solving


def _limits(budget: Budget) -> dict[str, float]:
    return {"candidates": budget.candidates, "tokens": budget.tokens, "usd": budget.usd, "hours": budget.hours}


def _run_name(asked: Asked) -> str:
    """A name that the same question always gets, so that the same command finds its run again."""
    parameters = "-".join(f"{name}{value:g}" for name, value in asked.parameters.items())
    author = "".join(c if c.isalnum() else "-" for c in asked.author).strip("-")[:40]
    data = f"-{asked.fingerprint[:8]}" if asked.data else ""
    unusual = {name: asked.options[name] for name in SAME_OPTIONS if asked.options[name] not in ("", {}, DEBUG_ROUNDS)}
    options = f"-{hashlib.sha256(json.dumps(unusual, sort_keys=True).encode()).hexdigest()[:6]}" if unusual else ""
    return f"{asked.task}-{parameters}-{asked.scale}{data}-{author}-{asked.strategy}-{asked.seed}{options}"


def _at_least_zero(**values: int) -> None:
    for name, value in values.items():
        if value < 0:
            raise InputError(f"--{name.replace('_', '-')} {value} is negative.", "Give 0 or more.")


def _above_zero(**values: float | None) -> None:
    for name, value in values.items():
        if value is not None and not 0.0 < value < math.inf:
            raise InputError(f"--{name.replace('_', '-')} {value:g} is no budget.", "Give a number above 0.")
