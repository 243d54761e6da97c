"""Scalars, arrays without a batch and metrics of a task's own are judged like anything else."""

import numpy as np
import pytest

from fieldsmith.evaluation import evaluate
from fieldsmith.evaluation.record import evaluation_fields, evaluation_from, result_fields, summary
from fieldsmith.sandboxes import choose
from fieldsmith.tasks.simple import SimpleTask
from fieldsmith.tasks.task import Metric, Signature, data, result

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("FIELDSMITH_HOME", str(tmp_path))


class Integral(SimpleTask):
    """Integrate f over its points by the best rule you know, and give the weights that you used."""

    name, title = "integral", "A number and a list"
    signature = Signature(
        "integral",
        (data("f", ("n",), "values"), data("h", (), "spacing")),
        (result("total", (), "the integral"), result("ends", ("2",), "first and last value")),
    )

    def inputs(self, rng):
        return {"f": rng.random(7), "h": 0.5}

    def reference(self, inputs):
        f = np.asarray(inputs["f"])
        return {"total": np.asarray(inputs["h"] * (f.sum() - 0.5 * (f[0] + f[-1]))), "ends": f[[0, -1]]}


class Fast(Integral):
    """As fast as may be, and right."""

    name = "fast"
    metric = Metric("seconds", "wall time of a call", failure="The total must be right to 1e-9.")

    def measure(self, case, outputs):
        right = abs(outputs["total"] - case.reference["total"]) < 1e-9
        return {"wrong": 0.0} if right else {"seconds": np.nan}


class Broken(Integral):
    name = "broken"
    metric = Metric("gain", "how much is gained", lower_is_better=False)

    def measure(self, case, outputs):
        raise KeyError("totals")


RAISED = Broken.measure.__code__.co_firstlineno + 1
RIGHT = "def integral(f, h):\n    return h * (f.sum() - 0.5 * (f[0] + f[-1])), f[[0, -1]]\n"
WRONG = "def integral(f, h):\n    return h * f.sum(), f[[0, -1]]\n"


def judged(task, source: str):
    with choose("process") as place:
        return evaluate(task, source, place, splits=("dev", "test"))


def test_a_number_and_a_list_are_compared_with_the_reference() -> None:
    good = judged(Integral(), RIGHT)
    assert good.status == "ok"
    assert good.test is not None
    assert good.test.nrmse < 1e-14
    assert good.test.figure == good.test.nrmse
    assert len(good.test.samples) == 3, "each call is a sample"
    poor = judged(Integral(), WRONG)
    assert poor.test is not None
    assert 0.01 < poor.test.fields["total"] < 1.0
    assert poor.test.fields["ends"] == 0.0
    assert "total 1.0" not in poor.feedback


def test_a_number_of_the_wrong_shape_and_one_that_is_not_finite_are_told() -> None:
    shape = judged(Integral(), RIGHT.replace("f[[0, -1]]\n", "f\n"))
    assert shape.status == "bad_output"
    assert "ends" in shape.feedback
    nan = judged(Integral(), RIGHT.replace("return h *", "return float('nan') *"))
    assert nan.status == "not_finite"
    assert "`total` holds NaN or infinite values in 1 of 1 samples" in nan.feedback


def test_the_wall_time_can_be_the_metric_of_answers_that_are_right() -> None:
    good = judged(Fast(), RIGHT)
    assert good.test is not None
    assert good.test.metric == "seconds"
    assert good.test.value == pytest.approx(good.test.seconds / 3)
    assert good.test.measures == {"wrong": 0.0}
    wrong = judged(Fast(), WRONG)
    assert wrong.status == "bad_output"
    assert wrong.feedback == "The answer fails: seconds is nan. The total must be right to 1e-9."


def test_a_measure_that_fails_is_the_tasks_fault_and_says_so() -> None:
    failed = judged(Broken(), RIGHT)
    assert failed.status == "bad_output"
    where = f"Broken.measure fails with KeyError: 'totals' in line {RAISED} of test_own_metric.py."
    assert failed.notes == (f"{where} It may be the task's fault.",)
    assert f"could not judge the answer: {where} It may be the task's fault" in failed.feedback


def test_the_metric_is_in_the_record_and_survives_it() -> None:
    good = judged(Fast(), RIGHT)
    assert evaluation_from(evaluation_fields(good)) == good
    fields = result_fields(Fast(), RIGHT, good)["test"]
    assert isinstance(fields, dict)
    assert fields["metric"] == "seconds"
    assert fields["value"] > 0.0
    assert "test seconds" in summary("x.py", good)
