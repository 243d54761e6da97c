"""Test-time scaling of a benchmark's rows: of each task, author and strategy, from its cells that are done, as far as is known without running anything."""

from collections.abc import Mapping
from pathlib import Path

from fieldsmith.bench.cells import Outcome
from fieldsmith.bench.measured import read_side
from fieldsmith.bench.scaling import Curve, Group, groups, known_curves
from fieldsmith.errors import FieldsmithError
from fieldsmith.orchestrator.record import load_run


def scaling_of_rows(folder: Path, outcomes: Mapping[str, Outcome]) -> list[tuple[Group, list[Curve]]]:
    """The curves of every row that has two tries or more; of cells that can be read. outcomes: what came of the suite's cells."""
    done = {name for name, outcome in outcomes.items() if outcome.done}
    if not done:
        return []
    runs = [run for run in read_side("", str(folder), "").runs if run.name in done and not run.scored]
    loaded = []
    for run in runs:
        try:
            loaded.append((run, load_run(run.folder, pictures=False)))
        except FieldsmithError:  # it is told by whoever looks at the cell
            continue
    found = [(group, known_curves(group)) for group in groups(loaded)]
    return [(group, curves) for group, curves in found if any(curve.rows for curve in curves)]
