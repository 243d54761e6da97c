"""A suite's cells, run one after the other or some at a time, each a process of its own; what is done is never done again."""

import contextlib
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fieldsmith.bench.cells import (
    AGAIN,
    BY_EXIT,
    Outcome,
    State,
    damaged,
    keep,
    kept,
    last,
    run_of,
    set_aside,
    words_of,
)
from fieldsmith.bench.suite import Cell, Suite
from fieldsmith.errors import FieldsmithError, InputError, MissingPart, ProviderError
from fieldsmith.orchestrator.budget import WITHOUT_PRICE, exhausted
from fieldsmith.orchestrator.children import Child
from fieldsmith.orchestrator.episodes.question import EpisodeQuestion
from fieldsmith.orchestrator.folder import held, make_folder
from fieldsmith.orchestrator.question import ENGINES, Question
from fieldsmith.sandboxes import NAMES

LEAST_SHARE = 0.05
"""Of the share that a cell has used up: as much must be left over for it to be taken up again in the same sitting."""
LOOK = 0.1
"""Seconds between two looks at what goes on."""
ALONE = "Its command, which `cells.jsonl` holds, tells more when it is typed by itself."
Told = Callable[[str, Mapping[str, object]], None]


@dataclass(frozen=True)
class Terms:
    """What the whole grid may use. usd, hours: None for no limit; hours count this sitting. at_once: cells at a time.

    engine, address, in_flight, sandbox: where programs run, how many of a cell at a time, and in what, in place of what the suite says; empty and 0
    for what it says. cluster: the address of the Ray cluster for cells that name none. What a cell is called and whether it is
    done does not depend on them.
    """

    usd: float | None = None
    hours: float | None = None
    at_once: int = 1
    engine: str = ""
    address: str = ""
    in_flight: int = 0
    cluster: str = ""
    sandbox: str = ""

    def check(self) -> None:
        """Raises InputError."""
        if self.at_once < 1:
            raise InputError(f"--at-once {self.at_once} is none.", "Give 1 or more.")
        if self.in_flight < 0:
            raise InputError(f"--in-flight {self.in_flight} is none.", "Give 1 or more, or leave it out.")
        if self.engine and self.engine not in ENGINES:
            raise InputError(f"There is no engine {self.engine!r}.", f"Use one of {', '.join(ENGINES)}.")
        if self.sandbox and self.sandbox not in NAMES:
            raise InputError(f"There is no sandbox {self.sandbox!r}.", f"Use one of {', '.join(NAMES)}.")
        if self.address and self.engine != "ray":
            raise InputError("--address goes with --engine ray.", "Add it, or leave the address out.")

    def asked(self, question: Question | EpisodeQuestion, capped: float | None) -> Question | EpisodeQuestion:
        """A cell's question with its share of the dollars, how much it does at a time and where its programs run; episodes run here."""
        if capped is not None:
            question = replace(question, max_cost=capped)
        if self.in_flight:
            question = replace(question, in_flight=self.in_flight)
        if self.sandbox:
            question = replace(question, sandbox=self.sandbox)
        if self.engine and isinstance(question, Question):
            question = replace(question, engine=self.engine, address=self.address or None)
        if self.cluster and isinstance(question, Question) and question.engine == "ray" and not question.address:
            question = replace(question, address=self.cluster)
        return question


@dataclass
class _Going:
    """A cell whose process runs. capped: the dollars that it may use where the benchmark's own budget limits them, those of earlier sittings included."""

    cell: Cell
    child: Child
    words: list[str]
    begun: float
    capped: float | None
    late: bool = False


@dataclass
class Grid:
    """`run` does what is left of a suite in a folder. `listener` hears of cells: begin, news, end."""

    suite: Suite
    folder: Path
    terms: Terms = field(default_factory=Terms)
    listener: Told = lambda _kind, _fields: None

    def __post_init__(self) -> None:
        self.outcomes: dict[str, Outcome] = {}
        self._going: list[_Going] = []
        self._tried: set[str] = set()
        self._short: list[tuple[Cell, float]] = []
        self._unknown: dict[str, float] = {}  # of cells whose cost is not known: what they may have cost at most

    def known(self) -> dict[str, Outcome]:
        """What came last of each cell that was asked for, by name."""
        read = kept(self.folder)
        found = {cell.name: last(cell, self.folder, read) for cell in self.suite.cells}
        return {name: outcome for name, outcome in found.items() if outcome is not None}

    def standing(self) -> dict[str, Outcome]:
        """Cells that are done, by name."""
        return {name: outcome for name, outcome in self.known().items() if outcome.done}

    def run(self) -> dict[str, Outcome]:
        """Every cell's outcome, by name. Raises InputError for a folder that cannot be written or where another process works."""
        self.terms.check()
        make_folder(self.folder)
        with held(self.folder):
            self.outcomes = self.standing()
            self._usd = {name: outcome.usd for name, outcome in kept(self.folder).items() if outcome.usd is not None}
            self._begun = time.monotonic()
            todo = deque(cell for cell in self.suite.cells if cell.name not in self.outcomes)
            again: deque[Cell] = deque()
            try:
                while todo or again or self._going:
                    self._start(todo, again)
                    self._look(again)
                    if not (todo or again or self._going):
                        todo.extend(self._more())
                    time.sleep(LOOK)
            finally:
                self._end_all("interrupted", "Interrupted; the same command resumes.")
        return self.outcomes

    def _start(self, todo: deque[Cell], again: deque[Cell]) -> None:
        """Start what there is room for: one that failed before all others and alone."""
        while todo or again:
            if self._going and (again or len(self._going) >= self.terms.at_once):
                return
            if why := self._refusal():
                for cell in [*again, *todo]:
                    usd = self._usd.get(cell.name, 0.0)
                    self._end(cell, Outcome(cell.name, "budget", words_of(cell), why, usd=usd))
                todo.clear()
                again.clear()
            elif again:
                self._begin(again.popleft(), 1)
                return
            else:
                self._begin(todo.popleft(), len(todo) + 1)

    def _more(self) -> list[Cell]:
        """Cells that have used up their share, once nothing else is left to do, where others have left money over."""
        if not self._short:
            return []
        short, self._short = self._short, []
        share = self._left() / min(len(short), self.terms.at_once)
        return [cell for cell, cap in short if share > LEAST_SHARE * cap]

    def _refusal(self) -> str:
        """Why nothing more may be begun."""
        if self.terms.usd is not None and self._left() <= 0.0:
            return f"the benchmark's budget of {self.terms.usd:g} dollars is spent"
        if self._is_late():
            return f"the benchmark's time of {self.terms.hours:g} hours is over"
        return ""

    def _left(self) -> float:
        """Dollars that are neither spent nor set aside for what runs. A cell whose cost is unknown counts with all that it might use."""
        assert self.terms.usd is not None
        aside = sum(max(0.0, (going.capped or 0.0) - self._usd.get(going.cell.name, 0.0)) for going in self._going)
        used = (max(self._usd.get(c.name, 0.0), self._unknown.get(c.name, 0.0)) for c in self.suite.cells)
        return self.terms.usd - sum(used) - aside

    def _cap(self, cell: Cell, left: int) -> float | None:
        """Its share of what is left, beside what it has used before; None where its own limit is lower. left: cells that are still to be begun."""
        if self.terms.usd is None or cell.question.model is None:
            return None
        share = self._usd.get(cell.name, 0.0) + self._left() / min(left, self.terms.at_once - len(self._going))
        return share if cell.question.max_cost is None or cell.question.max_cost > share else None

    def _begin(self, cell: Cell, left: int) -> None:
        capped = self._cap(cell, left)
        run = run_of(cell, self.folder)
        if damaged(run):
            set_aside(run)
        words, asked = words_of(cell), words_of(replace(cell, question=self.terms.asked(cell.question, capped)))
        # Paths in a suite go by where the suite lies.
        child = Child([*asked, "--run-dir", str(run)], self.suite.file.absolute().parent, ALONE)
        self._going.append(_Going(cell, child, words, time.monotonic(), capped))
        self.listener("begin", _fields(cell))

    def _look(self, again: deque[Cell]) -> None:
        """Tell what is new, and take in what has ended."""
        for going in list(self._going):
            for event in going.child.news():
                self._spent(going.cell, event.get("usd"))
                self.listener("news", {**_fields(going.cell), "of": event})
            if not going.late and self._is_late():
                going.late = True
                going.child.ask_to_end()
            if going.child.running:
                continue
            self._going.remove(going)
            outcome = self._outcome(going)
            if outcome.state in AGAIN and going.cell.name not in self._tried:
                self._tried.add(going.cell.name)
                again.append(going.cell)
                self.outcomes[going.cell.name] = outcome
                keep(self.folder, outcome)
                self.listener("again", {**_fields(going.cell), "state": outcome.state, "message": outcome.message})
            else:
                self._end(going.cell, outcome)

    def _is_late(self) -> bool:
        return self.terms.hours is not None and time.monotonic() - self._begun >= 3600.0 * self.terms.hours

    def _outcome(self, going: _Going) -> Outcome:
        """What a process that has ended came to."""
        code, seconds = going.child.exit_code, time.monotonic() - going.begun
        state: State = BY_EXIT.get(code if code is not None else -1, "fault")
        result: Mapping[str, Any] | None = None
        message = ""
        try:
            result = going.child.result()
            message = str(result.get("message") or "")
        except FieldsmithError as error:
            message = going.child.killed or " ".join(str(error).replace("The same command resumes.", "").split())
            if state == "done":
                state = "fault"
        finally:
            going.child.forget()
        if state == "interrupted" and going.late:
            state, message = "budget", f"the benchmark's time of {self.terms.hours:g} hours is over"
        if state == "done" and going.capped is not None and exhausted(going.capped, "dollar") in message:
            state = "budget"  # it would have gone on: what it has so far is not what was asked for
            message = f"its share of the benchmark's budget, {going.capped:.3g} dollars, is spent"
            self._short.append((going.cell, going.capped))
        if state == "done" and going.capped is not None and WITHOUT_PRICE.format(going.capped) in message:
            state = "budget"
        if result is not None:
            usd = (result.get("spend") or {}).get("usd")
            self._spent(going.cell, usd)
            if usd is None and going.capped is not None:
                self._unknown[going.cell.name] = going.capped
        usd = self._cost(going.cell, state)
        return Outcome(going.cell.name, state, going.words, message, result if state == "done" else None, seconds, usd)

    def _cost(self, cell: Cell, state: State) -> float | None:
        """Dollars of a cell; unknown of a model that was asked and told no price."""
        asked = cell.question.model is not None and state != "refused"
        return self._usd.get(cell.name, None if asked else 0.0)

    def _spent(self, cell: Cell, usd: Any) -> None:
        """Take note of what a cell has cost so far, where that is known."""
        if usd is not None:
            self._usd[cell.name] = max(self._usd.get(cell.name, 0.0), float(usd))

    def _end(self, cell: Cell, outcome: Outcome) -> None:
        outcome = replace(outcome, folder=cell.folder)
        self.outcomes[cell.name] = outcome
        keep(self.folder, outcome)
        told = {
            "state": outcome.state,
            "message": outcome.message,
            "seconds": outcome.seconds,
            "result": outcome.result,
        }
        self.listener("end", {**_fields(cell), **told})

    def _end_all(self, state: State, message: str) -> None:
        """End what still runs; each cell can be taken up where it was."""
        for going in self._going:
            going.child.ask_to_end()
        for going in self._going:
            with contextlib.suppress(OSError):
                going.child.end()
            going.child.forget()
            seconds, usd = time.monotonic() - going.begun, self._cost(going.cell, state)
            self._end(going.cell, Outcome(going.cell.name, state, going.words, message, None, seconds, usd))
        self._going.clear()


def worst(outcomes: Mapping[str, Outcome]) -> FieldsmithError | None:
    """What a command ends by where not all cells are done: the machine's lack before a provider's."""
    states = {outcome.state: outcome for outcome in outcomes.values()}
    hint = "The same command goes on with what is left."
    if "refused" in states:
        return InputError(f"{states['refused'].cell}: {states['refused'].message}", "Mend the suite.")
    for state, kind in (("machine", MissingPart), ("fault", MissingPart), ("provider", ProviderError)):
        if state in states:
            return kind(f"{states[state].cell}: {states[state].message}", hint)
    return None


def _fields(cell: Cell) -> dict[str, object]:
    return {"cell": cell.name, "task": cell.task, "author": cell.author, "strategy": cell.strategy, "seed": cell.seed}
