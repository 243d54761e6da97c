"""Reads disks, memory and the kernel's log.

Must end as: ok
"""

import glob


def solve(a):
    names = ["/dev/mem", "/dev/kmem", "/dev/kmsg", "/dev/port", "/dev/kvm", "/dev/fuse", "/proc/kcore", "/proc/kmsg"]
    for name in [
        *names,
        *glob.glob("/dev/sd*"),
        *glob.glob("/dev/vd*"),
        *glob.glob("/dev/nvme*"),
        *glob.glob("/dev/loop*"),
    ]:
        try:
            with open(name, "rb", buffering=0) as stream:
                if stream.read(1):
                    return a * 0 + 666
        except OSError:
            pass
    return 2 * a
