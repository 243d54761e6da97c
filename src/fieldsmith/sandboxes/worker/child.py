"""The forked child of one call: shuts itself in, runs the program, leaves the answer in a memory file."""

import ctypes
import importlib
import mmap
import os
import resource
import signal
import sys

from .channel import encode, write_all
from .guard import close_in, libc, prctl
from .program import FILE, answer_of
from .stopped import on_signal

ALIGNMENT = 64
PIECE = 8 << 20
PR_SET_DUMPABLE = 4
DESCRIPTORS = 1024


def run(call, answer, out, err, setting):
    """Run the call and leave; never returns. `answer` is the memory file that takes the results."""
    try:
        os.setpgid(0, 0)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        header = call.told()
        arrays = [mapped(file, item["shape"]) for file, item in zip(call.files, with_shapes(header))]
        # Neither the channel to the host nor the worker itself is within the program's reach.
        os.closerange(3, answer)
        os.closerange(answer + 1, DESCRIPTORS)
        prctl(PR_SET_DUMPABLE, 1)
        # What was printed before a call is ended must have left the process by then.
        sys.stdout = open(1, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
        sys.argv = [FILE]
        if "random" in header["program"]:  # numbers of this call's own; not for others, as it takes half a millisecond
            importlib.import_module("numpy.random").seed(int.from_bytes(os.urandom(4), "little"))
        on_signal(header["shapes"], answer, leave)
        shut_in(header, setting)
        own = os.getpid()
        told, results = answer_of(header, arrays)
        if os.getpid() != own:  # a copy that the program has made of itself
            os._exit(0)
        flush_all()
        leave(told, results, answer)
        os._exit(0)
    except BaseException:
        os._exit(70)


def flush_all():
    """Let out what the program has printed, by whatever way; it may have put something of its own in the streams' places."""
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        try:
            if stream is not None:
                stream.flush()
        except BaseException:  # it does not matter to what the function has returned
            pass
    libc.fflush(None)  # what compiled code has printed


def with_shapes(header):
    return [item for item in header["arguments"] if "shape" in item]


def mapped(file, shape):
    """An input array: pages are shared with the host until the program writes to them, then they are its own."""
    import numpy as np

    size = 8
    for extent in shape:
        size *= extent
    if size == 0:
        return np.zeros(shape)
    view = mmap.mmap(file, size, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE)
    return np.frombuffer(view, "<f8").reshape(shape)


def prefer_for_memory():
    """Be the one that is ended when memory runs out, not the worker."""
    try:
        with open("/proc/self/oom_score_adj", "w") as score:
            score.write("1000")
    except OSError:
        pass


def shut_in(header, setting):
    """Limits that the program cannot lift again."""
    prefer_for_memory()
    # By itself it tells the machine's, by which pools of processes take their size.
    os.cpu_count = lambda: header["cpus"]
    if header["cores"]:
        os.sched_setaffinity(0, header["cores"])
    if header["address_space"]:
        resource.setrlimit(resource.RLIMIT_AS, (header["address_space"],) * 2)
    # One byte: with none the kernel would still start a program of the host that takes cores, where there is one (core(5)).
    most = resource.getrlimit(resource.RLIMIT_CORE)[1]
    core = 1 if most == resource.RLIM_INFINITY else min(1, most)
    resource.setrlimit(resource.RLIMIT_CORE, (core, core))
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (header["file_bytes"],) * 2)  # memory files, the answer's too, are files
    close_in(setting["filter"])


def leave(told, results, answer):
    """Write the answer: head, JSON, then each array from a multiple of 64 bytes on."""
    told["arrays"] = [
        {"name": name, "dtype": "<f8", "shape": list(array.shape), "bytes": array.nbytes} for name, array in results
    ]
    message = encode(told)
    write_all(answer, message + bytes(-len(message) % ALIGNMENT))
    arrays = [array for _, array in results if array.size]
    for array in arrays:
        hand_over(answer, array, sum(overlap(array, other) for other in arrays) == 1)
        write_all(answer, bytes(-array.nbytes % ALIGNMENT))


def start_of(array):
    return array.__array_interface__["data"][0]


def overlap(one, other):
    return start_of(one) < start_of(other) + other.nbytes and start_of(other) < start_of(one) + one.nbytes


def hand_over(answer, array, spare):
    """Write an array piece by piece; with `spare`, give back the memory of what is written, so that it does not count twice."""
    with array.data.cast("B") as whole:
        for place in range(0, len(whole), PIECE):
            with whole[place : place + PIECE] as piece:
                write_all(answer, piece)
                if spare:
                    first = -(-(start_of(array) + place) // mmap.PAGESIZE) * mmap.PAGESIZE
                    size = (start_of(array) + place + len(piece)) // mmap.PAGESIZE * mmap.PAGESIZE - first
                    if size > 0:
                        libc.madvise(ctypes.c_void_p(first), ctypes.c_size_t(size), mmap.MADV_DONTNEED)
