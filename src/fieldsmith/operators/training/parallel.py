"""Several processes that train one operator together: each takes its share of every batch, and torch averages their gradients (DistributedDataParallel).

They are on one machine, each on a GPU of its own, or all on the CPU. The process that starts them waits, hands on what the first tells, and ends all when one ends.
"""

import contextlib
import ctypes
import multiprocessing
import os
import signal
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from fieldsmith.errors import FieldsmithError, InputError, MissingPart
from fieldsmith.tasks.processes import end_with

POLL = 0.2
"""Seconds between two looks at what was told."""
GRACE = 3.0
"""Seconds for the others to end, so that it is known which was the first."""


@dataclass(frozen=True)
class Team:
    """The processes that take steps together, seen by the one of number `rank`; one alone by itself."""

    rank: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the one that writes and tells."""
        return self.rank == 0

    def joined(self, module: nn.Module, device: torch.device) -> nn.Module:
        """The module such that gradients are the mean over all."""
        if self.count == 1:
            return module
        return DistributedDataParallel(module, device_ids=[device.index] if device.type == "cuda" else None)

    def share(self, items: Tensor) -> tuple[Tensor, float]:
        """Those of a batch that are this one's, and what each counts in its mean loss, so that the mean of all is that of the batch.

        Where there are too few for all it is one that counts nothing: all must take the step.
        """
        mine = items.tensor_split(self.count)[self.rank]
        return (mine, self.count / len(items)) if len(mine) else (items[:1], 0.0)

    def waiting(self, module: nn.Module, last: bool) -> AbstractContextManager[object]:
        """Within it gradients are gathered here alone, but for the last part of a batch."""
        return contextlib.nullcontext() if last or not isinstance(module, DistributedDataParallel) else module.no_sync()

    def mean(self, value: float, device: torch.device) -> float:
        """Over all."""
        if self.count == 1:
            return value
        total = torch.tensor(value, dtype=torch.float64 if device.type == "cpu" else torch.float32, device=device)
        distributed.all_reduce(total)
        return float(total) / self.count

    def agreed(self, found: Callable[[], float], device: torch.device) -> float:
        """What the first finds, told to all."""
        if self.count == 1:
            return found()
        value = torch.tensor(found() if self.first else 0.0, dtype=torch.float64, device=device)
        distributed.broadcast(value, 0)
        return float(value)


ALONE = Team()
Tell = Callable[[object], None]
Work = Callable[[Team, Tell], None]
"""What each does; what the first tells by the other argument comes to the process that waits. All of it must be such as can be pickled."""


def run(work: Work, count: int, device: torch.device, hear: Tell) -> None:
    """Do the work in so many processes; `hear` is given what the first tells.

    Raises InputError for more processes than GPUs, what a process raises, and MissingPart where one is ended from outside. None is left, however this ends.
    """
    if device.type not in ("cpu", "cuda") or (device.type == "cuda" and count > torch.cuda.device_count()):
        here = f"there are {torch.cuda.device_count()}" if device.type == "cuda" else f"{device.type} is one device"
        raise InputError(f"--processes {count} needs as many GPUs, and {here}.", "Give fewer, or --device cpu.")
    with tempfile.TemporaryDirectory() as folder:
        group = [_Process(work, Team(rank, count), device.type, f"{folder}/meeting") for rank in range(count)]
        try:
            for one in group:
                one.start()
            while any(one.process.exitcode is None for one in group):
                wait([one.process.sentinel for one in group], POLL)
                for one in group:
                    one.hear(hear)
                _check(group, hear)
        finally:
            for one in group:
                one.end()


class _Process:
    """One of them, seen from the process that waits: what it tells comes through a pipe."""

    def __init__(self, work: Work, team: Team, device: str, meeting: str) -> None:
        context = multiprocessing.get_context("spawn")  # a forked one could not use torch's threads, or a GPU
        self.name = f"Process {team.rank + 1} of {team.count} that train together"
        self.told, self._teller = context.Pipe(duplex=False)
        self.fault: FieldsmithError | None = None
        threads = max(1, torch.get_num_threads() // team.count)
        given = (work, team, device, meeting, threads, os.getpid(), self._teller)
        self.process = context.Process(target=_live, args=given, daemon=True)

    def start(self) -> None:
        self.process.start()
        self._teller.close()  # it is the other process's from here on

    def hear(self, hear: Tell) -> None:
        """All that it has told until now."""
        with contextlib.suppress(EOFError):
            while self.told.poll():
                what = self.told.recv()
                if isinstance(what, FieldsmithError):
                    self.fault = what
                else:
                    hear(what)

    def end(self) -> None:
        if self.process.pid is not None:
            self.process.kill()
            self.process.join()
        self.told.close()


def _check(group: Sequence[_Process], hear: Tell) -> None:
    """Raise what the first to fail failed by, if any has: the others then fail for want of it."""
    if not any(one.process.exitcode for one in group):
        return
    until = time.monotonic() + GRACE
    while time.monotonic() < until and any(one.process.exitcode is None for one in group):
        time.sleep(0.05)
    for one in group:
        one.hear(hear)
        code = one.process.exitcode or 0
        if code < 0:
            words = f"{one.name} was ended by {signal.Signals(-code).name}."
            raise MissingPart(
                words, "Where memory is scarce, give it more; the same command goes on from what was stored."
            )
    faults = [one.fault for one in group if one.fault is not None]
    plain = [one for one in faults if not isinstance(one, _Unforeseen)]
    code = next(one.process.exitcode for one in group if one.process.exitcode)
    raise (plain or faults or [FieldsmithError(f"A process that trains ended with exit code {code}.")])[0]


class _Unforeseen(FieldsmithError):
    """What no sentence was written for, such as a connection that another process has left."""


def _live(work: Work, team: Team, device: str, meeting: str, threads: int, owner: int, teller: Connection) -> None:
    """The whole life of one of them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that waits ends all
    end_with(owner, ctypes.CDLL(None))
    torch.set_num_threads(threads)
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    if device == "cuda":
        torch.cuda.set_device(team.rank)
    try:
        backend = "nccl" if device == "cuda" else "gloo"
        distributed.init_process_group(backend, init_method=f"file://{meeting}", rank=team.rank, world_size=team.count)
        work(team, teller.send)
        distributed.destroy_process_group()
    except FieldsmithError as error:
        teller.send(error)
    except Exception as error:
        words = " ".join(str(error).split())[:300]
        teller.send(_Unforeseen(f"Process {team.rank + 1} of {team.count} failed: {type(error).__name__}: {words}"))
    else:
        return
    teller.close()
    os._exit(1)  # without waiting for a connection to the others
