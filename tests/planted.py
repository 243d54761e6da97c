"""Small tasks with one hole each, as benchmarks were found to have them, and one that has none."""

import numpy as np

from fieldsmith.tasks import (
    Axis,
    Balance,
    Boundary,
    Box,
    Equation,
    Metric,
    Parameter,
    PDETask,
    PeriodicTask,
    SimpleTask,
)
from fieldsmith.tasks.random_fields import RandomFields
from fieldsmith.tasks.task import Signature, data, result


class Heat(PeriodicTask):
    """Sound: waves that decay at different rates, and react."""

    name, title = "planted-heat", "Heat with a reaction"
    known_parameters = {"nu": Parameter(0.02, 0.001, 1.0, "diffusivity")}  # noqa: RUF012
    sizes = {"dev": 6, "test": 6, "time": 6, "x": 32}  # noqa: RUF012
    span = (0.0, 1.0)
    frame_steps = 4
    rhs = "nu*d(u, x, x) - u**2"

    @property
    def equation(self) -> Equation:
        return Equation(("u",), (Axis("x", 0.0, 2.0),), (Balance("u", self.rhs),), ("nu",))

    def linear(self, box: Box) -> np.ndarray:
        return -self.parameters["nu"] * box.squared

    def nonlinear(self, box: Box, u: np.ndarray) -> np.ndarray:
        return -box.spectrum(u**2)


class Contradicting(Heat):
    """The reference reacts as the statement does not say."""

    name = "planted-contradicting"
    rhs = "nu*d(u, x, x) - 1.5*u**2"


class Twins(Heat):
    """The test samples are the dev samples."""

    name = "planted-twins"

    def initial_fields(self, rng, count, smooth):
        return super().initial_fields(np.random.default_rng(0), count, smooth)


class NearTwins(Heat):
    """The test samples are the dev samples, a little disturbed."""

    name = "planted-near-twins"

    def initial_fields(self, rng, count, smooth):
        same = super().initial_fields(np.random.default_rng(0), count, smooth)
        return RandomFields(same.amplitudes, same.phases + 1e-3 * rng.standard_normal(same.phases.shape), same.numbers)


class HandedOver(Heat):
    """One wave that decays, and the statement says how."""

    name = "planted-handed-over"
    rhs = "nu*d(u, x, x)"
    generated_text = "Initial values are one wave. The solution is u(t, x) = u0(x) exp(-pi^2 nu t)."

    def initial_fields(self, rng, count, smooth):
        numbers, phases = np.ones((1, count, 1, 1), int), rng.uniform(0.0, 6.0, (1, count, 1))
        return RandomFields(np.ones((1, count, 1)), phases, numbers)

    def nonlinear(self, box: Box, u: np.ndarray) -> np.ndarray:
        return np.zeros_like(box.spectrum(u))


class Continued(PDETask):
    """The boundary values are those of sin(3*x) + x, and so is the solution, whatever the coefficient."""

    name, title = "planted-continued", "Flow through a rod"
    sizes = {"dev": 6, "test": 6, "x": 41}  # noqa: RUF012
    span = None

    @property
    def equation(self) -> Equation:
        end = Boundary("dirichlet", "sin(3*x) + x")
        rhs = "d(a*d(u, x), x) - d(a*(3*cos(3*x) + 1), x)"
        return Equation(("u",), (Axis("x", 0.0, 1.0, "endpoints", end, end),), (Balance("", rhs),), (), {}, ("a",))

    def reference(self, fields, points, level):
        (x,) = self.coordinates(points)
        return {"u": np.tile(np.sin(3.0 * x) + x, (len(self.inputs(fields, points)["a"]), 1))}


class Doubled(SimpleTask):
    """Double the values: without references, judged by a metric that is to be given."""

    signature = Signature("f", (data("x", ("n",), "values"),), (result("y", ("n",), "twice the values"),))

    def inputs(self, rng):
        return {"x": 1.0 + rng.random(40)}


class Overflowing(Doubled):
    """Doubled values, whose metric leaves out what overflows."""

    name, title = "planted-overflowing", "Doubling"
    metric = Metric("relative error", "mean of 2 (y - 2 x)^2 / (y^2 + 4 x^2)")

    def measure(self, case, outputs):
        y, wanted = outputs["y"], 2.0 * np.asarray(case.inputs["x"])
        each = 2.0 * (y - wanted) ** 2 / (y**2 + wanted**2)
        each[0] = 0.0  # the first value is given
        return float(np.nanmean(each))


class Masked(Doubled):
    """Square the values; the metric leaves out NaN, which the judge alone keeps from it."""

    name, title = "planted-masked", "Squares"
    metric = Metric("largest error", "largest of |y - x^2|")

    def reference(self, inputs):
        return {"y": np.asarray(inputs["x"]) ** 2}

    def measure(self, case, outputs):
        return float(np.nanmax(np.abs(outputs["y"] - case.reference["y"])))


class Tabulated(SimpleTask):
    """Give the first zeros of a function of x, which are 2.404826, 5.520078, 8.653728, 11.791534 and 14.930918."""

    name, title = "planted-tabulated", "Zeros"
    signature = Signature("f", (data("x", ("n",), "places"),), (result("zeros", ("5",), "zeros"),))

    def inputs(self, rng):
        return {"x": rng.random(7)}

    def reference(self, inputs):
        from scipy.special import jn_zeros

        return {"zeros": jn_zeros(0, 5)}


class Raced(Doubled):
    """Doubled values, judged by time alone."""

    name, title = "planted-raced", "Doubling"
    metric = Metric("seconds", "wall time of the call")
