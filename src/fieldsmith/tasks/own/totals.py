"""Integrals over the domain that a problem claims to stay, of an answer on even points."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from fieldsmith.boxes.form import Form
from fieldsmith.problems.numbers import evaluate
from fieldsmith.problems.system import Interval

Arrays = dict[str, np.ndarray]


def totals(form: Form, outputs: Mapping[str, np.ndarray]) -> Arrays:
    """The totals of `[conserved]`, [batch, time], in units of the integral of the density's size at the first time.

    Of densities in the unknowns and their derivatives along periodic axes, by the trapezoidal rule and Fourier series; what needs more than an answer holds (rates,
    coordinates, coefficients, parameters with a range) is left out.
    """
    if not form.timed:
        return {}
    answer = _Answer(form, outputs)
    found = {name: answer.total(given.value) for name, given in form.system.conserved.items()}
    return {name: total for name, total in found.items() if total is not None}


class _Answer:
    """An answer as fields [batch, time, *points]."""

    def __init__(self, form: Form, outputs: Mapping[str, np.ndarray]) -> None:
        self.form, self.system = form, form.system
        self.fields: dict[str, np.ndarray] = {}
        for unknown in self.system.unknowns:
            parts = {one.part: np.asarray(outputs[one.name]) for one in form.results if one.of == unknown.name}
            field = parts[""] if "" in parts else parts["real"] + 1j * parts["imag"]
            self.fields[unknown.name] = field if form.batched else field[None]
            if unknown.complex:
                self.fields[self.system.jets.partners[unknown.name]] = np.conj(self.fields[unknown.name])

    def total(self, density: Any) -> np.ndarray | None:
        jets = self.system.jets
        values: dict[Any, Any] = {self.system.symbols[name]: value for name, value in self.form.fixed.items()}
        for symbol in density.free_symbols - values.keys():
            field = self._derivative(*jets.meanings[symbol]) if symbol in jets.meanings else None
            if field is None:
                return None
            values[symbol] = field
        whole = np.real(np.asarray(evaluate(density, values)))
        integral, size = self._integral(whole), self._integral(np.abs(whole[:, :1]))
        return integral / np.where(size > 0.0, size, 1.0)

    def _derivative(self, name: str, orders: tuple[int, ...]) -> np.ndarray | None:
        """A derivative of an unknown; None of what is no unknown, or whose derivative an answer does not show."""
        if name not in self.fields or orders[0]:
            return None
        field = self.fields[name]
        for k, (axis, order) in enumerate(zip(self.system.axes, orders[1:], strict=True), 2):
            if order and axis.name not in self.system.periodic:
                return None
            field = _along(field, axis, order, k) if order else field
        return field

    def _integral(self, density: np.ndarray) -> np.ndarray:
        for axis in reversed(self.system.axes):
            if axis.name in self.system.periodic:
                density = density.mean(axis=-1) * axis.length
            else:
                density = (density[..., 1:] + density[..., :-1]).mean(axis=-1) / 2 * axis.length
        return density


def _along(field: np.ndarray, axis: Interval, order: int, k: int) -> np.ndarray:
    """The derivative of its Fourier series along a periodic axis."""
    count = field.shape[k]
    waves = 2j * np.pi * np.fft.fftfreq(count, axis.length / count)
    if order % 2 and count % 2 == 0:
        waves[count // 2] = 0  # the shortest wave has no sign
    shape = [-1 if j == k else 1 for j in range(field.ndim)]
    derived = np.fft.ifft(np.fft.fft(field, axis=k) * (waves**order).reshape(shape), axis=k)
    return derived if np.iscomplexobj(field) else derived.real
