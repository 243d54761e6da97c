"""Published data files of PDEBench and CodePDE (HDF5). Frames come first in time after the batch axis.

Whole files of PDEBench hold 10,000 samples and several gigabytes: only the samples that are asked for are read.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from fieldsmith.equations.equation import Nodes
from fieldsmith.errors import InputError
from fieldsmith.tasks.hdf5_file import dataset, opened, values
from fieldsmith.tasks.lost import Samples, check_evolution, check_forced, check_together, unwritten

Part = Callable[[int], slice]
"""Which samples to read of a file that holds so many."""
FRAMES = "[batch, time, x]"
LEAST_POINTS = 4
LARGEST = 1e6
"""Published fields are of order one; far larger values belong to another problem, or are damaged."""


def read_scalar(path: Path, part: Part) -> tuple[np.ndarray, np.ndarray]:
    """`tensor` [batch, time, x] and `t-coordinate` [time] (one entry more than the frames is cut off)."""
    tensor = _read_samples(path, ("tensor",), FRAMES, part)["tensor"]
    times = _times(path, tensor.values.shape[1])
    check_evolution(tensor)
    return tensor.values, times


def read_gas(path: Path, part: Part) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """`Vx`, `density`, `pressure` [batch, time, x] and `t-coordinate` [time]."""
    fields = _read_samples(path, ("Vx", "density", "pressure"), FRAMES, part)
    for name in ("density", "pressure"):
        _positive(path, name, fields[name].values)
    times = _times(path, fields["Vx"].values.shape[1])
    for field in fields.values():
        check_evolution(field, alone=False)
    check_together(list(fields.values()))
    return {name: field.values for name, field in fields.items()}, times


def read_darcy(path: Path, part: Part) -> tuple[np.ndarray, np.ndarray]:
    """Coefficient and solution [batch, x, y] from `coeff` and `sol`, or from `nu` and `tensor`."""
    a, u = _darcy(path, part)
    check_forced(u)
    return a.values, u.values


def _darcy(path: Path, part: Part) -> tuple[Samples, Samples]:
    with opened(path) as file:
        pair = ("coeff", "sol") if "coeff" in file else ("nu", "tensor")
    found = _read_samples(path, pair, "[batch, N, N] or [batch, 1, N, N]", part, channel=True)
    a, u = (found[name] for name in pair)
    _positive(path, pair[0], a.values)
    if a.values.shape[1] != a.values.shape[2]:
        shape = " x ".join(map(str, a.values.shape[1:]))
        raise InputError(f"{path}: {pair[0]!r} is sampled on {shape} points.", "Expected a square.")
    return a, u


def darcy_nodes(path: Path) -> Nodes:
    """Where the samples of a Darcy file lie: at nodes with the boundary (CodePDE) or at cell centres (PDEBench).

    Its `x-coordinate` says so; without one the border does, where the solution is zero if it is the boundary.
    """
    a, u = (field.values for field in _darcy(path, lambda _: slice(0, 1)))
    n = a.shape[-1]
    with opened(path) as file:
        if "x-coordinate" not in file:
            border = max(float(np.abs(np.take(u, side, axis)).max()) for side in (0, -1) for axis in (1, 2))
            return "endpoints" if border <= 1e-6 * np.abs(u).max() else "cell_centres"
        x = values(path, dataset(path, file, "x-coordinate"), ())
    grids: dict[Nodes, np.ndarray] = {"endpoints": np.linspace(0.0, 1.0, n), "cell_centres": (np.arange(n) + 0.5) / n}
    for nodes, expected in grids.items():
        if x.shape == (n,) and np.abs(x - expected).max() < 0.1 / n:
            return nodes
    raise InputError(
        f"{path}: 'x-coordinate' holds {x.size} values from {x.min():g} to {x.max():g} for {n} points.",
        "Expected nodes from 0 to 1, or the cell centres between them.",
    )


def _read_samples(
    path: Path, names: Sequence[str], layout: str, part: Part, channel: bool = False
) -> dict[str, Samples]:
    """Data sets of one shape whose first axis counts samples; a channel axis of length 1 is dropped."""
    with opened(path) as file:
        found, shapes = {}, {}
        for name in names:
            stored = dataset(path, file, name)
            shape: tuple[int, ...] = (*(stored.shape or ()),)
            cut = channel and len(shape) == 4 and shape[1] == 1
            shapes[name] = (shape[0], *shape[2:]) if cut else shape
            if len(shapes[name]) != 3 or 0 in shape or shapes[name][-1] < LEAST_POINTS:
                raise InputError(
                    f"{path}: {name!r} has shape {shape}.", f"Expected {layout}, with {LEAST_POINTS} points or more."
                )
            if shape[0] == 1:
                raise InputError(f"{path} holds one sample.", "Give at least two samples: to choose by and to test on.")
            chosen = part(shape[0])
            read = values(path, stored, chosen)
            unwritten(path, file, stored, chosen)
            found[name] = Samples(
                path, name, np.ascontiguousarray(read[:, 0] if cut else read), chosen.start, float(stored.fillvalue)
            )
            if not np.isfinite(read).all():
                raise InputError(f"{path}: {name!r} holds values that are not finite.", "Use a complete data file.")
            if np.abs(read).max() > LARGEST:
                raise InputError(
                    f"{path}: {name!r} holds values up to {np.abs(read).max():.1e}.", "Use a data file of this task."
                )
    if len(set(shapes.values())) > 1:
        text = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise InputError(f"{path}: the data sets differ in shape: {text}.", "They must have one shape.")
    return found


def _positive(path: Path, name: str, values: np.ndarray) -> None:
    if not values.min() > 0.0:
        raise InputError(f"{path}: {name!r} falls to {values.min():.3g}.", "It must be positive everywhere.")


def _times(path: Path, frames: int) -> np.ndarray:
    with opened(path) as file:
        times = values(path, dataset(path, file, "t-coordinate"), ())
    if times.ndim != 1 or len(times) not in (frames, frames + 1):
        raise InputError(
            f"{path}: 't-coordinate' has shape {times.shape} for {frames} frames.",
            f"Expected {frames} or {frames + 1} times.",
        )
    if frames < 2 or times[0] != 0.0 or not (np.diff(times) > 0).all():
        raise InputError(
            f"{path}: 't-coordinate' is {np.array2string(times, precision=4, threshold=4)} for {frames} frames.",
            "Expected rising times, the first 0, of two frames or more.",
        )
    return np.ascontiguousarray(times[:frames])
