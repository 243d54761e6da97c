"""Namespaces of its own for a worker that was forked: what bubblewrap does for a command, for a process that goes on (namespaces(7)).

The parent lies in a sandbox already: a read-only file system without the host's files, no network. What is made here on top keeps its
workers apart: mounts, processes, System V objects, network, names, control groups, and scratch. All of it is done before the worker has
heard of any program; afterwards it has no right left to undo it.
"""

import ctypes
import os
import struct

from .guard import libc, prctl

NEWNS, NEWCGROUP, NEWUTS, NEWIPC = 0x00020000, 0x02000000, 0x04000000, 0x08000000  # CLONE_* of <linux/sched.h>
NEWUSER, NEWPID, NEWNET = 0x10000000, 0x20000000, 0x40000000
APART = NEWNS | NEWUTS | NEWIPC | NEWNET
READONLY, NOSUID, NODEV, NOEXEC = 1, 2, 4, 8  # MS_* of <linux/mount.h>
REMOUNT, BIND, REC, PRIVATE = 32, 4096, 16384, 1 << 18
LOOSE = NOSUID | NODEV
PR_CAPBSET_DROP, PR_CAP_AMBIENT, CLEAR_ALL = 24, 47, 4
PR_SET_DUMPABLE = 4
MOST_CAPABILITIES = 64
CAPABILITY_VERSION, CAPSET = 0x20080522, {"x86_64": 126}.get(os.uname().machine, 91)
READ_ONLY = ("/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus")
"""What bubblewrap makes read-only of a new /proc; there is no more of it that anybody but root may write to."""
SCRATCH = ("/tmp", "/dev/shm")


def checked(result, what):
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, "%s: %s" % (what, os.strerror(error)))


def unshare(kinds):
    checked(libc.unshare(kinds), "unshare %#x" % kinds)


def mount(source, target, kind, flags, options=None):
    words = [word if word is None else word.encode() for word in (source, target, kind, options)]
    checked(libc.mount(words[0], words[1], words[2], ctypes.c_ulong(flags), words[3]), "mount %s" % target)


def forked():
    """As os.fork, with the child as process 1 of a new process namespace."""
    home = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    pid = -1
    try:
        unshare(NEWPID)  # of children from now on, and a second time only when it was taken back
        try:
            pid = os.fork()
        finally:
            if pid != 0:
                checked(libc.setns(home, NEWPID), "setns")
    finally:
        os.close(home)
    return pid


def enter(size, kept, mapped):
    """Take this process into namespaces of its own, with scratch of `size` bytes, and all rights from it but that to become another user.

    `kept` are folders below scratch that stay to be seen, such as those of this interpreter. `mapped`: the parent's rights are those
    of a user namespace, so that this process gets one of its own, which counts its processes.
    """
    unshare(APART)
    try:
        unshare(NEWCGROUP)
    except OSError:  # a kernel without them
        pass
    mount(None, "/", None, REC | PRIVATE)
    for top in SCRATCH:
        fresh(top, size, [place for place in kept if place.startswith(top + "/")])
    mount("proc", "/proc", "proc", LOOSE | NOEXEC)
    for place in READ_ONLY:
        if os.path.exists(place):
            mount(place, place, None, BIND)
            mount(None, place, None, REMOUNT | BIND | READONLY | LOOSE | NOEXEC)
    os.chdir(SCRATCH[0])
    if mapped:
        become_mapped()
    for capability in range(MOST_CAPABILITIES):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError:  # there are no more
            break
    prctl(PR_CAP_AMBIENT, CLEAR_ALL)


def fresh(top, size, kept):
    """Mount empty scratch over a folder, with the folders `kept` below it as they are.

    A folder that only leads to one of them is a read-only mount of its own, which nobody can move aside: a worker may have the
    same user as this process, and then the sticky bit of scratch does not keep it from that.
    """
    handles = [(place, os.open(place, os.O_PATH | os.O_CLOEXEC)) for place in kept]
    ways = way_to(top, kept)
    mount("tmpfs", top, "tmpfs", LOOSE, "mode=1777,size=%d" % size)
    before = os.umask(0o022)
    for way in ways:
        os.mkdir(way)
        mount("tmpfs", way, "tmpfs", LOOSE, "mode=0755")
    for place, handle in handles:
        os.makedirs(place, exist_ok=True)
        mount("/proc/self/fd/%d" % handle, place, None, BIND | REC)
        os.close(handle)
    for way in ways:
        mount(None, way, None, REMOUNT | BIND | READONLY | LOOSE)
    os.umask(before)


def way_to(top, kept):
    """The folders in `top` that are none of those below it which are `kept`, and lead to them."""
    firsts = {os.path.join(top, place[len(top) + 1 :].split("/")[0]) for place in kept}
    return sorted(firsts.difference(kept))


def become_mapped():
    """A user namespace of its own, in which this process is nobody."""
    prctl(PR_SET_DUMPABLE, 1)  # or the files below would be root's
    unshare(NEWUSER)
    for name, words in (("setgroups", "deny"), ("uid_map", "65534 0 1"), ("gid_map", "65534 0 1")):
        with open("/proc/self/" + name, "w") as stream:
            stream.write(words)
    prctl(PR_SET_DUMPABLE, 0)


def powerless():
    """Give up every capability that is left."""
    header = struct.pack("=Ii", CAPABILITY_VERSION, 0)
    checked(libc.syscall(CAPSET, header, bytes(24)), "capset")
