"""What the list of runs says of each, whatever was run: a search for a program, or episodes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from fieldsmith.orchestrator.budget import spent
from fieldsmith.orchestrator.episodes.asked import FILE, read_asked
from fieldsmith.orchestrator.episodes.reading import DATABASE, state_of
from fieldsmith.orchestrator.episodes.run import best_of
from fieldsmith.orchestrator.record import load_run
from fieldsmith.orchestrator.result import spend_fields, waiting_fields
from fieldsmith.orchestrator.run import Spend, Waiting
from fieldsmith.orchestrator.store import Store
from fieldsmith.orchestrator.waits import FACT, waiting_of


@dataclass(frozen=True)
class Listed:
    """`best` is the dev error or the value of the task's own metric, of episodes the score; None where nothing ran."""

    folder: Path
    kind: str
    """solve, or episodes."""
    started: str
    state: str
    task: str
    author: str
    made: int
    """Programs that were written, or episodes that are over."""
    best: float | None
    spend: Spend
    environment: str = ""
    parameters: Mapping[str, float] = field(default_factory=dict)
    scale: str = ""
    waiting: Sequence[Waiting] = ()

    @property
    def unit(self) -> str:
        return "episode" if self.kind == "episodes" else "candidate"

    def fields(self) -> dict[str, object]:
        """As JSON."""
        return {
            "run": str(self.folder),
            "kind": self.kind,
            "started": self.started,
            "environment": self.environment or None,
            "task": self.task,
            "parameters": dict(self.parameters),
            "scale": self.scale or None,
            "author": self.author,
            "candidates": self.made,
            "best": self.best,
            "spend": spend_fields(self.spend),
            "state": self.state,
            "waiting": waiting_fields(self.waiting),
        }


def of_episodes(folder: Path) -> bool:
    """Whether a run directory is one of episodes."""
    return (folder / FILE).exists()


def listed(folder: Path) -> Listed:
    """Raises InputError for what is no run directory."""
    return _episodes(folder) if of_episodes(folder) else _search(folder)


def _search(folder: Path) -> Listed:
    run = load_run(folder, pictures=False)
    return Listed(
        folder=folder,
        kind="solve",
        started=run.asked.started,
        state=run.state,
        task=run.asked.task,
        author=run.asked.author,
        made=len(run.written),
        best=run.best.candidate.dev_figure if run.best else None,
        spend=run.spend,
        parameters=run.asked.parameters,
        scale=run.asked.scale,
        waiting=run.waiting,
    )


def _episodes(folder: Path) -> Listed:
    """Without the steps, which may be many."""
    asked = read_asked(folder)
    usual = Listed(folder, "episodes", asked.started, "interrupted", asked.question.task, asked.label, 0, None, spent([], 0.0), asked.question.environment)  # fmt: skip
    if not (folder / DATABASE).exists():
        return usual
    store = Store(folder / DATABASE, reading=True)
    try:
        candidates = store.candidates()
        best = best_of(candidates)
        score = best.evaluation.dev if best and best.evaluation else None
        return replace(
            usual,
            state=state_of(folder, store),
            made=sum(c.evaluation is not None for c in candidates),
            best=score.value if score else None,
            spend=spent(candidates, float(store.fact("seconds", 0.0)), store.lost()),
            waiting=waiting_of(store.fact(FACT, []), candidates),
        )
    finally:
        store.close()
