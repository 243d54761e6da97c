"""What the owner of a server lets its clients do: which authors, how many programs, how much money, where programs run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from pydantic import Field

from fieldsmith.agents.author import NUMERICS
from fieldsmith.errors import FieldsmithError, InputError
from fieldsmith.modules import is_place
from fieldsmith.orchestrator.open import DEFAULT_CANDIDATES
from fieldsmith.orchestrator.question import MODEL_OPTIONS, Question, field_of
from fieldsmith.orchestrator.record import is_held, load_run
from fieldsmith.orchestrator.run import RunRecord
from fieldsmith.orchestrator.writer import open_writer
from fieldsmith.plugins import meant
from fieldsmith.tasks.places import is_problem_file

Author = Annotated[str, Field(description="One of show_limits' authors; the built-in one costs nothing.")]
Candidates = Annotated[
    int | None, Field(description="Programs to write, mends included; as many as allowed by default.")
]
Seed = Annotated[int, Field(description="Tells repeated runs of the same question apart.", ge=0, le=10**9)]
OF_A_MODEL = (*MODEL_OPTIONS, "prompt_style", "prompts", "max_tokens", "max_cost")


@dataclass(frozen=True)
class Allowed:
    """`question` has the owner's options: where programs run, how models are reached, and caps in place of budgets.

    Programs and hours are capped for each run, tokens and dollars for all runs of the folder together. Raises InputError
    for models whose spending nothing caps, and InputError and MissingPart for one that cannot be had.
    """

    question: Question
    folder: Path
    models: Sequence[str] = ()
    at_once: int = 1

    def __post_init__(self) -> None:
        for model in self.models or [None]:
            question = replace(self.question, model=model)
            question.check()
            open_writer(question).close()
        if self.models and not (self.question.max_cost or self.question.max_tokens):
            raise InputError(
                "Nothing caps what clients spend on models.",
                "Give --max-cost or --max-tokens, which count all runs of the server's folder together.",
            )

    @property
    def authors(self) -> list[str]:
        return [NUMERICS, *self.models]

    @property
    def candidates(self) -> int:
        return self.question.candidates or DEFAULT_CANDIDATES

    def asked(
        self, task: str, parameters: Mapping[str, float], scale: str, author: str, candidates: int | None, seed: int
    ) -> Question:
        """A client's question, without budgets of tokens and dollars. Raises InputError for what it may not ask."""
        return self._asked(named(task), parameters, scale, author, candidates, seed)

    def asked_of_file(
        self, file: Path, parameters: Mapping[str, float], author: str, candidates: int | None, seed: int
    ) -> Question:
        """The same for a problem file that the server itself has written."""
        return self._asked(str(file), parameters, "demo", author, candidates, seed)

    def _asked(
        self, task: str, parameters: Mapping[str, float], scale: str, author: str, candidates: int | None, seed: int
    ) -> Question:
        if author not in self.authors:
            words = f"There is no author {author!r} here.{meant(author, self.authors)}"
            raise InputError(words, f"The owner of this server allows {', '.join(self.authors)}.")
        wanted = self.candidates if candidates is None else candidates
        if not 1 <= wanted <= self.candidates:
            allowed = f"The owner of this server allows 1 to {self.candidates} programs a run."
            raise InputError(f"candidates = {wanted} is out of range.", allowed)
        question = replace(self.question, task=task, param=dict(parameters), scale=scale, seed=seed, candidates=wanted)
        if author == NUMERICS:
            return replace(question, **{name: field_of(name).default for name in OF_A_MODEL})
        return replace(question, model=author)

    def budgeted(self, question: Question, name: str, running: Mapping[str, Question]) -> Question:
        """The question with what is left of the owner's caps for the run of that name. Raises InputError where nothing is.

        A run that goes on has all that it was given, those that this server is just starting too.
        """
        if question.model is None:
            return question
        others = [asked for other, asked in running.items() if other != name]
        known = [run for run in self.runs() if run.folder.name not in {name, *running}]
        left = {
            "max_cost": _left("dollars", question.max_cost, [_usd(run) for run in known], [o.max_cost for o in others]),
            "max_tokens": _left("tokens", question.max_tokens, [_tokens(run) for run in known], [o.max_tokens for o in others]),
        }  # fmt: skip
        return replace(question, **left)

    def runs(self) -> Iterator[RunRecord]:
        """The runs of the server's folder that can be read."""
        for place in self.places():
            try:
                yield load_run(place, pictures=False)
            except FieldsmithError:
                continue

    def places(self) -> list[Path]:
        return sorted(file.parent for file in self.folder.glob("*/run.toml"))

    def run(self, name: str) -> RunRecord:
        """The run of that name. Raises InputError where the server's folder has none: a client names no path."""
        return load_run(self.place(name), pictures=False)

    def place(self, name: str) -> Path:
        known = {place.name: place for place in self.places()}
        if name not in known:
            raise InputError(f"There is no run {name!r}.{meant(name, known)}", "list_runs tells the runs there are.")
        return known[name]


def named(task: str) -> str:
    """A task by its name alone. Raises InputError for a file or a module, which clients may not have imported."""
    if is_problem_file(task):
        raise InputError(f"{task!r} names a file.", "Hand over the text of a problem file to solve_problem.")
    if is_place(task):
        hint = "list_tasks tells the names; the server's owner can install a package with further tasks."
        raise InputError(f"{task!r} names a file or a module, not a task.", hint)
    return task


def _usd(run: RunRecord) -> float:
    """What a run has spent, or may yet spend where that goes on or a price is unknown."""
    given = run.asked.question.max_cost or 0.0
    return given if run.spend.usd is None or is_held(run.folder) else run.spend.usd


def _tokens(run: RunRecord) -> float:
    given = run.asked.question.max_tokens or 0.0
    spent = run.spend.input_tokens + run.spend.output_tokens
    return given if run.spend.uncounted or is_held(run.folder) else spent


def _left(what: str, cap: float | None, spent: Sequence[float], held: Sequence[float | None]) -> float | None:
    if cap is None:
        return None
    left = cap - sum(spent) - sum(one or 0.0 for one in held)
    if left <= 0.0:
        hint = f"Ask for the author {NUMERICS}, which costs nothing, or ask the owner for more."
        raise InputError(
            f"The {cap:g} {what} that the owner of this server allows are spent or given to runs that go on.", hint
        )
    return left
