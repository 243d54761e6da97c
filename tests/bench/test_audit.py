"""Audits: each kind of hole is found where it is planted, and nothing is found where there is none."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import command_line
import generous_environment
import planted
from fieldsmith.bench import places
from fieldsmith.bench.audit import suites
from fieldsmith.bench.audit import tasks as audits
from fieldsmith.bench.audit.carried import spread, stretched
from fieldsmith.bench.audit.cheap import cheap
from fieldsmith.bench.audit.environments import audit_environment
from fieldsmith.bench.audit.exploit import Audit, Tried
from fieldsmith.bench.audit.harness import CLOCKS
from fieldsmith.bench.audit.learnt import learnt
from fieldsmith.bench.audit.statement import read_off
from fieldsmith.bench.audit.tasks import audit_task
from fieldsmith.bench.suite import read_suite
from fieldsmith.cli import bench_audit
from fieldsmith.environments import Host
from fieldsmith.errors import MissingPart
from fieldsmith.sandboxes.sandbox import CallResult, Sandbox, Session
from fieldsmith.tasks import load
from fieldsmith.tasks.task import Case, Signature, data, result

EXAMPLES = Path(__file__).parents[2] / "examples" / "tasks"


class Here(Sandbox):
    """Runs the audit's own programs in this process, which takes no time; nothing is held in."""

    name, isolates = "here", False

    def open(self, limits):
        return HereSession()

    def libraries(self):
        return ("numpy",)


class HereSession(Session):
    closed = False

    def call(self, program, function, inputs, results, seconds=None):
        scope = {}
        exec(program, scope)
        with np.errstate(all="ignore"):
            made = scope[function](*inputs.values())
        arrays = dict(zip(results, made if isinstance(made, tuple) else (made,), strict=True))
        arrays = {name: np.asarray(value, float) for name, value in arrays.items()}
        fits = all(arrays[name].shape == shape for name, shape in results.items())
        return CallResult("ok", arrays, 0.01, cpu_seconds=0.01) if fits else CallResult("bad_output")

    def close(self):
        pass


@pytest.fixture
def audit(tmp_path, monkeypatch):
    """Audits a planted task without what reaches for the judge, which would reach for the tests."""
    monkeypatch.setenv("FIELDSMITH_HOME", str(tmp_path))
    monkeypatch.setattr(audits, "harness", lambda _: ())
    return lambda make: audit_task("planted", make(), Here(), lambda _: None)


def kinds_of(found):
    return {hole.kind for hole in found.holes}


def test_a_sound_task_has_no_hole(audit):
    found = audit(planted.Heat)
    assert found.sound
    assert found.trusted < found.honest < found.limit < found.best.value
    assert "no hole found" in found.verdict


@pytest.mark.slow
@pytest.mark.parametrize("task", ["advection", *sorted(str(file) for file in EXAMPLES.glob("*.py"))])
def test_no_hole_is_found_in_ours(audit, task):
    found = audit(lambda: load(task))
    assert found.sound, found.verdict


def test_an_answer_in_the_statement_is_found(audit):
    found = audit(planted.HandedOver)
    assert "statement" in kinds_of(found)
    assert "u0(x) exp(-pi**2 nu t)" in found.verdict
    assert "take the answer out of the statement" in found.verdict


def test_a_table_in_the_statement_is_found(audit):
    assert "statement's table of 5 numbers" in audit(planted.Tabulated).verdict


def test_a_boundary_expression_that_is_the_solution_is_found(audit):
    found = audit(planted.Continued)
    assert "boundary" in kinds_of(found)
    assert "sin(3*x) + x" in found.verdict


def test_values_that_overflow_and_are_left_out_are_found(audit):
    found = audit(planted.Overflowing)
    assert kinds_of(found) == {"not finite"}
    assert any(one.rewarded and one.status == "ok" and not one.way for one in found.tried)


def test_a_metric_that_leaves_out_nan_is_found_though_the_judge_refuses_nan(audit):
    found = audit(planted.Masked)
    assert kinds_of(found) == {"not finite"}
    assert "by `measure` alone" in found.verdict


def test_a_reference_of_another_equation_is_found(audit):
    found = audit(planted.Contradicting)
    assert "equation" in kinds_of(found)
    assert "0.667 times" in found.verdict


def test_the_same_samples_in_both_splits_are_found(audit):
    assert {"alike", "learnt"} <= kinds_of(audit(planted.Twins))


def test_test_samples_that_are_nearly_dev_samples_are_found(audit):
    found = audit(planted.NearTwins)
    assert kinds_of(found) == {"learnt"}
    assert "nearest dev input" in found.verdict


def test_where_time_alone_counts_a_wrong_answer_is_a_reward(audit):
    assert kinds_of(audit(planted.Raced)) == {"time"}


def test_a_judge_that_believes_a_stopped_clock_is_found():
    seen = [Tried("harness", f"zeros, and {CLOCKS}", "ok", 1.0, cost=cost) for cost in (0.01, 0.52)]
    (hole,) = audits._believed(seen)
    assert "the judge sees 0.01 s" in hole.fault


def test_an_environment_that_rewards_no_work_is_found():
    with Host("process") as host:
        found = audit_environment(f"{generous_environment.__file__}:Generous", host, 10.0, lambda _: None)
    assert kinds_of(found) == {"environment"}
    assert "To submit at once earns 1" in found.verdict


def test_nothing_of_a_statement_is_run_that_is_no_arithmetic(tmp_path, monkeypatch):
    monkeypatch.setenv("FIELDSMITH_HOME", str(tmp_path))
    words = "u = __import__('os').system('false'). u = (lambda: 0)(). u = x.__class__. u = 9**9**9**x."
    monkeypatch.setattr(planted.Heat, "generated_text", words)
    texts = [one.words for one in read_off(planted.Heat().brief(), 6)]
    assert not [words for words in texts if "import" in words or "lambda" in words or "class" in words]


def test_every_cheap_program_fits_its_signature():
    for kind in (planted.Heat, planted.Doubled, planted.Tabulated, planted.Continued):
        signature = kind.signature if isinstance(kind.signature, type(planted.Doubled.signature)) else kind().signature
        for exploit in cheap(signature):
            compile(exploit.source, exploit.words, "exec")


def test_spread_repeats_and_averages_along_named_axes():
    values = np.arange(6.0).reshape(2, 3)
    repeated = spread(values, ("batch", "x"), ("batch", "time", "x"), (2, 4, 3))
    np.testing.assert_array_equal(repeated[:, 3], values)
    np.testing.assert_array_equal(spread(values, ("batch", "x"), ("x",), (3,)), values.mean(axis=0))
    np.testing.assert_array_equal(spread(values, ("a", "b"), ("b", "a"), (3, 2)), values.T)


def test_stretched_is_exact_for_straight_lines():
    line = 2.0 * np.arange(5.0)[None] + 1.0
    np.testing.assert_allclose(stretched(line, 1, 9), np.linspace(1.0, 9.0, 9)[None])


def test_whoever_hears_of_an_audit_is_where_it_was_called(audit, tmp_path, monkeypatch):
    home, place = tmp_path / "home", tmp_path / "suite"
    home.mkdir()
    place.mkdir()
    shutil.copy(planted.__file__, place / "beside.py")
    text = "baselines = false\n" + "".join(
        f'[[tasks]]\nname = "{name}"\ntask = "beside.py:{name}"\n' for name in ("Heat", "Overflowing")
    )
    (place / "mine.toml").write_text(text)
    monkeypatch.chdir(home)
    monkeypatch.setattr(places.sandboxes, "choose", lambda *_, **__: Here())
    folders = set()
    found = []
    for one in suites.audited(read_suite("../suite/mine.toml"), heard=lambda *_: folders.add(Path.cwd())):
        folders.add(Path.cwd())
        found.append(one.task)
    assert (found, folders) == (["Heat", "Overflowing"], {home})


@pytest.mark.parametrize("name", ["audit.md", "audit.json"])
def test_an_audit_that_is_broken_off_leaves_what_it_has_marked_incomplete(tmp_path, monkeypatch, name):
    done = Audit("first", "nrmse")

    def audited(*_):
        yield done
        raise MissingPart("The sandbox has died.")

    monkeypatch.setattr(suites, "audited", audited)
    with pytest.raises(MissingPart):
        bench_audit.audit("smoke", out=tmp_path / name, quiet=True)
    text = (tmp_path / name).read_text()
    if name.endswith(".json"):
        kept = json.loads(text)
        assert ([task["task"] for task in kept["tasks"]], kept["complete"]) == (["first"], False)
    else:
        assert "| first |" in text
        assert "**Incomplete**: 1 of 2 are not audited yet." in text


SUITE = f"""
title = "Planted"
baselines = false

[[tasks]]
name = "sound"
task = "{planted.__file__}:Heat"

[[tasks]]
name = "overflowing"
task = "{planted.__file__}:Overflowing"
"""


@pytest.mark.slow
@pytest.mark.needs("bubblewrap")
def test_the_command_names_what_is_not_sound(tmp_path, monkeypatch):
    monkeypatch.setenv("FIELDSMITH_HOME", str(tmp_path))
    (tmp_path / "mine.toml").write_text(SUITE)
    ended = command_line.run(
        "bench", "audit", "mine.toml", "--sandbox", "bubblewrap", "--json", "--out", "audit.md", cwd=tmp_path
    )
    assert ended.returncode == 1
    events = [json.loads(line) for line in ended.stdout.splitlines()]
    assert events[0]["tasks"] == ["sound", "overflowing"]
    harness = [one for one in events if one.get("kind") == "harness" and one["task"] == "sound"]
    assert {one["status"] for one in harness} == {"ok", "crashed"}
    result = events[-1]
    assert (result["event"], result["sound"], result["reason"]) == ("result", False, "holes")
    assert [task["sound"] for task in result["tasks"]] == [True, False]
    assert "1 of 2 is not sound: overflowing." in ended.stderr
    page = (tmp_path / "audit.md").read_text()
    assert "| overflowing | relative error |" in page
    assert result["complete"]
    assert "Incomplete" not in page


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("nosuch",), "The suite nosuch cannot be read"),
        (("smoke", "--out", "a.txt"), "neither Markdown nor JSON"),
        (("smoke", "--cells", "nosuch*"), "No cell of"),
    ],
)
def test_wrong_use_is_told_in_a_sentence(tmp_path, words, told):
    ended = command_line.run("bench", "audit", *words, cwd=tmp_path)
    assert ended.returncode == 2
    assert told in ended.stderr


@pytest.mark.slow
def test_a_suite_needs_no_command_before_it(tmp_path):
    for words in (("smoke", "--dry-run"), ("run", "smoke", "--dry-run"), ("--dry-run", "smoke")):
        ended = command_line.run("bench", *words, cwd=tmp_path)
        assert (ended.returncode, ended.stdout.splitlines()[-1][:7]) == (0, "2 cells"), ended.stderr


AXES = st.lists(st.sampled_from(["n", "m", "3"]), max_size=3).map(tuple)


@settings(deadline=None, max_examples=40)
@given(st.booleans(), st.lists(AXES, min_size=1, max_size=2), st.lists(AXES, min_size=1, max_size=2))
@pytest.mark.slow
def test_programs_fit_any_signature(batched, given_axes, returned_axes):
    lead = ("batch",) if batched else ()
    first = (*lead, "n", "m")  # so that every axis has a length
    arguments = [data(f"a{n}", (*lead, *axes), "values") for n, axes in enumerate(given_axes)]
    results = [result(f"r{n}", (*lead, *axes), "values") for n, axes in enumerate(returned_axes)]
    signature = Signature("f", (data("first", first, "values"), *arguments), tuple(results))
    sizes, rng = {"batch": 2, "n": 4, "m": 5}, np.random.default_rng(0)

    def drawn(one):
        return rng.standard_normal([sizes.get(axis) or int(axis) for axis in one.axes])

    def case(name):
        inputs = {one.name: drawn(one) if one.axes else 1.5 for one in signature.arguments}
        return Case(name, inputs, {one.name: drawn(one) for one in signature.results})

    dev, test = [case("dev"), case("dev")], [case("test")]
    inputs = test[0].inputs
    for exploit in (*cheap(signature), *learnt(signature, dev, test)):
        found = HereSession().call(exploit.source, "f", inputs, signature.shapes(inputs))
        assert found.status == "ok" or exploit.kind == "shape", exploit.words
