"""At which time of the solution a computed one is: frames that are some intervals early or late, and all of it faster or slower."""

import math
from collections.abc import Mapping

import numpy as np

Arrays = Mapping[str, np.ndarray]

MOST_INTERVALS, FEWEST = 2, 3
"""Intervals by which frames may be early or late, and the frames that must be left to compare then."""
EXPLAINED = 0.2
"""Part of the error that may be left where another time explains it."""
PACES = np.geomspace(0.5, 2.0, 281)
WITHIN, MOST_NUMBERS = 8, 3e7
"""Times within an output interval at which the solution is compared, and numbers that the solution may have there."""
APART, TOLD = 0.5, 4
"""Part of an output interval by which a state's time must be another than its frame's, and how many frames are told."""


def offset(outputs: Arrays, reference: Arrays) -> int:
    """By how many output intervals the frames after the first are early, or, negative, late; 0 where that explains no error."""
    frames = min(array.shape[1] for array in reference.values())
    for by in (n for m in range(1, MOST_INTERVALS + 1) for n in (m, -m)):
        first, last = 1 + max(0, -by), frames - max(0, by)
        if last - first < FEWEST:
            continue
        error = _distance({n: (a[:, first:last], reference[n][:, first:last]) for n, a in outputs.items()})
        left = _distance({n: (a[:, first:last], reference[n][:, first + by : last + by]) for n, a in outputs.items()})
        if left < EXPLAINED * error:
            return by
    return 0


def pace(outputs: Arrays, reference: Arrays, times: np.ndarray) -> float | None:
    """How many times as fast as the solution the answer [batch, time, ...] goes at the scored times; None where that explains no error."""
    from scipy.interpolate import CubicSpline  # takes long, and few programs come here

    after = times - times[0]
    between = {name: CubicSpline(after, array, axis=1) for name, array in reference.items()}
    best, least = None, EXPLAINED
    for factor in map(float, PACES):
        kept = np.flatnonzero((factor * after <= after[-1]) & (after > 0.0))
        if len(kept) < FEWEST:
            continue
        error = _distance({n: (a[:, kept], reference[n][:, kept]) for n, a in outputs.items()})
        left = _distance({n: (a[:, kept], between[n](factor * after[kept])) for n, a in outputs.items()})
        if left < least * error:
            best, least = factor, left / error
    return best


def visited(outputs: Arrays, reference: Arrays, times: np.ndarray) -> list[list[float]]:
    """Frames whose state is the solution's at another time: the first such frames with their own time and that one; none where that explains no error.

    Of frames that hold a state of the end or of a later time nothing is known.
    """
    frames = len(times)
    if frames <= FEWEST or WITHIN * sum(array.size for array in reference.values()) > MOST_NUMBERS:
        return []
    from scipy.interpolate import CubicSpline  # takes long, and few programs come here

    within = np.interp(np.arange(WITHIN * (frames - 1) + 1) / WITHIN, np.arange(frames), times)
    squares = np.zeros((frames, len(within)))
    for name, true in reference.items():
        own = np.moveaxis(outputs[name], 1, 0).reshape(frames, -1)
        between = np.moveaxis(CubicSpline(times, true, axis=1)(within), 1, 0).reshape(len(within), -1)
        squares += np.array([np.sum((between - state) ** 2, axis=1) for state in own])
    best = np.argmin(squares, axis=1)
    known = [n for n in range(1, frames) if best[n] < len(within) - 1]
    other = [n for n in known if abs(best[n] / WITHIN - n) > APART]
    error, left = (math.sqrt(float(np.sum(squares[other, at]))) for at in (WITHIN * np.array(other, int), best[other]))
    if len(other) < max(FEWEST, len(known) / 2) or left >= EXPLAINED * error:
        return []
    return [[n, float(times[n]), float(within[best[n]])] for n in other[:TOLD]]


def _distance(pairs: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> float:
    return float(np.sqrt(sum(np.sum((one - other) ** 2) for one, other in pairs.values())))
