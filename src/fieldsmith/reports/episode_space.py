"""What of a run's episodes a page has room for.

The best episode keeps its texts whole as long as possible, then come its artifacts, then the texts of all others, shortened
alike, then theirs. Only where figures alone would fill the page are steps left out, those of the worst episodes first.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fieldsmith.environments.episode import Record
from fieldsmith.orchestrator.episodes.ledger import Kept
from fieldsmith.orchestrator.episodes.reading import EpisodesRecord
from fieldsmith.reports.artifacts import Artifacts
from fieldsmith.reports.steps import STEP_DETAILS, StepDetail, described
from fieldsmith.reports.texts import Remembered, Texts, bytes_of, script_safe

FIGURES = 0.6
"""The share of the room that figures alone may take."""
BEST_TEXTS, BEST_ALL = 0.6, 0.85
"""Up to which shares of the room the best episode's texts, and its artifacts too, may fill the page."""

_remembered = Remembered()


@dataclass(frozen=True)
class FittedEpisodes:
    """Steps of the episodes, texts and artifacts as JSON; how many episodes are not whole, without steps, and artifacts not there."""

    steps: dict[int, str]
    texts: str
    artifacts: str
    shortened: int
    without_steps: int
    without_artifacts: int


def fitted_episodes(record: EpisodesRecord, names: Sequence[str], room: int) -> FittedEpisodes:
    """As much of the episodes as `room` bytes can hold; `names` are the measures that are shown."""
    page = _Page(record, names, room)
    page.fill()
    _remembered.next_page()
    return page.fitted()


def by_interest(record: EpisodesRecord) -> list[Kept]:
    """The best, those it has branched from, then the others from the best on."""
    by_number = {kept.candidate: kept for kept in record.episodes}
    first: list[Kept] = []
    next_one = record.best
    while next_one is not None and next_one not in first:
        first.append(next_one)
        next_one = by_number.get(next_one.parent[0]) if next_one.parent else None
    others = [kept for kept in record.episodes if kept not in first]
    return [*first, *sorted(others, key=lambda kept: (-kept.episode.last.score, kept.candidate))]


class _Page:
    def __init__(self, record: EpisodesRecord, names: Sequence[str], room: int) -> None:
        self._names, self._room = names, room
        self._texts = Texts(_remembered)
        self._artifacts = Artifacts(record.folder / "artifacts", self._texts)
        self._rows: dict[int, str] = {}
        self._shortened: set[int] = set()
        ordered = by_interest(record)
        bare = {kept.candidate: self._row(kept, STEP_DETAILS[-1]) for kept in ordered}
        self._bare = {number: bytes_of(row) for number, row in bare.items()}
        self._shown = self._with_figures(ordered)
        self._without = len(ordered) - len(self._shown)
        self._figures = sum(self._bare[kept.candidate] for kept in self._shown)

    def _with_figures(self, ordered: Sequence[Kept]) -> list[Kept]:
        room, kept = int(FIGURES * self._room), []
        for one in ordered:
            room -= self._bare[one.candidate]
            if room < 0:
                break
            kept.append(one)
        return kept

    @property
    def _taken(self) -> int:
        return self._figures + self._texts.size + self._artifacts.size

    def fill(self) -> None:
        if not self._shown:
            return
        best, others = self._shown[:1], self._shown[1:]
        self._put_in_full(best, BEST_TEXTS)
        self._add_artifacts(best, BEST_ALL)
        self._put_in_full(others, 1.0)
        self._add_artifacts(others, 1.0)

    def _put_in_full(self, episodes: Sequence[Kept], share: float) -> None:
        """Put episodes with the most detail that all of them can have."""
        for detail in STEP_DETAILS:
            before, gaps, rows = len(self._texts), self._texts.gaps, {}
            for kept in episodes:
                rows[kept.candidate] = self._row(kept, detail)
            more = sum(bytes_of(row) - self._bare[number] for number, row in rows.items())
            if self._taken + more <= share * self._room or detail is STEP_DETAILS[-1]:
                self._rows |= rows
                self._figures += more
                if self._texts.gaps > gaps:
                    self._shortened |= set(rows)
                return
            self._texts.shrink(before)

    def _add_artifacts(self, episodes: Sequence[Kept], share: float) -> None:
        for kept in episodes:
            for record in _by_interest(kept.episode.records):
                for artifact in record.artifacts:
                    self._artifacts.add(artifact, int(share * self._room) - self._taken)

    def _row(self, kept: Kept, detail: StepDetail) -> str:
        return script_safe(described(kept, self._names, self._texts, detail))

    def fitted(self) -> FittedEpisodes:
        return FittedEpisodes(
            steps=self._rows,
            texts=self._texts.table(),
            artifacts=self._artifacts.table(),
            shortened=len(self._shortened),
            without_steps=self._without,
            without_artifacts=len(self._artifacts.left_out),
        )


def _by_interest(records: Sequence[Record]) -> Iterable[Record]:
    """The final state first, then the better ones."""
    return [records[-1], *sorted(records[:-1], key=lambda record: -record.score)]
