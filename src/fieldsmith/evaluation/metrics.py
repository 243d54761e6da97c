"""Errors of a computed solution against a reference. Arrays are [batch, ...]; norms run over all other axes."""

from collections.abc import Mapping

import numpy as np

Arrays = Mapping[str, np.ndarray]


def _square_sums(array: np.ndarray) -> np.ndarray:
    flat = array.reshape(array.shape[0], -1)
    return np.einsum("bi,bi->b", flat, flat)


def sample_nrmse(outputs: Arrays, reference: Arrays) -> np.ndarray:
    """||u - u_ref||_2 / ||u_ref||_2 a sample, [batch], all fields stacked (CodePDE, arXiv 2505.08783).

    A sample whose reference is zero everywhere counts its absolute error instead.
    """
    error = sum(_square_sums(outputs[name] - reference[name]) for name in reference)
    norm = sum(_square_sums(reference[name]) for name in reference)
    return np.sqrt(error / np.where(norm == 0.0, 1.0, norm))


def max_error(outputs: Arrays, reference: Arrays) -> float:
    """Largest absolute deviation over all fields, samples, times and points."""
    return max(float(np.max(np.abs(outputs[name] - reference[name]))) for name in reference)


def drift(totals: Arrays) -> float | None:
    """Largest change of any conserved total [batch, time] from its first value; None where nothing is conserved."""
    if not totals:
        return None
    return max(float(np.max(np.abs(total - total[:, :1]))) for total in totals.values())


def frame_errors(outputs: Arrays, reference: Arrays) -> np.ndarray:
    """Error of each frame relative to the reference's norm in that frame, [time], mean over the batch.

    For arrays [batch, time, ...]; fields are stacked.
    """

    def sums(array: np.ndarray) -> np.ndarray:
        return np.sum(array.reshape(*array.shape[:2], -1) ** 2, axis=2)

    error = sum(sums(outputs[name] - reference[name]) for name in reference)
    norm = sum(sums(reference[name]) for name in reference)
    return np.mean(np.sqrt(error / np.where(norm == 0.0, 1.0, norm)), axis=0)
