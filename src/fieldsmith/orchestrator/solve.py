"""A whole run: open its directory, search, score the best once on the test split, write everything down."""

import contextlib
import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from fieldsmith.agents.author import Author, Candidate
from fieldsmith.agents.models.replay import RECORDING, write_replay
from fieldsmith.agents.strategies.strategy import Strategy
from fieldsmith.errors import FieldsmithError, InputError, MissingPart, disk_is_full
from fieldsmith.evaluation import default_limits, evaluate
from fieldsmith.evaluation.evaluation import Evaluation
from fieldsmith.evaluation.judge import OnOutputs
from fieldsmith.evaluation.record import score_fields
from fieldsmith.folders import data_folder
from fieldsmith.orchestrator import record
from fieldsmith.orchestrator.best import runnable
from fieldsmith.orchestrator.budget import Budget, spent
from fieldsmith.orchestrator.hook import run_hook
from fieldsmith.orchestrator.loop import Loop
from fieldsmith.orchestrator.pictures import pictures_of
from fieldsmith.orchestrator.run import Asked, RunRecord, Spend
from fieldsmith.orchestrator.store import Store
from fieldsmith.sandboxes.sandbox import Sandbox
from fieldsmith.tasks.task import Brief, Case, Picture, SplitName, Task

Listener = Callable[[str, Mapping[str, object]], None]
WriteReport = Callable[[RunRecord, Path], None]
SAME = ("task", "parameters", "scale", "fingerprint", "author", "strategy", "seed")
SAME_OPTIONS = ("settings", "base_url", "debug_rounds", "prompt_style", "prompts")
"""What makes two commands one run, with what `SAME` names; budgets, places and speeds may change between sittings."""


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
    listener: Listener = lambda _kind, _fields: None
    write_report: WriteReport | None = None
    stop_author: Callable[[], None] = lambda: None
    """Ends requests to a model that are being waited for."""
    close_author: Callable[[], None] = lambda: None
    """Ends what a model has started on this machine."""
    on_finish: str | None = None
    """A shell command that hears of the run's end, however it ends."""
    _reported: float = field(default=0.0, init=False)
    _pause: float = field(default=5.0, init=False)
    _drawn: dict[int, dict[str, Picture]] = field(default_factory=dict, init=False)
    """Pictures of candidates that are being scored."""

    def prepare(self) -> None:
        """Raises InputError for a directory that cannot be written or is another run's."""
        _open_folder(self.folder, self.asked)

    def run(self) -> RunRecord:
        """Search and judge; raises what `prepare` raises, MissingPart and ProviderError."""
        self.prepare()
        try:
            held = FileLock(self.folder / "run.lock").acquire(timeout=1.0)
        except Timeout:
            raise InputError(
                f"Another process is working on {self.folder}.", "Wait for it or choose --run-dir."
            ) from None
        try:
            with held:
                return self._locked()
        finally:
            self._tell()

    def _tell(self) -> None:
        """Run the hook, whatever ended the run; what is wrong with the hook must not hide that."""
        if self.on_finish is None:
            return
        try:
            run = record.load_run(self.folder)
            complaint = run_hook(self.on_finish, run, result_fields(run))
        except FieldsmithError as error:
            complaint = f"--on-finish was not run: {error}"
        if complaint:
            self.listener("note", {"message": complaint})

    def _locked(self) -> RunRecord:
        if (self.folder / "run.toml").exists():
            self.asked = replace(self.asked, started=record.read_asked(self.folder).started)
        record.write_asked(self.folder, self.asked)
        _remember(self.folder)
        store = Store(self.folder / "run.sqlite")
        self.budget.used_before = float(store.fact("seconds", 0.0))
        store.set_fact("state", "running")
        store.set_fact("message", "")
        for candidate in store.candidates():  # a kill may have come between the record and its files
            if candidate.evaluation is not None and not record.candidate_file(self.folder, candidate).exists():
                record.write_candidate(self.folder, candidate)
        self._report()
        try:
            self._search(store)
            self._finish(store)
        except KeyboardInterrupt:
            self._ended(store, "interrupted", "Interrupted; the same command resumes.")
            raise
        except FieldsmithError as error:
            self._ended(store, "interrupted" if error.exit_code == 4 else "failed", str(error))
            raise
        except Exception as error:
            if disk_is_full(error):
                raise MissingPart(
                    f"The disk is full: {error}.", "Free some space, then repeat the same command: it resumes."
                ) from None
            self._ended(store, "failed", f"An unforeseen fault, {type(error).__name__}.")
            raise
        finally:
            self.close_author()
            self.sandbox.close()
            store.close()
        return record.load_run(self.folder)

    def _search(self, store: Store) -> None:
        author = self.make_author(store)
        limits = default_limits(self.task)
        workers = self.workers or max(1, min(int(limits.cpus), self.in_flight))
        limits = replace(limits, cpus=max(1.0, limits.cpus / workers))
        for split in ("dev", "test"):
            self.task.split(split, lambda what, share: self.listener("data", {"what": what, "share": share}))
        loop = Loop(
            task=self.task,
            brief=self._brief(),
            author=author,
            strategy=self.strategy,
            sandbox=self.sandbox,
            limits=limits,
            budget=self.budget,
            store=store,
            in_flight=self.in_flight,
            evaluators=workers,
            on_stop=self.stop_author,
            on_start=self._started,
            on_candidate=lambda candidate: self._recorded(store, candidate),
            draw=self._drawing,
        )
        reason = loop.run()
        store.set_fact("message", f"Ended: {reason}.")

    def _brief(self) -> Brief:
        brief = self.task.brief(self.sandbox.libraries())
        return replace(brief, floor=self.task.split("dev")[0].floor)

    def _started(self, candidate: Candidate) -> None:
        self.listener("start", {"candidate": candidate.id, "slot": candidate.slot})
        self._report_if_due()

    def _drawing(self, candidate: Candidate) -> OnOutputs:
        brief = self.task.brief()

        def draw(split: SplitName, case: Case, outputs: Mapping[str, np.ndarray]) -> None:
            self._drawn.setdefault(candidate.id, pictures_of(brief, split, case, outputs))

        return draw

    def _recorded(self, store: Store, candidate: Candidate) -> None:
        record.write_candidate(self.folder, candidate)
        history = store.candidates()
        store.set_fact("seconds", self.budget.seconds())
        best = record.best_of(history)
        if best is not None and best.id == candidate.id and best.program is not None:
            self._write_solver(best.program.source)
            record.write_pictures(self.folder, self._drawn.get(best.id, {}))
        self._drawn.pop(candidate.id, None)
        spend = spent(history, self.budget.seconds())
        self.listener("candidate", candidate_fields(candidate, best, spend, len(history)))
        self._report_if_due()

    def _finish(self, store: Store) -> None:
        """Score the best once on both splits, alone on the machine, and write the result."""
        history = store.candidates()
        best = record.best_of(history)
        final = store.final()
        if best is not None and best.program is not None and (final is None or final[0] != best.id):
            self.listener("testing", {"candidate": best.id})
            pictures: dict[str, Picture] = {}

            def draw(split: SplitName, case: Case, outputs: Mapping[str, np.ndarray]) -> None:
                if split == "test":
                    pictures.update(pictures_of(self._brief(), split, case, outputs))

            evaluation = evaluate(self.task, best.program.source, self.sandbox, splits=("dev", "test"), on_outputs=draw)
            if (note := _other_figure(best, evaluation)) is not None:
                evaluation = replace(evaluation, notes=(*evaluation.notes, note))
                self.listener("note", {"message": note})
            self._write_solver(best.program.source)
            record.write_pictures(self.folder, pictures)
            store.set_final(evaluation, best.id)
            store.set_fact("tested", [*store.fact("tested", []), best.id])
        self._ended(store, "done", str(store.fact("message", "")))

    def _write_solver(self, source: str) -> None:
        record.write_text(self.folder / "best" / "solver.py", runnable(source, self._brief()))

    def _ended(self, store: Store, state: str, message: str) -> None:
        store.set_facts({"state": state, "message": message, "seconds": self.budget.seconds()})
        with contextlib.suppress(OSError):
            if replies := store.replies():
                write_replay(self.folder / RECORDING, replies)
            if state == "done":
                result = result_fields(record.load_run(self.folder))
                record.write_text(self.folder / "result.json", json.dumps(result, indent=2))
            self._report()

    def _report_if_due(self) -> None:
        if time.monotonic() - self._reported > self._pause:
            self._report()

    def _report(self) -> None:
        begun = time.monotonic()
        if self.write_report is not None:
            try:
                self.write_report(record.load_run(self.folder), self.folder / "report.html")
            except Exception as error:  # what was forged and paid for must not be lost for a page about it
                self.listener("report_failed", {"message": f"{type(error).__name__}: {error}"})
        self._reported = time.monotonic()
        self._pause = max(5.0, 20.0 * (self._reported - begun))  # the page of a long run must not slow it down


def _other_figure(chosen: Candidate, final: Evaluation) -> str | None:
    """A word where the final scoring of a program differs from the one it was chosen by."""
    if final.status != "ok" or final.dev is None:
        return f"When it was scored once more at the end, the chosen program ended with {final.status}."
    before, now = chosen.dev_nrmse, final.dev.nrmse
    if max(before, now) <= 2.0 * min(before, now):
        return None
    return (
        f"The chosen program's dev error was {before:.3e} in the search and {now:.3e} when it was scored once more at the "
        "end: what it does depends on more than its inputs, such as the time it takes."
    )


def result_fields(run: RunRecord) -> dict[str, object]:
    """The last line of `solve --json`."""
    best = None
    if run.best is not None:
        candidate = run.best.candidate
        evaluation = candidate.evaluation
        best = {
            "candidate": candidate.id,
            "slot": candidate.slot,
            "status": evaluation.status if evaluation else None,
            "dev": score_fields(evaluation.dev) if evaluation else None,
            "test": score_fields(evaluation.test) if evaluation else None,
            "plan": asdict(candidate.proposal.plan) if candidate.proposal else None,
            "notes": list(evaluation.notes) if evaluation else [],
        }
    statuses = Counter(c.evaluation.status for c in run.candidates if c.evaluation)
    return {
        "run": str(run.folder),
        "task": run.asked.task,
        "parameters": dict(run.asked.parameters),
        "scale": run.asked.scale,
        "author": run.asked.author,
        "sandbox": run.asked.sandbox,
        "solver": str(solver) if (solver := run.folder / "best" / "solver.py").exists() else None,
        "report": str(run.folder / "report.html"),
        "best": best,
        "candidates": len(run.candidates),
        "statuses": dict(statuses),
        "spend": asdict(run.spend),
        "certificate": None,
        "message": run.message,
    }


def candidate_fields(candidate: Candidate, best: Candidate | None, spend: Spend, count: int) -> dict[str, object]:
    """The event of a finished candidate: `count` of them there are, `best` is the best so far."""
    evaluation = candidate.evaluation
    return {
        "candidate": candidate.id,
        "slot": candidate.slot,
        "move": candidate.move,
        "parents": candidate.parents,
        "plan": candidate.proposal.plan.summary if candidate.proposal else "",
        "status": evaluation.status if evaluation else None,
        "dev": score_fields(evaluation.dev) if evaluation else None,
        "feedback": evaluation.feedback if evaluation else "",
        "best": best.id if best else None,
        "best_nrmse": best.dev_nrmse if best else None,
        "candidates": count,
        "usd": spend.usd,
        "tokens": spend.input_tokens + spend.output_tokens,
        "seconds": spend.seconds,
    }


def _open_folder(folder: Path, asked: Asked) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".probe"
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        raise InputError(
            f"The run directory {folder} cannot be written: {error.strerror}.", "Choose another with --run-dir."
        ) from None
    if not (folder / "run.toml").exists():
        if any(folder.iterdir()):
            raise InputError(f"{folder} is not empty and not a run directory.", "Choose another with --run-dir.")
        return
    before = record.read_asked(folder)
    pairs = [(name, getattr(before, name), getattr(asked, name)) for name in SAME]
    pairs += [(name, before.options.get(name), asked.options.get(name)) for name in SAME_OPTIONS]
    for name, old, new in pairs:
        if (dict(old) if isinstance(old, Mapping) else old) != (dict(new) if isinstance(new, Mapping) else new):
            how = "are other templates" if name == "prompts" else f"is {old}, not {new}"
            raise InputError(
                f"{folder} is the directory of another run: its {name} {how}.", "Choose another with --run-dir."
            )


def _remember(folder: Path) -> None:
    """Note the run in this machine's index, so that `runs` finds it wherever it lies."""
    index = data_folder() / "runs.txt"
    with contextlib.suppress(OSError):
        index.parent.mkdir(parents=True, exist_ok=True)
        known = index.read_text(encoding="utf-8", errors="replace").splitlines() if index.exists() else []
        if str(folder.resolve()) not in known:
            with index.open("a", encoding="utf-8") as stream:
                stream.write(f"{folder.resolve()}\n")


def known_runs() -> list[Path]:
    """Run directories of this machine that still exist, the newest last; those below ./runs included."""
    index = data_folder() / "runs.txt"
    listed = index.read_text(encoding="utf-8", errors="replace").splitlines() if index.is_file() else []
    here = [str(file.parent.resolve()) for file in sorted(Path("runs").glob("*/run.toml"))]
    folders = [Path(name) for name in dict.fromkeys([*listed, *here])]
    return [folder for folder in folders if (folder / "run.toml").exists()]
