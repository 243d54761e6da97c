"""Workers that are forked from a warm parent, which has imported what programs need and which no program ever touches.

`worker/warm.py` is the parent's side: what is asked of it, and why nothing of a candidate comes to lie in it.
"""

import array
import contextlib
import itertools
import os
import select
import signal
import socket
import struct
import subprocess
import threading
import time
import weakref
from collections.abc import Callable

from fieldsmith.errors import MissingPart
from fieldsmith.sandboxes.channel import OutOfTime, SocketChannel, WorkerGone
from fieldsmith.sandboxes.local import LocalWorker
from fieldsmith.sandboxes.news import News
from fieldsmith.sandboxes.sandbox import Limits
from fieldsmith.sandboxes.session import UNCLEAN, Lost, Worker, first_words, ready
from fieldsmith.sandboxes.setting import threads

ASKED, TOLD = struct.Struct("=qcq"), struct.Struct("=qqq")
FORK, CODE = b"F", b"C"
UNKNOWN = -1 << 32
ANSWER_SECONDS = 30.0
"""How long a parent may take to fork; one that takes longer is ended and another one is started."""
END_SECONDS = 5.0
LEAVE_SECONDS = 2.0
"""What a parent is given to end what its workers have left, where they do not end with it."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds until a parent that did not start is tried again; twice as many after each further time."""
PAUSES = 10
"""That many times as long as the attempt took, at the least: one without a word takes minutes, in which no worker is started."""

_all: "weakref.WeakSet[WarmParents]" = weakref.WeakSet()


class ParentGone(Exception):
    """The warm parent has ended, or answers no more."""


class Unable(Exception):
    """The warm parent has found that it cannot fork workers here."""


class NotNow(Exception):
    """The warm parent did not start, for a reason that may pass: too many processes, no memory, ended from outside."""


class Handle:
    """A process by a descriptor (pidfd_open(2)), which no other process ever gets; `pid` is its number where its parent is."""

    def __init__(self, pid: int, descriptor: int) -> None:
        self.pid, self._descriptor = pid, descriptor
        self._close = weakref.finalize(self, os.close, descriptor)

    def ended(self, seconds: float = 0.0) -> bool:
        """Whether it has ended, with all of its namespace where it is the first one there; waits for that."""
        watched = select.poll()
        watched.register(self._descriptor, select.POLLIN)
        return bool(watched.poll(1000 * seconds))

    def kill(self) -> None:
        with contextlib.suppress(OSError):
            signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)

    def close(self) -> None:
        self._close()


Finish = Callable[[Handle], None]
"""How a backend ends a worker and clears up."""


class ForkedWorker(Worker):
    address_space_limit = True

    def __init__(self, parent: "WarmParent", handle: Handle, ours: socket.socket, errors: int, finish: Finish) -> None:
        self._parent, self.handle, self._errors, self._finish = parent, handle, errors, finish
        self.channel = SocketChannel(ours)
        self._ending = threading.Lock()

    def alive(self) -> bool:
        return not self.handle.ended()

    def ended_for(self) -> str:
        if not self.handle.ended(END_SECONDS):
            return ""
        try:
            return "outside" if self._parent.code(self.handle.pid) == UNCLEAN else ""
        except ParentGone:
            return "outside" if self._parent.takes_all else ""

    def end(self) -> None:
        if self._ending.acquire(blocking=False):  # once
            self._finish(self.handle)
            self.channel.close()
            self.handle.close()
            os.close(self._errors)

    def words(self) -> str:
        self.handle.ended(2.0)
        os.set_blocking(self._errors, False)
        with contextlib.suppress(BlockingIOError):
            return os.read(self._errors, 4000).decode("utf-8", "replace")
        return ""


class WarmParent:
    """The host's end of a warm parent; safe to use from several threads."""

    def __init__(self, process: LocalWorker, takes_all: bool) -> None:
        self._process, self.takes_all = process, takes_all
        assert isinstance(process.channel, SocketChannel)
        self._socket = process.channel.socket
        self._asking = threading.Lock()
        self._questions = itertools.count(1)
        self._broken = False
        """Whether a question has stayed without its answer, which may still come: nothing more is asked."""

    def alive(self) -> bool:
        return not self._broken and self._process.alive()

    def fork(self, told: str, finish: Finish) -> ForkedWorker:
        """A worker that has been told that; it has not said yet that it is ready. Raises ParentGone, OSError where none can be forked."""
        ours, theirs = socket.socketpair()
        errors, their_errors = os.pipe2(os.O_CLOEXEC)
        memory = os.memfd_create("told", os.MFD_CLOEXEC)
        try:
            os.write(memory, told.encode())
            pid, number, handles = self._asked(FORK, 0, [theirs.fileno(), their_errors, memory])
            if pid < 0 or len(handles) != 1:
                raise OSError(number, os.strerror(number))
        except BaseException:
            ours.close()
            os.close(errors)
            raise
        finally:
            theirs.close()
            os.close(their_errors)
            os.close(memory)
        return ForkedWorker(self, Handle(pid, handles[0]), ours, errors, finish)

    def code(self, pid: int) -> int | None:
        """The exit code of a worker that has ended; None where it is not known. Raises ParentGone."""
        end = time.monotonic() + END_SECONDS
        while time.monotonic() < end:
            _, code, _ = self._asked(CODE, pid)
            if code != UNKNOWN:
                return code
            time.sleep(0.01)  # it has not waited for it yet
        return None

    def _asked(self, what: bytes, pid: int, given: list[int] | None = None) -> tuple[int, int, list[int]]:
        """The two numbers of the answer and its descriptors. Raises ParentGone; whatever it raises, the parent is ended with it."""
        with self._asking:
            if self._broken:
                raise ParentGone
            try:
                return self._answer(what, pid, given or [])
            except (
                BaseException
            ) as error:  # Ctrl-C as well: the answer that is under way must not be taken for the next
                self._broken = True
                self._process.end()
                if isinstance(error, OSError | ValueError):  # ValueError: another thread has closed it
                    raise ParentGone from None
                raise

    def _answer(self, what: bytes, pid: int, given: list[int]) -> tuple[int, int, list[int]]:
        question = next(self._questions)
        passed = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", given))] if given else []
        self._socket.sendmsg([ASKED.pack(question, what, pid)], passed)
        watched = select.poll()
        watched.register(self._socket.fileno(), select.POLLIN)
        if not watched.poll(1000 * ANSWER_SECONDS):
            raise ParentGone
        answer, told, _, _ = self._socket.recvmsg(TOLD.size, socket.CMSG_SPACE(4), socket.MSG_CMSG_CLOEXEC)
        handles = array.array("i")
        for _, _, data in told:
            handles.frombytes(data)
        repeated, *numbers = TOLD.unpack(answer) if len(answer) == TOLD.size else (0, 0, 0)
        if repeated != question:
            for handle in handles:
                os.close(handle)
            raise ParentGone
        return numbers[0], numbers[1], list(handles)

    def end(self) -> None:
        """End it; where its workers do not end with it, it first ends what they have left."""
        if self.alive() and not self.takes_all:
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                self._socket.shutdown(socket.SHUT_RDWR)
                self._process.process.wait(LEAVE_SECONDS)
        self._process.end()


class WarmParents:
    """The warm parents of a sandbox: one for each number of threads that libraries are told when they are imported.

    `begin` starts one for limits; what it starts is a worker in all but that it forks others. All methods but `close` are for one thread.
    """

    def __init__(self, begin: Callable[[Limits], LocalWorker], takes_all: bool) -> None:
        """`takes_all`: workers end with their parent, as they lie in its namespace."""
        self._begin, self._takes_all = begin, takes_all
        self._parents: dict[int, WarmParent] = {}
        self.unable = ""
        """Why no worker can be forked here, once the parent has found out that it cannot."""
        self._failed = ""
        """Why the last start of a parent came to nothing, for a reason that may pass."""
        self._pause, self._again_at = FIRST_PAUSE, 0.0
        self._news = News()
        self._told = False
        _all.add(self)

    def listen(self, tell: Callable[[str], None]) -> None:
        """Whom to tell, once, that workers are not forked, and why; from the thread that starts them."""
        self._news.listen(tell)

    def facts(self, instead: str) -> dict[str, str]:
        """Empty where workers are forked, else what there is `instead`, and why."""
        if self.unable:
            return {"workers": f"{instead}, since none can be forked: {self.unable}"}
        if self._failed:
            return {"workers": f"{instead} for now; forking is tried again: {self._failed}"}
        return {}

    def start(self, limits: Limits, told: str, finish: Finish) -> Worker | None:
        """A worker that is ready; None where none can be forked, here or for now. Raises MissingPart where none starts.

        A parent that was ended from outside is replaced; one that does not start is tried again at a later call.
        """
        for _ in range(3):
            parent = self._parent(limits)
            if parent is None:
                return None
            try:
                return ready(parent.fork(told, finish))
            except ParentGone:
                parent.end()
            except Lost:
                pass
            except OSError as error:
                raise MissingPart(
                    f"The sandbox does not start: no process can be forked, {error.strerror}.",
                    "Let fewer programs run at a time.",
                ) from None
            except MissingPart:
                if parent.alive():
                    raise
        raise MissingPart(
            "The sandbox does not start: its parent process was ended again and again.", "See what ends processes here."
        )

    def _parent(self, limits: Limits) -> WarmParent | None:
        """The parent for these limits, started where there is none that lives."""
        key = threads(limits)
        found = self._parents.get(key)
        if found is not None and found.alive():
            return found
        if found is not None:
            found.end()
        if self.unable or time.monotonic() < self._again_at:
            return None
        begun = time.monotonic()
        try:
            self._parents[key] = self._started(limits)
        except NotNow as why:
            self._failed, end = str(why), time.monotonic()
            self._again_at = end + max(self._pause, PAUSES * (end - begun))
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
        except Unable as why:
            self.unable = str(why)
        else:
            self._failed, self._pause = "", FIRST_PAUSE
            return self._parents[key]
        if not self._told:
            self._told = True
            self._news.tell(
                "Each worker is an interpreter of its own, which takes longer to start than one that is forked: "
                f"{(self.unable or self._failed).rstrip('.')}."
            )
        return None

    def _started(self, limits: Limits) -> WarmParent:
        """A new parent. Raises Unable, NotNow."""
        try:
            process = self._begin(limits)
        except MissingPart as error:
            raise NotNow(str(error)) from None
        try:
            told = first_words(process)
        except (WorkerGone, OutOfTime, ValueError) as error:
            detail = " ".join(process.words().split()) or str(error) or "it says nothing"
            process.end()
            raise NotNow(f"the parent of all workers does not start: {detail}") from None
        except BaseException:
            process.end()
            raise
        if told.get("status") != "ready":
            process.end()
            raise (NotNow if told.get("passing") else Unable)(str(told.get("why")))
        if not process.alive():  # what bubblewrap has begun may go on for a while when it was ended itself
            process.end()
            raise NotNow("the parent of all workers does not start: it was ended from outside")
        return WarmParent(process, self._takes_all)

    def close(self) -> None:
        """End the parents; workers in namespaces end with them."""
        parents, self._parents = list(self._parents.values()), {}
        for parent in parents:
            parent.end()

    def forget(self) -> None:
        """In a process that was forked: the parents are the other's."""
        self._parents = {}


def _forked() -> None:
    for parents in _all:
        parents.forget()


os.register_at_fork(after_in_child=_forked)
