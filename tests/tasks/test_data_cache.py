"""Splits are generated once, disjoint, the same every time, and made again if their file is damaged."""

from pathlib import Path

import numpy as np
import pytest

from fieldsmith import files
from fieldsmith.errors import MissingPart
from fieldsmith.tasks import load


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FIELDSMITH_HOME", str(tmp_path))
    return tmp_path


def data_files(home: Path) -> list[Path]:
    return sorted((home / "cache" / "data").glob("*.bin"))


@pytest.mark.slow
def test_dev_and_test_share_no_sample() -> None:
    task = load("advection")
    dev, test = (np.asarray(task.split(name)[0].inputs["u0_batch"]) for name in ("dev", "test"))
    assert dev.shape == test.shape == (8, 256)
    assert np.abs(dev[:, None] - test[None]).max(axis=2).min() > 1e-3


@pytest.mark.slow
def test_the_same_task_gives_the_same_data_from_an_empty_cache(home: Path) -> None:
    first = load("advection").split("dev")[0]
    for file in data_files(home):
        file.unlink()
    second = load("advection").split("dev")[0]
    assert np.array_equal(first.reference["u_batch"], second.reference["u_batch"])


def test_stored_data_is_read_not_made(home: Path) -> None:
    told: list[float] = []
    load("advection").split("dev", lambda _, share: told.append(share))
    assert told[0] == 0.0
    assert told[-1] == 1.0
    stamp = data_files(home)[0].stat().st_mtime_ns
    again: list[float] = []
    load("advection").split("dev", lambda _, share: again.append(share))
    assert not again
    assert data_files(home)[0].stat().st_mtime_ns == stamp


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["flip", "truncate", "empty"])
def test_damaged_data_is_made_again(home: Path, damage: str, capsys: pytest.CaptureFixture[str]) -> None:
    first = load("advection").split("dev")[0]
    file = data_files(home)[0]
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes({"flip": content, "truncate": content[: len(content) // 2], "empty": b""}[damage])
    second = load("advection").split("dev")[0]
    assert "is damaged" in capsys.readouterr().err
    assert np.array_equal(first.reference["u_batch"], second.reference["u_batch"])


def test_a_failed_write_leaves_no_file_and_says_what_to_do(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.tempfile, "mkstemp", full)
    with pytest.raises(MissingPart, match=r"No space left on device.*FIELDSMITH_HOME"):
        load("advection").split("dev")
    assert not data_files(home)


def test_samples_tell_their_kind_and_refinement_goes_from_coarse_to_fine() -> None:
    task = load("advection")
    cases = task.refinement()
    assert [case.resolution for case in cases] == [64, 128, 256]
    for case in cases:
        assert case.kinds == ()
        assert case.reference["u_batch"].shape == (3, 51, case.resolution)
    dev = task.split("dev")[0]
    assert len(dev.kinds) == 8
    assert set(dev.kinds) == {"smooth", "kinked", "windowed"}
    assert dev.trusted_errors is not None
    assert dev.reference_errors is not None
    assert dev.trusted_errors.shape == dev.reference_errors.shape == (8,)
