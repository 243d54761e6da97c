"""Every plot of the report as a picture and as a table, and what the plots draw."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from fieldsmith.evaluation.evaluation import ConvergencePoint, Evaluation, Score
from fieldsmith.reports import charts
from fieldsmith.tasks.task import Picture
from report_runs import candidate, finished, moving, picture, run_of, scored, trajectory, with_samples

PLOTS = (
    "map-solution", "map-reference", "map-error", "cut", "cut-error", "pareto", "progress", "convergence",
)  # fmt: skip


def saved(page, figure, kind):
    with page.expect_download() as download:
        page.locator(f"#{figure} button.save", has_text=kind).click()
    return download.value.suggested_filename, download.value.path().read_bytes()


def table(content):
    rows = list(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))
    return rows[0], rows[1:]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_plot_is_saved_as_a_picture(opened, scheme):
    page = opened(finished(), color_scheme=scheme)
    names = set()
    for figure in PLOTS:
        name, content = saved(page, figure, "PNG")
        image = Image.open(io.BytesIO(content)).convert("RGB")
        names.add(name)
        assert name.endswith(".png")
        assert image.width >= 1500
        assert len(image.getcolors(1 << 24)) > (150 if figure.startswith("map") else 20), figure
        assert (sum(image.getpixel((2, 2))) < 150) == (scheme == "dark")
    assert len(names) == len(PLOTS)
    assert not page.faults


@pytest.mark.parametrize("figure", ["cut", "pareto", "convergence"])
def test_a_picture_has_the_keys_of_its_lines_and_signs(opened, figure):
    page = opened(finished())
    drawn = page.locator(f"#{figure} .canvas svg").first.bounding_box()
    image = Image.open(io.BytesIO(saved(page, figure, "PNG")[1])).convert("L")
    scale = image.width / (drawn["width"] + 24)
    below = image.crop((0, int((drawn["height"] + 24 + 14) * scale), image.width, image.height))
    assert below.height > 15 * scale
    assert len(below.getcolors()) > 10, "signs and words"


def test_the_error_of_each_sample_is_drawn_with_its_kind(opened):
    kinds = ("smooth", "smooth", "kinked")
    page = opened(with_samples((1e-8, 0.0, 4e-3), kinds))
    titles = page.locator("#samples g.sample title").all_text_contents()
    assert [title.split(":")[0] for title in titles] == ["sample 0, smooth", "sample 1, smooth", "sample 2, kinked"]
    assert titles[2].endswith("the largest")
    legend = page.inner_text("#samples .legend")
    for words in ("smooth", "kinked", "the largest: sample 2", "trusted"):
        assert words in legend
    header, rows = table(saved(page, "samples", "CSV")[1])
    assert header == ["sample", "kind", "nrmse", "trusted"]
    assert [(int(n), kind, float(error)) for n, kind, error, _ in rows] == [
        (0, "smooth", 1e-8), (1, "smooth", 0.0), (2, "kinked", 4e-3),
    ]  # fmt: skip
    assert not page.faults


def test_the_table_of_a_map_is_its_data(opened):
    run = finished()
    drawn = run.best.pictures[0]
    name, content = saved(opened(run), "map-error", "CSV")
    head, rows = table(content)
    assert name == "waves-u-sample0-error.csv"
    assert head == ["t", "x", "solution", "reference", "error"]
    values = np.array(rows, dtype=float).reshape(*drawn.solution.shape, 5)
    np.testing.assert_allclose(values[..., 2], drawn.solution, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(values[..., 3], drawn.reference, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(values[..., 4], drawn.solution - drawn.reference, rtol=1e-6)
    np.testing.assert_allclose(values[:, 0, 0], np.linspace(0, 2, 51))
    np.testing.assert_allclose(values[0, :, 1], np.linspace(0, 1, 128))


def test_values_stand_at_the_places_of_their_samples(opened):
    run = finished()
    drawn = run.best.pictures[0]
    drawn = replace(drawn, places=(drawn.places[0], (2 * np.arange(128) + 0.5) / 256))
    run = replace(run, best=replace(run.best, pictures=(drawn,)))
    _, rows = table(saved(opened(run), "map-error", "CSV")[1])
    values = np.array(rows, dtype=float).reshape(*drawn.solution.shape, 5)
    np.testing.assert_allclose(values[0, :, 1], (2 * np.arange(128) + 0.5) / 256)
    np.testing.assert_allclose(values[:, 0, 0], np.linspace(0, 2, 51))


def test_the_table_of_a_line_is_its_data(opened):
    run = finished()
    page = opened(run)
    page.focus("#row")
    page.keyboard.press("Home")
    page.keyboard.press("PageUp")
    row = int(page.input_value("#row"))
    head, rows = table(saved(page, "cut", "CSV")[1])
    assert head == ["x", "solution", "reference", "error"]
    np.testing.assert_allclose(np.array(rows, dtype=float)[:, 2], run.best.pictures[0].reference[row], atol=1e-7)


def test_the_tables_of_a_frame_and_of_components_are_their_data(opened):
    drawn, lines = moving("u"), trajectory("y")
    best = candidate(1, 1e-3)
    page = opened(run_of([best], best, [drawn, lines]))
    name, content = saved(page, "map-error", "CSV")
    head, rows = table(content)
    assert name == "waves-u-sample0-t1-error.csv"
    assert head == ["x", "y", "solution", "reference", "error"]
    last = np.array(rows, dtype=float).reshape(40, 20, 5)
    np.testing.assert_allclose(last[..., 2], drawn.solution[-1], atol=2e-5)
    np.testing.assert_allclose(last[..., 4], drawn.solution[-1] - drawn.reference[-1], atol=1e-7)
    page.select_option("#field", label="y")
    head, rows = table(saved(page, "cut", "CSV")[1])
    assert head[:4] == ["t", "solution prey", "reference prey", "error prey"]
    np.testing.assert_allclose(np.array(rows, dtype=float)[:, 4], lines.solution[1], rtol=1e-6, atol=1e-7)


def test_a_frame_that_has_faded_keeps_its_digits(opened):
    drawn = moving("u")
    for values in (drawn.solution, drawn.reference):
        values[-1] = 0.5 + 1e-6 * values[0]
    best = candidate(1, 1e-3)
    _, rows = table(saved(opened(run_of([best], best, [drawn])), "map-error", "CSV")[1])
    last = np.array(rows, dtype=float)[:, 2].reshape(40, 20)
    np.testing.assert_allclose(last, drawn.solution[-1], atol=1e-9, rtol=0)


def test_the_tables_of_the_search_are_its_data(opened):
    page = opened(finished())
    head, rows = table(saved(page, "pareto", "CSV")[1])
    assert head == ["candidate", "move", "seconds", "dev_nrmse", "on_front"]
    assert [row[0] for row in rows] == ["1.1", "r1", "r2"]
    assert [float(row[3]) for row in rows] == [1e-2, 2e-4, 3e-3]
    assert [row[4] for row in rows] == ["1", "1", "0"]
    page.select_option("#against", "tokens")
    name, content = saved(page, "progress", "CSV")
    head, rows = table(content)
    assert name == "waves-best-against-tokens.csv"
    assert [row[head.index("tokens")] for row in rows] == ["30", "60", "90", "120", "150", "180"]
    assert [row[head.index("best_so_far")] for row in rows] == ["", "0.01", "0.01", "0.0002", "0.0002", "0.0002"]
    head, rows = table(saved(page, "convergence", "CSV")[1])
    assert [(int(n), float(e)) for n, e, _ in rows] == [(n, 1 / n**2) for n in (64, 128, 256)]


def test_words_of_programs_do_not_become_formulas_of_a_spreadsheet(opened):
    best = candidate(1, 1e-3, slot='=HYPERLINK("x")', move='a,"b"')
    _, rows = table(saved(opened(run_of([best], best)), "pareto", "CSV")[1])
    assert rows[0][:2] == ['\'=HYPERLINK("x")', 'a,"b"']


def test_the_search_is_drawn_against_candidates_tokens_and_seconds(opened):
    page = opened(finished())
    paths = set()
    for by in ("candidates", "tokens", "seconds"):
        page.select_option("#against", by)
        paths.add(page.get_attribute("#progress .canvas .best-line", "d"))
        assert by in page.text_content("#progress .chart")
    assert len(paths) == 3
    assert page.locator("#progress .canvas .trusted").count() == page.locator("#pareto .canvas .trusted").count() == 1
    assert not page.faults


def test_the_front_holds_what_nothing_beats():
    found = charts.points([candidate(n, error) for n, error in enumerate((1e-2, 1e-1, 1e-3, 5e-3, 1e-4), 1)])
    assert [point.candidate for point in charts.front(found)] == [1, 3, 5]


@pytest.mark.parametrize(
    ("values", "lower", "log"),
    [
        ((1e-2, 1e-5), True, True),
        ((1e-2, 0.0), True, False),
        ((0.7, 0.9), False, False),
        ((1.0, 1e4), False, True),
        ((-3.0, 2e4), False, False),
    ],
)
def test_the_axis_of_a_metric_goes_by_decades_where_its_values_do(values, lower, log):
    found = charts.ordinate([scored(n, value, lower) for n, value in enumerate(values)])
    assert found == charts.Ordinate("gain", log, lower)
    assert charts.trusted([scored(1, values[0], lower)]) is None, "that of the error is on another axis"


def test_where_more_is_better_failures_are_below_and_the_best_so_far_climbs(opened):
    values = (-1.0, None, 0.0, 2.0)
    run = [scored(n, value) for n, value in enumerate(values, 1)]
    page = opened(run_of(run, run[3]))
    places = {
        chart: page.eval_on_selector_all(
            f"#{chart} a.mark",
            "all => Object.fromEntries(all.map(m => [m.dataset.candidate, m.transform.baseVal[0].matrix.f]))",
        )
        for chart in ("pareto", "progress")
    }
    assert places["pareto"]["4"] < places["pareto"]["3"] < places["pareto"]["1"]
    assert places["progress"]["4"] < places["progress"]["3"] < places["progress"]["1"] < places["progress"]["2"]
    assert places["pareto"]["3"] - places["pareto"]["4"] == pytest.approx(
        2 * (places["pareto"]["1"] - places["pareto"]["3"]), abs=0.5
    )
    stairs = page.get_attribute("#pareto .front", "d")
    assert float(stairs.split("V")[0].split()[1]) > places["pareto"]["1"], "it begins at the end that is worse"
    assert "dev gain, higher is better" in page.text_content("#pareto .chart")
    page.select_option("#order", "best")
    assert page.locator("#tree .slot").all_inner_texts()[:3] == ["4", "3", "1"]
    assert not page.faults


def test_work_adds_up_over_writing_and_running():
    steps = charts.progress([candidate(1, None), candidate(2, 1e-2), candidate(3, 1e-1)])
    assert [(s.candidates, s.tokens, s.seconds) for s in steps] == [(1, 30, 2.5), (2, 60, 5.5), (3, 90, 9.0)]
    assert [s.best for s in steps] == [None, 1e-2, 1e-2]


def test_the_fitted_line_has_the_recorded_order_and_leaves_out_what_the_order_left_out():
    errors = {32: 4e-2, 64: 1e-2, 128: 2.5e-3, 256: 2.4e-3}
    study = tuple(ConvergencePoint(n, e) for n, e in errors.items())
    found = charts.convergence(Evaluation("ok", dev=Score(1, {}, None, None, 1, 1, order=2.0), convergence=study))
    assert found is not None
    assert found.used == (True, True, True, False)
    assert [p.resolution for p in found.fit] == [32, 128]
    assert [p.error for p in found.fit] == pytest.approx([4e-2, 2.5e-3])


def test_without_an_order_nothing_is_fitted():
    study = tuple(ConvergencePoint(n, 1e-6) for n in (32, 64))
    found = charts.convergence(Evaluation("ok", dev=Score(1, {}, None, None, 1, 1), convergence=study))
    assert found is not None
    assert not found.fit


def test_marks_of_hundreds_leave_the_line_of_the_best_in_sight(opened):
    many = [candidate(n, 1.0 / n if n % 3 else None) for n in range(1, 301)]
    page = opened(run_of(many, many[-2]))
    for chart, line in (("pareto", "front"), ("progress", "best-line")):
        over = "c => { const all = [...c.querySelectorAll('a.mark, path')]; return all.findIndex(e => e.matches('.%s')) > all.findLastIndex(e => e.matches('a.mark')); }"
        assert page.eval_on_selector(f"#{chart} .canvas", over % line), chart
    page.locator("#progress a.mark[data-candidate='150']").click()
    assert page.inner_text("#candidate h3").replace("\xa0", " ").split()[2] == "150"
    reach = page.locator("#progress a.mark .reach").first
    assert float(reach.get_attribute("r")) < 5
    page.focus("#progress a.mark[tabindex='0']")
    page.keyboard.press("Home")
    assert "Candidate" in page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert not page.faults


def test_the_error_over_time_is_drawn_for_each_kind_and_of_old_runs_for_each_sample_shown(opened):
    run = finished()
    page = opened(run)
    header, rows = table(saved(page, "over-time", "CSV")[1])
    assert header == ["t", "u, sample 0", "u, sample 1"]
    assert len(rows) == 51
    assert float(rows[-1][1]) > float(rows[1][1]) > 0
    times = np.linspace(0.0, 2.0, 5)
    kinds = ("smooth", "kinked")
    lines = Picture("error by frame", 0, np.array([times, 3 * times]), None, ("t",), (0.0, 2.0), (times,), kinds)
    stored = replace(run, best=replace(run.best, by_frame=lines))
    page = opened(stored)
    assert table(saved(page, "over-time", "CSV")[1]) == (
        ["t", *kinds],
        [[f"{value:g}" for value in (t, t, 3 * t)] for t in times],
    )
    assert page.locator("#over-time .canvas path.line-error").count() == 2
    assert page.locator("#over-time .legend .key").all_inner_texts() == list(kinds)
    assert page.locator("#over-time figcaption b").inner_text() == "Error against time t"
    assert page.locator("#pareto figcaption b").inner_text() == "Error against processor time"
    assert not page.faults


def test_the_page_opens_on_the_sample_that_rules_the_error(opened):
    run = with_samples((1e-8, 2e-3), ("smooth", "kinked"))
    run = replace(run, best=replace(run.best, pictures=(picture("u", 0), picture("u", 1))))
    page = opened(run)
    assert page.locator("#sample-value").inner_text() == "1"
    page.locator("#sample").fill("0")
    assert page.locator("#sample-value").inner_text() == "0"


def test_how_many_of_the_samples_are_drawn_is_said(opened):
    run = with_samples((1e-8, 1e-8, 1e-8, 2e-3), ("smooth", "smooth", "smooth", "kinked"))
    page = opened(replace(run, best=replace(run.best, pictures=(picture("u", 0), picture("u", 1), picture("u", 3)))))
    assert page.locator("#sample-value").inner_text() == "3 (3 of 4 are drawn)"
    assert "3 of 4 samples are drawn: the first 2 and that with the largest error" in page.inner_text("#which")
    first = opened(replace(run, best=replace(run.best, pictures=(picture("u", 0), picture("u", 1)))))
    assert "2 of 4 samples are drawn: the first 2." in first.inner_text("#fields .note")


def test_charts_that_share_a_row_are_drawn_at_their_own_width(opened):
    page = opened(with_samples((1e-8, 2e-3), ("smooth", "kinked")), viewport={"width": 1280, "height": 900})
    for name in ("over-time", "samples", "convergence"):
        svg = page.locator(f"#{name} .canvas svg")
        assert svg.bounding_box()["width"] == pytest.approx(float(svg.get_attribute("width")), abs=1), name


def test_long_names_and_figures_stay_in_their_places(opened):
    run = finished()
    author = "command:/a/long/path/to/python /another/long/path/to/a/program.py --with options"
    run = replace(run, candidates=tuple(replace(c, author=author) for c in run.candidates))
    page = opened(run, viewport={"width": 1280, "height": 900})
    assert page.evaluate("[...document.querySelectorAll('.scroll')].every(e => e.scrollWidth <= e.clientWidth)")
    assert page.locator("#spend td").first.bounding_box()["height"] < 60
    inside = "[...document.querySelectorAll('.tile .value')].every(e => e.scrollWidth <= e.clientWidth)"
    for width in (1280, 1050, 800, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(
            "document.querySelectorAll('.tile .value').forEach(e => { e.innerHTML = '7.43 × 10<sup>−10</sup>'; })"
        )
        assert page.evaluate(inside), width


def test_what_fewer_candidates_came_to_is_seen_in_the_dark_and_fits_a_phone(opened):
    page = opened(finished(), color_scheme="dark", viewport={"width": 390, "height": 844})
    stroke = page.eval_on_selector("figure.scaling polyline", "line => getComputedStyle(line).stroke")
    assert stroke.startswith("oklab(")
    assert float(stroke.removeprefix("oklab(").split()[0]) > 0.6  # the lightness
    assert page.eval_on_selector("#scaling .scroll", "table => table.scrollWidth <= table.clientWidth")
    page.emulate_media(color_scheme="light")
    assert page.eval_on_selector("figure.scaling polyline", "line => getComputedStyle(line).stroke") != stroke
