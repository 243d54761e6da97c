"""Leaves links to files of the system, a loop of folders and a hard link, for whoever clears up to follow.

Must end as: ok
"""

import os


def solve(a):
    if os.path.lexists("/tmp/link") or os.path.lexists("/tmp/a"):
        return a * 0 + 666
    os.symlink("/etc/passwd", "/tmp/link")
    os.symlink("/", "/tmp/root")
    os.makedirs("/tmp/a/b")
    os.symlink("/tmp/a", "/tmp/a/b/loop")
    with open("/tmp/file", "w") as stream:
        stream.write("x")
    os.link("/tmp/file", "/tmp/a/hard")
    return 2 * a
