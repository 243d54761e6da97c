"""What the kernel counts for this sandbox's control group, of version 1 or 2. Only asked where the group is the sandbox's own."""

ROOT = "/sys/fs/cgroup/"


def first(readers):
    for path, read in readers:
        try:
            with open(ROOT + path) as stream:
                return read(stream.read())
        except (OSError, ValueError, KeyError, IndexError):
            continue
    return None


def field(name):
    return lambda text: int(dict(line.split() for line in text.splitlines())[name])


def cpu_seconds():
    """Processor time of all processes so far; None where it cannot be read."""
    seconds = first([("cpu.stat", field("usage_usec"))])
    if seconds is not None:
        return seconds / 1e6
    counted = first([(place + "cpuacct.usage", int) for place in ("cpuacct/", "cpu,cpuacct/", "cpuacct,cpu/")])
    return None if counted is None else counted / 1e9


def peak_bytes():
    """The most memory that was in use at once so far."""
    return first([("memory.peak", int), ("memory/memory.max_usage_in_bytes", int)])


def memory_kills():
    """How many processes were ended for memory."""
    return first([("memory.events", field("oom_kill")), ("memory/memory.oom_control", field("oom_kill"))])


def refused_processes():
    """How often a process could not be started because there were too many."""
    return first([("pids.events", field("max")), ("pids/pids.events", field("max"))])
