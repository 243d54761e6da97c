"""The report in a real browser: figures, pictures, hostile text, runs of every state, phone, dark, keyboard, print."""

import dataclasses
import re

import numpy as np
import pytest
from playwright.sync_api import expect

from fieldsmith.agents.author import Candidate
from fieldsmith.orchestrator.question import Question
from fieldsmith.reports.numbers import number, unbroken
from report_runs import candidate, finished, moving, picture, run_of, trajectory, undrawn, values, with_samples

HOSTILE = (
    "</script><script>window.hacked=1</script><!--<script><img src=x onerror='window.hacked=1'>\x1b[31m\x00\ud800"
    "\u2028\u2029\u202e {{ 7*7 }} ${7*7} \U0001d400"
)


def text_of(page, selector="body"):
    return page.inner_text(selector).replace("\n", "")


def test_a_finished_run_shows_its_figures(opened):
    page = opened(finished())
    assert "A wave equation" in page.inner_text("h1")
    assert page.inner_text(".tile.strong .value").replace("\n", "") == "2.00 × 10−4"
    assert "20 times what the trusted method gets" in page.inner_text(".verdict")
    for words in ("openai:x", "fieldsmith solve waves --seed 7", "price unknown", "order 2.00"):
        assert words in page.inner_text("body")
    assert page.locator("svg.chart").count() == 10
    assert not page.faults


def test_first_shot_and_evaluations_to_the_target_are_among_the_figures(opened):
    course = opened(finished()).inner_text("#course").replace("\n", " ")
    assert "first shot" in course
    assert "not reached evaluations to target" in course
    met = opened(with_samples((1e-8, 1e-6), ())).inner_text("#course").replace("\n", " ")
    assert "1 evaluations to target" in met


def test_samples_are_shown_by_kind_beside_mean_and_geometric_mean(opened):
    page = opened(with_samples((1e-8, 1e-6, 4e-3), ("smooth", "smooth", "kinked")))
    assert page.inner_text("#kinds thead").split() == ["test", "samples", "smooth", "kinked"]
    rows = page.locator("#kinds tbody tr").all_inner_texts()
    assert [row.split("\t")[0] for row in rows] == ["nRMSE", "geometric mean", "trusted", "reference error", "how many"]
    assert rows[-1].split()[2:] == ["2", "1"]
    tiles = page.inner_text(".tiles")
    for words in ("geometric mean", "trusted", "error / trusted", "below 1: better than that"):
        assert words in tiles
    assert not page.faults
    assert opened(with_samples((1e-8, 1e-6), ())).locator("#kinds").count() == 0


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        ((1e-10, 1e-10, 1e-10), "within the reference's own"),
        (
            (1e-10, 1e-10, 2e-9),
            "its mean error is within the reference's own, that of the kinked samples is not.",
        ),
        (
            (2e-9, 2e-9, 2e-9),
            "5,000 times smaller than what the trusted method gets from the same inputs, which is no bound",
        ),
        ((1e-6, 1e-6, 1e-6), "10 times smaller than what the trusted method gets"),
        ((1e-4, 1e-4, 1e-4), "10 times what the trusted method gets"),
    ],
)
def test_a_page_says_that_nothing_is_left_only_within_the_references_own_error(opened, samples, words):
    page = opened(with_samples(samples, ("smooth", "smooth", "kinked")))
    assert words in page.inner_text(".verdict")
    assert "nothing is left" not in page.inner_text("body")


def test_an_error_is_not_compared_below_what_the_reference_tells(opened):
    run = with_samples((1e-4, 1e-4), (), reference=5e-5)
    verdict = opened(run).inner_text(".verdict")
    assert verdict.endswith("its error is 2.0 times the reference's own, within which the trusted method is.")
    within = opened(with_samples((1e-8, 1e-8, 2e-7), ("smooth", "smooth", "kinked"), reference=1e-7))
    assert "the error is within the reference's own" in within.inner_text(".tiles")
    assert "better" not in within.inner_text("#best")


def test_when_a_run_began_is_said_once_and_when_it_was_taken_up_beside_its_surroundings(opened):
    first, later = (
        {"begun": "2026-01-01 10:00:20", "fieldsmith": "1"},
        {"begun": "2026-01-02 08:00:00", "fieldsmith": "2"},
    )
    run = finished()
    page = opened(dataclasses.replace(run, asked=dataclasses.replace(run.asked, sittings=(first, later))))
    named = page.locator("dl.asked dt").all_inner_texts()
    assert named.count("begun") == 1
    assert named.count("taken up") == 1
    assert "2026-01-02 08:00:00" in page.inner_text("#made")


def test_options_of_the_command_stay_whole_on_a_phone(opened):
    command = "fieldsmith solve waves --sandbox bubblewrap --run-dir /tmp/runs/waves-of-may --candidates 4"
    run = finished()
    run = dataclasses.replace(run, asked=dataclasses.replace(run.asked, command=command))
    page = opened(run, viewport={"width": 390, "height": 800})
    heights = [one.bounding_box()["height"] for one in page.locator("#command .word").all()]
    assert len(heights) == 3
    assert max(heights) == min(heights)
    assert page.locator("#command").text_content() == command


def test_pictures_change_with_field_sample_and_time(opened):
    page = opened(finished())
    shown, line, error = (
        page.locator(f"#{name}") for name in ("map-solution svg", "cut .canvas .line-solution", "map-error")
    )
    first = page.get_attribute("#map-solution image", "href")
    page.focus("#sample")
    page.keyboard.press("ArrowRight")
    expect(shown).to_have_attribute("aria-label", re.compile("sample 1"))
    assert page.get_attribute("#map-solution image", "href") != first
    before, moment = line.get_attribute("d"), page.inner_text("#row-value")
    page.focus("#row")
    page.keyboard.press("ArrowLeft")
    expect(line).not_to_have_attribute("d", before)
    assert page.inner_text("#row-value") != moment
    page.select_option("#field", label="v")
    expect(error.locator("svg")).to_have_attribute("aria-label", re.compile("of v"))
    linear = error.locator("image").get_attribute("href")
    page.select_option("#shades", "log")
    expect(error.locator("image")).not_to_have_attribute("href", linear)
    assert not page.faults


def test_the_middle_of_a_range_about_zero_is_written_as_zero(opened):
    best, drawn = candidate(1, 1e-3), picture("u", 0)
    reference = drawn.reference.copy()
    reference[0, :2] = 1.0, -1.00000004
    page = opened(run_of([best], best, [dataclasses.replace(drawn, reference=reference)]))
    labels = page.locator("#map-reference .bar-label").all_text_contents()
    assert "0" in labels
    assert not [label for label in labels if "e" in label], labels


def test_a_map_says_its_values_and_moves_the_line(opened):
    page = opened(finished())
    page.hover("#map-error svg", position={"x": 150, "y": 120})
    assert "solution" in page.inner_text("#readout")
    before = page.inner_text("#row-value")
    page.click("#map-reference svg", position={"x": 80, "y": 120})
    assert page.inner_text("#row-value") != before


@pytest.mark.parametrize("width", [320, 390, 620, 700, 930, 1280])
def test_figures_of_the_best_fit_their_tiles_at_any_width(opened, width):
    page = opened(finished())
    page.set_viewport_size({"width": width, "height": 800})
    cut = "[...document.querySelectorAll('.tiles, .tile, #figures .scroll')].filter(e => e.scrollWidth > e.clientWidth)"
    assert page.evaluate(f"{cut}.map(e => e.textContent)") == []


@pytest.mark.parametrize("state", ["running", "interrupted", "failed"])
def test_runs_without_a_best_look_right(opened, state):
    page = opened(run_of([candidate(1, None), candidate(2, None, evaluation=None)], state=state))
    assert ("No program ran" if state == "failed" else "No program has run yet") in page.inner_text("body")
    assert "in the making" in page.inner_text("#tree")
    assert not page.faults


def test_an_empty_run_and_a_steady_one_open(opened):
    assert not opened(run_of([])).faults
    best = candidate(1, 1e-4)
    steady = picture("u", 0, ("x", "y"), (0.0, 1.0, 0.0, 1.0))
    page = opened(run_of([best], best, [steady]))
    assert "x =" in page.inner_text("#row-value")
    assert not page.faults


def shown(opened, *pictures, **options):
    best = candidate(1, 1e-3)
    return opened(run_of([best], best, pictures), **options)


def test_a_moving_picture_opens_on_its_last_frame_and_moves_by_keyboard(opened):
    page = shown(opened, moving("u"), moving("v"))
    solution = page.locator("#map-solution svg")
    assert "sample 0 at t = 1:" in solution.get_attribute("aria-label")
    assert "cut at z = 0.5" in page.inner_text("#which")
    last = {kind: page.get_attribute(f"#map-{kind} image", "href") for kind in ("solution", "reference", "error")}
    page.focus("#frame")
    page.keyboard.press("Home")
    expect(solution).to_have_attribute("aria-label", re.compile("at t = 0:"))
    assert page.get_attribute("#frame", "aria-valuetext") == "t = 0"
    for kind, href in last.items():
        assert page.get_attribute(f"#map-{kind} image", "href") != href
    page.select_option("#field", label="v")
    expect(solution).to_have_attribute("aria-label", re.compile("of v, sample 0 at t = 0:"))
    assert not page.faults


def test_colours_of_a_moving_picture_stay_or_follow_each_time(opened):
    page = shown(opened, moving("u"))
    top = page.locator("#map-solution .bar-label").nth(4)
    before = float(top.text_content())
    page.select_option("#reach", "one")
    expect(top).not_to_have_text("0.98")
    reference = moving("u").reference
    assert float(top.text_content()) == pytest.approx(reference[-1].max(), abs=0.01)
    assert before == pytest.approx(reference.max(), abs=0.01)


def test_a_moving_picture_is_printed_with_its_last_frame(opened):
    page = shown(opened, moving("u"))
    page.focus("#frame")
    page.keyboard.press("Home")
    words = "[document.getElementById('which').textContent, document.querySelector('#map-error svg').getAttribute('aria-label')]"
    page.evaluate(f"addEventListener('beforeprint', () => {{ window.printed = {words}; }})")
    page.pdf()
    assert all("t = 1" in words for words in page.evaluate("window.printed"))
    assert "t = 0" in page.inner_text("#which")


def test_lines_show_their_components_together_or_alone(opened):
    page = shown(opened, trajectory("y"), picture("u", 0))
    lines = page.locator("#cut .canvas path.line-solution")
    assert lines.count() == page.locator("#cut .canvas path.line-reference").count() == 2
    assert page.inner_text("#cut .legend").split() == ["prey", "predators"]
    assert not page.is_visible("#map-solution")
    page.select_option("#component", label="predators")
    expect(lines).to_have_count(1)
    page.select_option("#field", label="u")
    expect(page.locator("#map-solution image")).to_be_visible()
    assert page.is_visible("#row")
    assert not page.is_visible("#component")
    assert not page.faults


@pytest.mark.parametrize("alone", [trajectory("y", reference=False), dataclasses.replace(moving("u"), reference=None)])
def test_without_a_reference_the_solution_stands_alone(opened, alone):
    page = shown(opened, alone)
    assert page.locator("#cut .canvas path.line-solution").count() > 0
    for figure in ("map-reference", "map-error", "cut-error", "key-reference"):
        assert not page.is_visible(f"#{figure}")
    assert not page.faults


def test_numbers_make_a_table_and_what_is_not_drawn_is_said(opened):
    page = shown(opened, values("k", 3.0, -7.0), undrawn("w"))
    assert text_of(page, "#numbers tbody tr:nth-child(2)").split() == [
        "k[1]",
        "0",
        "−7.00000",
        "−6.99301",
        "−6.99",
        "×",
        "10−3",
    ]
    assert "w is not drawn: its values are not real numbers." in page.inner_text("#fields")
    assert not page.locator("#cut").count()
    assert not page.faults


def test_what_no_reference_answers_has_no_column_and_no_row_for_one(opened):
    own = {"metric": "share covered", "value": 0.5, "lower_is_better": False, "nrmse": float("nan"), "fields": {}}
    best = scored(candidate(1, 1e-3), **own)
    page = opened(run_of([best], best, [dataclasses.replace(values("k", 1.0), reference=None)]))
    assert page.locator("#numbers th[scope=col]").all_inner_texts() == ["result", "sample", "solution"]
    assert "largest error" not in page.inner_text("body")
    assert not page.faults


def test_without_pictures_there_is_no_section_for_them(opened):
    page = shown(opened)
    assert not page.locator("#fields").count()
    assert not page.faults


def test_uneven_times_stand_where_they_are(opened):
    even = picture("u", 0)
    page = shown(opened, dataclasses.replace(even, places=(2 * np.linspace(0, 1, 51) ** 3, even.places[1])))
    image = page.locator("#map-solution image")
    left, wide = (float(image.get_attribute(name)) for name in ("x", "width"))
    page.locator("#map-solution svg").click(position={"x": left + wide / 2, "y": 90})
    assert float(page.inner_text("#row-value").split()[-1]) == pytest.approx(1.0, abs=0.06)


def test_hostile_text_is_shown_as_text(opened):
    best = candidate(1, 1e-3, HOSTILE, slot="1", author=HOSTILE, move=HOSTILE)
    failed = candidate(2, None, HOSTILE, parents=(1,), move="debug")
    names = dict.fromkeys(("title", "statement", "author", "author_note", "command"), HOSTILE)
    question = Question(HOSTILE, param={HOSTILE: 1.0}, strategy=HOSTILE, strategy_options={HOSTILE: HOSTILE})
    page = opened(run_of([best, failed], best, [picture(HOSTILE, 0)], question=question, **names))
    page.click("summary")
    for row in page.locator("#tree li").all():
        row.click()
        for tab in page.locator("[role=tab]").all():
            tab.click()
            text = page.inner_text("body")
            assert "window.hacked=1" in text
            assert "{{ 7*7 }} ${7*7}" in text
            assert not set(text) & set("\x1b\x00\ud800\u2028\u2029\u202e")
    assert page.evaluate("window.hacked") is None
    assert page.locator("img").count() == 0
    assert not page.faults


def scored(first: Candidate, **changes) -> Candidate:
    score = dataclasses.replace(first.evaluation.dev, **changes)
    return dataclasses.replace(first, evaluation=dataclasses.replace(first.evaluation, dev=score, test=None))


def test_before_the_test_split_is_scored_its_column_is_empty(opened):
    best = scored(candidate(1, 1e-3), fields={"u": 1e-3, "v": 7.77e-3})
    page = opened(run_of([best], best, state="running"))
    cells = page.locator(".figures tr", has_text="nRMSE of v").locator("td").all_inner_texts()
    assert [cell.replace("\n", "") for cell in cells] == ["7.77 × 10−3", "–"]
    assert "has not been scored" in page.inner_text("body")
    assert "dev nRMSE" in page.inner_text(".tile.strong")


@pytest.mark.parametrize("changes", [{"trusted": float("inf")}, {"trusted": float("nan")}, {"seconds": float("nan")}])
def test_figures_that_are_not_finite_leave_the_page_whole(opened, changes):
    best = scored(candidate(1, 1e-3), **changes)
    page = opened(run_of([best], best))
    assert "Candidate 1" in page.inner_text("#candidate")
    assert not page.faults


def pixels(page, figure):
    """The smallest and the largest of red, green and blue in a map."""
    script = """async selector => {
        const image = new Image();
        image.src = document.querySelector(selector).getAttribute("href");
        await image.decode();
        const canvas = new OffscreenCanvas(image.width, image.height), context = canvas.getContext("2d");
        context.drawImage(image, 0, 0);
        const values = context.getImageData(0, 0, image.width, image.height).data.filter((_, n) => n % 4 < 3);
        return [Math.min(...values), Math.max(...values)];
    }"""
    return page.evaluate(script, f"#{figure} image")


def test_a_solution_equal_to_its_reference_has_a_neutral_error_map(opened):
    best, drawn = candidate(1, 1e-4), picture("u", 0)
    run = run_of([best], best, [dataclasses.replace(drawn, solution=drawn.reference)])
    assert pixels(opened(run), "map-error")[0] > 240
    assert pixels(opened(run, color_scheme="dark"), "map-error")[1] < 60


def contrast(page, selector):
    """WCAG contrast of an element's text with the page."""
    script = """selector => {
        const light = colour => {
            const rgb = colour.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
            return 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2];
        };
        const style = getComputedStyle(document.querySelector(selector)), svg = document.querySelector(selector) instanceof SVGElement;
        const [a, b] = [light(svg ? style.fill : style.color), light(getComputedStyle(document.body).backgroundColor)].sort((x, y) => y - x);
        return (a + 0.05) / (b + 0.05);
    }"""
    return page.evaluate(script, selector)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read_in_light_and_dark(opened, scheme):
    page = opened(finished(), color_scheme=scheme)
    page.locator("#tree li", has_text="not finite").click()
    page.get_by_role("tab", name="Code").click()
    for selector in ("body", ".note", ".chart text", ".trusted-label", ".t-k", ".t-s", ".t-f", "#tree .failed .result"):
        assert contrast(page, selector) > 4.5, selector


def test_the_switch_changes_the_colours_and_is_remembered(opened):
    page = opened(finished())
    background = "getComputedStyle(document.body).backgroundColor"
    light, error = page.evaluate(background), page.get_attribute("#map-error image", "href")
    page.click("#theme")
    page.click("#theme")
    assert "Dark" in page.inner_text("#theme")
    assert page.evaluate(background) != light
    assert page.get_attribute("#map-error image", "href") != error
    page.reload()
    assert page.evaluate(background) != light
    assert not page.faults


def test_it_fits_a_phone(opened):
    page = opened(finished(), viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    for tab in page.locator("[role=tab]").all():
        tab.tap()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    sizes = page.locator(".chart text:not(.power)").evaluate_all(
        "all => all.map(one => parseFloat(getComputedStyle(one).fontSize) * one.ownerSVGElement.getBoundingClientRect().width / one.ownerSVGElement.width.baseVal.value)"
    )
    assert min(sizes) >= 10.5
    assert not page.faults


def test_the_keyboard_reaches_everything_and_shows_where_it_is(opened):
    page = opened(finished())
    reached, hidden = set(), []
    for _ in range(80):
        page.keyboard.press("Tab")
        where = page.evaluate(
            "(() => { const e = document.activeElement, s = getComputedStyle(e), r = e.querySelector && e.querySelector('.reach');"
            "const shown = s.outlineStyle !== 'none' || (r && getComputedStyle(r).stroke !== 'none');"
            "return [e.getAttribute('role') || e.id || e.className.baseVal || e.className || e.tagName, shown]; })()"
        )
        reached.add(where[0].split()[0])
        hidden += [] if where[1] else [where[0]]
        if where[0] == "BODY":
            break
    assert {"theme", "field", "sample", "row", "shades", "save", "mark", "against", "treeitem", "tab"} <= reached
    assert not [name for name in hidden if name != "BODY"]


def test_marks_are_walked_with_arrow_keys_and_open_their_candidate(opened):
    page = opened(finished())
    page.focus("#pareto a.mark[tabindex='0']")
    page.keyboard.press("Home")
    assert "Candidate 1.1" in page.evaluate("document.activeElement.getAttribute('aria-label')")
    page.keyboard.press("ArrowRight")
    label = page.evaluate("document.activeElement.getAttribute('aria-label')")
    page.keyboard.press("Enter")
    assert label.split(",")[0] in page.inner_text("#candidate h3").replace("\xa0", " ")


def test_nothing_moves_for_those_who_ask_for_that(opened):
    page = opened(run_of([candidate(1, 1e-3)], candidate(1, 1e-3), state="running"), reduced_motion="reduce")
    assert page.evaluate("getComputedStyle(document.querySelector('.running-dot')).animationName") == "none"
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"


def test_it_prints_light_and_whole(opened):
    page = opened(finished(), color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert contrast(page, "body") > 7
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.is_visible("#theme")
    assert page.evaluate("getComputedStyle(document.querySelector('#candidate pre')).maxHeight") == "none"
    assert page.pdf().startswith(b"%PDF")


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


def test_a_problem_of_ones_own_shows_what_is_asked_and_judges_and_nothing_of_a_trusted_method(opened):
    run = finished()
    best = run.best.candidate
    score = dataclasses.replace(best.evaluation.test, trusted=None, drift=None)
    best = dataclasses.replace(best, evaluation=dataclasses.replace(best.evaluation, dev=score, test=score))
    for accuracy, words in ((1e-2, "asked for\nmet"), (1e-5, "asked for\nnot met")):
        asked_for = dataclasses.replace(run.asked, accuracy=accuracy, judged_by="a reference: two methods agree.")
        page = opened(dataclasses.replace(run, asked=asked_for, best=dataclasses.replace(run.best, candidate=best)))
        tiles = page.inner_text(".tiles")
        assert words in tiles.replace("\n\n", "\n")
        assert "geometric mean" not in tiles
        assert "trusted" not in tiles + page.inner_text("#figures table.figures")
        assert "Judged by a reference: two methods agree." in page.inner_text("#figures")


def test_figures_of_the_verdict_stay_on_one_line():
    assert unbroken("3.8e-06 <b> of 1e-5; x-1") == '<span class="unbroken">3.8e-06</span> &lt;b&gt; of <span class="unbroken">1e-5</span>; x-1'  # fmt: skip
