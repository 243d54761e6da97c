"""A pilot stops what is hopeless before it is run in full, says so, and costs what it costs; what survives is judged as ever."""

from dataclasses import replace

import numpy as np
import pytest

from fieldsmith.evaluation import evaluate
from fieldsmith.evaluation.evaluation import Evaluation, Pilot
from fieldsmith.evaluation.pilot import described, hopeless, pilot_case
from fieldsmith.evaluation.record import evaluation_fields, evaluation_from
from fieldsmith.sandboxes import choose
from fieldsmith.tasks import load
from fieldsmith.tasks.simple import SimpleTask
from fieldsmith.tasks.task import Signature, data, result

SHIFT = """import numpy as np

def solver(u0_batch, t_coordinate, beta):
    u = np.asarray(u0_batch)
    k = 2j * np.pi * np.fft.rfftfreq(u.shape[1], 1.0 / u.shape[1])
    turned = np.fft.rfft(u)[:, None] * np.exp(SIGN * k * beta * np.asarray(t_coordinate)[None, :, None])
    return np.fft.irfft(turned, u.shape[1])
"""
SOUND, BACKWARDS = SHIFT.replace("SIGN", "-1"), SHIFT.replace("SIGN", "+1")
HELD = """import numpy as np

def solver(u0_batch, t_coordinate, beta):
    return np.repeat(np.asarray(u0_batch)[:, None], len(t_coordinate), axis=1)
"""
FIXED = SOUND.replace("u = np.asarray(u0_batch)", "u = np.asarray(u0_batch).reshape(8, -1)")


@pytest.fixture(scope="module")
def sandbox():
    place = choose("process", trusted=True)
    yield place
    place.close()


def piloted(source: str, sandbox, **options) -> tuple[Evaluation, int]:
    """The evaluation, and how many scored calls were made."""
    calls = []
    seen = lambda *call: calls.append(call)  # noqa: E731
    return evaluate(load("advection"), source, sandbox, pilots=1, on_outputs=seen, **options), len(calls)


@pytest.mark.slow
def test_what_survives_is_scored_as_without_a_pilot_and_its_time_counts(sandbox):
    evaluation, calls = piloted(SOUND, sandbox)
    alone = evaluate(load("advection"), SOUND, sandbox)
    assert (evaluation.status, evaluation.dev.samples, calls) == ("ok", alone.dev.samples, 1)
    pilot = evaluation.pilot
    assert pilot.survived
    assert (pilot.samples, pilot.resolution) == (1, 64)
    assert pilot.nrmse < 1e-6 < min(pilot.idle.values())
    assert evaluation.seconds == pytest.approx(pilot.seconds + evaluation.dev.seconds)
    assert "pilot" not in evaluation.feedback


def test_what_is_worse_than_no_computation_is_not_run_in_full_and_says_why(sandbox):
    evaluation, calls = piloted(HELD, sandbox)
    assert (evaluation.status, evaluation.dev, calls) == ("hopeless", None, 0)
    assert evaluation.pilot.nrmse == pytest.approx(evaluation.pilot.idle["held"])
    assert not evaluation.pilot.survived
    assert evaluation.seconds == evaluation.pilot.seconds > 0.0
    assert evaluation.feedback.startswith(
        "This is the verdict of a pilot: the program was called with one sample on 64"
    )
    assert "zeros: 1.00e+00" in evaluation.feedback


def test_a_pilot_tells_what_is_wrong_with_the_equation_that_is_solved(sandbox):
    evaluation, calls = piloted(BACKWARDS, sandbox)
    assert (evaluation.status, calls) == ("hopeless", 0)
    assert "wrong sign" in evaluation.feedback


def test_a_program_that_fails_in_its_pilot_gets_the_pilots_verdict(sandbox):
    evaluation, calls = piloted(FIXED, sandbox)
    assert (evaluation.status, calls) == ("bad_output", 0)
    assert evaluation.feedback.startswith("This is the verdict of a pilot")
    assert "any number of samples and points" in evaluation.feedback


@pytest.mark.parametrize("source", [SOUND, HELD], ids=["survived", "hopeless"])
def test_a_pilot_is_kept_with_the_evaluation(source, sandbox):
    evaluation, _ = piloted(source, sandbox)
    assert evaluation_from(evaluation_fields(evaluation)) == evaluation


def test_an_evaluation_from_before_there_were_pilots_has_none():
    fields = evaluation_fields(Evaluation("ok"))
    del fields["pilot"]
    assert evaluation_from(fields).pilot is None


@pytest.mark.parametrize(("nrmse", "stopped"), [(0.79, False), (0.81, True), (float("nan"), True), (None, False)])
def test_hopeless_is_what_is_worse_than_the_best_answer_without_computation(nrmse, stopped):
    assert hopeless(Pilot(1, 32, {"zeros": 1.0, "held": 0.8}, nrmse)) == stopped


class Squares(SimpleTask):
    """Square the values."""

    name, title = "squares", "Squares"
    signature = Signature("f", (data("x", ("batch", "n"), "values"),), (result("y", ("batch", "n"), "their squares"),))

    def inputs(self, rng):
        return {"x": rng.random((4, 3))}

    def reference(self, inputs):
        return {"y": np.asarray(inputs["x"]) ** 2}


class OneSquare(Squares):
    """Square a value."""

    name = "one-square"
    signature = Signature("f", (data("x", ("n",), "values"),), (result("y", ("n",), "their squares"),))

    def inputs(self, rng):
        return {"x": rng.random(3)}


def test_without_a_study_the_first_samples_of_dev_are_the_pilots(tmp_path, monkeypatch):
    monkeypatch.setenv("FIELDSMITH_HOME", str(tmp_path))
    case = pilot_case(Squares(), 2)
    whole = Squares().split("dev")[0]
    np.testing.assert_array_equal(case.inputs["x"], whole.inputs["x"][:2])
    np.testing.assert_array_equal(case.reference["y"], whole.reference["y"][:2])
    assert described(Squares(), case) == Pilot(2, case.resolution, {"zeros": 1.0})


@pytest.mark.parametrize(("task", "samples"), [(Squares, 0), (Squares, 4), (OneSquare, 1)])
def test_no_pilot_is_made_where_it_would_save_nothing(task, samples, tmp_path, monkeypatch):
    monkeypatch.setenv("FIELDSMITH_HOME", str(tmp_path))
    assert pilot_case(task(), samples) is None


def test_a_metric_of_its_own_leaves_failures_alone_to_be_found(tmp_path, monkeypatch):
    monkeypatch.setenv("FIELDSMITH_HOME", str(tmp_path))
    task = Squares()
    monkeypatch.setattr(Squares, "metric", replace(Squares.metric, name="gain", lower_is_better=False))
    assert described(task, pilot_case(task, 1)).idle == {}
