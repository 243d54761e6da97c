"""`tasks check`: a sound task passes, and each fault of a task has a sentence of its own."""

import json
import re
import warnings

import numpy as np
import pytest
from scipy.linalg import expm
from typer.testing import CliRunner

from fieldsmith.cli.output import current
from fieldsmith.cli.tasks import app
from fieldsmith.equations.equation import Axis, Balance, Equation
from fieldsmith.errors import InputError
from fieldsmith.tasks import load
from fieldsmith.tasks.check import examine
from fieldsmith.tasks.kinds import fault_of
from fieldsmith.tasks.pde import PDETask
from fieldsmith.tasks.periodic import Box, PeriodicTask
from fieldsmith.tasks.random_fields import RandomFields
from fieldsmith.tasks.simple import SimpleTask
from fieldsmith.tasks.task import Metric, Parameter, Signature, data, result
from small_task import SOURCE


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("FIELDSMITH_HOME", str(tmp_path))
    yield
    current.json = current.quiet = False


class Heat(PeriodicTask):
    name, title = "heat", "Heat on two axes of different lengths"
    known_parameters = {"nu": Parameter(0.1, 0.01, 1.0, "diffusivity")}  # noqa: RUF012
    sizes = {"dev": 2, "test": 2, "time": 6, "x": 16, "y": 12}  # noqa: RUF012
    span = (0.0, 0.1)
    frame_steps = 2
    rhs = "nu*(d(u, x, x) + d(u, y, y)) - u**2"

    @property
    def equation(self) -> Equation:
        axes = (Axis("x", 0.0, 2.0), Axis("y", 0.0, 1.0))
        return Equation(("u",), axes, (Balance("u", self.rhs),), ("nu",))

    def initial_fields(self, rng, count, smooth):
        fields = super().initial_fields(rng, count, smooth)
        return RandomFields(fields.amplitudes, fields.phases, np.sign(fields.numbers))

    def linear(self, box: Box) -> np.ndarray:
        return -self.parameters["nu"] * box.squared

    def nonlinear(self, box: Box, u: np.ndarray) -> np.ndarray:
        return -box.spectrum(u**2)


class WrongSign(Heat):
    rhs = "nu*(d(u, x, x) + d(u, y, y)) + u**2"


class Diverging(Heat):
    def nonlinear(self, box: Box, u: np.ndarray) -> np.ndarray:
        return box.spectrum(np.exp(1e3 * u**2))


class Misspelt(Heat):
    rhs = "nuu*(d(u, x, x) + d(u, y, y)) - u**2"


class NotFinite(Heat):
    def reference(self, fields, points, level):
        solved = super().reference(fields, points, level)
        solved["u"][0, 3, 2, 1] = np.nan
        return solved


class WrongShape(Heat):
    def reference(self, fields, points, level):
        return {"u": super().reference(fields, points, level)["u"].swapaxes(2, 3)}


class SameSplits(Heat):
    def initial_fields(self, rng, count, smooth):
        return super().initial_fields(np.random.default_rng(0), count, smooth)


class WrongFirstFrame(Heat):
    def reference(self, fields, points, level):
        return {"u": super().reference(fields, points, level)["u"][:, ::-1]}


class Coarse(Heat):
    def reference(self, fields, points, level):
        solved = super().reference(fields, points, level)["u"]
        solved[:, 1:] *= 1.0 + 0.1 * level
        return {"u": solved}


class Unmeasured(SimpleTask):
    name, title = "unmeasured", "A metric that is not given"
    metric = Metric("gain", "how much is gained", lower_is_better=False)
    signature = Signature("f", (data("x", ("n",), "values"),), (result("y", ("n",), "values"),))

    def inputs(self, rng):
        return {"x": rng.random(3)}

    def reference(self, inputs):
        return {"y": inputs["x"]}

    def measure(self, case, outputs):
        return {"loss": 1.0}


class Misnamed(SimpleTask):
    """As many are that have no reference: what no good answer is leaves before the metric is named."""

    name, title = "misnamed", "A metric by another name than its figure"
    metric = Metric("energy drift", "how much energy is lost", failure="It must begin at x.")
    signature = Unmeasured.signature

    def inputs(self, rng):
        return {"x": 2.0 + rng.random(3)}

    def measure(self, case, outputs):
        off = abs(outputs["y"] - case.inputs["x"]).max()
        if off > 1e-9:
            return {self.metric.name: np.nan}
        return {"drift": float(off), "momentum": 0.0}


class Unwritten(SimpleTask):
    name, title = "unwritten", "A metric that nothing measures"
    metric = Unmeasured.metric
    signature = Unmeasured.signature

    def inputs(self, rng):
        return {"x": rng.random(3)}


class Picking(SimpleTask):
    """What a program returns is taken for indices without a look at them."""

    name, title = "picking", "A metric that some answers break"
    metric = Unmeasured.metric
    signature = Unmeasured.signature

    def inputs(self, rng):
        return {"x": rng.random(3)}

    def measure(self, case, outputs):
        return float(case.inputs["x"][outputs["y"].astype(int)].sum())


class Endless(Heat):
    span = None


class Pathlike(Heat):
    name = "heat/2d"


class OnePoint(SimpleTask):
    name, title = "one-point", "Calls that differ in what all samples share"
    signature = Signature(
        "f", (data("x", ("batch",), "values"), data("a", (), "factor")), (result("y", ("batch",), "values"),)
    )

    def inputs(self, rng):
        return {"x": np.ones(2), "a": rng.random()}

    def reference(self, inputs):
        return {"y": inputs["a"] * inputs["x"]}


class Breaking(Unmeasured):
    def reference(self, inputs):
        return {"y": inputs["z"]}


class Oscillator(PDETask):
    name, title = "oscillator", "An equation without an axis"
    sizes = {"dev": 2, "test": 2, "time": 21}  # noqa: RUF012
    span = (0.0, 2.0)
    rhs = "-u - v/4"

    @property
    def equation(self) -> Equation:
        return Equation(("u", "v"), (), (Balance("u", "v"), Balance("v", self.rhs)))

    def reference(self, fields, points, level):
        given = self.inputs(fields, points)
        start = np.stack([given["u0"], given["v0"]])
        matrix = np.array([[0.0, 1.0], [-1.0, -0.25]])
        u, v = np.stack([expm(matrix * t) @ start for t in self.times()], axis=2)
        return {"u": u, "v": v}


class WrongOscillator(Oscillator):
    rhs = "-u + v/4"


class MisspeltOscillator(Oscillator):
    rhs = "-u - w/4"


class OtherTerm(Heat):
    rhs = "nu*(d(u, x, x) + d(u, y, y)) - u**3"


class Keyword(Heat):
    known_parameters = {"lambda": Parameter(0.1, 0.01, 1.0, "diffusivity")}  # noqa: RUF012

    @property
    def equation(self) -> Equation:
        return Equation(("u",), super().equation.axes, (Balance("u", "lambda*d(u, x, x)"),), ("lambda",))


def faults(task) -> list[str]:
    return [finding.fault for finding in examine(task) if finding.fault]


@pytest.mark.slow
def test_a_sound_task_in_two_dimensions_passes_every_check() -> None:
    found = list(examine(Heat()))
    assert [finding.fault for finding in found if finding.fault] == []
    checks = ["statement", "equation", "signature", "arrays", "data", "levels", "splits", "residual"]
    assert [finding.check for finding in found] == checks


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (
            WrongSign,
            r"does not satisfy d\(u\)/dt = .*shorter steps do not change that\. It would with -1 times “u\*\*2”",
        ),
        (OtherTerm, r"does not satisfy .* are [\d.e-]+ of their terms apart, and shorter steps do not change that\.$"),
        (Misspelt, r"The equation cannot be read: .*unknown symbol nuu"),
        (NotFinite, r"The reference of u holds 1 values that are not finite"),
        (WrongShape, r"The reference of u has shape \(2, 6, 12, 16\); expected \(2, 6, 16, 12\)"),
        (SameSplits, r"The splits share 2 samples"),
        (WrongFirstFrame, r"The first frame of the reference of u is not u0"),
        (Coarse, r"The two levels of the reference differ by .*refine it"),
        (Unmeasured, r"`measure` gives loss, but not the metric gain"),
        (Misnamed, r"^`measure` gives drift, momentum in line \d+, but not the metric energy drift\.$"),
        (Keyword, r"^The name 'lambda' in the signature is a word of Python: use another, such as 'lambda_'\.$"),
        (Pathlike, r"The name 'heat/2d' is no name for files"),
        (
            Endless,
            r"^The task heat has an equation in time and no `span`\. Give the first and last output time, such as ",
        ),
        (Unwritten, r"^Unwritten has the metric gain and no `measure`\. Write it\.$"),
        (
            Picking,
            r"^Picking\.measure fails with IndexError: .* in line \d+ of test_check\.py\. .*give NaN for answers that are",
        ),
        (Breaking, r"Breaking fails with KeyError: 'z' \(.*test_check\.py, line \d+\)\.$"),
        (WrongOscillator, r"does not satisfy d\(v\)/dt = -u \+ v/4: .*It would with -1 times “v/4”"),
        (MisspeltOscillator, r"The equation cannot be read: .*unknown symbol w"),
    ],
)
@pytest.mark.slow
def test_each_fault_has_a_sentence_of_its_own(kind, words) -> None:
    (fault,) = faults(kind())
    assert re.search(words, fault), fault


def test_a_reference_that_diverges_ends_with_its_sentence_alone() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (fault,) = faults(Diverging())
        assert "values that are not finite" in fault
        with pytest.raises(InputError, match="values that are not finite"):
            Diverging().split("dev")


def test_samples_differ_by_what_they_share_too() -> None:
    assert faults(OnePoint()) == []


def test_an_equation_without_an_axis_is_looked_into_too() -> None:
    assert faults(Oscillator()) == []
    statement = Oscillator().brief().statement
    assert "along x" not in statement
    assert "norms over time (all returned fields stacked)" in statement


@pytest.mark.parametrize(
    ("broken", "words"), [(np.nan, "holds 1 values that are not finite"), (1e200, "squares overflow")]
)
def test_no_program_is_compared_with_a_reference_that_is_not_finite(broken, words) -> None:
    class Diverged(Unmeasured):
        def reference(self, inputs):
            return {"y": np.array([1.0, broken, 1.0])}

    with pytest.raises(InputError, match=f"dev: The reference of y .*{words}"):
        Diverged().split("dev")


def test_a_result_with_an_axis_of_no_argument_is_named() -> None:
    class Open(Unmeasured):
        signature = Signature("f", (data("x", ("n",), "values"),), (result("y", ("m",), "values"),))

    (fault,) = (finding for finding in examine(Open()) if finding.fault)
    assert "The result y has an axis 'm' that no argument has. Axes of the arguments: n;" in fault.fault
    assert fault.check == "signature", "before any data is made"


def test_the_command_names_a_file_and_ends_with_1_for_a_fault(tmp_path) -> None:
    file = tmp_path / "twice.py"
    file.write_text(SOURCE)
    good = CliRunner().invoke(app, ["check", f"{file}:Twice", "--json", "--quiet"])
    assert good.stderr == ""
    assert good.exit_code == 0
    assert json.loads(good.stdout.splitlines()[-1]) == {
        "event": "result",
        "task": "twice",
        "ok": True,
        "faults": [],
        "unchecked": [],
        "reason": None,
    }
    file.write_text(SOURCE.replace("2.0 *", "np.nan *"))
    current.json = current.quiet = False
    bad = CliRunner().invoke(app, ["check", str(file)])
    assert bad.exit_code == 1
    assert "Generating twice dev" in bad.stderr
    assert "FAIL  data       dev: The reference of y holds 3 values that are not finite." in bad.stdout


class Flat(Heat):
    def linear(self, box: Box) -> np.ndarray:
        return -self.parameters["nu"] * box.k[0][:-1] ** 2


class Mute(Heat):
    def nonlinear(self, box: Box, u: np.ndarray):  # type: ignore[override]
        return None


class Values(Heat):
    def nonlinear(self, box: Box, u: np.ndarray) -> np.ndarray:
        return u**2


class TwoFields(Heat):
    def initial_values(self, fields, points):
        return np.concatenate([super().initial_values(fields, points)] * 2)


class Listed(Heat):
    @property
    def equation(self) -> Equation:
        return Equation(("u",), (Axis("x", 0.0, 1.0), Axis("y", 0.0, 1.0)), (self.rhs,), ("nu",))  # type: ignore[arg-type]


class OneName(Heat):
    @property
    def equation(self) -> Equation:
        return Equation(("u",), super().equation.axes, super().equation.balances, "nu")  # type: ignore[arg-type]


class Renamed(OnePoint):
    def inputs(self, rng):
        return {"x": np.ones(2), "b": rng.random()}


class Unbatched(OnePoint):
    def inputs(self, rng):
        return {"x": rng.random(), "a": 1.0}


class Worded(OnePoint):
    def inputs(self, rng):
        return {"x": np.ones(2), "a": "one"}


class Gaps(OnePoint):
    def inputs(self, rng):
        return {"x": np.array([1.0, np.nan]), "a": rng.random()}


class Short(OnePoint):
    def reference(self, inputs):
        return {"y": inputs["x"][:1]}


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Flat, r"^Flat\.linear gives an array of shape \(\d+, 1\)\. \[\*modes\] = \(\d+, \d+\) would be right\.$"),
        (
            Mute,
            r"^Mute\.nonlinear gives None\. \[batch, \*modes\] = \(\d, \d+, \d+\) would be right; `box\.spectrum` makes",
        ),
        (
            Values,
            r"^Values\.nonlinear gives an array of shape \(\d, \d+, \d+\)\. \[batch, \*modes\] = \(\d, \d+, \d+\) would",
        ),
        (TwoFields, r"^TwoFields\.initial_values gives 2 fields; the equation has 1\. Give u, stacked"),
        (Listed, r"^The balances of the equation hold 'nu\*.*'\. Write balances=\(Balance\("),
        (OneName, r"^The parameters of the equation are 'nu', which is no list\. Write parameters=\(\"nu\",\)\.$"),
        (Renamed, r"^Renamed: `inputs` gives no a, but b\. Let `inputs` give what the signature asks for: x, a\.$"),
        (Unbatched, r"^Unbatched: The input x has shape \(\); expected \[batch\]\."),
        (Worded, r"^Worded: The input a is no array of numbers\."),
        (Gaps, r"^Gaps: The input x holds values that are not finite\."),
        (Short, r"^dev: The reference of y has shape \(1,\); expected \(2,\)\."),
    ],
)
def test_what_a_task_gives_wrongly_is_one_sentence_for_whoever_needs_its_data(kind, words) -> None:
    (fault,) = faults(kind())
    assert re.search(words, fault), fault
    with pytest.raises(InputError, match=words):
        kind().split("dev")


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"known_parameters": {"nu": 0.1}}, "its known_parameters are not fieldsmith.tasks.Parameter by name"),
        (
            {"known_parameters": {"nu": Parameter(2.0, 0.0, 1.0, "")}},
            "the default 2 of its parameter nu is not within 0 to 1",
        ),
        ({"metric": "drift"}, "its metric is 'drift', and no fieldsmith.tasks.Metric"),
        ({"span": (1.0, 0.0)}, "its span is (1.0, 0.0), and not the first and the last output time"),
        ({"sizes": {"x": 16.0}}, "its size of x is 16.0, and no whole number above 0"),
        ({"sizes_by_scale": {"demo": {"time": 0}}}, "its size of time is 0, and no whole number above 0"),
    ],
)
def test_a_class_that_is_written_wrongly_is_told_before_anything_is_made_of_it(members, words) -> None:
    assert words in fault_of(type("Odd", (Heat,), members))


def test_a_task_in_a_file_needs_a_signature_where_its_base_has_none(tmp_path) -> None:
    file = tmp_path / "unsigned.py"
    file.write_text(SOURCE.replace("signature =", "signed ="))
    with pytest.raises(
        InputError, match=r"^The task Twice in .*unsigned\.py cannot be used: it has no signature: write"
    ):
        load(str(file))
    assert fault_of(Heat) == fault_of(OnePoint) == ""
