"""`fieldsmith tasks` lists what can be asked and shows statements."""

import json

import pytest
from typer.testing import CliRunner

from fieldsmith.cli.output import current
from fieldsmith.cli.tasks import app
from fieldsmith.errors import InputError
from fieldsmith.tasks import TASKS


@pytest.fixture(autouse=True)
def plain_output():
    yield
    current.json = False


def test_list_names_tasks_with_defaults_and_ranges() -> None:
    text = CliRunner().invoke(app, []).output
    assert "burgers" in text
    assert "nu=0.01" in text
    assert "0.001 to 10" in text
    assert text == CliRunner().invoke(app, ["list"]).output


def test_a_task_with_other_scales_says_so(monkeypatch) -> None:
    assert "(scales: demo, paper)\n" in CliRunner().invoke(app, []).output
    found, refused = TASKS.everything()
    small = type("Small", (found["advection"],), {"title": "A small one", "sizes_by_scale": {"demo": {"x": 8}}})
    monkeypatch.setattr(type(TASKS), "everything", lambda _: ({**found, "small": small}, refused))
    text = CliRunner().invoke(app, []).output
    assert "A small one (scale: demo)\n" in text
    assert "\nScales of the others: demo, paper, hard. " in text


def test_show_prints_the_statement() -> None:
    text = CliRunner().invoke(app, ["show", "reacdiff1d", "--param", "rho=3", "--scale", "paper"]).output
    assert "def solver(u0_batch, t_coordinate, nu, rho)" in text
    assert "rho = 3" in text
    assert "x = 1024" in text


def test_json_is_one_line() -> None:
    for arguments in (["--json"], ["list", "--json"], ["show", "darcy", "--json"]):
        (line,) = CliRunner().invoke(app, arguments).output.splitlines()
        assert json.loads(line)["event"] == "result"


@pytest.mark.parametrize("arguments", [["show", "burger"], ["show", "burgers", "--param", "nu"]])
def test_mistakes_are_input_errors(arguments: list[str]) -> None:
    assert isinstance(CliRunner().invoke(app, arguments).exception, InputError)
