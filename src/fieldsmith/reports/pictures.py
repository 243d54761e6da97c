"""Solution, reference and error of a few samples, small enough for a page."""

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fieldsmith.orchestrator.film import GIF
from fieldsmith.orchestrator.film import MOST_BYTES as FILM_BYTES
from fieldsmith.reports.charts import OverTime
from fieldsmith.reports.plain import visible
from fieldsmith.tasks.task import Picture

MOST_BYTES = 2_900_000
"""What all pictures of a page may take together; beyond that they are thinned."""
MOST_CURVES = 9
MOST_NUMBERS = 60
"""Rows of the table of results that are numbers."""


def drawn(pictures: Sequence[Picture]) -> list[dict[str, Any]]:
    """What the page's scripts draw: lines, maps and moving maps as [frames, rows, columns]; lines are rows of one frame.

    Reference and error stand apart, so that small errors keep their digits; the solution is their sum. Moving maps have
    16 bits a value within the range of its frame, all others single precision.
    """
    usable = [picture for picture in pictures if picture.axes and picture.solution.size]
    stride = 1
    while sum(_bytes(picture, stride) for picture in usable) > MOST_BYTES:
        stride += 1
    return [_drawn(picture, stride) for picture in usable]


def film_of(folder: Path) -> str:
    """The film of a run's solution as an address that holds it; empty where there is none, or where it is too large for a page."""
    try:
        content = (folder / "best" / GIF).read_bytes()
    except OSError:
        return ""
    whole = content.startswith(b"GIF8") and len(content) <= FILM_BYTES
    return f"data:image/gif;base64,{base64.b64encode(content).decode()}" if whole else ""


def numbers(pictures: Sequence[Picture]) -> list[tuple[str, int, float, float | None]]:
    """Results without axes: name, sample, solution and, where there is one, reference."""
    found = []
    for picture in pictures:
        if not picture.axes:
            known = picture.reference
            for n, name in enumerate(picture.components):
                expected = None if known is None else float(known[n])
                found.append((visible(name, 40), picture.sample, float(picture.solution[n]), expected))
    return found[:MOST_NUMBERS]


def curves(known: OverTime | None) -> dict[str, Any] | None:
    """The error over physical time, as the page's scripts draw it."""
    if known is None:
        return None
    named = [{"name": visible(name, 40), "errors": errors} for name, errors in known.curves[:MOST_CURVES]]
    return {"split": visible(known.split, 10), "times": known.times, "curves": named}


def undrawn(pictures: Sequence[Picture]) -> list[str]:
    """Why some results are not drawn."""
    return [visible(picture.note, 400) for picture in pictures if picture.note and not picture.solution.size]


def _strides(picture: Picture, stride: int) -> tuple[int, ...]:
    """By which stride each dimension is thinned: neither frames nor components are."""
    return {1: (1, stride), 2: (stride, stride), 3: (1, stride, stride)}[len(picture.axes)]


def _bytes(picture: Picture, stride: int) -> int:
    sizes = zip(picture.solution.shape, _strides(picture, stride), strict=True)
    width = 2 if len(picture.axes) == 3 else 4
    arrays = 2 if picture.given is None else 3
    return int(np.prod([-(-size // each) for size, each in sizes])) * arrays * width * 4 // 3


def _drawn(picture: Picture, stride: int) -> dict[str, Any]:
    strides = _strides(picture, stride)
    kept = tuple(slice(None, None, each) for each in strides)
    alone, known = picture.reference is None, picture.solution if picture.reference is None else picture.reference
    solution, reference = (np.nan_to_num(values[kept].astype(float)) for values in (picture.solution, known))
    error = solution - reference
    low, high = float(reference.min()), float(reference.max())
    size = float(np.abs(error).max())
    *frames, rows, columns = solution.shape
    places = [_places(p, n) for p, n in zip(picture.places, strides[-len(picture.places) :], strict=True)]
    moving = len(picture.axes) == 3
    return {
        "field": visible(picture.field, 40),
        "sample": int(picture.sample),
        "split": visible(picture.split, 10),
        "note": visible(picture.note, 200),
        "alone": alone,
        "kind": {1: "lines", 2: "map", 3: "moving"}[len(picture.axes)],
        "components": [visible(name, 40) for name in picture.components],
        "frame": {"axis": visible(picture.axes[0], 20), "places": places[0]} if moving else None,
        "frames": frames[0] if frames else 1,
        "rows": rows,
        "columns": columns,
        "axes": [visible(axis, 20) for axis in picture.axes[-2:]],
        "labels": [visible(label, 40) for label in (picture.labels or picture.axes)[-2:]],
        "time": visible(picture.time, 20),
        "extent": [float(bound) for bound in picture.extent[-4:]],
        "places": places[-2:],
        "range": [low, high],
        "errorSize": size,
        "reference": _in_16_bits(reference, *_ends(reference)) if moving else _in_single(reference),
        "error": None if alone else _in_16_bits(error, *_about_zero(error)) if moving else _in_single(error),
        "given": _given(picture, kept),
    }


def _given(picture: Picture, kept: tuple[slice, ...]) -> dict[str, Any] | None:
    """The coefficient of a map; it is never one that moves."""
    if picture.given is None:
        return None
    values = np.nan_to_num(picture.given[kept].astype(float))
    return {
        "name": visible(picture.given_name, 40),
        "values": _in_single(values),
        "range": [float(values.min()), float(values.max())],
    }


def _places(places: np.ndarray, stride: int) -> list[float]:
    return [float(f"{place:.10g}") for place in places[::stride]]


def _in_single(values: np.ndarray) -> str:
    largest = float(np.finfo(np.float32).max)
    return _encoded(np.clip(values, -largest, largest).astype("<f4"))


def _ends(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The smallest and the largest value of each frame [frames, 1, 1]."""
    return values.min(axis=(1, 2), keepdims=True), values.max(axis=(1, 2), keepdims=True)


def _about_zero(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same, as far below zero as above."""
    _, size = _ends(np.abs(values))
    return -size, size


def _in_16_bits(values: np.ndarray, low: np.ndarray, high: np.ndarray) -> dict[str, Any]:
    """Values [frames, rows, columns] as 0 to 65534 between the ends of each frame, so that one that has faded keeps its digits.

    The number of steps is even, so that the middle is one of them.
    """
    steps = np.round((values - low) / np.where(high > low, high - low, 1.0) * 65534.0)
    return {"ranges": np.stack([low, high], -1).reshape(-1, 2).tolist(), "steps": _encoded(steps.astype("<u2"))}


def _encoded(values: np.ndarray) -> str:
    return base64.b64encode(values.tobytes()).decode()
