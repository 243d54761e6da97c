"""What a grid makes of its cells' runs and processes, without running any: which can be taken up, where they run, how one was killed."""

import json
import os
import signal
import sqlite3
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from fieldsmith.agents.author import Draft
from fieldsmith.bench import cluster
from fieldsmith.bench.cells import Outcome, damaged, keep, run_of, words_of
from fieldsmith.bench.grid import Grid, Terms, _Going
from fieldsmith.bench.suite import Cell, Suite
from fieldsmith.errors import InputError, MissingPart
from fieldsmith.orchestrator.children import Child
from fieldsmith.orchestrator.episodes.question import EpisodeQuestion
from fieldsmith.orchestrator.folder import held
from fieldsmith.orchestrator.question import Question
from fieldsmith.orchestrator.record import write_asked
from fieldsmith.orchestrator.run import Asked
from fieldsmith.orchestrator.store import Store


@pytest.fixture
def run(tmp_path):
    """A directory of a run that was done, with one candidate."""
    folder = tmp_path / "run"
    folder.mkdir()
    write_asked(folder, Asked(Question("burgers"), "T", "s", "f", "a", "n", "c", "2026-01-01 10:00:00"))
    said(folder, "done")
    (folder / "result.json").write_text(json.dumps({"solver": "best/solver.py"}))
    (folder / "best").mkdir()
    (folder / "best" / "solver.py").write_text("x = 1")
    return folder


def said(folder, state):
    store = Store(folder / "run.sqlite")
    if not store.candidates():
        store.issue("1", Draft(), "a")
    store.set_fact("state", state)
    store.close()


def test_a_run_that_is_done_is_not_damaged_unless_its_files_are_missing(run):
    assert not damaged(run)
    (run / "best" / "solver.py").unlink()
    assert damaged(run)


@pytest.mark.parametrize("state", ["running", "interrupted", "failed"])
def test_a_run_that_was_taken_up_and_killed_is_taken_up_again(run, state):
    said(run, state)  # the result of the sitting before is still there
    assert not damaged(run)


def test_what_cannot_be_read_is_damaged(run):
    said(run, "running")
    (run / "run.sqlite").write_bytes(b"no database" * 1000)
    assert damaged(run)
    with held(run):
        assert not damaged(run), "a process works on it"


def test_a_run_of_a_later_version_is_not_damaged(run):
    database = sqlite3.connect(run / "run.sqlite")
    database.execute("PRAGMA user_version = 99")
    database.close()
    assert not damaged(run)


def test_a_folder_in_which_nothing_was_begun_is_not_damaged(tmp_path):
    assert not damaged(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    assert not damaged(tmp_path / "empty")


def a_cell(**asked):
    return Cell("burgers", "built-in", "refine", 0, Question("burgers", **asked))


def a_grid(folder, *cells, terms=None):
    return Grid(Suite(folder / "mine.toml", "Mine", cells), folder / "grid", terms or Terms())


def test_a_cell_whose_process_is_killed_from_outside_says_so(tmp_path):
    cell = a_cell()
    grid = a_grid(tmp_path, cell)
    grid._usd = {}
    child = Child(["solve", "burgers", "--run-dir", str(run_of(cell, grid.folder))], tmp_path)
    os.kill(child._process.pid, signal.SIGKILL)
    child._process.wait()
    outcome = grid._outcome(_Going(cell, child, [], 0.0, None))
    assert (outcome.state, outcome.message) == ("fault", "killed (SIGKILL); by the system for want of memory?")


def test_what_is_in_flight_is_in_place_of_the_suites():
    terms = Terms(in_flight=7)
    terms.check()
    assert terms.asked(Question("burgers", in_flight=3), None).in_flight == 7
    assert terms.asked(EpisodeQuestion("pde-workbench", agent="random"), None).in_flight == 7
    assert Terms().asked(Question("burgers", in_flight=3), None).in_flight == 3
    with pytest.raises(InputError, match="--in-flight -1"):
        Terms(in_flight=-1).check()


def test_another_sandbox_is_no_other_cell(tmp_path):
    terms, cell = Terms(sandbox="bubblewrap"), a_cell(sandbox="docker")
    terms.check()
    assert terms.asked(cell.question, None).sandbox == "bubblewrap"
    assert terms.asked(EpisodeQuestion("pde-workbench", agent="random"), None).sandbox == "bubblewrap"
    grid = a_grid(tmp_path, cell, terms=terms)
    grid.folder.mkdir()
    keep(grid.folder, Outcome(cell.name, "interrupted", words_of(cell)))
    assert grid.known()[cell.name].state == "interrupted"
    with pytest.raises(InputError, match="no sandbox 'cage'"):
        Terms(sandbox="cage").check()


class Rays:
    """In place of `started`: clusters that answer, and what was asked of them."""

    def __init__(self, *answering):
        self.answering, self.told = answering, []

    def __call__(self, address):
        if address not in self.answering:
            raise MissingPart(f"No Ray cluster answers at {address}.")
        self.told.append(address)
        context = SimpleNamespace(gcs_address="10.0.0.1:1234")
        return SimpleNamespace(get_runtime_context=lambda: context, shutdown=lambda: self.told.append("end"))


@pytest.fixture
def rays(monkeypatch):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)

    def play(*answering):
        played = Rays(*answering)
        monkeypatch.setattr(cluster.ray_sandbox, "started", played)
        return played

    return play


def reached(cells, terms, only_look=False):
    named = [replace(cell, seed=number) for number, cell in enumerate(cells)]
    return cluster.reached(a_grid(Path("nowhere"), *named, terms=terms), only_look)


def test_a_grid_that_needs_no_cluster_asks_for_none(rays):
    played = rays()
    with reached([a_cell()], Terms()) as terms:
        assert terms == Terms()
    assert played.told == []


@pytest.mark.parametrize("only_look", [True, False])
def test_an_address_at_which_nothing_answers_ends_the_grid_before_its_first_cell(rays, only_look):
    rays()
    with (
        pytest.raises(MissingPart, match="No Ray cluster answers at h:1"),
        reached([a_cell()], Terms(engine="ray", address="h:1"), only_look),
    ):
        raise AssertionError
    with (
        pytest.raises(MissingPart, match="at h:2"),
        reached([a_cell(engine="ray", address="h:2")], Terms(), only_look),
    ):
        raise AssertionError


def test_an_address_is_looked_at_once_and_kept(rays):
    played = rays("h:1")
    with reached([a_cell(), a_cell()], Terms(engine="ray", address="h:1")) as terms:
        assert played.told == ["h:1", "end"]
        assert terms.asked(a_cell().question, None).address == "h:1"


def test_cells_without_an_address_share_one_cluster_until_the_end(rays):
    played = rays("")
    with reached([a_cell(), a_cell()], Terms(engine="ray")) as terms:
        assert played.told == [""]
        assert terms.asked(a_cell().question, None).address == "10.0.0.1:1234"
    assert played.told == ["", "end"]
    with reached([a_cell(engine="ray"), a_cell()], Terms()) as terms:
        assert terms.asked(a_cell(engine="ray").question, None).address == "10.0.0.1:1234"
        assert terms.asked(a_cell().question, None).address is None


def test_to_look_starts_no_cluster_of_this_machine(rays, monkeypatch):
    played = rays("")
    monkeypatch.setattr(cluster.importlib.util, "find_spec", lambda _: object())
    with reached([a_cell()], Terms(engine="ray"), only_look=True):
        assert played.told == []


def test_a_cluster_of_the_environment_is_looked_at_and_left_to_the_cells(rays, monkeypatch):
    played = rays("")
    monkeypatch.setenv("RAY_ADDRESS", "h:1")
    with reached([a_cell()], Terms(engine="ray"), only_look=True) as terms:
        assert played.told == ["", "end"]
        assert terms.cluster == ""
