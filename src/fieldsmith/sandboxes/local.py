"""Workers that are processes of this machine, connected by a pair of sockets that nothing else can reach."""

import contextlib
import os
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from fieldsmith.errors import MissingPart
from fieldsmith.sandboxes.channel import SocketChannel
from fieldsmith.sandboxes.session import UNCLEAN, Worker


class LocalWorker(Worker):
    """A worker with its process; `finish` is what a backend does to end it and clear up."""

    address_space_limit = True

    def __init__(
        self,
        process: "subprocess.Popen[bytes]",
        ours: socket.socket,
        finish: Callable[["subprocess.Popen[bytes]"], None],
    ) -> None:
        self.process, self.channel, self._finish = process, SocketChannel(ours), finish
        self._ended = False

    def alive(self) -> bool:
        return self.process.poll() is None

    def ended_for(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return "outside" if self.process.wait(5.0) == UNCLEAN else ""
        return ""

    def end(self) -> None:
        if not self._ended:
            self._ended = True
            self._finish(self.process)
            self.channel.close()
            if self.process.stderr is not None:
                self.process.stderr.close()

    def words(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(2.0)
        if self.process.poll() is None or self.process.stderr is None:
            return ""
        os.set_blocking(self.process.stderr.fileno(), False)  # something it has left may still hold the other end
        with contextlib.suppress(BlockingIOError):
            return os.read(self.process.stderr.fileno(), 4000).decode("utf-8", "replace")
        return ""


def launch(
    command: Callable[[str], Sequence[str]],
    finish: Callable[["subprocess.Popen[bytes]"], None],
    *,
    environment: Mapping[str, str],
    folder: Path | None = None,
) -> LocalWorker:
    """Start `command(channel)`, where `channel` names the worker's end of a new pair of sockets. Raises MissingPart where no process can be started."""
    with contextlib.ExitStack() as opened:
        try:
            ours, theirs = map(opened.enter_context, socket.socketpair())
            process = subprocess.Popen(
                command(str(theirs.fileno())),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                cwd=folder,
                env=dict(environment),
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        except OSError as error:
            raise MissingPart(
                f"The sandbox does not start: no process can be started ({error}).", "Let fewer programs run at a time."
            ) from None
        opened.pop_all()
        theirs.close()
    return LocalWorker(process, ours, finish)
