"""What of a run's candidates a page has room for.

Every candidate keeps its figures. The best and what it was made from keep their texts whole as long as possible; the texts
of all others are shortened alike. Only where figures alone would fill the page are candidates left out, failures first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fieldsmith.agents.author import Candidate
from fieldsmith.reports import charts
from fieldsmith.reports.candidates import DETAILS, Detail, described
from fieldsmith.reports.texts import Remembered, Texts, bytes_of, script_safe

FIGURES = 0.6
"""The share of the room that figures alone may take, so that something is left for texts."""

_remembered = Remembered()


@dataclass(frozen=True)
class Fitted:
    """Candidates and their texts as JSON, in the order in which they came; how many are not whole, and not there."""

    rows: dict[int, str]
    texts: str
    shortened: int
    left_out: int


def fitted(candidates: Sequence[Candidate], best: Candidate | None, room: int, besides: Mapping[int, int]) -> Fitted:
    """As much of the candidates as `room` bytes can hold, where each takes some room `besides`."""
    page = _Page(candidates, best, room, besides)
    page.fill()
    _remembered.next_page()
    return page.fitted()


def lineage(candidates: Sequence[Candidate], best: Candidate | None) -> list[Candidate]:
    """The best and all that it was made from, those nearest to it first."""
    by_id = {candidate.id: candidate for candidate in candidates}
    found = {best.id: by_id[best.id]} if best is not None and best.id in by_id else {}
    for candidate in (queue := list(found.values())):
        for parent in candidate.parents:
            if parent in by_id and parent not in found:
                found[parent] = by_id[parent]
                queue.append(by_id[parent])
    return list(found.values())


def _by_interest(candidates: Sequence[Candidate], best: Candidate | None) -> list[Candidate]:
    """The lineage of the best, what is in the making, the Pareto front, what ran from the best on, the newest failures."""
    places = {candidate.id: place for place, candidate in enumerate(lineage(candidates, best))}
    front = {point.candidate for point in charts.front(charts.points(candidates))}

    def key(candidate: Candidate) -> tuple[float, ...]:
        if candidate.id in places:
            return (0, places[candidate.id])
        if candidate.evaluation is None:
            return (1, candidate.id)
        if candidate.ok:
            return (2 if candidate.id in front else 3, candidate.dev_rank, candidate.id)
        return (4, -candidate.id)

    return sorted(candidates, key=key)


class _Page:
    """A page that is being filled: what is put already, and what the figures of all others will take."""

    def __init__(
        self, candidates: Sequence[Candidate], best: Candidate | None, room: int, besides: Mapping[int, int]
    ) -> None:
        self._best, self._room = best, room
        self._texts = Texts(_remembered)
        self._rows: dict[int, str] = {}
        self._shortened: set[int] = set()
        self._besides = besides
        self._bare = {c.id: self._size(c.id, self._row(c, DETAILS[-1])) for c in candidates}
        self._candidates = self._with_figures(candidates)
        self._left_out = len(candidates) - len(self._candidates)
        self._taken = sum(self._bare[c.id] for c in self._candidates)

    def _with_figures(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """Those whose figures the page has room for, in the order in which they came."""
        room = int(FIGURES * self._room)
        if sum(self._bare.values()) <= room:
            return list(candidates)
        kept: set[int] = set()
        for candidate in _by_interest(candidates, self._best):
            room -= self._bare[candidate.id]
            if room < 0:
                break
            kept.add(candidate.id)
        return [c for c in candidates if c.id in kept]

    def fill(self) -> None:
        detail = 0
        for candidate in lineage(self._candidates, self._best):
            while not self._put([candidate], DETAILS[detail]):
                detail += 1
        others = [c for c in self._candidates if c.id not in self._rows]
        if self._put(others, DETAILS[0]):
            return
        low, high = 0, len(DETAILS) - 1
        while high - low > 1:
            middle = (low + high) // 2
            if self._put(others, DETAILS[middle], trial=True):
                high = middle
            else:
                low = middle
        self._put(others, DETAILS[high])

    def _put(self, candidates: Sequence[Candidate], detail: Detail, trial: bool = False) -> bool:
        """Put candidates with that detail, all or none of them. Figures alone always have their room."""
        before, taken, rows, cut = len(self._texts), self._taken, {}, set()
        for candidate in candidates:
            gaps = self._texts.gaps
            rows[candidate.id] = row = self._row(candidate, detail)
            if self._texts.gaps > gaps or not detail.plan:
                cut.add(candidate.id)
            taken += self._size(candidate.id, row) - self._bare[candidate.id]
            if taken + self._texts.size > self._room and detail != DETAILS[-1]:
                self._texts.shrink(before)
                return False
        if trial:
            self._texts.shrink(before)
            return True
        self._taken = taken
        self._rows |= rows
        self._shortened |= cut
        return True

    def _size(self, number: int, row: str) -> int:
        return bytes_of(row) + 1 + self._besides.get(number, 0)

    def _row(self, candidate: Candidate, detail: Detail) -> str:
        return script_safe(described(candidate, self._best, self._texts, detail))

    def fitted(self) -> Fitted:
        rows = {c.id: self._rows[c.id] for c in self._candidates}
        return Fitted(rows, self._texts.table(), len(self._shortened), self._left_out)
