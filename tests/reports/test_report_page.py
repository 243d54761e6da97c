"""The report in a real browser: figures, pictures, the table, hostile text, runs of every state."""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import sync_playwright

from fieldsmith.agents.author import Candidate, Plan, Program, Proposal, Usage
from fieldsmith.evaluation.evaluation import ConvergencePoint, Evaluation, Score
from fieldsmith.orchestrator.run import Asked, Best, RunRecord, Spend
from fieldsmith.reports.html import number, render
from fieldsmith.tasks.task import Picture

pytestmark = pytest.mark.needs("chromium")
HOSTILE = "</script><script>window.hacked=1</script><img src=x onerror='window.hacked=1'>\x1b[31m\x00\ud800 {{ 7*7 }}"


@pytest.fixture(scope="module")
def browser():
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as play:
        launched = play.chromium.launch(executable_path=path, args=arguments)
        yield launched
        launched.close()


def asked(**changes) -> Asked:
    first = Asked(
        task="waves", title="A wave equation", statement="Solve it.", parameters={"c": 0.01}, scale="demo", data="",
        fingerprint="f", author="openai:x", author_note="a language model", strategy="refine", sandbox="docker", seed=0,
        budget={"candidates": 12}, command="fieldsmith solve waves", started="2026-01-01 10:00:00",
    )  # fmt: skip
    return dataclasses.replace(first, **changes)


def candidate(number: int, nrmse: float | None, text: str = "fine", **changes) -> Candidate:
    score = None if nrmse is None else Score(nrmse, {"u": nrmse}, 1e-5, 1e-9, 0.1, 0.3 * number, order=2.0, drift=1e-15)
    points = () if nrmse is None else tuple(ConvergencePoint(n, 1.0 / n**2) for n in (64, 128, 256))
    evaluation = Evaluation(
        "ok" if nrmse else "crashed", text, dev=score, test=score, convergence=points, stdout=text, stderr=text
    )
    source = f"def solver(u):\n    '''{text}'''\n    return u\n"
    plan = Plan(text, "RK4", "none", 4.0, text)
    proposal = Proposal(Program(source), plan, prompt=text, reply=text, usage=Usage(10, 20, None))
    values = {
        "id": number,
        "slot": str(number),
        "move": "draft",
        "author": "openai:x",
        "proposal": proposal,
        "evaluation": evaluation,
    }
    return Candidate(**{**values, **changes})


def picture(field: str, sample: int, axes=("t", "x"), extent=(0.0, 2.0, 0.0, 1.0)) -> Picture:
    t, x = np.meshgrid(np.linspace(0, 2, 51), np.linspace(0, 1, 128), indexing="ij")
    values = np.sin(2 * np.pi * (x - 0.1 * t) * (sample + 1))
    return Picture(field, sample, values + 1e-4 * np.cos(9 * x), values, axes, extent)


def run_of(candidates, best=None, pictures=(), state="done", **changes) -> RunRecord:
    chosen = Best(best, tuple(pictures)) if best else None
    return RunRecord(Path("runs/x"), asked(**changes), state, tuple(candidates), chosen, Spend(120, 240, None, 31.0))


def opened(browser, tmp_path, record, **options):
    file = tmp_path / "report.html"
    file.write_text(render(record), encoding="utf-8")
    page = browser.new_page(**options)
    page.faults = []
    page.on(
        "console", lambda message: page.faults.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on(
        "request",
        lambda request: page.faults.append(request.url) if not request.url.startswith(("file:", "data:")) else None,
    )
    page.goto(file.as_uri())
    return page


@pytest.fixture
def done():
    candidates = [candidate(1, None), candidate(2, 1e-2), candidate(3, 2e-4), candidate(4, 3e-3)]
    return run_of(candidates, candidates[2], [picture("u", 0), picture("u", 1), picture("v", 0)])


def test_a_finished_run_shows_its_figures(browser, tmp_path, done):
    page = opened(browser, tmp_path, done)
    assert "A wave equation" in page.inner_text("h1")
    assert page.inner_text(".tile.strong .value").replace("\n", "") == "2.00 × 10−4"
    for words in ("openai:x", "fieldsmith solve waves", "price unknown", "order 2.00"):
        assert words in page.inner_text("body")
    assert page.locator("svg.chart").count() == 4
    assert not page.faults


def test_pictures_change_with_sample_and_time(browser, tmp_path, done):
    page = opened(browser, tmp_path, done)
    pixels = "document.getElementById('map-solution').toDataURL()"
    before, line = page.evaluate(pixels), page.get_attribute("#cut .line-solution", "d")
    page.select_option("#picture", "1")
    assert page.evaluate(pixels) != before
    page.focus("#moment")
    page.keyboard.press("ArrowRight")
    assert page.get_attribute("#cut .line-solution", "d") != line
    assert "t =" in page.inner_text("#moment-value")
    assert not page.faults


def test_the_table_sorts_and_points_open_candidates(browser, tmp_path, done):
    page = opened(browser, tmp_path, done)
    page.get_by_role("button", name="nRMSE").click()
    rows = page.locator("#candidates tbody tr")
    assert [rows.nth(n).locator("td").first.inner_text()[0] for n in range(4)] == ["3", "4", "2", "1"]
    page.locator("#candidates a[href='#candidate-2']").first.click()
    assert page.locator("#candidate-2").get_attribute("open") is not None
    assert page.locator("#candidate-2 .listing").is_visible()
    assert not page.faults


@pytest.mark.parametrize("state", ["running", "interrupted", "failed"])
def test_runs_without_a_best_look_right(browser, tmp_path, state):
    page = opened(browser, tmp_path, run_of([candidate(1, None), candidate(2, None, evaluation=None)], state=state))
    assert "No program has run yet" in page.inner_text("body")
    assert "in the making" in page.inner_text("#candidates")
    assert not page.faults


def test_an_empty_run_and_a_steady_one_open(browser, tmp_path):
    assert not opened(browser, tmp_path, run_of([])).faults
    best = candidate(1, 1e-4)
    steady = picture("u", 0, ("x", "y"), (0.0, 1.0, 0.0, 1.0))
    page = opened(browser, tmp_path, run_of([best], best, [steady]))
    assert "x =" in page.inner_text("#moment-value")
    assert not page.faults


def test_hostile_text_is_shown_as_text(browser, tmp_path):
    best = candidate(1, 1e-3, HOSTILE, slot="1")
    names = dict.fromkeys(("title", "statement", "author", "author_note", "command"), HOSTILE)
    page = opened(browser, tmp_path, run_of([best], best, [picture(HOSTILE, 0)], **names))
    for summary in page.locator("summary").all():
        if summary.is_visible():
            summary.click()
    assert page.evaluate("window.hacked") is None
    text = page.inner_text("body")
    assert "window.hacked=1" in text
    assert "{{ 7*7 }}" in text
    assert "\x1b" not in text
    assert not page.faults


def scored(first: Candidate, **changes) -> Candidate:
    score = dataclasses.replace(first.evaluation.dev, **changes)
    return dataclasses.replace(first, evaluation=dataclasses.replace(first.evaluation, dev=score, test=None))


def test_before_the_test_split_is_scored_its_column_is_empty(browser, tmp_path):
    best = scored(candidate(1, 1e-3), fields={"u": 1e-3, "v": 7.77e-3})
    page = opened(browser, tmp_path, run_of([best], best, state="running"))
    cells = page.locator(".figures tr", has_text="nRMSE of v").locator("td").all_inner_texts()
    assert [cell.replace("\n", "") for cell in cells] == ["7.77 × 10−3", "–"]
    assert "has not been scored" in page.inner_text("body")


def test_unknown_orders_sort_last(browser, tmp_path):
    rows = [scored(candidate(n, 1e-3), order=order) for n, order in enumerate((2.0, None, 1.0, float("nan"), 0.5), 1)]
    page = opened(browser, tmp_path, run_of(rows, rows[0]))
    page.get_by_role("button", name="order").click()
    assert page.locator("#candidates tbody tr td:first-child a").all_inner_texts() == ["5", "3", "1", "2", "4"]


@pytest.mark.parametrize("changes", [{"floor": float("inf")}, {"floor": float("nan")}, {"seconds": float("nan")}])
def test_figures_that_are_not_finite_leave_the_page_whole(browser, tmp_path, changes):
    best = scored(candidate(1, 1e-3), **changes)
    assert not opened(browser, tmp_path, run_of([best], best)).faults


def test_a_solution_equal_to_its_reference_has_a_neutral_error_map(browser, tmp_path):
    best, drawn = candidate(1, 1e-4), picture("u", 0)
    page = opened(browser, tmp_path, run_of([best], best, [dataclasses.replace(drawn, solution=drawn.reference)]))
    pixel = "[...document.getElementById('map-error').getContext('2d').getImageData(3, 3, 1, 1).data]"
    assert min(page.evaluate(pixel)) > 240


def test_code_can_be_read_in_the_dark(browser, tmp_path, done):
    page = opened(browser, tmp_path, done, color_scheme="dark")
    # The dark page inverts the listing, so the colour before that has to be a dark one.
    colour = page.evaluate("getComputedStyle(document.querySelector('.listing .code')).color")
    filtered = page.evaluate("getComputedStyle(document.querySelector('.listing .code')).filter")
    light = min(int(part) for part in colour.strip("rgb()").split(",")) > 128
    assert light != ("invert" in filtered)


def test_it_fits_a_phone_and_the_dark(browser, tmp_path, done):
    phone = opened(browser, tmp_path, done, viewport={"width": 390, "height": 844})
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    dark = opened(browser, tmp_path, done, color_scheme="dark")
    assert dark.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 24, 27)"


def test_the_file_is_small_though_outputs_are_large():
    loud = candidate(1, None, "x" * 2_000_000)
    assert len(render(run_of([loud]))) < 1_000_000


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (float("nan"), "–"),
        (0.0, "0"),
        (1.234e-5, "1.23 × 10<sup>−5</sup>"),
        (12.345, "12.3"),
        (9.999e-5, "1.00 × 10<sup>−4</sup>"),
        (-2.5, "−2.50"),
        (5e-324, "4.94 × 10<sup>−324</sup>"),
        (0.5, "0.500"),
    ],
)
def test_numbers_are_written_as_people_write_them(value, shown):
    assert number(value) == shown
