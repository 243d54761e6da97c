"""Samples of a published file that are far from the trusted solutions, alone or all of them: what is told of that."""

from collections.abc import Mapping

import numpy as np

AWAY, OUT = 0.01, 20.0
"""Distance from the trusted solution, and how many times that of the median sample, from which on a sample stands out."""
SUSPICIOUS = 0.1
"""Solutions this far from the trusted ones were made with other parameters, or of another problem."""
LISTED = 5


def told(errors: np.ndarray, reference: Mapping[str, np.ndarray], first: int, values: str) -> str:
    """A sentence or two about distances [samples] from the trusted solutions for `values`; empty where they are small.

    `first` is the number in the file of the first sample of `reference`, whose arrays are [samples, ...].
    """
    out = np.flatnonzero((errors > AWAY) & (errors > OUT * np.median(errors)))
    if len(out):
        numbers = ", ".join(str(first + n) for n in out[:LISTED])
        more = f" and {len(out) - LISTED} more" if len(out) > LISTED else ""
        others = float(np.max(np.delete(errors, out)))
        words = f"sample{'s' if len(out) > 1 else ''} {numbers}{more}, counted from 0, {'are' if len(out) > 1 else 'is'} {_percent(errors[out])} away from the trusted solution"
        lost = _lost({name: array[out] for name, array in reference.items()}) or "values of it may be lost"
        return f"{words}, the others {100 * others:.1g} % at most: {lost}. Mend the file, or leave these samples out."
    if float(np.mean(errors)) <= SUSPICIOUS:
        return ""
    words = f"solutions are {100 * float(np.mean(errors)):.0f} % away from the trusted ones for {values}"
    lost = _lost(reference)
    return f"{words}: {lost}. Mend the file." if lost else f"{words}. Was the file made with other parameters?"


def _percent(errors: np.ndarray) -> str:
    low, high = 100 * float(errors.min()), 100 * float(errors.max())
    return f"{high:.2g} %" if high < 1.1 * low else f"{low:.2g} to {high:.2g} %"


def _lost(reference: Mapping[str, np.ndarray]) -> str:
    """What looks as if it was never written in arrays [samples, time, ...]: places that never change, frames that repeat the one before."""
    for name, array in reference.items():
        if array.ndim < 3 or array.shape[1] < 3:
            continue
        still = np.all(array == array[:, :1], axis=1)
        if still.all():
            return f"every frame of {name!r} is the first over again, as if never computed"
        places, count = int(still[0].sum()), still[0].size
        if 0 < places < count:
            return f"{places} of {count} places of {name!r} hold the same values at all times, as if never written"
        same = np.all(array[:, 1:] == array[:, :-1], axis=tuple(range(2, array.ndim))).all(axis=0)
        if same.any() and not same.all():
            return f"frames of {name!r} from {int(np.argmax(same)) + 1} on are copies of the one before, as if never computed"
    return ""
