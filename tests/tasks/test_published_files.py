"""Published HDF5 layouts are used instead of generated data; bad files are named in one line."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from fieldsmith.errors import InputError
from fieldsmith.tasks import cache, load
from fieldsmith.tasks.poisson import solve_split

RNG = np.random.default_rng(0)


def write(path: Path, **arrays: object) -> Path:
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            file[name.replace("_", "-")] = array
    return path


@pytest.mark.slow
@pytest.mark.parametrize("extra", [0, 1])
def test_scalar_files_become_disjoint_splits(tmp_path: Path, extra: int) -> None:
    tensor = RNG.standard_normal((9, 6, 32)).astype("float32")
    times = np.arange(6 + extra) * 0.1
    file = write(tmp_path / "u.h5", tensor=tensor, x_coordinate=np.arange(32.0), t_coordinate=times)
    task = load("burgers", {"nu": 0.1}, data=file)
    dev, test = task.split("dev")[0], task.split("test")[0]
    for case in (dev, test):
        assert np.array_equal(case.inputs["u0_batch"], case.reference["u_batch"][:, 0])
        assert np.asarray(case.inputs["t_coordinate"]).shape == (6,)
        assert np.isnan(case.reference_error)
        assert case.reference["u_batch"].dtype == np.float64
    parts = np.concatenate([test.reference["u_batch"], dev.reference["u_batch"]])
    assert np.array_equal(parts, tensor.astype(float))
    assert task.fingerprint != load("burgers", {"nu": 0.1}).fingerprint


@pytest.mark.slow
def test_gas_files(tmp_path: Path) -> None:
    fields = {name: 1 + RNG.random((3, 4, 16)) for name in ("Vx", "density", "pressure")}
    file = write(tmp_path / "gas.h5", **fields, t_coordinate=np.arange(5.0))
    case = load("cns1d", data=file).split("test")[0]
    assert np.array_equal(case.inputs["density0"], fields["density"][:2, 0])
    assert set(case.reference) == {"Vx", "density", "pressure"}


@pytest.mark.parametrize("names", [("coeff", "sol"), ("nu", "tensor")])
def test_darcy_files_with_and_without_channel_axis(tmp_path: Path, names: tuple[str, str]) -> None:
    a, u = RNG.random((3, 9, 9)), RNG.random((3, 1, 9, 9))
    case = load("darcy", data=write(tmp_path / "d.h5", **dict(zip(names, (a, u), strict=True)))).split("test")[0]
    assert np.array_equal(case.inputs["a"], a[:2])
    assert np.array_equal(case.reference["u"], u[:2, 0])


def test_bad_files_are_one_clear_line(tmp_path: Path) -> None:
    text = tmp_path / "text.h5"
    text.write_text("not HDF5")
    tensor, times = np.ones((4, 3, 8)), np.arange(3.0)
    truncated = write(tmp_path / "cut.h5", tensor=np.ones((64, 30, 64)), t_coordinate=np.arange(30.0))
    truncated.write_bytes(truncated.read_bytes()[:5000])
    bad = {
        "cannot be read as HDF5": text,
        "cut.h5": truncated,
        "no data set 'tensor'; it has u": write(tmp_path / "a.h5", u=tensor),
        r"'tensor' has shape \(4, 3\).*\[batch, time, x\]": write(
            tmp_path / "b.h5", tensor=tensor[..., 0], t_coordinate=times
        ),
        r"'t-coordinate' has shape \(9,\) for 3 frames": write(
            tmp_path / "c.h5", tensor=tensor, t_coordinate=np.arange(9.0)
        ),
        "at least two samples": write(tmp_path / "d.h5", tensor=tensor[:1], t_coordinate=times),
        "not finite": write(tmp_path / "e.h5", tensor=tensor * np.nan, t_coordinate=times),
        "cannot be read as numbers": write(tmp_path / "f.h5", tensor=np.full((4, 3, 8), b"x"), t_coordinate=times),
    }
    for words, file in bad.items():
        with pytest.raises(InputError, match=words):
            load("burgers", data=file)
    broken = write(tmp_path / "k.h5", tensor=tensor, t_coordinate=times)
    content = bytearray(broken.read_bytes())
    content[40:200] = bytes(160)
    broken.write_bytes(content)
    others = {
        "k.h5 cannot be read as HDF5": broken,
        r"values up to 1.0e\+200": write(tmp_path / "l.h5", tensor=tensor * 1e200, t_coordinate=times),
        "its values are complex": write(tmp_path / "m.h5", tensor=tensor * 1j, t_coordinate=times),
        "4 points or more": write(tmp_path / "n.h5", tensor=tensor[..., :1], t_coordinate=times),
        "it has t-coordinate, the group tensor": write(tmp_path / "o.h5", t_coordinate=times, **{"tensor/x": tensor}),
    }
    for words, file in others.items():
        with pytest.raises(InputError, match=words):
            load("burgers", data=file)
    fields = {"Vx": tensor, "density": tensor * 0.0, "pressure": tensor}
    with pytest.raises(InputError, match="'density' falls to 0"):
        load("cns1d", data=write(tmp_path / "p.h5", **fields, t_coordinate=times))
    backwards = write(tmp_path / "g.h5", tensor=tensor, t_coordinate=-times)
    late = write(tmp_path / "h.h5", tensor=tensor, t_coordinate=times + 1.0)
    for file in (backwards, late):
        with pytest.raises(InputError, match="rising times, the first 0"):
            load("burgers", data=file)
    with pytest.raises(InputError, match="no data set 'Vx'"):
        load("cns1d", data=bad["at least two samples"])


def published_burgers(path: Path, nu: float, samples: int = 5, spoil: float = 0.0) -> Path:
    """Solutions of a file's own sizes and times, in PDEBench's layout and precision."""
    task = load("burgers", {"nu": nu})
    case = task.split("test")[0]
    frames = slice(0, 21)
    tensor = case.reference["u_batch"][:samples, frames]
    tensor = tensor * (1 + spoil * np.sin(np.arange(tensor.shape[1]))[:, None])
    tensor[:, 0] = np.asarray(case.inputs["u0_batch"])[:samples]
    times = np.append(np.asarray(case.inputs["t_coordinate"])[frames], 9.0)
    arrays = {"tensor": tensor, "x_coordinate": np.arange(256.0), "t_coordinate": times}
    return write(path, **{name: array.astype("float32") for name, array in arrays.items()})


@pytest.mark.slow
@pytest.mark.parametrize("spoil", [0.0, 3e-3])
def test_a_file_is_as_far_from_the_trusted_solutions_as_its_own_are_wrong(tmp_path: Path, spoil: float) -> None:
    task = load("burgers", {"nu": 0.1}, data=published_burgers(tmp_path / "u.h5", 0.1, spoil=spoil))
    for name in ("dev", "test"):
        away = task.split(name)[0].trusted
        assert away is not None
        assert (1e-3 < away < 4e-3) if spoil else away < 1e-3
    brief = task.brief()
    assert (brief.sizes["batch"], brief.sizes["time"], brief.sizes["x"]) == (2, 21, 256)
    assert brief.span == pytest.approx((0.0, 0.8), rel=1e-6)
    assert "21" in brief.statement


@pytest.mark.slow
def test_a_file_of_other_parameters_is_noticed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = published_burgers(tmp_path / "u.h5", 0.1)
    load("burgers", {"nu": 4.0}, data=file).split("dev")
    said = capsys.readouterr().err
    assert "u.h5" in said
    assert "away from the trusted ones for nu=4" in said


def test_what_is_known_of_a_file_is_known_at_every_scale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times = np.arange(4.0) * 1e-3
    file = write(tmp_path / "u.h5", tensor=RNG.random((3, 3, 16)), t_coordinate=times)
    known = load("advection", data=file).split("dev")[0].trusted_errors

    def again(*_: object) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr(cache, "in_processes", again)
    errors = load("advection", {}, "paper", data=file).split("dev")[0].trusted_errors
    np.testing.assert_array_equal(errors, known)
    with pytest.raises(AssertionError, match="computed again"):
        load("advection", {"beta": 0.7}, data=file).split("dev")


@pytest.mark.slow
def test_only_the_samples_that_are_used_are_read(tmp_path: Path) -> None:
    """A whole file of PDEBench has 10,000 samples; here all but the first 150 are not even numbers."""
    file = tmp_path / "many.h5"
    with h5py.File(file, "w") as stream:
        tensor = stream.create_dataset("tensor", (10_000, 3, 16), "float32", chunks=(50, 3, 16), fillvalue=np.nan)
        tensor[:150] = RNG.standard_normal((150, 3, 16))
        stream["t-coordinate"] = np.arange(4.0) * 1e-3
    task = load("burgers", {"nu": 0.1}, data=file)
    assert len(task.split("test")[0].reference["u_batch"]) == 100
    assert len(task.split("dev")[0].reference["u_batch"]) == 50


def centred_file(path: Path, coordinates: bool) -> Path:
    """A medium on cells, as in PDEBench's files, with its solution."""
    media = np.stack([np.where(np.add.outer(np.arange(16), np.arange(16)) % (5 + n) < 3, 1.0, 0.1) for n in range(3)])
    solved = np.stack([solve_split(a, 3, 1.0, nodes="cell_centres") for a in media])
    where = {"x_coordinate": (np.arange(16) + 0.5) / 16} if coordinates else {}
    return write(path, nu=media, tensor=solved[:, None], **where)


@pytest.mark.slow
@pytest.mark.parametrize("coordinates", [True, False])
def test_darcy_files_on_cell_centres_are_stated_and_solved_as_such(tmp_path: Path, coordinates: bool) -> None:
    task = load("darcy", data=centred_file(tmp_path / "cells.h5", coordinates))
    brief = task.brief()
    assert "cell centres x_i = (i + 1/2)/N" in brief.statement
    assert "the two values 0.1 and 1" in brief.statement
    assert "boundary included" not in brief.statement
    assert {axis.nodes for axis in brief.equation.axes} == {"cell_centres"}
    away = task.split("test")[0].trusted
    assert away is not None
    assert away < 0.05  # the file's own solutions split each cell once
    assert all(case.resolution in (22, 43, 85) for case in task.refinement())


def test_darcy_files_with_another_grid_are_refused(tmp_path: Path) -> None:
    a = np.ones((3, 8, 8))
    file = write(tmp_path / "d.h5", nu=a, tensor=a, x_coordinate=np.linspace(0, 2, 8))
    with pytest.raises(InputError, match="'x-coordinate' holds 8 values from 0 to 2"):
        load("darcy", data=file)
