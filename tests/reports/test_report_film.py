"""The film of a solution in the report, in a real browser, and axes that have names and units of their own."""

import dataclasses

import numpy as np
import pytest

from fieldsmith.orchestrator.film import MOST_BYTES, Film, Panel, write_film
from fieldsmith.reports.html import MOST_BYTES as MOST_OF_PAGE
from fieldsmith.reports.html import render
from report_runs import finished, picture


@pytest.fixture
def filmed(tmp_path):
    """A finished run with a film of seven frames."""
    x, t = np.linspace(0, 1, 24), np.linspace(0, 2, 7)
    values = np.sin(3 * x[:, None] * x - t[:, None, None])
    panels = [Panel(name, values, (x, x), (0, 1, 0, 1), ("x", "y"), (False, False)) for name in ("u", "v")]
    write_film(tmp_path / "best", Film(panels, t, "t", "s"))
    return dataclasses.replace(finished(), folder=tmp_path)


@pytest.mark.parametrize("width", [360, 1100])
def test_the_film_is_shown_at_any_width(opened, filmed, width):
    page = opened(filmed, viewport={"width": width, "height": 800})
    film = page.locator("#film img")
    assert film.evaluate("image => image.complete && image.naturalWidth") > 300
    box = film.bounding_box()
    assert 280 < box["width"] < min(width, 500)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert not page.faults


@pytest.mark.slow
def test_a_film_has_its_room_on_the_page(filmed, tmp_path):
    content = (tmp_path / "best" / "film.gif").read_bytes()
    (tmp_path / "best" / "film.gif").write_bytes(content + b"\0" * (MOST_BYTES - len(content)))
    assert MOST_BYTES * 4 / 3 < len(render(filmed)) < MOST_OF_PAGE + 600_000
    (tmp_path / "best" / "film.gif").write_bytes(content + b"\0" * MOST_BYTES)
    assert 'id="film"' not in render(filmed)
    (tmp_path / "best" / "film.gif").write_bytes(b"<script>")
    assert 'id="film"' not in render(filmed)


def test_axes_bear_units_and_the_time_its_name(opened):
    own = dataclasses.replace(picture("V", 0, axes=("tau", "S")), labels=("tau [a]", "S [USD]"), time="tau")
    run = finished()
    best = dataclasses.replace(run.best, pictures=(own,))
    page = opened(dataclasses.replace(run, best=best))
    labels = page.locator("#map-solution text.label").evaluate_all("all => all.map(one => one.textContent)")
    assert labels == ["tau [a]", "S [USD]"]
    assert page.inner_text("#row-name") == "Time"
    assert page.inner_text("#row-value").startswith("tau = ")
    assert not page.faults
