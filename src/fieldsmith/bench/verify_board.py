"""Whether a benchmark's table holds: it is made anew from the outcomes of the suite's cells, in every form, and compared."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fieldsmith import __version__
from fieldsmith.bench import cells
from fieldsmith.bench.beside import learned_rows
from fieldsmith.bench.cells import Outcome
from fieldsmith.bench.differences import compared, differences, first_other_line, json_of, several, text_of
from fieldsmith.bench.scaling import Curve, Group
from fieldsmith.bench.scaling_of_rows import scaling_of_rows
from fieldsmith.bench.suite import Suite
from fieldsmith.bench.table import Leaderboard, Row, leaderboard
from fieldsmith.finding import Finding

Forms = Callable[[Leaderboard, Sequence[tuple[Group, Sequence[Curve]]]], Mapping[str, str]]
"""All forms of a table by the names of their files, as the room that writes them makes them."""
JSON, SCALING = "leaderboard.json", "leaderboard-scaling.csv"
AGAIN = "the benchmark's own command writes it anew"


def verify_board(folder: Path, suite: Suite, outcomes: Mapping[str, Outcome], forms: Forms) -> Iterator[Finding]:
    """What holds of each form of the table. outcomes: the latest of each of the suite's cells."""
    kept = json_of(folder / JSON)
    if not kept:
        yield Finding("leaderboard", f"{JSON} is missing or no JSON; {AGAIN}")
        return
    lines = kept.get("outcomes")
    if isinstance(lines, int) and lines < cells.count(folder):
        # Written before the last cells ended, by a sitting that was killed: it is held against what there was then.
        outcomes = cells.asked_so(suite, cells.kept(folder, lines))
        yield Finding("leaderboard", unchecked=f"it is of the first {lines} of {cells.count(folder)} outcomes; {AGAIN}")
    rows, late = _learned(folder, suite, outcomes, kept)
    if late:
        yield Finding("leaderboard", unchecked=f"it was written before {late} was ranked beside its runs; {AGAIN}")
    board = leaderboard(suite, outcomes, lines if isinstance(lines, int) else 0, rows)
    scaled = scaling_of_rows(folder, outcomes) if kept.get("scaling") else []
    anew = forms(board, scaled)
    own = {name: value for name, value in kept.items() if name not in ("scaling", "fieldsmith")}
    told = _without(anew[JSON])
    figures = compared("leaderboard", list(differences(_by_row(told), _by_row(own), "the cells", JSON)), _note(board))
    yield figures
    yield _scaling(anew, kept)
    same_version = kept.get("fieldsmith") == __version__
    for name, text in anew.items():
        if name not in (JSON, SCALING):
            yield _form(folder / name, text, same_version and not figures.unchecked)


def _learned(
    folder: Path, suite: Suite, outcomes: Mapping[str, Outcome], kept: Mapping[str, Any]
) -> tuple[list[Row], str]:
    """Rows of operators that the table has, as they would be now, and the first that it has not, which was ranked since."""
    told = kept.get("rows")
    names = {row.get("author") for row in told if isinstance(row, dict) and row.get("learned")} if isinstance(told, list) else set()  # fmt: skip
    found = learned_rows(folder, suite, outcomes)
    return [row for row in found if row.author in names], next(
        (row.author for row in found if row.author not in names), ""
    )


def _note(board: Leaderboard) -> str:
    rows = [row for row in board.rows if not row.apart]
    return f"every mean, interval and cost of its {len(rows)} rows is that of the cells"


def _without(text: str) -> dict[str, Any]:
    return {name: value for name, value in json.loads(text).items() if name not in ("scaling", "fieldsmith")}


def _by_row(fields: Mapping[str, Any]) -> dict[str, Any]:
    """A table's fields with its rows by their names, so that what differs is told by them."""
    rows = fields.get("rows")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return dict(fields)
    named = {
        f"{r.get('author')}/{r.get('strategy') or ('operator' if r.get('learned') else 'published')}": r for r in rows
    }
    return {**fields, "rows": named, "how many rows": len(rows)}


def _scaling(anew: Mapping[str, str], kept: Mapping[str, object]) -> Finding:
    """Test-time scaling; test errors that were measured after the table was written are no fault of it."""
    rows, before = json.loads(anew[JSON])["scaling"], kept.get("scaling")
    if not before and not rows:
        return Finding("scaling", "", "there are no curves in it")
    found = list(differences(rows, before, "the runs", JSON, "scaling"))
    unmeasured = isinstance(before, list) and any(isinstance(r, dict) and r.get("test") is None for r in before)
    if found and unmeasured and any(row["test"] is not None for row in rows):
        return Finding("scaling", unchecked=f"test errors were measured after the table was written; {AGAIN}")
    return compared("scaling", found, "test-time scaling is that of the runs")


def _form(file: Path, anew: str, same_version: bool) -> Finding:
    """Whether one of the texts tells what the cells come to."""
    if not file.exists():
        return Finding(file.name, f"it is missing; {AGAIN}")
    kept = text_of(file)
    other = first_other_line(_figures_of(anew), _figures_of(kept))
    if not other:
        return Finding(file.name, "", "its figures are those of the cells")
    if not same_version:
        return Finding(file.name, unchecked=f"another version of Fieldsmith has written it: {other}; {AGAIN}")
    return Finding(file.name, several([other]))


def _figures_of(text: str) -> str:
    """A page without its scripts, its command, the moment of its writing and its curves, which are compared by their figures; other texts as they are."""
    body = re.search(r"<main>.*</main>", text, re.DOTALL)
    return re.sub(r'<section[^>]*id="scaling">.*?</section>', "", body[0], flags=re.DOTALL) if body else text
