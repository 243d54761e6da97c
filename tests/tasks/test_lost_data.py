"""Data that was never written, or lost, is refused: it reads as zeros, and programs would be judged by it."""

import re
from pathlib import Path

import h5py
import numpy as np
import pytest

from fieldsmith.errors import InputError
from fieldsmith.tasks import load
from fieldsmith.tasks.hdf5 import read_scalar

POINTS, FRAMES = 32, 6
X = (np.arange(POINTS) + 0.5) / POINTS
TIMES = np.linspace(0.0, 0.5, FRAMES)


def moving(samples: int = 6) -> np.ndarray:
    """Waves that move to the right."""
    shifts = np.arange(samples)[:, None, None] / 7 + X
    return 0.3 + np.sin(2 * np.pi * (shifts - 0.1 * TIMES[:, None]))


def write(path: Path, **arrays: np.ndarray) -> Path:
    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            file[name.replace("_", "-")] = values
    return path


def with_(value: float, samples: slice | int, frames: slice | int = slice(None)) -> np.ndarray:
    u = moving()
    u[samples, frames] = value
    return u


@pytest.mark.parametrize(
    ("u", "said"),
    [
        (with_(0.0, slice(None)), "samples 4, 5 of 'tensor': 0 everywhere"),
        (with_(0.0, slice(1, 3)), "samples 1, 2 of 'tensor': 0 everywhere"),
        (with_(0.0, 2, slice(1, None)), "sample 2 .* frames of one value after others, the first of them frame 1"),
        (with_(0.0, 5, slice(4, None)), "sample 5 .* frames of one value after others, the first of them frame 4"),
        (with_(0.0, 0, 3), "sample 0 .* the first of them frame 3"),
        (with_(-999.0, 0, slice(1, None)), "sample 0 .* the first of them frame 1"),
        (with_(-0.5, 1, slice(3, None)), "sample 1 .* the first of them frame 3"),
        (with_(0.0, 3, 0), "sample 3 .* initial state of one value"),
        (with_(np.nan, 3, slice(4, None)), "not finite"),
    ],
)
@pytest.mark.parametrize("task", ["advection", "burgers", "reacdiff1d"])
def test_samples_and_frames_that_nobody_wrote_are_refused(tmp_path, task, u, said):
    file = write(tmp_path / "d.h5", tensor=u.astype("float32"), t_coordinate=TIMES)
    with pytest.raises(InputError, match=said):
        load(task, data=file).split("test")


def test_waves_that_fade_to_one_value_are_no_loss(tmp_path):
    fading = 0.25 + np.exp(-60.0 * TIMES)[:, None] * np.sin(2 * np.pi * (X + np.arange(6)[:, None, None] / 7))
    at_once = 0.25 + np.where(TIMES > 0.0, 0.0, 1.0)[:, None] * np.sin(
        2 * np.pi * (X + np.arange(6)[:, None, None] / 7)
    )
    for u in (fading, at_once):
        file = write(tmp_path / "d.h5", tensor=u.astype("float32"), t_coordinate=TIMES)
        for part in (slice(0, 4), slice(4, 6)):
            assert np.isfinite(read_scalar(file, lambda _, part=part: part)[0]).all()


def test_a_value_that_never_changes_is_told(tmp_path, capsys):
    load("advection", data=write(tmp_path / "d.h5", tensor=with_(0.7, 4), t_coordinate=TIMES))
    assert "sample 4 of 'tensor': one value everywhere" in capsys.readouterr().err


def test_virtual_data_whose_sources_are_gone_is_refused(tmp_path):
    for n in range(3):
        write(tmp_path / f"part{n}.h5", tensor=moving(2))
    layout = h5py.VirtualLayout((6, FRAMES, POINTS), "float64")
    for n in range(3):
        layout[2 * n : 2 * n + 2] = h5py.VirtualSource(f"part{n}.h5", "tensor", (2, FRAMES, POINTS))
    whole = write(tmp_path / "whole.h5", t_coordinate=TIMES)
    with h5py.File(whole, "a") as file:
        file.create_virtual_dataset("tensor", layout, fillvalue=0.5)
    assert load("advection", data=whole)
    (tmp_path / "part2.h5").unlink()
    with pytest.raises(InputError, match=r"parts that are not there: tensor in part2\.h5"):
        load("advection", data=whole)


@pytest.mark.parametrize("chunks", [(2, FRAMES, POINTS), None])
def test_what_has_no_place_in_the_file_is_refused(tmp_path, chunks):
    with h5py.File(tmp_path / "d.h5", "w") as file:
        stored = file.create_dataset("tensor", (6, FRAMES, POINTS), "float32", chunks=chunks, fillvalue=0.5)
        if chunks:
            stored[:4] = moving(4)
        file["t-coordinate"] = TIMES
    with pytest.raises(InputError, match="was never written"):
        load("advection", data=tmp_path / "d.h5")


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        ({"Vx": 0.0}, "'Vx': one value everywhere, while 'pressure' moves it"),
        ({"density": 1.0}, "'density': one value everywhere, while 'Vx' moves it"),
        ({"pressure": 1.0}, "'pressure': one value everywhere, while 'Vx' moves it"),
    ],
)
def test_a_field_of_a_gas_that_stands_still_while_others_move_it_is_refused(tmp_path, lost, said):
    fields = {name: 2.0 + moving() for name in ("Vx", "density", "pressure")}
    load("cns1d", data=write(tmp_path / "whole.h5", **fields, t_coordinate=TIMES))
    for name, value in lost.items():
        fields[name][4] = value
    with pytest.raises(InputError, match=said):
        load("cns1d", data=write(tmp_path / "d.h5", **fields, t_coordinate=TIMES))


def test_a_gas_that_begins_at_rest_is_no_loss(tmp_path):
    fields = {name: 2.0 + moving() for name in ("Vx", "density", "pressure")}
    fields["Vx"][:, 0] = 0.0
    load("cns1d", data=write(tmp_path / "d.h5", **fields, t_coordinate=TIMES))


@pytest.mark.parametrize("part", [np.s_[4], np.s_[4, :9]])
@pytest.mark.parametrize("value", [0.0, -1.0])
def test_a_flow_that_its_force_does_not_lift_is_refused(tmp_path, part, value):
    bump = np.sin(np.pi * X)[:, None] * np.sin(np.pi * X)
    u = np.stack([bump] * 6)
    u[part] = value
    with h5py.File(tmp_path / "d.h5", "w") as file:
        file["coeff"] = np.full((6, POINTS, POINTS), 3.0)
        file.create_dataset("sol", data=u, fillvalue=value)
    with pytest.raises(InputError, match=r"sample 4 of 'sol': (one value everywhere|-?\d in places inside)"):
        load("darcy", data=tmp_path / "d.h5")


def frozen(u: np.ndarray) -> None:
    u[1, 3:] = u[1, 2]


def half(u: np.ndarray) -> None:
    u[:, :, POINTS // 2 :] = 0.0


def filled(u: np.ndarray) -> None:
    u[1, :, 10:] = -999.0


def column(u: np.ndarray) -> None:
    u[1, :, 10] = 0.0


def standing(u: np.ndarray) -> None:
    u[:, 1:] = u[:, :1]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (standing, "its test solutions are .* every frame of 'u_batch' is the first over again"),
        (frozen, "its test sample 1, counted from 0, is .* % away .* from 3 on are copies of the one before"),
        (filled, "its test sample 1, .* 22 of 32 places of 'u_batch' hold the same values at all times"),
        (column, "its test sample 1, .* 1 of 32 places of 'u_batch' hold the same values at all times"),
        (half, "its test solutions are .* 16 of 32 places of 'u_batch' hold the same values at all times"),
    ],
)
def test_samples_that_are_partly_lost_are_named_in_place_of_the_parameters(tmp_path, capfd, spoil, said):
    u = moving()
    spoil(u)
    file = write(tmp_path / "d.h5", tensor=u.astype("float32"), t_coordinate=TIMES)
    load("advection", data=file).split("test")
    told = capfd.readouterr().err
    assert re.search(said, told), told
    assert "other parameters" not in told


def test_a_sample_that_may_be_lost_is_told_once_however_often_the_file_is_read(tmp_path, capfd):
    file = write(tmp_path / "d.h5", tensor=with_(2.0, 5).astype("float32"), t_coordinate=TIMES)
    for _ in range(3):
        problem = load("advection", data=file)
        problem.split("test"), problem.split("dev")
    assert capfd.readouterr().err.count("sample 5 of 'tensor': one value everywhere and at all times") == 1
