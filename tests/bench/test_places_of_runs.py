"""Runs that are looked at again run where they ran: with their own image, container runtime and GPUs."""

import json

import pytest

from fieldsmith import sandboxes
from fieldsmith.agents.author import Candidate, Program, Proposal
from fieldsmith.bench import verify_run as verify_room
from fieldsmith.bench import verify_tested as tested_room
from fieldsmith.bench.places import Places
from fieldsmith.errors import InputError, MissingPart
from fieldsmith.evaluation.evaluation import Evaluation, Score
from fieldsmith.finding import Finding
from fieldsmith.orchestrator.question import Question
from fieldsmith.orchestrator.run import Asked, Best, RunRecord, Spend
from fieldsmith.tasks.digest import digest_of


class Sandbox:
    """A sandbox that is closed when its context ends."""

    def __init__(self, *asked):
        self.asked, self.closed = asked, False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.closed = True


@pytest.fixture
def chosen(monkeypatch):
    """Every sandbox that was chosen."""
    found = []

    def choose(name, trusted=False, image="base", runtime="", gpus=""):
        found.append(Sandbox(name, image, runtime, gpus))
        return found[-1]

    monkeypatch.setattr(sandboxes, "choose", choose)
    return found


def test_each_run_has_its_own_place_and_places_are_opened_once(chosen):
    with Places("auto") as places:
        torch = Question("t", image="torch", docker_runtime="runsc", gpus="all", sandbox="process")
        assert places.of(torch) is places.of(torch) is not places.of(Question("t"))
    assert [one.asked for one in chosen] == [("auto", "torch", "runsc", "all"), ("auto", "base", "", "")]
    assert all(one.closed for one in chosen)


def test_a_sandbox_that_there_is_not_is_refused_before_anything_is_looked_at():
    with pytest.raises(InputError, match="no sandbox 'dokcer'"):
        Places("dokcer")


class Task:
    """What verifying needs of a task."""

    fingerprint = "f" * 8

    def split(self, _name):
        return []

    def brief(self):
        return None


def score(nrmse):
    return Score(nrmse, {}, None, None, 0.0, 1.0, samples=(nrmse,))


def program(number):
    return Program(f"x = {number}")


@pytest.fixture
def run(tmp_path):
    """A run with the image torch of two programs, the first the best, and their test errors."""
    digest = digest_of([])
    candidates = [
        Candidate(n, str(n), "draft", (), "m", Proposal(program(n)), Evaluation("ok", dev=score(n * 1e-3), test=score(n * 1e-3)))
        for n in (1, 2)
    ]  # fmt: skip
    sittings = [{"data": {"dev": digest, "test": digest}}]
    asked = Asked(Question("t", image="torch"), "T", "s", "f" * 8, "m", "n", "c", "now", sittings=sittings)
    ranks = {program(1).sha256: 1e-3, program(2).sha256: 2e-3}
    (tmp_path / "tested.json").write_text(json.dumps({"fingerprint": "f" * 8, "digest": digest, "ranks": ranks}))
    return RunRecord(tmp_path, asked, "done", tuple(candidates), Best(candidates[0]), Spend())


def test_a_run_is_verified_in_its_own_place(run, chosen, monkeypatch):
    monkeypatch.setattr(verify_room, "task_of", lambda _: Task())
    monkeypatch.setattr(verify_room, "_surroundings", lambda *_: True)
    monkeypatch.setattr(verify_room, "_solver", lambda *_: Finding("solver"))
    monkeypatch.setattr(verify_room, "_evaluations", lambda _: Finding("records"))
    monkeypatch.setattr(verify_room, "_result", lambda _: Finding("result"))
    used = []

    def evaluate(_task, source, sandbox, **_):
        used.append(sandbox.asked)
        nrmse = 1e-3 if "1" in source else 2e-3
        return Evaluation("ok", dev=score(nrmse), test=score(nrmse))

    monkeypatch.setattr(verify_room, "evaluate", evaluate)
    monkeypatch.setattr(tested_room, "scored", evaluate)
    with Places() as places:
        found = {one.check: one.state for one in verify_room.verify_run(run, places)}
    assert (found["dev"], found["test"], found["tested"]) == ("holds", "holds", "holds")
    assert set(used) == {("auto", "torch", "", "")}


def test_a_place_that_is_not_here_leaves_scores_unchecked(run, monkeypatch):
    def choose(*_, **__):
        raise MissingPart("The image fieldsmith-torch is not built.")

    monkeypatch.setattr(sandboxes, "choose", choose)
    monkeypatch.setattr(verify_room, "task_of", lambda _: Task())
    monkeypatch.setattr(verify_room, "_solver", lambda *_: Finding("solver"))
    monkeypatch.setattr(verify_room, "_evaluations", lambda _: Finding("records"))
    monkeypatch.setattr(verify_room, "_result", lambda _: Finding("result"))
    found = {one.check: one for one in verify_room.verify_run(run, Places())}
    assert "fieldsmith-torch is not built" in found["scores"].unchecked
    assert found["tested"].state == "unchecked"


def verified(run, monkeypatch, outcome, same=True):
    monkeypatch.setattr(tested_room, "scored", lambda *_: outcome)
    (found,) = tested_room.verify_tested(run, Task(), Sandbox(), same)
    return found.state


def test_a_test_error_that_is_another_is_a_fault_and_one_of_another_machine_is_not_checked(run, monkeypatch):
    assert verified(run, monkeypatch, Evaluation("ok", test=score(1e-3))) == "fault"
    assert verified(run, monkeypatch, Evaluation("timeout")) == "unchecked"
    assert verified(run, monkeypatch, Evaluation("crashed", error_type="ModuleNotFoundError")) == "unchecked"
    assert verified(run, monkeypatch, Evaluation("crashed"), same=False) == "unchecked"
    assert verified(run, monkeypatch, Evaluation("crashed")) == "fault"


def test_what_the_time_does_not_suffice_for_is_not_checked(run, monkeypatch):
    monkeypatch.setattr(tested_room, "MOST_SECONDS", -1.0)
    (found,) = tested_room.verify_tested(run, Task(), Sandbox())
    assert (found.state, "2 programs are left" in found.unchecked) == ("unchecked", True)


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({"ranks": {"0" * 64: 1e-3}}, "fault"),
        ({"ranks": {program(1).sha256: 5e-4}}, "fault"),
        ({"digest": "of other arrays"}, "unchecked"),
        ({"ranks": "none"}, "unchecked"),
    ],
)
def test_test_errors_are_held_against_the_run_and_its_arrays(run, change, state):
    file = run.folder / "tested.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    (found,) = tested_room.verify_tested(run, Task(), Sandbox() if "digest" in change else None)
    assert found.state == state
