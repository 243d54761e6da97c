"""The page of a run that is going on: it loads itself again and stays where its reader is; a finished one stands still."""

import dataclasses
import time

from playwright.sync_api import expect

from fieldsmith.reports.html import render
from report_runs import candidate, finished, run_of

REFRESH = 0.4


def running(run):
    return dataclasses.replace(run, state="running")


def test_a_running_page_follows_and_keeps_its_place(opened, tmp_path):
    run = running(finished())
    page = opened(run, 3.0)  # long enough to press everything below: a click in the moment of reloading is lost
    page.locator("#tree li").first.click()
    page.get_by_role("tab", name="Code").click()
    page.select_option("#against", "seconds")
    page.select_option("#order", "came")
    page.focus("#row")
    page.keyboard.press("Home")
    page.click("#statement summary")
    page.evaluate(
        "document.activeElement.blur(); window.old = true; window.scrollTo({ top: 900, behavior: 'instant' })"
    )
    top = page.evaluate("scrollY")
    more = [*run.candidates, candidate(7, 1e-1, slot="r3")]
    (tmp_path / "report.html").write_text(render(dataclasses.replace(run, candidates=tuple(more)), 60.0))
    expect(page.locator("#tree li", has_text="r3")).to_have_count(1, timeout=30_000)
    assert page.evaluate("window.old") is None
    assert abs(page.evaluate("scrollY") - top) < 2
    assert "Candidate 1 " in page.inner_text("#candidate h3")
    assert page.locator("[role=tab][aria-selected=true]").inner_text() == "Code"
    assert page.input_value("#against") == "seconds"
    assert page.input_value("#order") == "came"
    assert page.input_value("#row") == "0"
    assert page.locator("#statement").get_attribute("open") is not None
    assert not page.faults


def test_it_waits_while_text_is_selected(opened):
    page = opened(running(finished()), REFRESH)
    page.evaluate("window.old = true; getSelection().selectAllChildren(document.querySelector('h1'))")
    page.wait_for_timeout(5 * 1000 * REFRESH)
    assert page.evaluate("window.old")
    with page.expect_event("load"):
        page.evaluate("getSelection().removeAllRanges()")
    assert page.evaluate("window.old") is None


def test_it_stops_when_the_run_is_done(opened, tmp_path):
    page = opened(running(finished()), REFRESH)
    (tmp_path / "report.html").write_text(render(finished(), REFRESH))
    expect(page.locator(".state.done")).to_have_count(1)
    page.evaluate("window.old = true")
    page.wait_for_timeout(5 * 1000 * REFRESH)
    assert page.evaluate("window.old")


def test_the_best_is_shown_as_long_as_nothing_else_was_chosen(opened, tmp_path):
    first, second = candidate(1, 1e-2), candidate(2, 1e-3)
    page = opened(run_of([first], first, state="running"), REFRESH)
    (tmp_path / "report.html").write_text(render(run_of([first, second], second, state="running"), 60.0))
    expect(page.locator("#tree li")).to_have_count(2)
    assert "Candidate 2" in page.inner_text("#candidate h3")


def test_a_page_that_was_left_behind_says_so(opened, monkeypatch):
    assert not opened(running(finished())).inner_text("#stale")
    written = time.time() - 3600.0
    monkeypatch.setattr(time, "time", lambda: written)
    page = opened(running(finished()))
    assert "60 minutes" in page.inner_text("#stale")
    assert not page.faults
