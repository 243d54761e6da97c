"""At which time of the solution a computed one is: frames that are some intervals early or late, and all of it faster or slower."""

from collections.abc import Mapping

import numpy as np

Arrays = Mapping[str, np.ndarray]

MOST_INTERVALS, FEWEST = 2, 3
"""Intervals by which frames may be early or late, and the frames that must be left to compare then."""
EXPLAINED = 0.2
"""Part of the error that may be left where another time explains it."""
PACES = np.geomspace(0.5, 2.0, 281)


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


def _distance(pairs: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> float:
    return float(np.sqrt(sum(np.sum((one - other) ** 2) for one, other in pairs.values())))
