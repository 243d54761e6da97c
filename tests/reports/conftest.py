"""A browser for the tests of the report, and pages that remember every fault of theirs."""

import shutil

import pytest
from playwright.sync_api import sync_playwright

from fieldsmith.reports.html import render


@pytest.fixture(scope="session")
def browser():
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as play:
        launched = play.chromium.launch(executable_path=path, args=arguments)
        yield launched
        launched.close()


@pytest.fixture
def opened_text(browser, tmp_path):
    """Opens a page from a file, as a person does; `page.faults` holds what went wrong on it."""
    pages = []

    def open_page(text, **options):
        file = tmp_path / "report.html"
        file.write_text(text, encoding="utf-8")
        page = browser.new_page(**options)
        pages.append(page)
        page.faults = []
        page.on("console", lambda m: page.faults.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on(
            "request",
            lambda r: page.faults.append(r.url) if not r.url.startswith(("file:", "data:", "blob:")) else None,
        )
        page.goto(file.as_uri())
        return page

    yield open_page
    for page in pages:
        page.close()


@pytest.fixture
def opened(opened_text):
    """Opens the page of a run of candidates."""
    return lambda run, refresh=10.0, **options: opened_text(render(run, refresh), **options)
