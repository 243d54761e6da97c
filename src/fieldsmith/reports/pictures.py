"""Solution, reference and error of a few samples, small enough for a page."""

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np

from fieldsmith.reports.plain import visible
from fieldsmith.tasks.task import Picture

MOST_BYTES = 2_200_000
"""What all pictures of a page may take together; beyond that they are thinned."""


def drawn(pictures: Sequence[Picture]) -> list[dict[str, Any]]:
    """Reference and error in single precision, so that small errors keep their digits; the solution is their sum."""
    usable = [picture for picture in pictures if picture.solution.ndim == 2 and picture.solution.size]
    stride = 1
    while sum(_bytes(picture, stride) for picture in usable) > MOST_BYTES:
        stride += 1
    return [_drawn(picture, stride) for picture in usable]


def _bytes(picture: Picture, stride: int) -> int:
    rows, columns = (-(-size // stride) for size in picture.solution.shape)
    return rows * columns * 2 * 4 * 4 // 3


def _drawn(picture: Picture, stride: int) -> dict[str, Any]:
    solution, reference = (
        np.nan_to_num(values[::stride, ::stride].astype(float)) for values in (picture.solution, picture.reference)
    )
    error = solution - reference
    size = float(np.abs(error).max())
    low, high = float(reference.min()), float(reference.max())
    return {
        "field": visible(picture.field, 40),
        "sample": int(picture.sample),
        "split": visible(picture.split, 10),
        "rows": solution.shape[0],
        "columns": solution.shape[1],
        "axes": [visible(axis, 20) for axis in picture.axes],
        "extent": [float(bound) for bound in picture.extent],
        "points": [float(value) * (stride if n % 2 else 1) for n, value in enumerate(picture.points)],
        "range": [low, high],
        "errorSize": size,
        "reference": _encoded(reference),
        "error": _encoded(error),
    }


def _encoded(values: np.ndarray) -> str:
    largest = float(np.finfo(np.float32).max)
    return base64.b64encode(np.clip(values, -largest, largest).astype("<f4").tobytes()).decode()
