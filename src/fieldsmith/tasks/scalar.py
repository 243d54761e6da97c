"""The contract shared by the scalar evolution equations on a periodic unit interval."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from fieldsmith.equations.equation import Axis
from fieldsmith.tasks import hdf5
from fieldsmith.tasks.folded import unfold
from fieldsmith.tasks.pde import Arrays, PDETask
from fieldsmith.tasks.periodic import PeriodicTask
from fieldsmith.tasks.task import Argument, Result, Signature
from fieldsmith.tasks.waves import Waves, random_waves

UNIT_INTERVAL = Axis("x", 0.0, 1.0, "cell_centres")


def cell_centres(points: int) -> np.ndarray:
    return (np.arange(points) + 0.5) / points


INITIAL_TEXT = (
    "Initial values are sums of a few sine waves (wave numbers 1 to 4) of random amplitude and phase; about one sample "
    "in ten is the absolute value of such a sum or its negative (it has kinks), and about one in ten is cut by a smooth window with "
    "edges of width 0.01."
)
GRID_TEXT = "Samples lie at the N cell centres x_j = (j + 1/2)/N, j = 0..N-1."


class ScalarTask(PDETask):
    """u(t, x) on (0, 1) periodic: `solver(u0_batch, t_coordinate, parameters...)` -> [batch, time, x]."""

    argument_meanings: ClassVar[Mapping[str, str]]
    generated_text: ClassVar[str] = INITIAL_TEXT
    samples_a_process: ClassVar[int] = 1  # each of them alone gives the same; what a kill loses is a part

    @property
    def signature(self) -> Signature:
        arguments = [
            Argument("u0_batch", "initial", "u", ("batch", "x"), "initial values at the cell centres"),
            Argument("t_coordinate", "times", "t", ("time",), "output times, the first is 0"),
            *(Argument(name, "parameter", name, (), text) for name, text in self.argument_meanings.items()),
        ]
        result = Result(
            "u_batch", "u", ("batch", "time", "x"), "the solution at every output time, initial frame included"
        )
        return Signature("solver", tuple(arguments), (result,))

    def initial_fields(self, rng: np.random.Generator, count: int, smooth: bool) -> Any:
        return random_waves(rng, count, smooth)

    def inputs(self, fields: Any, points: int) -> dict[str, np.ndarray | float]:
        return {"u0_batch": fields(cell_centres(points)), "t_coordinate": self.times(), **self.argument_values()}

    def from_file(self, path: Path, part: hdf5.Part) -> tuple[dict[str, np.ndarray | float], Arrays]:
        tensor, times = hdf5.read_scalar(path, part)
        inputs = {"u0_batch": tensor[:, 0], "t_coordinate": times, **self.argument_values()}
        return inputs, {"u_batch": tensor}

    def conserved_total(self, u: np.ndarray) -> np.ndarray:
        """Mean of u, [batch, time], in units of the mean of |u| at time 0."""
        size = np.abs(u[:, :1]).mean(axis=2)
        return u.mean(axis=2) / np.where(size > 0.0, size, 1.0)


class ScalarEvolution(ScalarTask, PeriodicTask):
    """One that a Fourier method follows.

    Kinked fields have exact coefficients, whether the fields themselves are known or only their samples. The others' come
    from many more samples.
    """

    oversampled: ClassVar = (9, 15)  # different ones, so that what steep edges do to coefficients shows too

    def exact_spectrum(self, fields: Any, points: int, level: int) -> np.ndarray:
        spectrum = super().exact_spectrum(fields, points, level)
        if not isinstance(fields, Waves):
            return spectrum
        exact = [fields.kinked_coefficients(n, spectrum.shape[-1]) for n in range(spectrum.shape[1])]
        return _with_exact(spectrum, exact, points, 0.5 / points)

    def interpolated(self, samples: np.ndarray, points: int) -> np.ndarray:
        """Of samples of a folded sum the spectrum of that: their own interpolant misses much of the kinks."""
        spectrum, given = super().interpolated(samples, points), samples.shape[-1]
        found = [one and one.coefficients(spectrum.shape[-1]) for one in map(unfold, samples[0])]
        return _with_exact(spectrum, found, points, 0.5 / points - 0.5 / given)


def _with_exact(spectrum: np.ndarray, exact: Sequence[np.ndarray | None], points: int, shift: float) -> np.ndarray:
    """Spectra [1, batch, modes] with exact Fourier coefficients put in, of places that begin `shift` periods before the first."""
    turn = points * np.exp(2j * np.pi * shift * np.arange(spectrum.shape[-1]))
    if points % 2 == 0:
        turn[-1] = 0.0  # as wherever one grid is made of another
    for sample, coefficients in enumerate(exact):
        if coefficients is not None:
            spectrum[0, sample] = turn * coefficients
    return spectrum
