"""Test-time scaling on a benchmark's page where test errors are known of some rows alone."""

import math

from fieldsmith.bench.estimator import Expected, Figure
from fieldsmith.bench.scaling import AS_THEY_WENT, Curve, Group
from fieldsmith.bench.table import Leaderboard
from fieldsmith.reports.leaderboard_page import page
from fieldsmith.reports.scaling_page import of_rows


def curve(dev, test=math.nan):
    figures = [(dev / k, test / k) for k in (1, 2)]
    rows = tuple(
        Expected(k, 0.0, Figure(on_test), on_dev, on_test, None, None, 1.0)
        for k, (on_dev, on_test) in enumerate(figures, 1)
    )
    return Curve(AS_THEY_WENT, 2, rows)


SINGLE = Group("burgers / m / single-shot", ()), [curve(1e-1, 2e-1)]
REFINE = Group("burgers / m / refine", ()), [curve(1e-3)]
BUILT_IN = Group("burgers / built-in / refine", ()), [curve(1e-6)]


def test_rows_whose_test_errors_nobody_has_measured_are_compared_on_dev():
    on_test, on_dev = of_rows([SINGLE, REFINE, BUILT_IN])
    assert (on_test.split, [line.values for line in on_test.lines]) == ("test", [("2.00e-01", "1.00e-01")])
    assert (on_dev.split, len(on_dev.lines)) == ("dev", 3)
    assert [line.values[0] for line in on_dev.lines] == ["1.00e-01", "1.00e-03", "1.00e-06"]
    assert not any(line.oracle or line.band for line in on_dev.lines)
    text = page(Leaderboard("T", ("burgers",), (), 0, {}), scaled=[SINGLE, REFINE, BUILT_IN])
    assert all(f"{who}: runs as they went" in text for who in ("m / single-shot", "m / refine", "built-in / refine"))


def test_where_all_test_errors_are_known_or_none_is_there_is_one_plot():
    assert [plot.split for plot in of_rows([SINGLE])] == ["test"]
    assert [plot.split for plot in of_rows([REFINE, BUILT_IN])] == ["dev"]
