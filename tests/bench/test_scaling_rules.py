"""What counts in test-time scaling, on made-up runs: who is chosen, who counts twice, what a failure on test costs, what is kept."""

import itertools
import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldsmith.agents.author import Candidate, Program, Proposal, Usage
from fieldsmith.agents.authors import open_author
from fieldsmith.bench import tested as tested_room
from fieldsmith.bench.estimator import Draft, curve
from fieldsmith.bench.measured import Measured
from fieldsmith.bench.places import Places
from fieldsmith.bench.scaling import Group, curves, groups
from fieldsmith.cli import scaling as scaling_command
from fieldsmith.evaluation.evaluation import Evaluation, Score
from fieldsmith.orchestrator.question import Question
from fieldsmith.orchestrator.run import Asked, Best, RunRecord, Spend
from fieldsmith.reports.scaling import as_rows, rows
from fieldsmith.reports.scaling_plot import write_scaling
from fieldsmith.strategies import BestOfN, open_strategy
from fieldsmith.strategies.choosing import best_of, bests_of

ASKED = Asked(Question("t", strategy="best-of-n"), "T", "s", "f" * 8, "model", "n", "c", "now", independent=True)


def score(nrmse, cost=1.0, **more):
    return Score(nrmse, {}, None, None, 0.0, cost, samples=(nrmse,), **more)


def own(value, better="higher"):
    return Score(math.nan, {}, None, None, 0.0, 1.0, metric="gain", value=value, lower_is_better=better == "lower")


def candidate(number, dev, seconds=1.0, copy_of="", writing=0.0):
    evaluation = Evaluation("ok" if dev else "crashed", dev=dev, seconds=seconds, copy_of=copy_of)
    source = f"x = {copy_of or number}"
    proposal = Proposal(Program(source), usage=Usage(seconds=writing))
    return Candidate(number, str(number), "draft", (), "model", proposal, evaluation)


def record(candidates, folder="run", asked=ASKED):
    return RunRecord(Path(folder), asked, "done", tuple(candidates), None, Spend())


class Known:
    """Test figures by the candidates' numbers."""

    def __init__(self, ranks):
        self.ranks = ranks

    def rank(self, one):
        return self.ranks[one.id]


def measured(name, task="burgers", seed=0, author="m", strategy="refine", **terms):
    return Measured(name, Path(name), task, seed, author, strategy, None, {}, terms, "f" * 8)


@pytest.mark.parametrize(("estimated", "words"), [(True, "about 4,000"), (False, "4,000")])
def test_tokens_that_were_estimated_are_said_to_be(estimated, words):
    drafts = [candidate(n, score(1e-3)) for n in (1, 2)]
    usage = Usage(1500, 500, estimated=estimated)
    drafts = [replace(one, proposal=replace(one.proposal, usage=usage)) for one in drafts]
    (found,) = curves(Group("g", (record(drafts),)), [Known({1: 1e-3, 2: 1e-3})])
    assert words in list(rows(found))[-1]


def test_drafts_are_chosen_as_a_run_chooses():
    drafts = [candidate(1, score(1.00e-3, cost=8.0)), candidate(2, score(1.001e-3, cost=1.0))]
    assert best_of(drafts).id == 2
    (found,) = curves(Group("g", (record(drafts),)), [Known({1: 1e-2, 2: 1e-4})])
    assert found.rows[-1].test.value == pytest.approx(1e-4)
    assert found.rows[-1].dev == pytest.approx(1.001e-3)


@given(st.lists(st.tuples(st.sampled_from([None, 1e-3, 1.001e-3, 1e-5]), st.sampled_from([0.5, 1.0, 4.0])), max_size=7))
def test_the_best_so_far_is_what_would_be_chosen_of_what_came_so_far(drawn):
    candidates = [candidate(n, score(dev, cost) if dev else None) for n, (dev, cost) in enumerate(drawn, 1)]
    found = list(bests_of(candidates))
    assert found == [best_of(candidates[: n + 1]) for n in range(len(candidates))]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.one_of(st.none(), st.tuples(st.floats(-9, 9), st.one_of(st.none(), st.floats(-9, 9)))),
        min_size=1,
        max_size=7,
    ),
    st.data(),
)
def test_a_chosen_draft_that_fails_on_test_keeps_its_place(given_drafts, data):
    k = data.draw(st.integers(1, len(given_drafts)))
    drafts = [Draft(None, None) if one is None else Draft(*one) for one in given_drafts]
    (row,) = curve(drafts, [k], by_decades=False, bootstraps=0)
    chosen, choices = [], list(itertools.combinations(given_drafts, k))
    for choice in choices:
        ran = [draft for draft in choice if draft is not None]
        chosen.append(min(ran, key=lambda draft: draft[0]) if ran else None)
    values = [draft[1] for draft in chosen if draft is not None and draft[1] is not None]
    lost = sum(draft is not None and draft[1] is None for draft in chosen)
    assert row.failed == pytest.approx(lost / len(choices))
    assert row.none == pytest.approx(chosen.count(None) / len(choices))
    mean = math.fsum(values) / len(values) if values else math.nan
    assert row.test.value == pytest.approx(mean, abs=1e-9, nan_ok=True)


def test_a_metric_of_a_tasks_own_has_no_figure_where_the_chosen_one_fails_on_test():
    drafts = [candidate(1, own(5.0)), candidate(2, own(3.0))]
    (found,) = curves(Group("g", (record(drafts),)), [Known({1: None, 2: -2.0})])
    assert [row.failed for row in found.rows] == [0.5, 1.0]
    assert (found.rows[0].test.value, math.isnan(found.rows[1].test.value)) == (2.0, True)
    assert "fails on test" in next(rows(found))


def test_an_error_counts_as_that_of_zeros_where_the_chosen_one_fails_on_test():
    (found,) = curves(Group("g", (record([candidate(1, score(1e-3))]),)), [Known({1: None})])
    assert (found.rows[0].test.value, found.rows[0].failed) == (1.0, 1.0)


def test_a_copy_costs_what_the_judging_of_its_original_did():
    drafts = [candidate(1, score(1e-3), seconds=8.0), candidate(2, score(1e-3), seconds=0.0, copy_of="1", writing=2.0)]
    (found,) = curves(Group("g", (record(drafts),)), [Known({1: 1e-3, 2: 1e-3})])
    assert found.rows[-1].seconds == pytest.approx(8.0 + 8.0 + 2.0)


def test_dependent_candidates_have_an_oracle_and_dev_and_test_over_the_same_runs():
    asked = replace(ASKED, independent=False)
    first = record([candidate(1, None), candidate(2, score(1e-2)), candidate(3, score(1e-3))], "a", asked)
    second = record([candidate(1, score(1e-4))], "b", asked)
    known = [Known({2: 1e-5, 3: 1e-2}), Known({1: 1e-3})]
    (found,) = curves(Group("g", (first, second)), known)
    first_row, last = found.rows[0], found.rows[-1]
    assert (first_row.none, first_row.dev, first_row.test.value) == (0.5, pytest.approx(1e-2), pytest.approx(10**-1.5))
    assert (last.dev, last.test.value) == (pytest.approx(10**-3.5), pytest.approx(10**-2.5))
    assert last.oracle == pytest.approx(10**-4)


def test_independence_is_what_strategy_and_author_say_and_no_is_what_is_not_said():
    assert BestOfN.independent
    assert open_author("scan").independent
    assert not getattr(open_author("built-in"), "independent", False)
    assert not getattr(open_strategy("refine"), "independent", False)
    assert not Group("g", (record([], asked=replace(ASKED, independent=False)),)).independent
    older = replace(ASKED, independent=None)
    assert Group("g", (record([], asked=older),)).independent
    assert not Group("g", (record([], asked=replace(older, author="numerics")),)).independent


def test_a_seed_counts_once_and_where_programs_ran_makes_no_group():
    runs = [measured("a", sandbox="docker"), measured("b", sandbox="process"), measured("c", seed=1)]
    (group,) = groups((one, record([], one.name)) for one in runs)
    assert [run.folder.name for run in group.runs] == ["a", "c"]
    assert group.left == ("b is left out: a asks the same with the same seed, 0.",)


def test_engine_and_cores_make_no_group_and_pilots_do():
    runs = [measured("a", engine="local"), measured("b", engine="ray", address="host:1", cpus=2.0, seed=1)]
    (group,) = groups((one, record([], one.name)) for one in runs)
    assert [run.folder.name for run in group.runs] == ["a", "b"]
    runs = [measured("a", pilots=0), measured("b", pilots=2)]
    assert len(groups((one, record([], one.name)) for one in runs)) == 2


def test_groups_that_differ_in_an_option_are_named_by_it():
    runs = [measured("a", candidates=4), measured("b", candidates=8), measured("c", strategy="tree")]
    names = [group.name for group in groups((one, record([], one.name)) for one in runs)]
    assert names == ["burgers / m / refine (candidates 4)", "burgers / m / refine (candidates 8)", "burgers / m / tree"]


class Task:
    """What `tested_room.Tested` needs of a task."""

    fingerprint = ASKED.fingerprint

    def split(self, _name):
        return []


@pytest.fixture
def measuring(monkeypatch, tmp_path):
    """A run of two programs, and what their scoring gives: by source a list of evaluations, one a try."""
    outcomes = {}
    monkeypatch.setattr(tested_room, "task_of", lambda _asked: Task())
    monkeypatch.setattr(tested_room, "evaluate", lambda _task, source, _sandbox, **_: outcomes[source].pop(0))
    run = record([candidate(1, score(1e-3)), candidate(2, score(1e-2))], str(tmp_path))
    return run, outcomes


WALL = Evaluation("timeout", facts={"limit": "wall"})


def test_what_the_wall_clock_ended_is_tried_again_and_never_kept(measuring):
    run, outcomes = measuring
    outcomes |= {"x = 1": [WALL, Evaluation("ok", test=score(2e-3))], "x = 2": [WALL, WALL]}
    known = tested_room.Tested(run)
    known.measure(run.candidates, None)
    assert [known.rank(one) for one in run.candidates] == [2e-3, None]
    kept = json.loads((run.folder / "tested.json").read_text())
    assert list(kept["ranks"].values()) == [2e-3]
    assert not tested_room.Tested(run).knows(run.candidates)


def test_a_failure_of_the_program_is_kept(measuring):
    run, outcomes = measuring
    outcomes |= {"x = 1": [Evaluation("crashed")], "x = 2": [Evaluation("ok", test=score(0.5))]}
    tested_room.Tested(run).measure(run.candidates, None)
    known = tested_room.Tested(run)
    assert known.knows(run.candidates)
    assert [known.rank(one) for one in run.candidates] == [None, 0.5]


class Place:
    """A sandbox with these libraries."""

    name = "docker"

    def __init__(self, *libraries):
        self.has = libraries

    def libraries(self):
        return self.has

    def image_facts(self):
        return {}


UNIMPORTED = Evaluation("crashed", error_type="ModuleNotFoundError", error_message="No module named 'torch'")


def test_a_library_that_is_missing_here_only_is_no_failure(measuring):
    run, outcomes = measuring
    sitting = {"data": {}, "sandbox": "docker", "sandbox_libraries": ["numpy 2", "torch 2"]}
    run = replace(run, asked=replace(run.asked, sittings=[sitting]))
    outcomes |= {"x = 1": [UNIMPORTED, UNIMPORTED], "x = 2": [Evaluation("ok", test=score(0.5))]}
    known = tested_room.Tested(run)
    known.measure(run.candidates, Place("numpy 2"))
    assert list(known.unimported.values()) == ["No module named 'torch'"]
    assert not known.knows(run.candidates)
    assert list(json.loads((run.folder / "tested.json").read_text())["ranks"].values()) == [0.5]
    again = tested_room.Tested(run)
    again.measure(run.candidates, Place("numpy 2", "torch 2"))
    assert (again.knows(run.candidates), again.rank(run.candidates[0])) == (True, None)


def test_a_group_whose_library_is_missing_here_is_told_and_has_dev_errors_alone(measuring, monkeypatch, capsys):
    run, outcomes = measuring
    sitting = {"data": {}, "sandbox": "docker", "sandbox_libraries": ["torch 2"]}
    run = replace(
        run, asked=replace(run.asked, question=replace(run.asked.question, image="torch"), sittings=[sitting])
    )
    outcomes |= {"x = 1": [UNIMPORTED], "x = 2": [Evaluation("ok", test=score(0.5))]}
    asked = []
    monkeypatch.setattr(scaling_command, "_runs", lambda _places: [(measured("a"), run)])
    monkeypatch.setattr(Places, "of", lambda _self, question: asked.append(question.image) or Place("numpy 2"))
    monkeypatch.setattr(scaling_command.current, "json", False)  # put back afterwards
    scaling_command.scaling(["a"], sandbox="process", as_json=True)
    said = capsys.readouterr()
    assert asked == ["torch"]
    result = json.loads(said.out.splitlines()[-1])
    rows, (left,) = result["rows"], result["left"]
    assert [(row["test"], row["dev"] is None) for row in rows] == [(None, False)] * 2
    assert "1 program cannot be run here for want of a library (No module named 'torch')" in left
    assert "It ran with --sandbox docker." in left


def test_test_errors_of_other_arrays_are_not_mixed_with_those_of_these(measuring):
    run, outcomes = measuring
    final = replace(run.candidates[0].evaluation, test=score(9e-3))
    asked = replace(run.asked, sittings=[{"data": {"test": "of another machine"}}])
    run = replace(run, asked=asked, best=Best(replace(run.candidates[0], evaluation=final)))
    assert tested_room.Tested(run).rank(run.candidates[0]) == 9e-3
    outcomes |= {"x = 1": [Evaluation("ok", test=score(8e-3))], "x = 2": [Evaluation("ok", test=score(7e-3))]}
    tested_room.Tested(run).measure(run.candidates, None)
    assert [tested_room.Tested(run).rank(one) for one in run.candidates] == [8e-3, 7e-3]


def test_a_folder_that_cannot_be_written_is_told_and_what_was_measured_still_counts(measuring, monkeypatch):
    run, outcomes = measuring
    outcomes |= {"x = 1": [Evaluation("ok", test=score(1e-3))], "x = 2": [Evaluation("ok", test=score(1e-2))]}

    def refuse(*_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(tested_room, "write_text", refuse)
    known = tested_room.Tested(run)
    known.measure(run.candidates, None)
    assert known.rank(run.candidates[0]) == 1e-3
    assert "tested.json cannot be written: Read-only file system" in known.unkept


@pytest.mark.slow
def test_each_metric_has_a_plot_of_its_own(tmp_path):
    errors = Group("errors", (record([candidate(1, score(1e-3)), candidate(2, score(1e-4))]),))
    gains = Group("gains", (record([candidate(1, own(2.0)), candidate(2, own(3.0))]),))
    scaled = [
        (errors, curves(errors, [Known({1: 1e-3, 2: 1e-4})])),
        (gains, curves(gains, [Known({1: -2.0, 2: -3.0})])),
    ]
    names = {file.name for file in write_scaling(scaled, tmp_path)}
    assert {"scaling-tries-nRMSE.png", "scaling-tries-gain.png"} <= names
    assert {row["metric"] for row in as_rows(scaled)} == {"nRMSE", "gain"}
    assert as_rows(scaled)[0]["oracle_gap"] >= 1.0
