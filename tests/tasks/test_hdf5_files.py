"""A file that cannot be read is refused for the reason that HDF5 gives."""

import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from fieldsmith.errors import InputError
from fieldsmith.tasks import load

U = np.sin(np.add.outer(np.arange(4.0), np.add.outer(np.arange(3.0), np.arange(16.0))))
TIMES = np.arange(3.0)


def data_file(path: Path, name: str = "tensor") -> Path:
    with h5py.File(path, "w") as file:
        file[name], file["t-coordinate"] = U, TIMES
    return path


def refused(path: Path) -> str:
    with pytest.raises(InputError) as error:
        load("advection", data=path)
    return str(error.value)


EXTERNAL = h5py.ExternalLink("other.h5", "tensor")
WITHIN = "The link stays within the file, which has alias (a link that leads nowhere), t-coordinate, tensor (a link that leads nowhere), u: let it lead to one of these"


@pytest.mark.parametrize(
    ("link", "where", "advice"),
    [
        (h5py.SoftLink("/gone"), "'/gone'", WITHIN),
        (h5py.SoftLink("/tensor"), "'/tensor'", WITHIN),
        (EXTERNAL, "'tensor' in 'other.h5'", "Put other.h5 beside the file."),
        (h5py.SoftLink("/alias"), "'/alias'", "Put other.h5 beside the file."),
    ],
)
def test_a_link_that_leads_nowhere_is_named_with_what_would_mend_it(tmp_path, link, where, advice):
    file = data_file(tmp_path / "d.h5", "u")
    with h5py.File(file, "a") as stream:
        stream["alias"] = EXTERNAL
    assert "has no data set 'tensor'; it has alias (a link that leads nowhere), t-coordinate, u." in refused(file)
    with h5py.File(file, "a") as stream:
        stream["tensor"] = link
    said = refused(file)
    assert f"'tensor' is a link to {where} that leads nowhere" in said
    assert advice in said


def test_a_link_to_what_another_file_lacks_is_told_so(tmp_path):
    data_file(tmp_path / "other.h5", "u")
    with h5py.File(data_file(tmp_path / "d.h5", "u"), "a") as stream:
        stream["tensor"] = EXTERNAL
    assert "other.h5 is there: see that it is whole and has 'tensor'." in refused(tmp_path / "d.h5")


def test_links_that_lead_somewhere_are_followed(tmp_path):
    data_file(tmp_path / "other.h5")
    with h5py.File(tmp_path / "d.h5", "w") as stream:
        stream["tensor"] = h5py.ExternalLink("other.h5", "tensor")
        stream["times"] = TIMES
        stream["t-coordinate"] = h5py.SoftLink("/times")
    assert load("advection", data=tmp_path / "d.h5")


def test_of_many_groups_the_first_are_named_and_the_others_counted(tmp_path):
    with h5py.File(tmp_path / "d.h5", "w") as stream:
        for n in range(3000):
            stream.create_group(f"{n:04}")
    said = refused(tmp_path / "d.h5")
    assert "the group 0000, the group 0001" in said
    assert "and 2,992 more" in said
    assert len(said) < 500


def test_a_data_set_in_a_group_is_found_for_the_hint(tmp_path):
    file = data_file(tmp_path / "d.h5", "run/tensor")
    assert "There is one in the group 'run'" in refused(file)


def test_a_file_that_is_being_written_is_said_to_be_locked(tmp_path):
    file = data_file(tmp_path / "d.h5")
    code = f"import h5py; f = h5py.File({str(file)!r}, 'r+'); print(1, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        other.stdout.readline()
        said = refused(file)
        other.communicate("\n")
    assert "unable to lock file" in said
    assert "HDF5_USE_FILE_LOCKING=FALSE" in said
    assert load("advection", data=file)


def test_a_filter_that_is_not_here_is_named_with_what_brings_it(tmp_path):
    """The file says Blosc; what would decompress it is not installed with the tests."""
    settings = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    settings.set_chunk(U.shape)
    settings.set_filter(h5py.h5z.FILTER_DEFLATE, h5py.h5z.FLAG_MANDATORY, (4,))
    file = tmp_path / "d.h5"
    with h5py.File(file, "w") as stream:
        space = h5py.h5s.create_simple(U.shape)
        made = h5py.h5d.create(stream.id, b"tensor", h5py.h5t.NATIVE_DOUBLE, space, settings)
        h5py.Dataset(made)[...] = U
        stream["t-coordinate"] = TIMES
    content = file.read_bytes()
    assert content.count(b"deflate\0") == 1
    at = content.index(b"deflate\0") - 8
    assert content[at : at + 2] == b"\x01\x00"
    file.write_bytes(
        content[:at] + (32001).to_bytes(2, "little") + content[at + 2 :].replace(b"deflate\0", b"blosc\0\0\0", 1)
    )
    said = refused(file)
    assert "'tensor' is compressed by the filter blosc (32001), which is not here" in said
    assert "hdf5plugin" in said


def test_what_is_no_number_and_no_file_of_its_kind_is_said(tmp_path):
    with h5py.File(tmp_path / "d.h5", "w") as stream:
        stream["t-coordinate"] = TIMES
        stream.create_dataset("tensor", (4, 3, 16), h5py.ref_dtype)
    assert "cannot be read as numbers: its values are of the type object" in refused(tmp_path / "d.h5")
    (tmp_path / "p.h5").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    assert "pointer of Git LFS" in refused(tmp_path / "p.h5")
    whole = data_file(tmp_path / "cut.h5").read_bytes()
    (tmp_path / "cut.h5").write_bytes(whole[: len(whole) // 2])
    assert "truncated file" in refused(tmp_path / "cut.h5")
