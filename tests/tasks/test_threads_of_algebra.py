"""Linear algebra with one thread, in a process that had several."""

import os
import subprocess
import sys

import pytest

CODE = r"""
import ctypes, re
from pathlib import Path
import numpy
from fieldsmith.tasks.threads import one_thread

def threads():
    found = []
    for path in sorted(set(re.findall(r"/\S*openblas\S*", Path("/proc/self/maps").read_text()))):
        library = ctypes.CDLL(path)
        for name in ("scipy_openblas_get_num_threads64_", "scipy_openblas_get_num_threads", "openblas_get_num_threads"):
            if hasattr(library, name):
                found.append(getattr(library, name)())
    return found

print(threads())
one_thread()
print(threads())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="what is loaded is told on Linux")
def test_it_has_one_thread_from_then_on():
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "2"}
    done = subprocess.run([sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, check=True)
    before, after = done.stdout.splitlines()
    if before == "[]":
        pytest.skip("NumPy computes without OpenBLAS")
    assert "2" in before or (os.cpu_count() or 1) < 2
    assert set(after) <= set("[1, ]")
