"""From what a person asks to a run that is ready to start."""

import hashlib
import json
import math
import os
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from fieldsmith import sandboxes, tasks
from fieldsmith.agents.author import Author
from fieldsmith.agents.models.chat_model import ChatModel
from fieldsmith.agents.numerics_author import NumericsAuthor
from fieldsmith.agents.prompts import DEFAULT_STYLE, Prompts, read_templates
from fieldsmith.agents.prompts.rehearsal import rehearse
from fieldsmith.agents.strategies import open_strategy
from fieldsmith.agents.strategies.strategy import Strategy
from fieldsmith.errors import InputError
from fieldsmith.orchestrator import record
from fieldsmith.orchestrator.budget import Budget
from fieldsmith.orchestrator.command import command_of
from fieldsmith.orchestrator.run import Asked
from fieldsmith.orchestrator.solve import SAME_OPTIONS, Solve
from fieldsmith.orchestrator.store import Store, StoredModel
from fieldsmith.tasks.task import Brief, Task

DEFAULT_CANDIDATES = 12
DEFAULT_IN_FLIGHT = 4
DEBUG_ROUNDS = 4
SERVING = ("context", "threads", "parallel", "timeout", "folder")
"""Settings of a model that say how it is served, not what it answers: a run goes on with others of these."""


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
    prompt_style: str | None = None,
    prompts: Path | None = None,
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
    docker_runtime: str = "",
    gpus: str = "",
    folder: Path | None = None,
    on_finish: str | None = None,
    command: str = "",
) -> Solve:
    """Everything checked that can be checked before anything is spent. Raises InputError, MissingPart."""
    _at_least_zero(candidates=candidates, in_flight=in_flight, debug_rounds=debug_rounds)
    _above_zero(max_tokens=max_tokens, max_cost=max_cost, max_hours=max_hours)
    if on_finish is not None and not on_finish.strip():
        raise InputError("--on-finish is empty.", "Give a shell command, or leave it out.")
    problem = tasks.load(task, parameters, scale, data) if isinstance(task, str) else task
    open_strategy(strategy)  # from here on a plug-in's moves are known, and --prompts may hold templates for them
    chat = _chat_model(model, base_url, key_file, settings or {}, prompt_style, prompts)
    if chat is not None and max_cost is not None and not chat.priced:
        raise InputError(
            f"The price of {model} is unknown, so --max-cost cannot be kept.",
            "Limit --candidates or --max-tokens, or name a file of prices in FIELDSMITH_PRICES: "
            f'"{chat.label}" = [USD a million input tokens, USD a million output tokens].',
        )
    place = sandboxes.choose(sandbox, trusted=chat is None, image=image, runtime=docker_runtime, gpus=gpus)
    budget = Budget(
        candidates or DEFAULT_CANDIDATES,
        max_tokens or math.inf,
        math.inf if max_cost is None else max_cost,
        max_hours or math.inf,
    )
    style = prompt_style or getattr(chat, "prompt_style", DEFAULT_STYLE)
    told = _prompts(style, prompts, problem.brief(place.libraries())) if chat is not None else None
    flying = 1 if chat is None else in_flight or getattr(chat, "parallel", DEFAULT_IN_FLIGHT)
    who = chat or NumericsAuthor
    asked = Asked(
        task=problem.name,
        title=problem.title,
        statement=problem.brief(place.libraries()).statement,
        parameters=dict(problem.parameters),
        scale=problem.scale,
        data=str(data or ""),
        fingerprint=problem.fingerprint,
        author=who.label,
        author_note=who.note,
        strategy=strategy,
        sandbox=place.name,
        seed=seed,
        budget={k: v for k, v in _limits(budget).items() if math.isfinite(v)},
        command=command,
        started=time.strftime("%Y-%m-%d %H:%M:%S"),
        options={
            "debug_rounds": debug_rounds,
            "in_flight": flying,
            "width": flying,
            "image": image,
            "docker_runtime": docker_runtime,
            "gpus": gpus,
            "base_url": base_url or "",
            "settings": {name: value for name, value in (settings or {}).items() if name not in SERVING},
            "serving": {name: value for name, value in (settings or {}).items() if name in SERVING},
            "prompt_style": told.style if told else "",
            "prompts": dict(told.templates) if told else {},
        },
    )
    if not command:
        further = {"--prompts": prompts, "--key-file": key_file, "--run-dir": folder, "--on-finish": on_finish}
        asked = replace(asked, command=command_of(asked, further))
    folder = folder or Path("runs") / _run_name(asked)
    asked = _with_earlier_width(asked, folder)
    solving = Solve(
        task=problem,
        make_author=lambda store: _author(chat, store, seed, told),
        strategy=_search(strategy, asked, budget.candidates, chat is not None),
        sandbox=place,
        budget=budget,
        asked=asked,
        folder=folder,
        in_flight=flying,
        workers=min(os.cpu_count() or 1, flying),
        stop_author=getattr(chat, "stop", lambda: None),
        close_author=getattr(chat, "close", lambda: None),
        on_finish=on_finish,
    )
    if chat is not None:
        chat.waiting = lambda what: solving.listener("waiting", {"for": what})
        chat.receiving = lambda slot, count: solving.listener("receiving", {"slot": slot, "characters": count})
    return solving


def _chat_model(
    model: str | None,
    base_url: str | None,
    key_file: Path | None,
    settings: Mapping[str, object],
    prompt_style: str | None,
    prompts: Path | None,
) -> ChatModel | None:
    """The model that was asked for; None for the built-in author, which takes none of its options."""
    if model is None:
        options = {"--base-url": base_url, "--key-file": key_file, "--model-option": dict(settings) or None}
        options |= {"--prompt-style": prompt_style, "--prompts": prompts}
        for option in (name for name, value in options.items() if value is not None):
            raise InputError(f"{option} goes with a model, and none is named.", "Name one with --model.")
        return None
    from fieldsmith.agents.models import open_model

    return open_model(model, base_url=base_url, key_file=key_file, settings=settings)


def _prompts(style: str, folder: Path | None, brief: Brief) -> Prompts:
    """The prompts that were asked for, every one of a person's own tried once."""
    prompts = Prompts(style, read_templates(Path(folder), style) if folder is not None else {})
    if prompts.templates:
        rehearse(prompts, brief)
    return prompts


def _author(chat: ChatModel | None, store: Store, seed: int, prompts: Prompts | None) -> Author:
    if chat is None:
        return NumericsAuthor()
    from fieldsmith.agents.llm_author import LLMAuthor

    return LLMAuthor(StoredModel(chat, store), seed, prompts)


def _search(strategy: str, asked: Asked, count: int, with_model: bool) -> Strategy:
    options: dict[str, int] = {}
    if strategy == "refine":
        options["drafts"] = min(4, max(1, count // 3)) if with_model else 2
        options["width"] = int(str(asked.options["width"]))
    return open_strategy(strategy, int(str(asked.options["debug_rounds"])), **options)


def _with_earlier_width(asked: Asked, folder: Path) -> Asked:
    """How many refinements make a generation stays as it was in earlier sittings, whatever is in flight now."""
    if not (folder / "run.toml").exists():
        return asked
    width = record.read_asked(folder).options.get("width", 1)
    return replace(asked, options={**asked.options, "width": width})


def _limits(budget: Budget) -> dict[str, float]:
    return {"candidates": budget.candidates, "tokens": budget.tokens, "usd": budget.usd, "hours": budget.hours}


def _run_name(asked: Asked) -> str:
    """A name that the same question always gets, so that the same command finds its run again."""
    parameters = "-".join(f"{name}{value:g}" for name, value in asked.parameters.items())
    author = "".join(c if c.isalnum() else "-" for c in asked.author).strip("-")
    if len(author) > 40:  # two long names may begin alike
        author = f"{author[:33]}-{hashlib.sha256(asked.author.encode()).hexdigest()[:6]}"
    data = f"-{asked.fingerprint[:8]}" if asked.data else ""
    usual = ("", {}, DEBUG_ROUNDS, DEFAULT_STYLE)
    unusual = {name: asked.options[name] for name in SAME_OPTIONS if asked.options[name] not in usual}
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
