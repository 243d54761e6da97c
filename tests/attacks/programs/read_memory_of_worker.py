"""Opens the memory, the map and the descriptors of the worker and of every other process, to find what the host has sent.

Must end as: ok
"""

import os


def solve(a):
    for pid in filter(str.isdigit, os.listdir("/proc")):
        if int(pid) == os.getpid():
            continue
        for name in ("mem", "maps", "environ", "auxv"):
            try:
                with open(f"/proc/{pid}/{name}", "rb") as stream:
                    if name == "mem" or stream.read(10):
                        return a * 0 + 666
            except OSError:
                pass
        try:
            if os.listdir(f"/proc/{pid}/fd"):
                return a * 0 + 666
        except OSError:
            pass
    return 2 * a
