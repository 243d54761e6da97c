"""What a person asks, told once: the command line's options, the keyword arguments of `fieldsmith.solve`, the `[question]` of
run.toml, the command of a run and what makes two commands one run are all read from the fields of `Question`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldsmith.errors import InputError
from fieldsmith.folders import expanded

if TYPE_CHECKING:  # the command line reads this page whenever it starts
    from fieldsmith.agents.author import Author
    from fieldsmith.models.chat_model import ChatModel
    from fieldsmith.strategies.strategy import Strategy
    from fieldsmith.tasks.task import Task

BUDGET, SEARCH, PLACE = "Budget", "Author and search", "Problem and place"
ENGINES = ("local", "ray")
ACCURACY, WHOLE_BUDGET = ENDS = ("accuracy", "budget")
MODEL_OPTIONS = ("base_url", "key_file", "temperature", "model_options")
WORDS = {
    int: "a whole number",
    float: "a number",
    str: "text",
    Path: "a path",
    dict: "a mapping of names to values",
}


@dataclass(frozen=True)
class Option:
    """How a field of the question is told in words.

    `kind` is what is typed: str, int, float, Path, or dict for a repeatable `name=value`. Two commands that differ in an
    option marked `same` are two runs. `needs` are the attributes of
    something ready-made that may stand in place of a name; none where only words do.
    """

    kind: type
    help: str
    panel: str
    flag: str
    same: bool = False
    needs: tuple[str, ...] = ()
    above_zero: bool = False
    """A budget: a number above 0. Other whole numbers are 0 or more."""
    values: Any = object
    """What a mapping's values are in run.toml."""

    @property
    def stored(self) -> Any:
        """The type in run.toml."""
        return dict[str, self.values] if self.kind is dict else self.kind


def option(default: Any, kind: type, panel: str, flag: str, text: str, **marks: Any) -> Any:
    """A field with its option."""
    return field(default=default, metadata={"option": Option(kind, text, panel, flag, **marks)})


@dataclass(frozen=True)
class Question:
    """What is asked of a run. `Question.check` says whether its values make sense by themselves.

    A task, a model, an author and a strategy are named as on the command line, or are ready-made objects.
    """

    task: str | Task = option(
        MISSING, str, PLACE, "task", "Task to solve, such as burgers (`fieldsmith tasks` lists them), or a problem file.",
        same=True, needs=("name", "brief", "split", "refinement"),
    )  # fmt: skip
    run_dir: str | Path | None = option(None, Path, PLACE, "--run-dir", "Run directory; ./runs/NAME by default.")
    param: Mapping[str, str | float] | None = option(
        None, dict, PLACE, "--param", "Parameter of the task, name=value; repeatable.", same=True, values=float
    )
    scale: str = option("demo", str, PLACE, "--scale", "demo, paper or hard.", same=True)
    data: str | Path | None = option(
        None, Path, PLACE, "--data", "Published HDF5 file to use instead of generated data."
    )
    model: str | ChatModel | None = option(
        None, str, SEARCH, "--model",
        "openai:NAME, anthropic:NAME, command:'PROGRAM …', gguf:FILE, mailbox:DIR or replay:RUN; without it the "
        "built-in numerics author.",
        needs=("label", "note", "complete", "price"),
    )  # fmt: skip
    author: str | Author | None = option(
        None, str, SEARCH, "--author",
        "Who writes where no model is named: built-in (the default), or scan, which tries settings at random.",
        needs=("label", "note", "trusted", "write"),
    )  # fmt: skip
    base_url: str | None = option(None, str, SEARCH, "--base-url", "Address of a compatible server.", same=True)
    key_file: str | Path | None = option(None, Path, SEARCH, "--key-file", "File that holds the API key.")
    prompt_style: str | None = option(
        None, str, SEARCH, "--prompt-style",
        "What the model is told: guided (the default), skeleton, contract or plain.",
        same=True,
    )  # fmt: skip
    prompts: str | Path | None = option(
        None, Path, SEARCH, "--prompts", "Folder of templates in place of those of the same name."
    )
    strategy: str | Strategy = option(
        "refine",
        str,
        SEARCH,
        "--strategy",
        "best-of-n, refine, plan-first, funsearch, tree or evolve.",
        same=True,
        needs=("name", "ask"),
    )
    strategy_options: Mapping[str, object] | None = option(
        None, dict, SEARCH, "--strategy-option",
        "Setting of the strategy, name=value, such as drafts=6; repeatable.",
        same=True,
    )  # fmt: skip
    debug_rounds: int = option(4, int, SEARCH, "--debug-rounds", "Mends of a program that fails.", same=True)
    pilots: int = option(
        0, int, SEARCH, "--pilots",
        "Samples at low resolution that a program is run on first, and in full only if it is not hopeless there; 0 for none.",
        same=True,
    )  # fmt: skip
    in_flight: int = option(0, int, SEARCH, "--in-flight", "Requests to a model at a time; 0 chooses.")
    seed: int = option(0, int, SEARCH, "--seed", "Tells repeated runs apart.", same=True)
    temperature: float | None = option(None, float, SEARCH, "--temperature", "Temperature of the model.")
    model_options: Mapping[str, object] | None = option(
        None, dict, SEARCH, "--model-option",
        "Setting of the model, name=value, such as max_tokens=8000; repeatable.",
        same=True,
    )  # fmt: skip
    candidates: int = option(0, int, BUDGET, "--candidates", "Programs to write, mends included; 0 chooses.")
    max_tokens: float | None = option(None, float, BUDGET, "--max-tokens", "Tokens of the whole run.", above_zero=True)
    max_cost: float | None = option(None, float, BUDGET, "--max-cost", "US dollars.", above_zero=True)
    max_hours: float | None = option(None, float, BUDGET, "--max-hours", "Wall time.", above_zero=True)
    until: str = option(
        ACCURACY, str, BUDGET, "--until",
        "When the search for a problem file ends: accuracy, once its error is well below what the file asks for (the default), or budget.",
    )  # fmt: skip
    sandbox: str = option("auto", str, PLACE, "--sandbox", "auto, docker, bubblewrap or process.")
    image: str = option("base", str, PLACE, "--image", "Image of the docker sandbox: base, torch or jax.")
    docker_runtime: str = option("", str, PLACE, "--docker-runtime", "Container runtime, such as runsc (gVisor).")
    gpus: str = option(
        "", str, PLACE, "--gpus", "GPUs for the programs, as `docker run --gpus` takes them, such as all."
    )
    engine: str = option(
        "local", str, PLACE, "--engine", "Where programs run: local, or ray, on the nodes of a Ray cluster."
    )
    address: str | None = option(
        None, str, PLACE, "--address",
        "Address of the Ray cluster, HOST:PORT or auto; without it RAY_ADDRESS, or one on this machine alone.",
    )  # fmt: skip
    cpus: float | None = option(
        None, float, PLACE, "--cpus",
        "Cores of one program; a share of all of this machine by default, 1 on a cluster.",
        above_zero=True,
    )  # fmt: skip
    on_finish: str | None = option(
        None, str, PLACE, "--on-finish",
        "Shell command to run when the run has ended, for at most 60 s; gets the result as JSON on standard input and "
        "FIELDSMITH_RUN, _STATE, _NRMSE … in its environment.",
    )  # fmt: skip

    def __post_init__(self) -> None:
        """Numbers of NumPy and the like become Python's, which alone can be stored; `~` at the head of a path is the home folder."""
        for name, told, value in self.told():
            object.__setattr__(self, name, plain(told, value))

    def check(self) -> None:
        """Raises InputError for a value of the wrong kind, a number out of range, and things that exclude each other."""
        for name, told, value in self.told():
            if value is not None or field_of(name).default is not None:
                check_kind(name, told, value)
                check_range(told, value)
        if self.on_finish is not None and not self.on_finish.strip():
            raise InputError("--on-finish is empty.", "Give a shell command, or leave it out.")
        if self.engine not in ENGINES:
            raise InputError(f"There is no engine {self.engine!r}.", f"Use one of {', '.join(ENGINES)}.")
        if self.until not in ENDS:
            raise InputError(f"--until {self.until} is no end of a search.", f"Use one of {', '.join(ENDS)}.")
        if self.address and self.engine != "ray":
            raise InputError("--address goes with --engine ray.", "Add it, or leave the address out.")
        if self.cpus is not None:
            from fieldsmith.sandboxes.sandbox import Limits

            Limits(cpus=self.cpus)  # before a run has begun
        self._check_owners()

    def _check_owners(self) -> None:
        """Settings go with what is named; something ready-made has its own."""
        own = "this one is ready-made and has its own", "Leave it out, or give a name."
        if self.model is not None and self.author is not None:
            raise InputError(
                "Both a model and an author are given: --author names who writes without a model.", "Give one of them."
            )
        if self.model is None:
            named = "none is named", "Name one with --model."
            self._refuse("a model", (*MODEL_OPTIONS, "prompt_style", "prompts"), *named)
        elif not isinstance(self.model, str):
            self._refuse("a model's name", MODEL_OPTIONS, *own)
        if not isinstance(self.task, str):
            self._refuse("a task's name", ("param", "scale", "data"), *own)
        if not isinstance(self.strategy, str):
            self._refuse("a strategy's name", ("strategy_options", "debug_rounds"), *own)

    def _refuse(self, owner: str, names: tuple[str, ...], why: str, hint: str) -> None:
        """Raises InputError if one of these was given."""
        for name, told, value in self.told():
            if name in names and value not in (None, {}, field_of(name).default):
                raise InputError(f"{told.flag} goes with {owner}, and {why}.", hint)

    def settings(self) -> dict[str, object]:
        """Every setting of the model."""
        temperature = {} if self.temperature is None else {"temperature": self.temperature}
        return {**(self.model_options or {}), **temperature}

    @property
    def budget(self) -> dict[str, float]:
        """The limits that were set, by what they count."""
        limits = {
            "candidates": self.candidates, "tokens": self.max_tokens, "usd": self.max_cost, "hours": self.max_hours
        }  # fmt: skip
        return {what: limit for what, limit in limits.items() if limit}

    def told(self) -> Iterator[tuple[str, Option, Any]]:
        """Each field's name, option and value."""
        for one in fields(self):
            yield one.name, option_of(one), getattr(self, one.name)

    def ready_made(self) -> list[str]:
        """The names of the fields that hold objects, which no command line can name."""
        return [n for n, told, value in self.told() if told.needs and not isinstance(value, str | None)]


def option_of(one: Field[Any]) -> Option:
    return one.metadata["option"]


def field_of(name: str) -> Field[Any]:
    return Question.__dataclass_fields__[name]


def plain(told: Option, value: Any) -> Any:
    """A value as it can be stored, where it stands for one; any other as it is."""
    if told.kind is Path and isinstance(value, str | Path) and value != "":
        whole = expanded(value)
        return whole if isinstance(value, Path) else str(whole) if value.startswith("~") else value
    if told.kind is dict and isinstance(value, Mapping):
        return {name: _plain_setting(one) for name, one in value.items()}
    return _number(value, told.kind) if told.kind in (int, float) else value


def _plain_setting(value: object) -> object:
    if isinstance(value, list | tuple):
        return [_plain_setting(one) for one in value]
    return _number(value, float)


def _number(value: object, kind: type) -> object:
    """A number of any library as Python's int, or float where that is wanted; what is no number, or has a fraction, as it is."""
    if isinstance(value, bool | int | float | str) and type(value) in (bool, int, float, str):
        return value
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        value = value.item()  # pyright: ignore[reportAttributeAccessIssue] - an array of one number, or NumPy's bool
    if isinstance(value, bool):
        return value
    if isinstance(value, Integral):
        return int(value)
    return float(value) if isinstance(value, Real) and kind is float else value


def in_keywords(words: str) -> str:
    """What was said of options, as it is said to those who gave keyword arguments."""
    names = {option_of(one).flag: one.name for one in fields(Question)}
    return re.sub(r"(?<!\S)--[a-z-]+", lambda match: names.get(match[0], match[0]), words)


def check_kind(name: str, told: Option, value: object) -> None:
    if told.needs and not isinstance(value, str):
        lacking = [need for need in told.needs if not hasattr(value, need)]
        if lacking or isinstance(value, type):
            what = f"has no {lacking[0]}" if lacking else "is a class, not an object"
            if value is None:
                what = "is neither a name nor an object in place of one"
            either = "a name, or an object" if told.kind is str else "an object"
            raise InputError(
                f"{name} = {value!r} cannot be used: it {what}.", f"Give {either} that has {', '.join(told.needs)}."
            )
        return
    kinds = {float: (int, float), Path: (str, Path), dict: Mapping}.get(told.kind, told.kind)
    named = not isinstance(value, Mapping) or all(isinstance(key, str) for key in value)
    if not (isinstance(value, kinds) and named) or isinstance(value, bool):
        raise InputError(f"{name} = {value!r} is not {WORDS[told.kind]}.", told.help)


def check_range(told: Option, value: Any) -> None:
    if told.above_zero and not 0.0 < value < math.inf:
        raise InputError(f"{told.flag} {value:g} is no budget.", "Give a number above 0.")
    if told.kind is int and told.flag != "--seed" and value < 0:
        raise InputError(f"{told.flag} {value} is negative.", "Give 0 or more.")
