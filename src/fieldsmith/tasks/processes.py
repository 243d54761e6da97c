"""Work in processes of their own, which know all that this one knows and end with it.

They are forked, so that a class that was read from a file or typed into a notebook needs no import. Of what this process has
open they keep nothing that others would miss: no lock, no database, no terminal, no connection.
"""

import contextlib
import ctypes
import fcntl
import gc
import os
import pickle
import selectors
import signal
import stat
import sys
import threading
import time
import traceback
from collections.abc import Callable, Generator, Iterable, Sequence
from typing import NoReturn

from fieldsmith.errors import MissingPart

PR_SET_PDEATHSIG = 1
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
FAILED = 1
"""Exit code of a process whose work has raised something."""
POLL = 0.5
"""Seconds between two looks whether a process has ended, where the end of its pipes does not tell."""
BLOCK = 1 << 16
SQLITE = b"SQLite format 3\0"
"""How a database begins."""


def run(works: Sequence[Callable[[], object]], at_once: int) -> Generator[int]:
    """Do each work in a process of its own, `at_once` at a time; the number of each as it is done.

    What they print goes to standard error. Raises what a work raises, and MissingPart for a process that was ended from
    outside. However this ends, no process is left.
    """
    waiting, running = list(enumerate(works)), dict[int, _Process]()
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                number, work = waiting.pop(0)
                running[number] = _Process(work)
            _hear(running.values())
            for number in [number for number, process in running.items() if process.over()]:
                running.pop(number).check()
                yield number
    finally:
        for process in running.values():
            process.end()


def _hear(processes: "Iterable[_Process]") -> None:
    """Wait until a process has said something or has ended."""
    with selectors.DefaultSelector() as pipes:
        for process in processes:
            for pipe in process.pipes:
                pipes.register(pipe, selectors.EVENT_READ, process)
        for key, _ in pipes.select(POLL):
            key.data.read(key.fd)


class _Process:
    """A forked process: what it prints comes through one pipe, what its work has raised through another."""

    def __init__(self, work: Callable[[], object]) -> None:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):  # what is buffered would be written twice
                stream.flush()
        printed, raised = _pipe(), _pipe()
        owner, libc = os.getpid(), ctypes.CDLL(None)
        masked = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
        try:
            self.pid = os.fork()
            if self.pid == 0:
                _live(work, owner, libc, printed[1], raised[1])
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, masked)
        for _, end in (printed, raised):
            os.close(end)
        self.printed, self.raised = printed[0], raised[0]
        self.pipes = {self.printed, self.raised}
        self.line, self.fault = b"", b""
        self.status: int | None = None

    def read(self, pipe: int) -> None:
        piece = os.read(pipe, BLOCK)
        if not piece:
            self.pipes.discard(pipe)
        elif pipe == self.raised:
            self.fault += piece
        else:
            whole, _, self.line = (self.line + piece).rpartition(b"\n")
            _print(whole)

    def over(self) -> bool:
        """Whether it has ended; then all that it has left in its pipes is read."""
        self.status = self._status(os.WNOHANG)
        if self.status is not None:
            self._drain()
        return self.status is not None

    def _status(self, how: int) -> int | None:
        """The exit code, or less than 0 for a signal; None while it lives."""
        try:
            pid, status = os.waitpid(self.pid, how)
        except ChildProcessError:  # where the end of children is ignored nobody is told
            return None if self.pipes and how else FAILED if self.fault else 0
        return os.waitstatus_to_exitcode(status) if pid else None

    def _drain(self) -> None:
        for pipe in list(self.pipes):
            os.set_blocking(pipe, False)
            with contextlib.suppress(BlockingIOError):  # somebody that it has started may still hold it
                while pipe in self.pipes:
                    self.read(pipe)
        self._close()

    def _close(self) -> None:
        for pipe in (self.printed, self.raised):
            os.close(pipe)
        self.pipes = set()
        _print(self.line)

    def check(self) -> None:
        """Raise what its work has raised, or MissingPart if something has ended it."""
        if self.status == FAILED and self.fault:
            error, words = pickle.loads(self.fault)
            raise error from _Elsewhere(words)
        if self.status:
            how = f"by {signal.Signals(-self.status).name}" if self.status < 0 else f"with exit code {self.status}"
            raise MissingPart(
                f"A process that computes reference data was ended {how}.",
                "Where memory is scarce, give it more; the same command goes on with what is left.",
            )

    def end(self) -> None:
        if self.status is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            self.status = self._status(0)
            self._close()


def _pipe() -> tuple[int, int]:
    """Both ends of a pipe, neither of them in a place that a standard stream has, even where those are closed."""
    ends = os.pipe()
    moved = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 3) for end in ends]
    for end in ends:
        os.close(end)
    return moved[0], moved[1]


class _Elsewhere(Exception):
    """Where an error was raised in the other process."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


def _print(lines: bytes) -> None:
    if lines:
        print(lines.decode("utf-8", "replace"), file=sys.stderr, flush=True)


def _live(work: Callable[[], object], owner: int, libc: ctypes.CDLL, printed: int, raised: int) -> NoReturn:
    """The whole life of a forked process. Nothing of what it was forked from is ended or finished here."""
    code = FAILED
    try:
        end_with(owner, libc)
        gc.freeze()  # what would be thrown away here may close what is not this process's
        _shut(printed, raised)
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN if number == signal.SIGINT else signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
        code = _done(work, raised)
        sys.stdout.flush()
    finally:
        os._exit(code)


def end_with(owner: int, libc: ctypes.CDLL) -> None:
    """See to it that this process ends when its parent does, however that ends."""
    if not _ended_by_the_kernel(libc):
        threading.Thread(target=_watch, args=(owner,), daemon=True).start()
    if os.getppid() != owner:  # it ended before this was asked for
        os._exit(FAILED)


def _ended_by_the_kernel(libc: ctypes.CDLL) -> bool:
    """Whether the kernel promises a signal when the parent ends; Linux does."""
    return sys.platform == "linux" and libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) == 0


def _watch(owner: int) -> None:
    while os.getppid() == owner:
        time.sleep(0.1)
    os.kill(os.getpid(), signal.SIGKILL)


def _shut(printed: int, raised: int) -> None:
    """Close what is open, but for the pipes and for files that are open for reading, such as a task's data."""
    for number in map(int, os.listdir("/dev/fd")):
        if number not in (printed, raised):
            with contextlib.suppress(OSError):
                if number < 3 or not _data(number):
                    os.close(number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number in (1, 2):
        os.dup2(printed, number)
    os.close(printed)
    # What stood in their place may be a notebook's, or a live display's.
    sys.stdout = sys.stderr = open(1, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115


def _data(number: int) -> bool:
    """Whether it is a file that is open for reading, and no database, which has locks."""
    reading = fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY
    return reading and stat.S_ISREG(os.fstat(number).st_mode) and os.pread(number, len(SQLITE), 0) != SQLITE


def _done(work: Callable[[], object], raised: int) -> int:
    """Do the work; the exit code. What it raises goes through the pipe."""
    try:
        work()
        return 0
    except BaseException as error:
        words = "".join(traceback.format_exception(error))
        try:
            told = pickle.dumps((error, words))
            pickle.loads(told)
        except Exception:  # it cannot travel
            told = pickle.dumps((RuntimeError(f"{type(error).__name__}: {error}"), words))
        with os.fdopen(raised, "wb") as pipe:
            pipe.write(told)
        return FAILED
