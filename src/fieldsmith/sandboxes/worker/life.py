"""A worker's life: imports what programs need, then serves one call after the other until nobody sends any."""

import gc
import os
import resource
import select
import signal
import sys
import threading
import time

from . import calls, child, guard, scratch

PR_SET_CHILD_SUBREAPER = 36
PREPARE = 0
"""Number of what is no call but the wish to get ready for one."""
UNCLEAN = 75
"""Exit code of a worker that a program has left something to which cannot be removed."""


def prepare(preload):
    """Import what programs need, and make this process one that nothing but its channel speaks to."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    guard.prctl(child.PR_SET_DUMPABLE, 0)
    sys.path[:] = [entry for entry in sys.path if entry]
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # with a handler it would end even process 1
    for name in preload:
        imported(name)
    fork_instead()
    settle()


def imported(name):
    try:
        __import__(name)
    except ImportError:
        if name == "numpy":  # without which no call can be served
            raise


def settle():
    """What is there now is never looked at again, so that a process which is forked need not copy the pages that hold its counts."""
    gc.collect()
    gc.freeze()


def live(setting, channel, owned):
    """Serve calls. `owned` tells whether whoever started this worker is still there."""
    guard.prctl(child.PR_SET_DUMPABLE, 0)
    guard.prctl(PR_SET_CHILD_SUBREAPER, 1)
    setting["filter"] = guard.prepared(setting["cgroup"]) if setting["guard"] else None
    settle()
    threading.Thread(target=watch, args=(owned, channel.descriptor), daemon=True).start()
    at_first = scratch.empty(setting["scratch"])
    channel.send({"status": "ready"})
    later = list(setting["later"])
    while True:
        try:
            import_meanwhile(later, channel.descriptor)
            call = channel.receive()
            if call.number == PREPARE:
                get_ready(call, later, channel)
                continue
            calls.serve(call, channel, setting)
        except (EOFError, OSError):  # nobody is there any more
            return
        if scratch.empty(setting["scratch"]) != at_first:
            os._exit(UNCLEAN)  # the next call gets a fresh worker


def import_meanwhile(later, descriptor):
    """Import what is left while nothing is asked for."""
    asked = select.poll()
    asked.register(descriptor, select.POLLIN)
    while later and not asked.poll(0):
        imported(later.pop(0))
        settle()


def get_ready(call, later, channel):
    """Before the first call, so that it takes none of its time: import what the program names, and forget the rest."""
    wanted = call.told()["later"]
    call.close()
    if wanted and later:
        for name in later:
            imported(name)
        settle()
    later.clear()
    channel.send({"status": "ready"})


def fork_instead():
    """Let multiprocessing fork where it, or a library such as SciPy, would take a fork server, which needs descriptors sent to other processes."""
    import multiprocessing.context as context

    # Not by set_start_method, which a program may call for itself, once.
    default = getattr(context, "_default_context", None)
    kinds = getattr(context, "_concrete_contexts", {})
    if default is not None and "fork" in kinds:
        kinds["forkserver"] = kinds["fork"]
        if default._default_context._name == "forkserver":
            default._default_context = kinds["fork"]


def narrow(setting):
    """Take what this process and all that it starts need not have: number of processes, the rights of root."""
    if setting["processes"]:
        resource.setrlimit(resource.RLIMIT_NPROC, (setting["processes"],) * 2)
    if setting["user"]:
        os.setgroups([])
        os.setresgid(*(setting["user"],) * 3)
        os.setresuid(*(setting["user"],) * 3)


def watch(owned, descriptor):
    """End the running child and this worker when whoever started it has gone, or nobody can send calls any more."""
    channel = select.poll()
    channel.register(descriptor, 0)  # only hang-ups and errors
    while owned() and not channel.poll(0):
        time.sleep(1.0)
    if calls.running["pid"]:
        # Whoever serves the call then ends the rest of what it has started, and leaves as its answer reaches nobody.
        calls.end_group(calls.running["pid"])
        time.sleep(5.0)
    os._exit(1)
