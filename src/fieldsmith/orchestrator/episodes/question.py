"""What is asked of a run of episodes, told once: options, keyword arguments and `episodes.toml` are read from its fields."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from fieldsmith.errors import InputError
from fieldsmith.orchestrator.question import (
    BUDGET,
    PLACE,
    SEARCH,
    Option,
    check_kind,
    check_range,
    option,
    option_of,
    plain,
)

if TYPE_CHECKING:  # the command line reads this page whenever it starts
    from fieldsmith.agents.acting.llm_agent import Manner


class Limits(NamedTuple):
    """Of a whole run, infinite where there is none."""

    tokens: float
    usd: float
    hours: float


@dataclass(frozen=True)
class EpisodeQuestion:
    """An environment, a task of it, who acts, how often, and within which limits."""

    environment: str = option(
        MISSING, str, PLACE, "environment", "Environment: a name (`fieldsmith env list`), a folder, or FILE.py:CLASS.", same=True,
    )  # fmt: skip
    task: str = option("", str, PLACE, "--task", "Task of the environment; its usual one by default.", same=True)
    run_dir: str | Path | None = option(None, Path, PLACE, "--run-dir", "Run directory; ./runs/NAME by default.")
    sandbox: str = option("auto", str, PLACE, "--sandbox", "auto, docker, bubblewrap or process.")
    model: str | None = option(
        None, str, SEARCH, "--model", "openai:NAME, anthropic:NAME, command:'PROGRAM …', gguf:FILE, mailbox:DIR or replay:RUN.",
        same=True,
    )  # fmt: skip
    agent: str = option(
        "", str, SEARCH, "--agent", "In place of a model: random (valid actions by chance), gold, or script:FILE (JSON lines of actions).",
        same=True,
    )  # fmt: skip
    base_url: str | None = option(None, str, SEARCH, "--base-url", "Address of a compatible server.", same=True)
    key_file: str | Path | None = option(None, Path, SEARCH, "--key-file", "File that holds the API key.")
    temperature: float | None = option(None, float, SEARCH, "--temperature", "Temperature of the model.", same=True)
    model_options: Mapping[str, object] | None = option(
        None, dict, SEARCH, "--model-option", "Setting of the model, name=value; repeatable.", same=True
    )
    documentation: str = option(
        "on-demand", str, SEARCH, "--documentation", "Pages of actions: on-demand, when one is first chosen, or all at once.", same=True
    )  # fmt: skip
    window: int = option(6, int, SEARCH, "--window", "Turns that the model sees in full.", same=True)
    format_errors: int = option(
        6, int, SEARCH, "--format-errors", "Calls in a row that are not valid and end an episode.", same=True
    )
    strategy: str = option(
        "best-of-n",
        str,
        SEARCH,
        "--strategy",
        "best-of-n; refine, funsearch, tree or evolve branch from good steps.",
        same=True,
    )
    strategy_options: Mapping[str, object] | None = option(
        None, dict, SEARCH, "--strategy-option", "Setting of the strategy, name=value; repeatable.", same=True
    )
    seed: int = option(0, int, SEARCH, "--seed", "Of the first episode; each has one of its own.", same=True)
    in_flight: int = option(1, int, SEARCH, "--in-flight", "Episodes at a time.")
    episodes: int = option(1, int, BUDGET, "--episodes", "Episodes to play.")
    steps: int = option(0, int, BUDGET, "--steps", "Steps of an episode; 0 takes the environment's.", same=True)
    max_tokens: float | None = option(None, float, BUDGET, "--max-tokens", "Tokens of the whole run.", above_zero=True)
    max_cost: float | None = option(None, float, BUDGET, "--max-cost", "US dollars.", above_zero=True)
    max_hours: float | None = option(None, float, BUDGET, "--max-hours", "Wall time.", above_zero=True)

    def __post_init__(self) -> None:
        for name, told, value in self.told():
            object.__setattr__(self, name, plain(told, value))

    def check(self) -> None:
        """Raises InputError for a value of the wrong kind, a number out of range, and things that exclude each other."""
        for name, told, value in self.told():
            if value is not None:
                check_kind(name, told, value)
                check_range(told, value)
        if bool(self.model) == bool(self.agent):
            words = "Both a model and an agent are given." if self.model else "Nobody is named who acts."
            raise InputError(words, "Give --model MODEL, or --agent random, gold or script:FILE.")
        if self.episodes < 1 or self.in_flight < 1:
            raise InputError("--episodes and --in-flight are at least 1.", "Give 1 or more.")
        self.manner()

    def manner(self) -> Manner:
        """How a model is led. Raises InputError."""
        from fieldsmith.agents.acting.llm_agent import Manner

        return Manner(self.documentation, self.window, self.format_errors)

    def settings(self) -> dict[str, object]:
        """Every setting of the model."""
        temperature = {} if self.temperature is None else {"temperature": self.temperature}
        return {**(self.model_options or {}), **temperature}

    @property
    def limits(self) -> Limits:
        return Limits(self.max_tokens or math.inf, self.max_cost or math.inf, self.max_hours or math.inf)

    def told(self) -> Iterator[tuple[str, Option, Any]]:
        """Each field's name, option and value."""
        for one in fields(self):
            yield one.name, option_of(one), getattr(self, one.name)
