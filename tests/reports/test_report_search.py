"""What the page tells of the search: what each move brought, which came from which, passages that go on, labels in full."""

import dataclasses

import numpy as np
import pytest
from playwright.sync_api import expect

from report_runs import candidate, finished, picture, run_of, scored


def tree_row(page, number):
    return page.inner_text(f"#tree [data-id='{number}']").replace("\n", " ")


def branching():
    """A draft that fails and is mended, another, one made from both, one made from that which is worse, one that fails."""
    candidates = [
        candidate(1, None, "wrong shape"),
        candidate(2, 3e-2, "upwind", move="debug", parents=(1,), slot="1.1"),
        candidate(3, 5e-3, "MUSCL", slot="2"),
        candidate(4, 5e-4, "WENO5", move="refine", parents=(2, 3), slot="r1"),
        candidate(5, 1e-3, "spectral", move="refine", parents=(4,), slot="r2"),
        candidate(6, None, "crash", move="refine", parents=(4,), slot="r3"),
    ]
    return run_of(candidates, candidates[3])


def test_each_move_says_what_it_brought_and_by_what(opened):
    page = opened(branching())
    assert "mends candidate 1: upwind" in tree_row(page, 2)
    assert "10 times better than candidate 2: WENO5" in tree_row(page, 4)
    assert "2 times worse than candidate r1: spectral" in tree_row(page, 5)
    assert "failed, made from candidate r1" in tree_row(page, 6)
    steps = [line.replace("\n", " ") for line in page.locator("#effects li").all_inner_texts()]
    assert len(steps) == 3
    assert steps[0].startswith("1.1 debug: the first that ran by upwind")
    assert steps[1].startswith("2 draft: 6 times better than candidate 1.1, the best before it by MUSCL")
    assert steps[2].startswith("r1 refine: 10 times better than candidate 2 by WENO5")
    assert not page.faults


def test_what_lies_below_the_references_own_error_is_called_no_better(opened):
    candidates = [
        candidate(1, 1e-7, "program 1"),
        candidate(2, 6e-10, "program 2", move="refine", parents=(1,), slot="r1"),
        candidate(3, 1e-10, "program 3", move="refine", parents=(2,), slot="r2"),
        candidate(4, 1e-8, "program 4", move="refine", parents=(3,), slot="r3"),
    ]
    page = opened(run_of(candidates, candidates[2]))
    assert "at least 100 times better than candidate 1" in tree_row(page, 2)
    assert "as good as candidate r1, both within the reference's own error" in tree_row(page, 3)
    assert "at least 10 times worse than candidate r2" in tree_row(page, 4)
    page.click("#tree [data-id='3']")
    assert "better" not in page.inner_text("#candidate .lineage")
    assert page.locator("#effects li").count() == 2
    assert not page.faults


def test_a_row_of_the_tree_shows_all_of_its_words_on_a_phone(opened):
    candidates = [
        candidate(1, 2e-2, "one pass on the given grid"),
        candidate(2, 1e-3, "refined to 1e-9, with steps of its own", move="refine", parents=(1,), slot="r1"),
    ]
    page = opened(run_of(candidates, candidates[1]), viewport={"width": 390, "height": 800})
    for summary in page.locator("#tree .summary").all():
        assert summary.evaluate("e => e.scrollWidth <= e.clientWidth && e.scrollHeight <= e.clientHeight + 1")


def copied(number, of, nrmse, **changes):
    """A candidate whose program is that of the slot `of`."""
    first = candidate(number, nrmse, **changes)
    return dataclasses.replace(first, evaluation=dataclasses.replace(first.evaluation, copy_of=of))


def test_a_copy_is_called_one_in_the_tree_in_the_list_and_beside_its_programs(opened):
    candidates = [
        candidate(1, 5e-3),
        candidate(2, 2e-3),
        copied(3, "1", 5e-3, move="refine", parents=(2, 1), slot="r1"),
        candidate(4, 1e-3, move="refine", parents=(2, 1, 3), slot="r2"),
        copied(5, "1", None, move="refine", parents=(4,), slot="r3"),
        candidate(6, 4e-3, move="debug", parents=(5,), slot="r3.1"),
    ]
    page = opened(run_of(candidates, candidates[3]))
    assert "the program of candidate 1 again" in tree_row(page, 3)
    assert "of 2 + 1 1.00 × 10−3" in tree_row(page, 4), "what only repeats is no parent"
    assert "the program of candidate 1 again" in tree_row(page, 5)
    assert "mends candidate r3" in tree_row(page, 6)
    page.select_option("#order", "best")
    assert "the program of candidate 1 again" in tree_row(page, 3)
    page.click("#tree [data-id='4']")
    assert "Refine of 2, 1, r1 (that of 1 again)" in page.inner_text("#candidate .lineage")
    assert not page.faults


def test_a_mend_that_fails_otherwise_is_not_said_to_fail_alike(opened):
    candidates = [
        candidate(1, None, "IndexError"),
        candidate(2, None, "NaN", status="not_finite", move="debug", parents=(1,), slot="1.1"),
        candidate(3, 1e-2, move="restart", parents=(2,), slot="1.2"),
    ]
    page = opened(run_of(candidates, candidates[2]))
    assert "does not mend candidate 1" in tree_row(page, 2)
    assert "runs where candidate 1.1 failed" in tree_row(page, 3)


def test_a_metric_of_ones_own_that_rises_gets_better_by_rising(opened):
    best = scored(2, 30.0)
    run = run_of([scored(1, 3.0), dataclasses.replace(best, move="refine", parents=(1,))], best)
    page = opened(run)
    assert "10 times better than candidate 1" in tree_row(page, 2)


def test_the_colour_of_a_node_tells_its_error_and_all_its_parents_are_seen(opened):
    page = opened(branching())
    share = "e => parseInt(e.style.getPropertyValue('--good-share'))"
    worst, middle, best = (page.locator(f"#tree [data-id='{n}'] .symbol").evaluate(share) for n in (2, 3, 4))
    assert (worst, best) == (0, 100)
    assert 0 < middle < 100
    colours = {
        page.locator(f"#tree [data-id='{n}'] .symbol").evaluate("e => getComputedStyle(e).color") for n in (2, 3, 4)
    }
    assert len(colours) == 3
    assert "refine of 1.1 + 2" in tree_row(page, 4)
    page.click("#tree [data-id='4']")
    marked = "kind => [...document.querySelectorAll(`#tree .${kind}`)].map(e => +e.dataset.id)"
    assert page.evaluate(marked, "parent") == [2, 3] or page.evaluate(marked, "parent") == [3, 2]
    assert sorted(page.evaluate(marked, "child")) == [5, 6]


def test_a_long_passage_shows_that_it_goes_on_and_opens(opened):
    words = "\n".join(f"Line {n} of the feedback." for n in range(200))
    page = opened(run_of([candidate(1, None, words), candidate(2, None, "short")]))
    page.get_by_role("tab", name="Feedback").click()
    more, passage = page.locator("#candidate .more"), page.locator("#candidate .passage")
    expect(more).to_contain_text("more lines below")
    expect(passage).to_contain_class("goes-on")
    more.click()
    expect(more).to_be_hidden()
    assert page.locator("#candidate .passage pre").evaluate("e => e.scrollHeight - e.clientHeight") <= 4
    page.click("#tree [data-id='2']")
    page.get_by_role("tab", name="Feedback").click()
    expect(page.locator("#candidate .passage pre")).to_have_text("short")
    expect(page.locator("#candidate .more")).to_be_hidden()


@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize(("low", "high"), [(-0.0851, 0.0809), (0.99999, 1.00001), (-123456.0, 98765.0)])
def test_labels_of_axes_and_bars_are_whole(opened, width, low, high):
    drawn = picture("u", 0)
    shape = drawn.reference.shape
    values = np.linspace(low, high, np.prod(shape)).reshape(shape)
    run = finished()
    best = run.best.candidate
    page = opened(run_of(run.candidates, best, [dataclasses.replace(drawn, solution=values, reference=values)]))
    page.set_viewport_size({"width": width, "height": 900})
    page.wait_for_timeout(100)
    outside = """[...document.querySelectorAll('svg.chart')].flatMap(s => {
        const b = s.getBoundingClientRect();
        return [...s.querySelectorAll('text')].filter(t => {
            const r = t.getBoundingClientRect();
            return r.width && (r.left < b.left - 0.5 || r.right > b.right + 0.5 || r.top < b.top - 0.5);
        }).map(t => `${s.closest('figure').id}: ${t.textContent}`);
    })"""
    assert page.evaluate(outside) == []
    labels = page.locator("#map-reference .bar-label").all_text_contents()[:5]
    assert len(set(labels)) == 5, "neighbours are told apart"
    assert len({page.get_attribute(f"#map-{kind} image", "width") for kind in ("solution", "reference", "error")}) == 1


def test_the_coefficient_is_drawn_beside_the_solution(opened):
    drawn = picture("u", 0, ("x", "y"), (0.0, 1.0, 0.0, 1.0))
    given = np.where(drawn.reference > 0, 12.0, 3.0)
    best = candidate(1, 1e-3)
    page = opened(run_of([best], best, [dataclasses.replace(drawn, given=given, given_name="coefficient a")]))
    assert page.inner_text("#map-given b") == "Coefficient a"
    assert [page.locator("#map-given .bar-label").nth(n).text_content() for n in (0, 4)] == ["3.0", "12.0"]
    page.hover("#map-solution svg", position={"x": 150, "y": 120})
    assert "coefficient a = " in page.inner_text("#readout")
    assert not page.faults
