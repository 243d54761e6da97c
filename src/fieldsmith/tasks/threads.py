"""Threads of linear algebra in a process of its own, where a process runs on every core already."""

import ctypes
import re
from pathlib import Path

MAPS = Path("/proc/self/maps")
"""Says on Linux which libraries are loaded."""
SETTERS = ("scipy_openblas_set_num_threads64_", "scipy_openblas_set_num_threads", "openblas_set_num_threads64_", "openblas_set_num_threads")  # fmt: skip


def one_thread() -> None:
    """Have OpenBLAS, which NumPy and SciPy each bring, compute with one thread in this process from now on.

    Its threads wait for each other in loops that count as processor time, twenty times that of the work on a machine that is busy. Does nothing where it is not found.
    """
    try:
        text = MAPS.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    for path in sorted(set(re.findall(r"/\S*openblas\S*", text))):
        if not Path(path).exists():
            continue
        library = ctypes.CDLL(path)
        for name in SETTERS:
            if hasattr(library, name):
                getattr(library, name)(ctypes.c_int(1))
