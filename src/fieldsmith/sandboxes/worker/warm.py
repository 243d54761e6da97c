"""The warm parent: imports once what programs need, and forks a worker for each candidate. No program ever runs in it.

It reads nothing of a candidate, not even what its worker is told, which lies in a memory file that the worker opens: so nothing of one
candidate can be in the memory that the next is forked with. Its host asks it, over its channel, for one of two things: a worker, by three
descriptors (the worker's channel, where its errors go, what it is told), which is answered by its number and a descriptor for it
(pidfd_open(2)); or the exit code of a worker that has ended.
"""

import array
import json
import os
import select
import signal
import socket
import struct
import traceback

from . import calls, life, spaces
from .channel import SocketChannel

ASKED, TOLD = struct.Struct("=cq"), struct.Struct("=qq")
FORK, CODE = b"F", b"C"
UNKNOWN = -1 << 32
GIVEN = 3
"""Descriptors that come with the wish for a worker."""
MOST_CODES = 1000
OWNER_SECONDS = 1.0


def run(setting, channel, owner):
    """Fork workers until the host has gone. `setting["spaces"]` says whether, and how, they are kept apart by namespaces."""
    life.prepare(setting["preload"])
    why = unable(setting["spaces"])
    channel.send({"status": "unable", "why": why} if why else {"status": "ready"})
    if not why:
        Parent(setting["spaces"], channel.socket, owner).run()


def unable(apart):
    """Empty if workers can be forked here, else why not."""
    if not hasattr(os, "pidfd_open"):
        return "this Python knows no pidfd_open"
    try:
        os.close(os.pidfd_open(os.getpid()))
        read, write = os.pipe()
        pid = spaces.forked() if apart else os.fork()
        if pid == 0:
            try:
                if apart:
                    spaces.enter(1 << 20, apart["kept"], apart["mapped"])
                os._exit(0)
            except BaseException as error:
                os.write(write, str(error).encode()[:1000])
            finally:
                os._exit(1)
        os.close(write)
        said = os.read(read, 1000).decode("utf-8", "replace")
        os.close(read)
        return "" if os.waitpid(pid, 0)[1] == 0 else said or "a process that was forked here ended"
    except OSError as error:
        return str(error)


class Parent:
    def __init__(self, apart, control, owner):
        self.apart, self.control, self.owner = apart, control, owner
        self.workers, self.codes = {}, {}
        # Workers outlive a parent that is killed, where they are not in its namespace; they end with the host.
        self.host = os.pidfd_open(owner) if owner else None
        self.poll = select.poll()
        for descriptor in filter(None, (control.fileno(), self.host)):
            self.poll.register(descriptor, select.POLLIN)
        life.guard.prctl(life.PR_SET_CHILD_SUBREAPER, 1)

    def run(self):
        while os.getppid() == self.owner:
            for descriptor, _ in self.poll.poll(1000 * OWNER_SECONDS):
                if descriptor == self.host:
                    return
                if descriptor == self.control.fileno():
                    if not self.serve():
                        return
                else:
                    self.ended(descriptor)

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
        what, pid = ASKED.unpack(asked)
        if what == FORK:
            self.fork(list(given))
        else:
            self.control.sendall(TOLD.pack(pid, self.codes.get(pid, UNKNOWN)))
        return True

    def fork(self, given):
        try:
            pid = spaces.forked() if self.apart else os.fork()
        except OSError as error:
            pid, number = -1, error.errno or -1
        if pid == 0:
            self.become(given)
        for descriptor in given:
            os.close(descriptor)
        if pid < 0:
            self.control.sendall(TOLD.pack(pid, number))
            return
        handle = os.pidfd_open(pid)
        self.codes.pop(pid, None)  # of a worker that has had this number before
        self.workers[handle] = pid
        self.poll.register(handle, select.POLLIN)
        passed = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [handle]))]
        self.control.sendmsg([TOLD.pack(pid, 0)], passed)

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
        """Note how a worker ended, and end what it has left, which is now handed to this process."""
        self.poll.unregister(handle)
        os.close(handle)
        pid = self.workers.pop(handle)
        try:
            self.codes[pid] = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        except ChildProcessError:
            pass
        while len(self.codes) > MOST_CODES:
            del self.codes[next(iter(self.codes))]
        for left in set(calls.children()) - set(self.workers.values()):
            try:
                os.kill(left, signal.SIGKILL)
                os.waitpid(left, 0)
            except OSError:
                pass


def reseed():
    """Numbers by chance of this worker's own, where what was imported has drawn its first ones already."""
    import sys

    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed(int.from_bytes(os.urandom(4), "little"))
