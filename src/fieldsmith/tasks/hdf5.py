"""Published data files of PDEBench and CodePDE (HDF5). Frames come first in time after the batch axis."""

from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np

from fieldsmith.errors import InputError


def read_scalar(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """`tensor` [batch, time, x] and `t-coordinate` [time] (one entry more than the frames is cut off)."""
    found = _read(path, ("tensor", "t-coordinate"))
    tensor = _shaped(path, "tensor", found["tensor"], 3, "[batch, time, x]")
    return tensor, _times(path, found["t-coordinate"], tensor.shape[1])


def read_gas(path: Path) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """`Vx`, `density`, `pressure` [batch, time, x] and `t-coordinate` [time]."""
    names = ("Vx", "density", "pressure")
    found = _read(path, (*names, "t-coordinate"))
    fields = {name: _shaped(path, name, found[name], 3, "[batch, time, x]") for name in names}
    shapes = {name: field.shape for name, field in fields.items()}
    if len(set(shapes.values())) > 1:
        raise InputError(f"{path}: Vx, density and pressure differ in shape: {shapes}.", "They must have one shape.")
    return fields, _times(path, found["t-coordinate"], fields["Vx"].shape[1])


def read_darcy(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Coefficient and solution [batch, x, y] from `coeff` and `sol`, or from `nu` and `tensor`."""
    keys = _keys(path)
    pair = ("coeff", "sol") if "coeff" in keys else ("nu", "tensor")
    found = _read(path, pair)
    arrays = []
    for name in pair:
        array = found[name]
        if array.ndim == 4 and array.shape[1] == 1:
            array = array[:, 0]
        arrays.append(_shaped(path, name, array, 3, "[batch, x, y]"))
    if arrays[0].shape != arrays[1].shape or arrays[0].shape[1] != arrays[0].shape[2]:
        raise InputError(
            f"{path}: {pair[0]} has shape {arrays[0].shape}, {pair[1]} {arrays[1].shape}.",
            "Both must be [batch, N, N].",
        )
    return arrays[0], arrays[1]


def _open(path: Path) -> h5py.File:
    try:
        return h5py.File(path, "r")
    except OSError as error:
        raise InputError(f"{path} cannot be read as HDF5.", "Give a data file of PDEBench or CodePDE.") from error


def _keys(path: Path) -> set[str]:
    with _open(path) as file:
        return set(file)


def _read(path: Path, names: Sequence[str]) -> dict[str, np.ndarray]:
    with _open(path) as file:
        for name in names:
            if name not in file or not isinstance(file[name], h5py.Dataset):
                raise InputError(
                    f"{path} has no data set {name!r}; it has {', '.join(sorted(file)) or 'none'}.",
                    f"This task needs {', '.join(names)}.",
                )
        try:
            return {name: np.asarray(file[name][()], float) for name in names}  # type: ignore[index]
        except (OSError, ValueError, TypeError) as error:
            raise InputError(
                f"{path}: a data set cannot be read as numbers: {error}.", "The file may be truncated."
            ) from error


def _shaped(path: Path, name: str, array: np.ndarray, dimensions: int, expected: str) -> np.ndarray:
    if array.ndim != dimensions or 0 in array.shape or array.shape[0] < 2:
        raise InputError(
            f"{path}: {name!r} has shape {array.shape}.", f"Expected {expected} with at least two samples."
        )
    if not np.isfinite(array).all():
        raise InputError(f"{path}: {name!r} holds values that are not finite.", "Use a complete data file.")
    return np.ascontiguousarray(array)


def _times(path: Path, times: np.ndarray, frames: int) -> np.ndarray:
    if times.ndim != 1 or len(times) not in (frames, frames + 1):
        raise InputError(
            f"{path}: 't-coordinate' has shape {times.shape} for {frames} frames.",
            f"Expected {frames} or {frames + 1} times.",
        )
    return np.ascontiguousarray(times[:frames])
