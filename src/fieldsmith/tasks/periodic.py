"""Evolution in a periodic box of any dimension, one unknown or several: Fourier in space, ETDRK4 in time.

u_t = linear u + nonlinear(u): a task writes both by hand, the first as a symbol over wave numbers. The initial fields are
sampled on a finer grid than the one that is scored, whose points are among the finer ones. Arrays are
[unknowns, batch, *points], spectra [unknowns, batch, *modes].
"""

import contextlib
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from scipy import fft

from fieldsmith.equations.equation import Axis
from fieldsmith.errors import InputError
from fieldsmith.tasks.fourier import etdrk4, wave_numbers
from fieldsmith.tasks.pde import Arrays, PDETask


class Box:
    """Equispaced points of a periodic box and the modes of their real transform.

    k: wave numbers along each axis in radians a unit length, shaped so that they broadcast to [*modes]. kept: [*modes],
    1 where every wave number is within `share` of the largest, 0 elsewhere.
    """

    def __init__(self, axes: Sequence[Axis], points: Sequence[int], share: float = 1.0) -> None:
        self.points, self.dimensions = tuple(points), len(points)
        numbers = [
            wave_numbers(n, axis.length) if axis is axes[-1] else 2.0 * np.pi * fft.fftfreq(n, axis.length / n)
            for axis, n in zip(axes, points, strict=True)
        ]
        self.k: tuple[np.ndarray, ...] = tuple(np.meshgrid(*numbers, indexing="ij", sparse=True))
        self.squared: np.ndarray = sum((k**2 for k in self.k), np.zeros(1))
        inside = [np.abs(k) <= share * np.abs(k).max() for k in self.k]
        self.kept: np.ndarray = np.logical_and.reduce(np.broadcast_arrays(*inside)).astype(float)

    def spectrum(self, values: np.ndarray) -> np.ndarray:
        """Real transform along the last axes, those of the box."""
        return np.asarray(fft.rfftn(values, axes=range(-self.dimensions, 0)))

    def values(self, spectrum: np.ndarray) -> np.ndarray:
        """Inverse of `spectrum`."""
        return np.asarray(fft.irfftn(spectrum, self.points, axes=range(-self.dimensions, 0)))

    def slope(self, spectrum: np.ndarray, axis: int = 0) -> np.ndarray:
        """Values of the derivative along an axis."""
        return self.values(1j * self.k[axis] * spectrum)


class PeriodicTask(PDETask):
    """A PDE whose axes are all periodic and whose unknowns are balanced themselves: `equation`, `linear`, `nonlinear`."""

    kept_share: ClassVar[float] = 2.0 / 3.0
    """Of the wave numbers along an axis, those that are not cut off; 2/3 keeps squares free of aliasing."""
    frame_steps: ClassVar[int] = 20
    """Steps between two output times of the coarser reference; the stored one takes twice as many."""
    refined: ClassVar[tuple[int, int]] = (3, 5)
    """Times as many points along each axis as are scored, by level; odd where points are cell centres."""
    refined_samples: ClassVar[int] = 3
    """The same for the solution from the sampled inputs alone."""
    oversampled: ClassVar[tuple[int, int]] = (1, 1)
    """Times as many points again from which Fourier coefficients of the initial fields are taken; more for fields with kinks."""
    together: ClassVar[bool] = True
    """Whether all samples take the same steps."""

    @abstractmethod
    def linear(self, box: Box) -> np.ndarray:
        """Symbol of the linear part: [*modes], or [unknowns, *modes] for several unknowns."""

    @abstractmethod
    def nonlinear(self, box: Box, u: np.ndarray) -> np.ndarray:
        """Spectrum of the rest for the values u: [batch, *points] of the one unknown, or [unknowns, batch, *points]."""

    def factor(self, points: int, level: int) -> int:
        """How much finer the inner grid of a reference is than the scored one."""
        return self.refined[level]

    def factor_from_samples(self, points: int) -> int:
        """The same for the solution from samples."""
        return self.refined_samples

    def steps(self, box: Box, n: int, u: np.ndarray) -> int:
        """Steps from output time n to the next for the values u at time n; the stored reference takes twice as many."""
        return self.frame_steps

    def reference(self, fields: Any, points: int, level: int) -> Arrays:
        """ETDRK4 on a finer grid, from Fourier coefficients of finer samples still."""
        fine = points * self.factor(points, level)
        coefficients = self.exact_spectrum(fields, fine, level)
        start = self._initial(self.inputs(fields, points))
        return self._evolved(coefficients, fine, start, 2 if level else 1)

    def from_samples(self, inputs: Mapping[str, np.ndarray | float]) -> Arrays | None:
        """The same method from the trigonometric interpolant of the samples."""
        start = self._initial(inputs)
        fine = start.shape[2] * self.factor_from_samples(start.shape[2])
        return self._evolved(self.interpolated(start, fine), fine, start, 1)

    def exact_spectrum(self, fields: Any, points: int, level: int) -> np.ndarray:
        """Spectrum of the initial fields on an inner grid, from many more samples: nothing that these lose is aliased into it."""
        return self._resampled(self._initial(self.inputs(fields, points * self.oversampled[level])), points)

    def interpolated(self, samples: np.ndarray, points: int) -> np.ndarray:
        """Spectrum on an inner grid of the trigonometric interpolant of samples [unknowns, batch, *points]."""
        return self._resampled(samples, points)

    def _initial(self, inputs: Mapping[str, np.ndarray | float]) -> np.ndarray:
        names = {a.of: a.name for a in self.signature.arguments if a.role == "initial"}
        return np.stack([np.asarray(inputs[names[unknown]]) for unknown in self.equation.unknowns])

    def _resampled(self, values: np.ndarray, points: int) -> np.ndarray:
        """Spectrum on a grid of `points` points along the first axis of samples on another grid."""
        box = Box(self.equation.axes, self.grid(points))
        spectrum = Box(self.equation.axes, values.shape[2:]).spectrum(values)
        for n, (axis, new) in enumerate(zip(self.equation.axes, box.points, strict=True)):
            old = values.shape[2 + n]
            if new != old:
                shift = 0.5 / new - 0.5 / old if axis.nodes == "cell_centres" else 0.0
                spectrum = _with_modes(spectrum, 2 + n, old, new, shift, n == box.dimensions - 1)
        return spectrum

    def _evolved(self, spectrum: np.ndarray, points: int, start: np.ndarray, refinement: int) -> Arrays:
        """Results at the points of `start`, [unknowns, batch, *points], which are the first frame."""
        box = Box(self.equation.axes, self.grid(points), self.kept_share)
        parts = [slice(None)] if self.together else [slice(n, n + 1) for n in range(spectrum.shape[1])]
        frames = np.concatenate([self._frames(spectrum[:, part], box, start, refinement) for part in parts], axis=1)
        frames[:, :, 0] = start
        results = {result.of: result.name for result in self.signature.results}
        return {results[unknown]: frames[n] for n, unknown in enumerate(self.equation.unknowns)}

    def _frames(self, spectrum: np.ndarray, box: Box, start: np.ndarray, refinement: int) -> np.ndarray:
        """[unknowns, batch, time, *points], of the inner grid's points those that are scored."""
        single = len(spectrum) == 1
        modes = box.kept.shape if single else (len(spectrum), *box.kept.shape)
        linear = self._of_shape("linear", self.linear(box), modes)
        wanted = spectrum.shape[1:] if single else spectrum.shape

        def rest(spectra: np.ndarray) -> np.ndarray:
            found = self.nonlinear(box, box.values(spectra)[0] if single else box.values(spectra))
            found = self._of_shape("nonlinear", found, wanted)
            return box.kept * (found[None] if single else found)

        def substeps(n: int, spectra: np.ndarray) -> int:
            return refinement * self.steps(box, n, box.values(spectra))

        shaped = linear if single else linear[:, None]
        frames = etdrk4(spectrum * box.kept, shaped, rest, self.times(), substeps)
        strides = [n // new for n, new in zip(box.points, start.shape[2:], strict=True)]
        firsts = [
            stride // 2 if axis.nodes == "cell_centres" else 0
            for axis, stride in zip(self.equation.axes, strides, strict=True)
        ]
        kept = (..., *(slice(first, None, stride) for first, stride in zip(firsts, strides, strict=True)))
        return np.stack([box.values(frame)[kept] for frame in frames], axis=2)

    def _of_shape(self, method: str, found: Any, wanted: tuple[int, ...]) -> np.ndarray:
        """What `linear` or `nonlinear` gives. Raises InputError for what is no array of that shape."""
        array = np.asarray(found)
        numbers = array.dtype.kind in "biufc"
        if numbers and array.ndim in (0, len(wanted)):
            with contextlib.suppress(ValueError):
                return np.broadcast_to(array, wanted)
        several = "unknowns, " if len(self.equation.unknowns) > 1 else ""
        batch, hint = ("batch, ", "; `box.spectrum` makes modes of values") if method == "nonlinear" else ("", "")
        raise InputError(
            f"{type(self).__name__}.{method} gives {f'an array of shape {array.shape}' if numbers else repr(found)}.",
            f"[{several}{batch}*modes] = {wanted} would be right{hint}.",
        )


def _with_modes(spectrum: np.ndarray, axis: int, old: int, new: int, shift: float, last: bool) -> np.ndarray:
    """Modes of `new` points along an axis, by padding or truncation, the samples moved by that fraction of the period.

    The highest mode of the smaller number of points is dropped where that number is even. `last` marks the half of the modes.
    """
    kept = min(old, new) // 2 + min(old, new) % 2
    numbers = np.arange(kept) if last else np.concatenate([np.arange(kept), np.arange(1 - kept, 0)])
    shape = list(spectrum.shape)
    shape[axis] = new // 2 + 1 if last else new
    out = np.zeros(shape, complex)
    turn = np.exp(2j * np.pi * shift * numbers) * (new / old)
    spread = (slice(None), *(None for _ in range(spectrum.ndim - axis - 1)))
    place = (slice(None),) * axis
    out[(*place, numbers)] = spectrum[(*place, numbers)] * turn[spread]
    return out
