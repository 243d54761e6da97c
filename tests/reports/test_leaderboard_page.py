"""A benchmark's page in a browser: nothing of it fails, and it fits a phone."""

import pytest

from fieldsmith.bench.table import Leaderboard, Row, Standing
from fieldsmith.reports.leaderboard_page import page

ERRORS = Standing("burgers,nu=0.01@paper", "nRMSE", True, (1e-5, 1e-4), 2, 2, 0.0, 0.0, 1.0)
BOARD = Leaderboard("T", (ERRORS.task,), (Row("a", "refine", {ERRORS.task: ERRORS}, ERRORS.interval),), 2, {})


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_has_no_faults_and_its_command_can_be_copied(opened_text, width):
    shown = opened_text(page(BOARD, "fieldsmith bench mine.toml"), viewport={"width": width, "height": 800})
    shown.get_by_role("button", name="Copy").click()
    shown.get_by_role("button", name="Copied").wait_for()
    shown.get_by_role(
        "button", name="Colours"
    ).click()  # another colour of the page, which has no plots to be drawn anew
    shown.set_viewport_size({"width": width - 20, "height": 800})
    assert shown.evaluate("document.documentElement.scrollWidth") <= width - 20
    assert shown.faults == []
