"""The warm parent: imports once what programs need, and forks a worker for each candidate. No program ever runs in it.

It reads nothing of a candidate, not even what its worker is told, which lies in a memory file that the worker opens: so nothing of one
candidate can be in the memory that the next is forked with. Its host asks it, over its channel, for one of two things: a worker, by three
descriptors (the worker's channel, where its errors go, what it is told), which is answered by its number and a descriptor for it
(pidfd_open(2)); or the exit code of a worker that has ended. Each question has a number, which the answer repeats.
"""

import array
import errno
import json
import os
import select
import signal
import socket
import struct
import time
import traceback

from . import calls, life, spaces
from .channel import SocketChannel

ASKED, TOLD = struct.Struct("=qcq"), struct.Struct("=qqq")
FORK, CODE = b"F", b"C"
UNKNOWN = -1 << 32
GIVEN = 3
"""Descriptors that come with the wish for a worker."""
MOST_CODES = 1000
OWNER_SECONDS = 1.0
LEFT_SECONDS = 0.005
PASSING = {errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.EINTR}
"""Errors of what may well be done a little later."""
FOR_NOW = 75
"""Exit code for one of these (EX_TEMPFAIL of sysexits.h)."""


def run(setting, channel, owner):
    """Fork workers until the host has gone. `setting["spaces"]` says whether, and how, they are kept apart by namespaces."""
    life.prepare(setting["preload"])
    why, passing = unable(setting["spaces"])
    channel.send({"status": "unable", "why": why, "passing": passing} if why else {"status": "ready"})
    if not why:
        parent = Parent(setting["spaces"], channel.socket, owner)
        parent.run()
        parent.leave()


def unable(apart):
    """Empty if workers can be forked here, else why not; and whether that may be otherwise a little later."""
    if not hasattr(os, "pidfd_open"):
        return "this Python knows no pidfd_open", False
    try:
        os.close(os.pidfd_open(os.getpid()))
        read, write = os.pipe()
        pid = spaces.forked() if apart else os.fork()
        if pid == 0:
            code = 1
            try:
                if apart:
                    spaces.enter(1 << 20, apart["kept"], apart["mapped"])
                code = 0
            except BaseException as error:
                code = FOR_NOW if getattr(error, "errno", None) in PASSING else 1
                os.write(write, str(error).encode()[:1000])
            finally:
                os._exit(code)
        os.close(write)
        said = os.read(read, 1000).decode("utf-8", "replace")
        os.close(read)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        # One that was ended from outside (a negative code) has not found out anything.
        return "" if code == 0 else said or "a process that was forked here ended", code < 0 or code == FOR_NOW
    except OSError as error:
        return str(error), error.errno in PASSING


class Parent:
    def __init__(self, apart, control, owner):
        self.apart, self.control, self.owner = apart, control, owner
        self.workers, self.codes = {}, {}
        self.pause = 0.0  # until it is looked again for what workers have left; 0 where nothing is
        # Workers outlive a parent that is killed, where they are not in its namespace; they end with the host.
        self.host = os.pidfd_open(owner) if owner else None
        self.poll = select.poll()
        for descriptor in filter(None, (control.fileno(), self.host)):
            self.poll.register(descriptor, select.POLLIN)
        life.guard.prctl(life.PR_SET_CHILD_SUBREAPER, 1)

    def run(self):
        while os.getppid() == self.owner:
            if self.pause:
                self.end_left()
            for descriptor, _ in self.poll.poll(1000 * (self.pause or OWNER_SECONDS)):
                if descriptor == self.host:
                    return
                if descriptor == self.control.fileno():
                    if not self.serve():
                        return
                else:
                    self.ended(descriptor)

    def leave(self):
        """End this process, after what workers have left, as far as that gives way at once."""
        end = time.monotonic() + OWNER_SECONDS
        self.pause = LEFT_SECONDS  # it may not have heard yet of a worker that has ended
        while self.pause and time.monotonic() < end:
            self.end_left()
            time.sleep(LEFT_SECONDS)
        os._exit(0)

    def serve(self):
        """Do what the host asks; False when it has gone."""
        given = array.array("i")
        try:
            asked, passed, _, _ = self.control.recvmsg(
                ASKED.size, socket.CMSG_SPACE(GIVEN * given.itemsize), socket.MSG_WAITALL | socket.MSG_CMSG_CLOEXEC
            )
        except OSError:
            return False
        for level, kind, data in passed:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                given.frombytes(data[: len(data) - len(data) % given.itemsize])
        if len(asked) < ASKED.size:
            return False
        question, what, pid = ASKED.unpack(asked)
        if what == FORK:
            self.fork(question, list(given))
        else:
            self.control.sendall(TOLD.pack(question, pid, self.codes.get(pid, UNKNOWN)))
        return True

    def fork(self, question, given):
        try:
            pid = spaces.forked() if self.apart else os.fork()
        except OSError as error:
            pid, number = -1, error.errno or -1
        if pid == 0:
            self.become(given)
        for descriptor in given:
            os.close(descriptor)
        if pid < 0:
            self.control.sendall(TOLD.pack(question, pid, number))
            return
        handle = os.pidfd_open(pid)
        self.codes.pop(pid, None)  # of a worker that has had this number before
        self.workers[handle] = pid
        self.poll.register(handle, select.POLLIN)
        passed = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [handle]))]
        self.control.sendmsg([TOLD.pack(question, pid, 0)], passed)

    def become(self, given):
        """Be the worker; never returns."""
        try:
            channel, errors, told = given
            os.dup2(errors, 1)
            os.dup2(errors, 2)
            for descriptor in (errors, self.control.detach(), *self.workers):
                os.close(descriptor)
            os.setsid()
            setting = json.loads(os.pread(told, os.fstat(told).st_size, 0))
            os.close(told)
            if self.apart:
                spaces.enter(setting["scratch_bytes"], self.apart["kept"], self.apart["mapped"])
                life.narrow(setting)
                spaces.powerless()
            else:
                os.environ.update(setting["environment"])
                os.chdir(setting["scratch"][0])
            reseed()
            life.live(setting, SocketChannel(socket.socket(fileno=channel)), self.owned)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)

    def owned(self):
        """Whether the host still lives; where it cannot be seen from here, it takes the whole namespace with it."""
        return self.host is None or not select.select([self.host], [], [], 0)[0]

    def ended(self, handle):
        """Note how a worker ended; what it has left is now handed to this process."""
        self.poll.unregister(handle)
        os.close(handle)
        pid = self.workers.pop(handle)
        self.pause = LEFT_SECONDS
        try:
            self.codes[pid] = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        except ChildProcessError:
            pass
        while len(self.codes) > MOST_CODES:
            del self.codes[next(iter(self.codes))]

    def end_left(self):
        """End what workers have left, time and again until there is none: what one of these has started is handed on as it ends.

        None is waited for: one that the kernel does not let go must not keep this process from its work.
        """
        left = set(calls.children()) - set(self.workers.values())
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, os.WNOHANG)
            except OSError:
                pass
        self.pause = min(2 * self.pause, OWNER_SECONDS) if left else 0.0


def reseed():
    """Numbers by chance of this worker's own, where what was imported has drawn its first ones already."""
    import sys

    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed(int.from_bytes(os.urandom(4), "little"))
