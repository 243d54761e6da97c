"""What is told of a grid where nobody looks on: lines, one for each thing that takes long."""

import pytest

from fieldsmith.bench.grid import Grid
from fieldsmith.bench.suite import Suite
from fieldsmith.cli.bench_progress import BenchProgress
from fieldsmith.cli.output import Output

CELL = "burgers@paper/scan/best-of-n/0"


@pytest.fixture
def told(tmp_path):
    """A grid's progress, and the lines that it has told."""
    output, lines = Output(), []
    output.printer = lines.append
    return BenchProgress(output, Grid(Suite(tmp_path / "x.toml", "Mine", ()), tmp_path), [], lambda: None), lines


def test_data_that_is_made_is_told_once(told):
    progress, lines = told
    progress.event("begin", {"cell": CELL})
    for what, share in (("dev", 0.0), ("dev", 0.5), ("dev", 1.0), ("test", 0.0), ("test", 0.3)):
        progress.event("news", {"cell": CELL, "of": {"event": "data", "what": f"Generating burgers {what}", "share": share}})  # fmt: skip
    assert [line.split(maxsplit=1)[1] for line in lines] == [
        "begun",
        "Generating burgers dev",
        "Generating burgers test",
    ]
