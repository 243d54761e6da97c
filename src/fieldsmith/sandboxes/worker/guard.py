"""A filter of system calls for the program's process and all that it starts (seccomp, BPF; Linux, x86-64 and arm64).

It comes on top of what the container engine forbids, and is all that bubblewrap has. Denied is what no numerical program
needs and what attacks on the kernel or on neighbours begin with; the rest works as before.
"""

import ctypes
import os
import struct

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, FILTER = 38, 22, 2
LOAD, AND, EQUAL, AT_LEAST, ANY_BIT, RETURN = (
    0x20,
    0x54,
    0x15,
    0x35,
    0x45,
    0x06,
)  # BPF operations of <linux/bpf_common.h>
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
EPERM, ENOSYS = 1, 38
NUMBER, ARCHITECTURE, FIRST, FOURTH = 0, 4, 16, 40  # offsets in struct seccomp_data
UNIX = 1
NAMESPACES = 0x7E020000  # CLONE_NEW* of <linux/sched.h>
X32 = 0x40000000

# Numbers of system calls: x86-64 and, from the table that all newer architectures share, arm64.
DENIED = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "process_madvise": (440, 440),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "unshare": (272, 97),
    "setns": (308, 268),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "syslog": (103, 116),
    "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264),
    "fanotify_init": (300, 262),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "settimeofday": (164, 170),
    "adjtimex": (159, 171),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "vhangup": (153, 58),
    "iopl": (172, None),
    "ioperm": (173, None),
    "modify_ldt": (154, None),
    "lookup_dcookie": (212, 18),
    "memfd_secret": (447, 447),
    # Priorities of the worker would be those of the next call.
    "setpriority": (141, 140),
    "ioprio_set": (251, 30),
    "sched_setscheduler": (144, 119),
    "sched_setparam": (142, 118),
    "sched_setattr": (314, 274),
    "vmsplice": (278, 75),  # a page in a pipe may hold a large one
    "inotify_init": (253, None),
    "inotify_init1": (294, 26),
    # Descriptors on their way are counted for each user, who may be that of a neighbour.
    "sendmsg": (46, 211),
    "sendmmsg": (307, 269),
    # Attributes of scratch itself would outlive the call; files' go with the files.
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "setxattrat": (463, 463),
    # There is one amount of these for the whole machine.
    "io_setup": (206, 0),
    "sync": (162, 81),
    "syncfs": (306, 267),
    # What System V keeps outlives the processes of a call.
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
}
UNCOUNTED = {
    "memfd_create": (319, 279),
    "socket": (41, 198),
    "socketpair": (53, 199),
    "sched_setaffinity": (203, 122),
}
"""Memory that resource limits do not count, such as sockets' buffers, and the choice of cores; denied where no control group limits these."""
PRETENDED = {"utimensat": (280, 88), "utime": (132, None), "utimes": (235, None), "futimesat": (261, None)}
"""Times of files, which copies set and nobody needs: those of devices are the machine's and outlive the call. Nothing is done, and no error told."""
FIRST_MUST_BE = {
    "socket": ((41, 198), UNIX),
    "socketpair": ((53, 199), UNIX),
    # Of this process alone: limits and cores of the worker would outlive the call.
    "prlimit64": ((302, 261), 0),
    "sched_setaffinity": ((203, 122), 0),
}
"""The first argument that a call may have."""
CLONE, CLONE3, MMAP = (56, 220), (435, 435), (9, 222)
SHARED_ANONYMOUS = 0x21  # MAP_SHARED and MAP_ANONYMOUS
libc = ctypes.CDLL(None, use_errno=True)
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}


def rule(code, value, then=0, otherwise=0):
    return struct.pack("<HBBI", code, then, otherwise, value)


def unless_first(number, test):
    """Deny a call unless a test of its first argument jumps over the denial."""
    return [rule(EQUAL, number, 0, 3), rule(LOAD, FIRST), test, rule(RETURN, ERRNO | EPERM), rule(LOAD, NUMBER)]


def program(machine, counted):
    """The filter's instructions; empty for a machine whose numbers are not known. `counted`: a control group limits memory."""
    if machine not in MACHINES:
        return b""
    column, architecture = MACHINES[machine]
    denied = {**DENIED, **({} if counted else UNCOUNTED)}
    numbers = [both[column] for both in denied.values() if both[column] is not None]
    rules = [
        rule(LOAD, ARCHITECTURE),
        rule(EQUAL, architecture, 1, 0),
        rule(RETURN, KILL),
        rule(LOAD, NUMBER),
    ]
    if machine == "x86_64":  # the same calls by another name
        rules += [rule(AT_LEAST, X32, 0, 1), rule(RETURN, ERRNO | EPERM)]
    for number in numbers:
        rules += [rule(EQUAL, number, 0, 1), rule(RETURN, ERRNO | EPERM)]
    for number in (both[column] for both in PRETENDED.values() if both[column] is not None):
        rules += [rule(EQUAL, number, 0, 1), rule(RETURN, ERRNO | 0)]
    # The C library falls back to clone, whose flags a filter can see.
    rules += [rule(EQUAL, CLONE3[column], 0, 1), rule(RETURN, ERRNO | ENOSYS)]
    rules += unless_first(CLONE[column], rule(ANY_BIT, NAMESPACES, 0, 1))
    for both, value in FIRST_MUST_BE.values():
        rules += unless_first(both[column], rule(EQUAL, value, 1, 0))
    if not counted:  # pages of such memory can be given back without being freed, and then no process has them
        rules += [rule(EQUAL, MMAP[column], 0, 4), rule(LOAD, FOURTH), rule(AND, SHARED_ANONYMOUS)]
        rules += [rule(EQUAL, SHARED_ANONYMOUS, 0, 1), rule(RETURN, ERRNO | EPERM)]
    rules.append(rule(RETURN, ALLOW))
    return b"".join(rules)


def prepared(counted):
    """The filter as prctl(2) takes it, made before there is a child that would have to; None for a machine that is not known."""
    instructions = program(os.uname().machine, counted)
    if not instructions:
        return None
    buffer = ctypes.create_string_buffer(instructions, len(instructions))
    words = struct.pack("@HxxxxxxP", len(instructions) // 8, ctypes.addressof(buffer))
    header = ctypes.create_string_buffer(words, len(words))
    return ctypes.addressof(header), (header, buffer)


def close_in(prepared):
    """Filter this process from now on. Raises OSError if the kernel refuses."""
    if prepared is None:
        return
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    prctl(PR_SET_SECCOMP, FILTER, prepared[0])


def prctl(option, first=0, second=0):
    """prctl(2). Raises OSError."""
    if libc.prctl(option, ctypes.c_ulong(first), ctypes.c_ulong(second), ctypes.c_ulong(0), ctypes.c_ulong(0)) != 0:
        raise OSError(ctypes.get_errno(), "prctl %d was refused" % option)
