"""An orbit as a task that is no PDE, judged by an invariant: fieldsmith solve examples/tasks/kepler.py --model ..."""

from collections.abc import Mapping

import numpy as np

from fieldsmith.tasks import Case, Metric, Signature, SimpleTask, data, result


class Kepler(SimpleTask):
    """Integrate the orbits of bodies about a fixed mass at the origin,

        q'' = -q / |q|^3,    q in the plane,

    over about thirty revolutions. The energy |q'|^2/2 - 1/|q| of each body stays what it was, and so does its angular
    momentum; orbits are ellipses, some of them narrow.
    """

    name = "kepler"
    title = "Orbits about a fixed mass"
    metric = Metric(
        "energy drift",
        "largest departure of any body's energy from its first value, relative to it",
        failure="Every orbit must begin at the given place and velocity, and go round.",
    )
    signature = Signature(
        "orbits",
        (data("start", ("batch", "4"), "place x, y and velocity"), data("times", ("time",), "output times, first 0")),
        (result("path", ("batch", "time", "4"), "place and velocity at every output time"),),
    )

    def inputs(self, rng: np.random.Generator) -> dict[str, np.ndarray | float]:
        eccentricity = rng.uniform(0.1, 0.7, 6)
        zero = np.zeros(6)
        start = np.stack([1 - eccentricity, zero, zero, np.sqrt((1 + eccentricity) / (1 - eccentricity))], axis=1)
        return {"start": start, "times": np.linspace(0.0, 200.0, 401)}

    def measure(self, case: Case, outputs: Mapping[str, np.ndarray]) -> Mapping[str, float]:
        path, start = outputs["path"], np.asarray(case.inputs["start"])
        q, v = path[..., :2], path[..., 2:]
        energy = 0.5 * np.sum(v**2, axis=2) - 1.0 / np.hypot(q[..., 0], q[..., 1])
        furthest = np.linalg.norm(q - q[:, :1], axis=2).max(axis=1)  # a body at rest would keep its energy as well
        if np.abs(path[:, 0] - start).max() > 1e-9 or np.any(furthest < -0.5 / energy[:, 0]):
            return {self.metric.name: np.nan}
        momentum = q[..., 0] * v[..., 1] - q[..., 1] * v[..., 0]
        drifts = [float(np.abs(kept / kept[:, :1] - 1.0).max()) for kept in (energy, momentum)]
        return {self.metric.name: drifts[0], "momentum drift": drifts[1]}
