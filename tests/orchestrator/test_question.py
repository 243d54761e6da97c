"""What is asked from Python and in files: numbers of other libraries, paths with a tilde, values of the wrong kind."""

import sys
import tomllib
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import typer

import fieldsmith as fs
from fieldsmith.cli.options import merged
from fieldsmith.errors import InputError
from fieldsmith.folders import cache_folder, expanded
from fieldsmith.models import open_model
from fieldsmith.models.chat_model import ChatRequest, Message
from fieldsmith.models.prices import Price, listed
from fieldsmith.orchestrator.folder import begin
from fieldsmith.orchestrator.open import open_solve
from fieldsmith.orchestrator.question import Question


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home folder of its own, and another folder to work in, which must stay without one named ~."""
    (tmp_path / "home").mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "here")
    yield tmp_path / "home"
    assert not list((tmp_path / "here").glob("~*"))


def test_numbers_of_numpy_are_those_of_python():
    asked = Question(
        "advection",
        seed=np.int64(3),
        candidates=np.array(2),
        max_tokens=np.uint32(5000),
        max_hours=np.float32(0.5),
        max_cost=Fraction(1, 2),
        param={"beta": np.float32(0.5), "other": np.int8(1)},
        strategy_options={"drafts": np.int64(2)},
        model_options={"stop": [np.str_("a")], "max_tokens": np.int64(9)},
    )
    numbers = [asked.seed, asked.candidates, asked.max_tokens, asked.max_hours, asked.max_cost]
    assert [(type(n), n) for n in numbers] == [(int, 3), (int, 2), (int, 5000), (float, 0.5), (float, 0.5)]
    assert asked.param == {"beta": 0.5, "other": 1}
    assert {type(value) for value in asked.param.values()} == {int, float}
    assert type((asked.strategy_options or {})["drafts"]) is int


def test_a_run_asked_for_with_numbers_of_numpy_is_written_and_resumed(tmp_path):
    for seed in (np.int64(2), 2):
        run = open_solve(Question("advection", tmp_path / "run", seed=seed, param={"beta": np.float32(0.5)}))
        run.prepare()
        begin(run.folder, run.asked)
    assert tomllib.loads((tmp_path / "run" / "run.toml").read_text())["question"]["seed"] == 2


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"candidates": "2"}, "candidates = '2' is not a whole number"),
        ({"candidates": np.float64(2.5)}, "candidates = 2.5 is not a whole number"),
        ({"candidates": np.bool_(True)}, "candidates = True is not a whole number"),
        ({"strategy": None}, "strategy = None"),
        ({"scale": None}, "scale = None is not text"),
        ({"seed": None}, "seed = None is not a whole number"),
        ({"max_hours": 1j}, "max_hours = 1j is not a number"),
        ({"param": {3: 1.0}}, "is not a mapping of names to values"),
    ],
)
def test_values_of_another_kind_are_refused(values, words):
    with pytest.raises(InputError, match=words):
        Question("advection", **values).check()


def test_a_tilde_in_a_path_is_the_home_folder(home):
    asked = Question("advection", run_dir="~/run", data=Path("~/d.hdf5"), prompts="~/p", model="mailbox:~/box")
    assert (asked.run_dir, asked.prompts) == (str(home / "run"), str(home / "p"))
    assert asked.data == home / "d.hdf5"
    assert open_model("mailbox:~/box").label == f"mailbox:{home}/box"
    assert expanded("~nobody-of-this-name/x") == Path("~nobody-of-this-name/x")
    assert expanded("a~b") == Path("a~b")


def test_a_tilde_in_what_names_a_model_is_the_home_folder(home, monkeypatch):
    for spec in ("gguf:~/x.gguf", "replay:~/run"):
        with pytest.raises(InputError, match=str(home)):
            open_model(spec)
    script = home / "say.sh"
    script.write_text("#!/bin/sh\ncat > /dev/null; echo hello\n")
    script.chmod(0o755)
    asked = ChatRequest((Message("user", "x"),))
    assert open_model("command:~/say.sh", settings={"folder": "~"}).complete(asked).text == "hello\n"
    (home / "key").write_text("sk-x")
    (home / "prices.toml").write_text('"openai:m" = [1.0, 2.0]\n')
    monkeypatch.setenv("FIELDSMITH_PRICES", "~/prices.toml")
    assert listed("openai:m") == Price(1.0, 2.0)
    monkeypatch.setenv("FIELDSMITH_HOME", "~/data")
    assert cache_folder() == home / "data" / "cache"


def test_a_tilde_in_a_file_of_options_is_the_home_folder(home):
    seen = {}
    app = typer.Typer()

    @app.command()
    def solve(context: typer.Context, run_dir: Path | None = None, config: Path | None = None) -> None:
        seen.update(merged(context, config))

    (home / "options.toml").write_text('run-dir = "~/run"\n')
    with pytest.raises(SystemExit):
        sys.exit(app(["--config=~/options.toml"], standalone_mode=False))
    assert seen["run_dir"] == home / "run"


def test_a_tilde_in_pythons_face_is_the_home_folder(home):
    with pytest.raises(InputError, match=f"{home}/run is not a run directory"):
        fs.open_run("~/run")
    with pytest.raises(InputError, match=f"{home}/d.hdf5"):
        fs.task("burgers", data="~/d.hdf5")
