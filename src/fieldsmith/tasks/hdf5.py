"""Published data files of PDEBench and CodePDE (HDF5). Frames come first in time after the batch axis.

Whole files of PDEBench hold 10,000 samples and several gigabytes: only the samples that are asked for are read.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import h5py
import numpy as np

from fieldsmith.equations.equation import Nodes
from fieldsmith.errors import InputError

Part = Callable[[int], slice]
"""Which samples to read of a file that holds so many."""
FRAMES = "[batch, time, x]"
LEAST_POINTS = 4
LARGEST = 1e6
"""Published fields are of order one; far larger values belong to another problem, or are damaged."""


def read_scalar(path: Path, part: Part) -> tuple[np.ndarray, np.ndarray]:
    """`tensor` [batch, time, x] and `t-coordinate` [time] (one entry more than the frames is cut off)."""
    tensor = _read_samples(path, ("tensor",), FRAMES, part)["tensor"]
    return tensor, _times(path, tensor.shape[1])


def read_gas(path: Path, part: Part) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """`Vx`, `density`, `pressure` [batch, time, x] and `t-coordinate` [time]."""
    fields = _read_samples(path, ("Vx", "density", "pressure"), FRAMES, part)
    for name in ("density", "pressure"):
        _positive(path, name, fields[name])
    return fields, _times(path, fields["Vx"].shape[1])


def read_darcy(path: Path, part: Part) -> tuple[np.ndarray, np.ndarray]:
    """Coefficient and solution [batch, x, y] from `coeff` and `sol`, or from `nu` and `tensor`."""
    with _open(path) as file:
        pair = ("coeff", "sol") if "coeff" in file else ("nu", "tensor")
    found = _read_samples(path, pair, "[batch, N, N] or [batch, 1, N, N]", part, channel=True)
    a, u = found[pair[0]], found[pair[1]]
    _positive(path, pair[0], a)
    if a.shape[1] != a.shape[2]:
        raise InputError(f"{path}: {pair[0]!r} is sampled on {a.shape[1]} x {a.shape[2]} points.", "Expected a square.")
    return a, u


def darcy_nodes(path: Path) -> Nodes:
    """Where the samples of a Darcy file lie: at nodes with the boundary (CodePDE) or at cell centres (PDEBench).

    Its `x-coordinate` says so; without one the border does, where the solution is zero if it is the boundary.
    """
    a, u = read_darcy(path, lambda _: slice(0, 1))
    n = a.shape[-1]
    with _open(path) as file:
        if "x-coordinate" not in file:
            border = max(float(np.abs(np.take(u, side, axis)).max()) for side in (0, -1) for axis in (1, 2))
            return "endpoints" if border <= 1e-6 * np.abs(u).max() else "cell_centres"
        x = _values(path, _dataset(path, file, "x-coordinate"), ())
    grids: dict[Nodes, np.ndarray] = {"endpoints": np.linspace(0.0, 1.0, n), "cell_centres": (np.arange(n) + 0.5) / n}
    for nodes, expected in grids.items():
        if x.shape == (n,) and np.abs(x - expected).max() < 0.1 / n:
            return nodes
    raise InputError(
        f"{path}: 'x-coordinate' holds {x.size} values from {x.min():g} to {x.max():g} for {n} points.",
        "Expected nodes from 0 to 1, or the cell centres between them.",
    )


@contextlib.contextmanager
def _open(path: Path) -> Iterator[h5py.File]:
    """The open file. Raises InputError for one that cannot be read, here or while it is."""
    try:
        with h5py.File(path, "r") as file:
            yield file
    except (OSError, RuntimeError, KeyError) as error:
        raise InputError(f"{path} cannot be read as HDF5.", "Give a whole data file of PDEBench or CodePDE.") from error


def _dataset(path: Path, file: h5py.File, name: str) -> h5py.Dataset:
    found = file.get(name)
    if not isinstance(found, h5py.Dataset):
        held = ", ".join(f"the group {key}" if isinstance(file[key], h5py.Group) else key for key in sorted(file))
        raise InputError(
            f"{path} has no data set {name!r}; it has {held or 'none'}.",
            "Give a data file of PDEBench or CodePDE for this task.",
        )
    return found


def _values(path: Path, dataset: h5py.Dataset, part: slice | tuple[()]) -> np.ndarray:
    try:
        values = dataset[part]
        if np.iscomplexobj(values):
            raise TypeError("its values are complex")
        return np.asarray(values, float)
    except (OSError, RuntimeError, ValueError, TypeError) as error:
        raise InputError(
            f"{path}: a data set cannot be read as numbers: {error}.", "The file may be truncated."
        ) from error


def _read_samples(
    path: Path, names: Sequence[str], layout: str, part: Part, channel: bool = False
) -> dict[str, np.ndarray]:
    """Data sets of one shape whose first axis counts samples; a channel axis of length 1 is dropped."""
    with _open(path) as file:
        found, shapes = {}, {}
        for name in names:
            dataset = _dataset(path, file, name)
            shape: tuple[int, ...] = (*(dataset.shape or ()),)
            cut = channel and len(shape) == 4 and shape[1] == 1
            shapes[name] = (shape[0], *shape[2:]) if cut else shape
            if len(shapes[name]) != 3 or 0 in shape or shapes[name][-1] < LEAST_POINTS:
                raise InputError(
                    f"{path}: {name!r} has shape {shape}.", f"Expected {layout}, with {LEAST_POINTS} points or more."
                )
            if shape[0] == 1:
                raise InputError(f"{path} holds one sample.", "Give at least two samples: to choose by and to test on.")
            values = _values(path, dataset, part(shape[0]))
            found[name] = np.ascontiguousarray(values[:, 0] if cut else values)
            if not np.isfinite(values).all():
                raise InputError(f"{path}: {name!r} holds values that are not finite.", "Use a complete data file.")
            if np.abs(values).max() > LARGEST:
                raise InputError(
                    f"{path}: {name!r} holds values up to {np.abs(values).max():.1e}.", "Use a data file of this task."
                )
    if len(set(shapes.values())) > 1:
        text = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise InputError(f"{path}: the data sets differ in shape: {text}.", "They must have one shape.")
    return found


def _positive(path: Path, name: str, values: np.ndarray) -> None:
    if not values.min() > 0.0:
        raise InputError(f"{path}: {name!r} falls to {values.min():.3g}.", "It must be positive everywhere.")


def _times(path: Path, frames: int) -> np.ndarray:
    with _open(path) as file:
        times = _values(path, _dataset(path, file, "t-coordinate"), ())
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
