"""Errors of a computed solution against a reference. Arrays are [batch, ...]; norms run over all other axes."""

from collections.abc import Mapping

import numpy as np

Arrays = Mapping[str, np.ndarray]


def _square_sums(array: np.ndarray) -> np.ndarray:
    flat = array.reshape(array.shape[0], -1)
    return np.einsum("bi,bi->b", flat, flat)


def sample_nrmse(outputs: Arrays, reference: Arrays) -> np.ndarray:
    """||u - u_ref||_2 / ||u_ref||_2 a sample, [batch], all fields stacked (CodePDE, arXiv 2505.08783).

    A sample whose reference is zero everywhere counts its absolute error instead. Empty without references.
    """
    if not reference:
        return np.zeros(0)
    error = sum(_square_sums(outputs[name] - reference[name]) for name in reference)
    norm = sum(_square_sums(reference[name]) for name in reference)
    return np.sqrt(error / np.where(norm == 0.0, 1.0, norm))


def max_error(outputs: Arrays, reference: Arrays) -> float:
    """Largest absolute deviation over all fields, samples, times and points."""
    return max((float(np.max(np.abs(outputs[name] - reference[name]))) for name in reference), default=float("nan"))


def drift(totals: Arrays, reference: Arrays, unseen: Arrays | None = None) -> float | None:
    """Largest departure of any conserved total [batch, time]; None where nothing is conserved.

    A sample whose departure is no more than `unseen` [batch], what the total of its points may be off by, has none.

    Totals are sums over points, which change a little even for an exact solution where fronts are thin. So a total
    counts as kept while it lies between its first value and the reference's total at that time, and the departure is
    its distance from there: 0 for exact solutions and for conservative schemes, smeared or not.
    """
    if not totals:
        return None

    def departure(total: np.ndarray, expected: np.ndarray, least: np.ndarray) -> float:
        first = np.broadcast_to(total[:, :1], total.shape)
        low, high = np.minimum(first, expected), np.maximum(first, expected)
        largest = np.max(np.maximum(low - total, total - high), axis=1, initial=0.0)
        return float(np.max(np.where(largest > least, largest, 0.0), initial=0.0))

    known = unseen or {}
    return max(departure(total, reference[name], known.get(name, np.zeros(1))) for name, total in totals.items())


def frame_errors(outputs: Arrays, reference: Arrays) -> np.ndarray:
    """`frame_nrmse` as a mean over the batch, [time]."""
    return np.mean(frame_nrmse(outputs, reference), axis=0)


def frame_nrmse(outputs: Arrays, reference: Arrays) -> np.ndarray:
    """Error of each frame relative to the reference's norm in that frame, [batch, time].

    For arrays [batch, time, ...]; fields are stacked.
    """

    def sums(array: np.ndarray) -> np.ndarray:
        return np.sum(array.reshape(*array.shape[:2], -1) ** 2, axis=2)

    error = sum(sums(outputs[name] - reference[name]) for name in reference)
    norm = sum(sums(reference[name]) for name in reference)
    return np.sqrt(error / np.where(norm == 0.0, 1.0, norm))


def binned_nrmse(outputs: Arrays, reference: Arrays, times: np.ndarray, bins: int) -> np.ndarray:
    """Error over the frames of each of so many equal spans of time, relative to the reference's norm there, [bins, batch].

    For arrays [batch, time, ...]; fields are stacked. The first frame, which is given, is in none; a span without a frame is NaN.
    """
    number = (
        np.ceil(bins * (times[1:] - times[0]) / (times[-1] - times[0]) - 1e-9) - 1 if len(times) > 1 else np.zeros(0)
    )
    found = []
    for n in range(bins):
        frames = 1 + np.flatnonzero(number == n)
        told, known = ({name: one[name][:, frames] for name in reference} for one in (outputs, reference))
        found.append(sample_nrmse(told, known) if len(frames) else np.full(len(next(iter(reference.values()))), np.nan))
    return np.stack(found)
