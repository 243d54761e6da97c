"""Where in space an error sits."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from fieldsmith.evaluation.evaluation import Score
from fieldsmith.tasks.task import Brief, Case

UNEVEN = 0.6
"""Share of the error in a third of the domain from which on it is worth telling."""

NEAR, FEWEST = 0.15, 9
"""What is near a side, as a share of its axis, and points of an axis that this is asked of."""


def in_space(score: Score, case: Case, outputs: Mapping[str, np.ndarray], brief: Brief) -> dict[str, Any] | None:
    """Where the error sits, as shares of the domain; None where there is next to none."""
    known = _axes(brief)
    if not score.nrmse >= 1e-12 or not known or not case.reference:
        return None
    axes = [name for name, _ in known]
    result = next((r for r in brief.signature.results if r.axes[-len(axes) :] == tuple(axes)), None)
    if result is None or not axes:
        return None
    worst = max(
        (r for r in brief.signature.results if r.axes == result.axes),
        key=lambda r: float(np.max(np.abs(outputs[r.name] - case.reference[r.name]))),
    )
    error = np.abs(outputs[worst.name] - case.reference[worst.name])
    at = [int(n) for n in np.unravel_index(int(np.argmax(error)), error.shape)]
    first = error.ndim - len(axes)
    edges = None if all(periodic for _, periodic in known) else _edge_share(error, first)
    return {
        "field": worst.name if len(brief.signature.results) > 1 else "",
        "error": float(error[tuple(at)]),
        "sample": at[0],
        "frame": at[1] if brief.span is not None else None,
        "place": [[name, (at[first + n] + 0.5) / error.shape[first + n]] for n, name in enumerate(axes)],
        "thirds": [[name, shares] for n, name in enumerate(axes) if max(shares := _thirds(error, first + n)) > UNEVEN],
        "edges": edges if edges is not None and edges > 0.5 else None,
        **(_at_side(error, first, brief) if brief.form is not None else {}),
    }


def _axes(brief: Brief) -> list[tuple[str, bool]]:
    """The axes of space by name, and whether they are periodic."""
    if brief.form is not None:
        return [(axis.name, axis.name in brief.form.system.periodic) for axis in brief.form.system.axes]
    return [(axis.name, axis.periodic) for axis in brief.equation.axes] if brief.equation is not None else []


def _at_side(error: np.ndarray, first: int, brief: Brief) -> dict[str, Any]:
    """The side of the domain near which most of the squared error lies, with its share; nothing where there is none."""
    assert brief.form is not None
    total, found = float(np.sum(error**2)) or 1.0, []
    for n, axis in enumerate(brief.form.system.axes):
        points = error.shape[first + n]
        near = max(1, round(NEAR * points))
        if axis.name not in brief.form.system.periodic and points >= FEWEST:
            for end, part in ((axis.low, range(near)), (axis.high, range(points - near, points))):
                found.append((float(np.sum(np.take(error, part, first + n) ** 2)) / total, f"{axis.name} = {end:g}"))
    share, side = max(found, default=(0.0, ""))
    return {"side": side, "at_side": share} if share > 0.5 else {}


def _thirds(error: np.ndarray, axis: int) -> list[float]:
    """Shares of the squared error in the thirds of an axis."""
    squares = np.sum(error**2, axis=tuple(k for k in range(error.ndim) if k != axis))
    thirds = [float(np.sum(part)) for part in np.array_split(squares, 3)]
    return [part / (sum(thirds) or 1.0) for part in thirds]


def _edge_share(error: np.ndarray, first: int) -> float | None:
    """Share of the squared error in a rim of 5% of the points; None where there are too few points."""
    if min(error.shape[first:]) < 20:
        return None
    inner = tuple(slice(size // 20, size - size // 20) for size in error.shape[first:])
    total = float(np.sum(error**2))
    return 1.0 - float(np.sum(error[(..., *inner)] ** 2)) / total if total else None
