"""Mounts file systems: the kernel's own, and a folder over another.

Must end as: ok
"""

import ctypes


def solve(a):
    libc = ctypes.CDLL(None, use_errno=True)
    for source, kind, flags in (
        (b"proc", b"proc", 0),
        (b"tmpfs", b"tmpfs", 0),
        (b"/", b"", 4096),
        (b"cgroup", b"cgroup", 0),
    ):
        if libc.mount(source, b"/tmp", kind, flags, None) == 0:
            return a * 0 + 666
    return a * 0 + 666 if libc.umount2(b"/proc", 2) == 0 else 2 * a
