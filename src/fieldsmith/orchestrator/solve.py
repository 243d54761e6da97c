"""A whole run: open its directory, search, score the best once on the test split, write everything down."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fieldsmith.agents.author import Author, Candidate
from fieldsmith.errors import FieldsmithError, MissingPart, disk_trouble
from fieldsmith.evaluation import default_limits
from fieldsmith.evaluation.judge import OnOutputs
from fieldsmith.evaluation.measuring import fault_of_measure
from fieldsmith.orchestrator import record
from fieldsmith.orchestrator.best import score_once_more, write_best
from fieldsmith.orchestrator.budget import Budget, spent
from fieldsmith.orchestrator.byframe import BY_FRAME, error_by_frame
from fieldsmith.orchestrator.elapsed import Elapsed
from fieldsmith.orchestrator.enough import good_enough
from fieldsmith.orchestrator.folder import begin, held, open_folder
from fieldsmith.orchestrator.handed import AsAsked, hand_over
from fieldsmith.orchestrator.hook import tell
from fieldsmith.orchestrator.loop import Loop
from fieldsmith.orchestrator.page import Listener, Page, WriteReport
from fieldsmith.orchestrator.pictures import pictures_of
from fieldsmith.orchestrator.problem_pictures import problem_pictures
from fieldsmith.orchestrator.problems import compared_with, keep
from fieldsmith.orchestrator.programs import ProgramMaker
from fieldsmith.orchestrator.provenance import sitting, with_sitting
from fieldsmith.orchestrator.question import ACCURACY
from fieldsmith.orchestrator.result import candidate_fields, resumed_fields, withdrawn_fields, write_outcome
from fieldsmith.orchestrator.run import Asked, RunRecord, written
from fieldsmith.orchestrator.store import Store
from fieldsmith.orchestrator.waits import FACT
from fieldsmith.plugins import fault_of_others
from fieldsmith.sandboxes.sandbox import Sandbox
from fieldsmith.strategies.choosing import best_of
from fieldsmith.strategies.strategy import Strategy
from fieldsmith.tasks.task import Brief, Case, Picture, SplitName, Task


@dataclass
class Solve:
    """What it takes to solve a task; `run()` does it or takes up where an earlier sitting stopped.

    `make_author` gets the store, so that a model's replies are stored before they are used. `write_report` is
    called as the run goes.
    """

    task: Task
    make_author: Callable[[Store], Author]
    strategy: Strategy
    sandbox: Sandbox
    budget: Budget
    asked: Asked
    folder: Path
    in_flight: int = 1
    workers: int = 0
    cpus: float | None = None
    """Cores of one program; a share of all where it is left out."""
    listener: Listener = lambda _kind, _fields: None
    write_report: WriteReport | None = None
    stop_author: Callable[[], None] = lambda: None
    """Ends requests to a model that are being waited for."""
    close_author: Callable[[], None] = lambda: None
    """Ends what a model has started on this machine."""
    notes: Sequence[str] = ()
    """What is told as the run begins."""
    on_finish: str | None = None
    """A shell command that hears of the run's end, however it ends."""

    def prepare(self) -> None:
        """Raises InputError for a directory that cannot be written or is another run's."""
        open_folder(self.folder, self.asked)

    def run(self) -> RunRecord:
        """Search and judge; raises what `prepare` raises, MissingPart and ProviderError."""
        self.prepare()
        try:
            with held(self.folder):
                return self._locked()
        finally:
            if complaint := tell(self.on_finish, self.folder):
                self.listener("note", {"message": complaint})

    def heard(self, kind: str, fields: Mapping[str, object]) -> None:
        """What the author tells while it works; the page says at once what a person has to do."""
        self.listener(kind, fields)
        if kind == "waiting":
            self._page.write()

    def _written(self) -> None:
        assert self.write_report is not None
        self.write_report(record.load_run(self.folder), self.folder / "report.html")

    def _locked(self) -> RunRecord:
        self.asked = begin(self.folder, self.asked)
        keep(self.task, self.folder)
        for words in self.notes:
            self.listener("note", {"message": words})
        self._page = Page(self._written if self.write_report else None, self.listener)
        store = Store(self.folder / "run.sqlite")
        try:
            self._sitting(store)
        finally:
            self.close_author()
            self.sandbox.close()
            store.close()
        return record.load_run(self.folder)

    def _sitting(self, store: Store) -> None:
        """Search and finish; whatever ends the sitting is written down."""
        self.budget.used_before = float(store.fact("seconds", 0.0))
        self._elapsed = Elapsed(store, self.budget)
        store.set_facts({"state": "running", "message": ""})
        record.write_missing(self.folder, store.candidates())
        if before := [candidate for candidate in store.candidates() if candidate.evaluation is not None]:
            self.listener("resumed", resumed_fields(before, spent(before, self.budget.used_before, store.lost())))
        self._page.write()
        try:
            self._fault_told = False
            store.set_fact("message", f"Ended: {self._search(store)}.{_never_measured(store.candidates())}")
            self._score_best(store)
            self._ended(store, "done", str(store.fact("message", "")))
        except BaseException as error:
            if words := disk_trouble(error):
                hint = f"Mend that, then repeat {self.asked.resumed_by}: it resumes."
                raise MissingPart(f"{words}: {error}.", hint) from None
            with contextlib.suppress(FieldsmithError):  # of a store that cannot be written; what came first is told
                self._ended(store, *_end_by(error, self.asked))
            raise

    def _search(self, store: Store) -> str:
        """Why the search ended."""
        author = self.make_author(store)
        limits = default_limits(self.task)
        workers = self.workers or max(1, min(int(limits.cpus), self.in_flight))
        self._make_data()
        self._tell_surroundings()
        self.sandbox.listen(lambda words: self.listener("note", {"message": words}))
        drawn = Drawings(self.task.brief())
        maker = ProgramMaker(
            task=self.task,
            brief=self._brief(),
            author=author,
            sandbox=self.sandbox,
            limits=replace(limits, cpus=self.cpus or max(1.0, limits.cpus / workers)),
            store=store,
            evaluators=workers,
            draw=lambda candidate: self._evaluates(candidate, drawn),
            pilots=max(self.asked.question.pilots, getattr(self.strategy, "pilots", 0)),
        )
        return Loop(
            maker=maker,
            strategy=self.strategy,
            budget=self.budget,
            store=store,
            elapsed=self._elapsed,
            in_flight=self.in_flight,
            on_stop=self.stop_author,
            on_start=self._started,
            on_withdrawn=self._withdrawn,
            on_candidate=lambda candidate: self._recorded(store, candidate, drawn.taken(candidate)),
            enough=self._enough,
        ).run()

    def _enough(self, history: Sequence[Candidate]) -> str:
        """Why a problem of one's own is solved well enough; empty of other tasks, and where the budget is to be spent."""
        accuracy = self.asked.accuracy if self.asked.question.until == ACCURACY else None
        return "" if accuracy is None else good_enough(accuracy, history)

    def _make_data(self) -> None:
        """Have the data made that is not in the cache yet; its time is the run's."""

        def made(what: str, share: float) -> None:
            self._elapsed.keep_if_due()
            self.listener("data", {"what": what, "share": share})

        for split in ("dev", "test"):
            self.task.split(split, made)

    def _tell_surroundings(self) -> None:
        """What this sitting is made with, into run.toml."""
        sittings = with_sitting(self.asked.sittings, sitting(self.task, self.sandbox))
        self.asked = replace(self.asked, sittings=sittings)
        record.write_asked(self.folder, self.asked)

    def _brief(self) -> Brief:
        brief = self.task.brief(self.sandbox.libraries())
        return replace(brief, trusted=self.task.split("dev")[0].trusted)

    def _started(self, candidate: Candidate) -> None:
        self.listener("start", {"candidate": candidate.id, "slot": candidate.slot})
        self._page.write_if_due()

    def _evaluates(self, candidate: Candidate, drawn: "Drawings") -> OnOutputs:
        """What draws the candidate's arrays, now that its evaluation begins."""
        self.listener("evaluating", {"candidate": candidate.id, "slot": candidate.slot})
        return drawn.of(candidate)

    def _withdrawn(self, candidate: Candidate, reason: str, why: str) -> None:
        self.listener("withdrawn", withdrawn_fields(candidate.id, candidate.slot, reason, why))

    def _recorded(self, store: Store, candidate: Candidate, pictures: Mapping[str, Picture]) -> None:
        record.write_candidate(self.folder, candidate)
        self._tell_fault(candidate)
        history = store.candidates()
        store.set_fact("seconds", self.budget.seconds())
        best = best_of(history)
        if best is not None and best.id == candidate.id and best.program is not None:
            write_best(self.folder, best.program, self._brief(), pictures)
            keep(self.task, self.folder / "best")
        spend = spent(history, self.budget.seconds(), store.lost())
        self.listener("candidate", candidate_fields(candidate, best, spend, len(written(history))))
        if store.fact(FACT):  # whoever is waited for looks at the page to see what is left to do
            self._page.write()
        self._page.write_if_due()

    def _tell_fault(self, candidate: Candidate) -> None:
        """Of a task whose own `measure` fails a person hears once; it cannot be mended without another run."""
        fault = fault_of_measure(candidate.evaluation)
        if fault and not self._fault_told:
            self._fault_told = True
            hint = "Other candidates are still judged; once the task is mended, it is another one and needs a new run."
            self.listener("note", {"message": f"{fault} It may be the task's fault. {hint}"})

    def _score_best(self, store: Store) -> None:
        """Score the best once on both splits, alone on the machine."""
        best, final = best_of(store.candidates()), store.final()
        if best is None or best.program is None or (final is not None and final[0] == best.id):
            return
        self.listener("testing", {"candidate": best.id})
        self._elapsed.keep()
        brief = self._brief()
        drawn, asked = Drawings(brief, "test"), AsAsked(brief)
        scored = score_once_more(self.task, best, self.sandbox, _both(drawn.of(best), asked.heard), self.listener)
        pictures = drawn.taken(best)
        if brief.form is not None:
            answer = asked.called(best.program, self.sandbox, default_limits(self.task), self.listener)
            estimate = scored.test.value if scored.test else None
            own, trust = hand_over(self.folder, brief, best.program, answer, estimate, compared_with(self.task))
            known = trust is not None and trust.away is not None
            store.set_fact("away", {"error": trust.away, "share": trust.beside} if trust and known else None)
            pictures = {**{key: one for key, one in pictures.items() if key == BY_FRAME}, **own} if own else pictures
        write_best(self.folder, best.program, brief, pictures)
        store.set_final(scored, best.id)
        store.set_fact("tested", [*store.fact("tested", []), best.id])

    def _ended(self, store: Store, state: str, message: str) -> None:
        store.set_facts({"state": state, "message": message, "seconds": self.budget.seconds()})
        with contextlib.suppress(OSError):
            write_outcome(self.folder, state, store.replies())
            self._page.write()


def _both(one: OnOutputs, other: OnOutputs) -> OnOutputs:
    def hear(split: SplitName, case: Case, outputs: Mapping[str, np.ndarray]) -> None:
        one(split, case, outputs)
        other(split, case, outputs)

    return hear


def _never_measured(candidates: Sequence[Candidate]) -> str:
    """What is wrong with the task's `measure`, where that is how every answer that came so far failed."""
    faults = [fault_of_measure(c.evaluation) for c in candidates if c.evaluation]
    return f" No answer could be judged: {faults[-1]}" if faults and all(faults) else ""


def _end_by(error: BaseException, asked: Asked) -> tuple[str, str]:
    """State and message of a run that was ended by an error."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted", f"Interrupted; {asked.resumed_by} resumes."
    if isinstance(error, FieldsmithError):
        return "interrupted" if error.exit_code == 4 else "failed", str(error)
    return "failed", str(fault_of_others(error) or f"An unforeseen fault, {type(error).__name__}.")


class Drawings:
    """Pictures of candidates that are being scored; of the first split that is drawn, or of `split` alone."""

    def __init__(self, brief: Brief, split: SplitName | None = None) -> None:
        self._brief, self._split = brief, split
        self._drawn: dict[int, dict[str, Picture]] = {}

    def of(self, candidate: Candidate) -> OnOutputs:
        """What draws the candidate's arrays."""

        def draw(split: SplitName, case: Case, outputs: Mapping[str, np.ndarray]) -> None:
            if split == (self._split or split):
                of = pictures_of if self._brief.form is None else problem_pictures
                pictures = of(self._brief, split, case, outputs)
                over_time = error_by_frame(self._brief, split, case, outputs)
                self._drawn.setdefault(candidate.id, {**pictures, **over_time})

        return draw

    def taken(self, candidate: Candidate) -> dict[str, Picture]:
        """The candidate's pictures, which are kept no longer."""
        return self._drawn.pop(candidate.id, {})
