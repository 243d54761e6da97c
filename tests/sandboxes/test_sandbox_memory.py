"""Arrays in memory files: written once, never changed, and trusted only if they are what was asked for."""

import contextlib
import fcntl
import gc
import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldsmith.sandboxes import answer
from fieldsmith.sandboxes.channel import HEAD, MAGIC
from fieldsmith.sandboxes.memory import SEALS, MemoryFile, Shared, sealed_bytes


def frozen(*values: float) -> np.ndarray:
    array = np.array(values)
    array.flags.writeable = False
    return array


def test_an_array_that_cannot_change_is_written_once():
    shared, array = Shared(), frozen(1.0, 2.0)
    assert shared.file(array) is shared.file(array)
    assert np.frombuffer(shared.file(array).read()).tolist() == [1.0, 2.0]


def test_an_array_that_can_change_is_written_every_time():
    shared, array = Shared(), np.array([1.0])
    first = shared.file(array)
    array[0] = 2.0
    assert np.frombuffer(shared.file(array).read()).tolist() == [2.0]
    assert np.frombuffer(first.read()).tolist() == [1.0]
    view = array[:]
    view.flags.writeable = False
    assert shared.file(view) is not shared.file(view), "what it is a view of can be written to"


@pytest.mark.slow
def test_files_go_with_their_arrays():
    gc.collect()
    shared, before = Shared(), memory_files()
    arrays = [frozen(n) for n in range(50)]
    for array in arrays:
        shared.file(array)
    assert memory_files() >= before + 50
    del arrays, array
    gc.collect()
    assert memory_files() <= before


def memory_files() -> int:
    """How many inputs are open in this process."""
    opened = 0
    for descriptor in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            opened += "memfd:input" in str(Path(f"/proc/self/fd/{descriptor}").readlink())
    return opened


def test_nobody_can_write_to_what_is_shared():
    file = MemoryFile(np.ones(4))
    with pytest.raises(PermissionError):
        os.pwrite(file.descriptor, b"x", 0)
    with pytest.raises(PermissionError):
        os.ftruncate(file.descriptor, 1)


def memory_file(content: bytes, seals: int = SEALS) -> int:
    descriptor = os.memfd_create("answer", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.write(descriptor, content)
    if seals:
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
    return descriptor


@pytest.mark.parametrize(
    ("seals", "size", "limit", "words"),
    [
        (SEALS, 4, 3, "more than the 3 that were asked for"),
        (SEALS, 5, 9, "has 4 bytes instead of 5"),
        (0, 4, 9, "not sealed"),
        (fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW, 4, 9, "not sealed"),
    ],
)
def test_what_is_not_sealed_or_has_another_size_is_not_read(seals, size, limit, words):
    descriptor = memory_file(b"abcd", seals)
    with pytest.raises(ValueError, match=words):
        sealed_bytes(descriptor, size, limit)
    os.close(descriptor)


def test_a_file_on_a_disk_is_no_memory_file(tmp_path):
    (tmp_path / "answer").write_bytes(b"abcd")
    with (tmp_path / "answer").open("rb") as stream, pytest.raises(ValueError, match=r"not a memory file|not sealed"):
        sealed_bytes(stream.fileno(), 4, 9)


def blob(header: object, body: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    message = HEAD.pack(MAGIC, len(text)) + text
    return message + bytes(-len(message) % answer.ALIGNMENT) + body


ARRAY = {"name": "y", "dtype": "<f8", "shape": [2], "bytes": 16}


def test_an_answer_that_is_as_asked_is_read_without_a_copy():
    content = bytearray(blob({"status": "ok", "arrays": [ARRAY]}, np.array([1.0, 2.0]).tobytes() + bytes(48)))
    _, outputs = answer.read(content, {"y": (2,)})
    assert outputs["y"].tolist() == [1.0, 2.0]
    assert np.shares_memory(outputs["y"], np.frombuffer(content, np.uint8))


@pytest.mark.parametrize(
    "changes",
    [{"name": "z"}, {"dtype": "|O"}, {"shape": [3]}, {"shape": [2, 1]}, {"bytes": 24}, {"more": 1}],
)
def test_an_answer_that_is_not_as_asked_is_refused(changes):
    content = blob({"status": "ok", "arrays": [{**ARRAY, **changes}]}, bytes(64))
    with pytest.raises(ValueError, match="names, types and sizes"):
        answer.read(content, {"y": (2,)})


@given(
    st.one_of(
        st.binary(max_size=400),
        st.binary(max_size=300).map(lambda body: HEAD.pack(MAGIC, len(body)) + body),
        st.builds(
            blob,
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
                lambda inner: (
                    st.lists(inner) | st.dictionaries(st.sampled_from(["status", "arrays", "failure"]), inner)
                ),
                max_leaves=8,
            ),
            st.binary(max_size=100),
        ),
    )
)
def test_no_answer_whatsoever_breaks_the_host(content):
    try:
        said, outputs = answer.read(content, {"y": (2,)})
    except ValueError:
        return
    result = answer.call_result({}, said, outputs, 1.0)
    assert result.status in answer.STATUSES
    result.stdout.encode()
