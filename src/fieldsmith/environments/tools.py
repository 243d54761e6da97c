"""What an action's code is handed: randomness, programs, sandboxes, artifacts, and the time that is left."""

import contextlib
import functools
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fieldsmith.environments.action import Needs
from fieldsmith.environments.host import Host
from fieldsmith.environments.observation import Artifact, Lacking, OutOfTime, ToolFailed
from fieldsmith.sandboxes.owner import temporary_folder
from fieldsmith.sandboxes.sandbox import Limits, Session
from fieldsmith.sandboxes.watched import end_group, watched

POLL = 0.05
MOST_READ = 10_000_000
"""Bytes of each output of a program that are kept, the last ones."""


@dataclass(frozen=True)
class Ran:
    """What came of a program: its exit code and what it wrote."""

    code: int
    stdout: str
    stderr: str
    seconds: float


class Tools:
    """For one step. `rng` gives the same numbers whenever the step is taken again."""

    def __init__(self, host: Host, needs: Needs, seed: Sequence[int], make_folder: Callable[[], Path]) -> None:
        self.host, self.needs = host, needs
        self._make_folder = make_folder
        self.rng = np.random.default_rng(list(seed))
        self.kept: list[Artifact] = []
        self._end = time.monotonic() + needs.seconds

    @functools.cached_property
    def folder(self) -> Path:
        """An empty folder that goes with the step."""
        return self._make_folder()

    @property
    def left(self) -> float:
        """Seconds until the step has taken as long as it may."""
        return self._end - time.monotonic()

    def check(self) -> None:
        """Raises OutOfTime where the time is over, InterruptedError where everything ends: for loops that take long."""
        if self.host.stopped.is_set():
            raise InterruptedError("stopped in the middle of a step")
        if self.left <= 0.0:
            raise OutOfTime(
                f"The step took longer than the {self.needs.seconds:g} s that it may.", "Ask for less work."
            )

    def tell(self, words: str, share: float | None = None) -> None:
        """Say what the step is at, and the share done, 0 to 1, if it is known."""
        self.host.told(words, share)

    def run(
        self,
        words: Sequence[str | Path],
        stdin: str = "",
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        must_succeed: bool = True,
    ) -> Ran:
        """Run a program of this machine, without a shell, in `folder` unless `cwd` names another; `env` is added to the environment.

        When the step's time is over, it is ended with all that it has started. Raises Lacking for a program that is not found, OutOfTime, and
        ToolFailed for an exit code other than 0 unless `must_succeed` is false.
        """
        first = shutil.which(str(words[0]))
        if first is None:
            raise Lacking(f"The program {str(words[0])!r} is not found.", "Install it on this machine.")
        begun = time.monotonic()
        surroundings = {**os.environ, **env} if env else None
        with watched([first, *map(str, words[1:])], cwd=cwd or self.folder, env=surroundings) as process:
            out, err = self._talk(process, stdin.encode("utf-8", "replace"))
        ran = Ran(process.returncode, _text(out), _text(err), time.monotonic() - begun)
        if must_succeed and ran.code:
            said = " ".join((ran.stderr or ran.stdout).split())[-400:]
            told = f", saying: {said}" if said else " and said nothing"
            raise ToolFailed(f"{Path(first).name} ended with exit code {ran.code}{told}")
        return ran

    def _talk(self, process: "subprocess.Popen[bytes]", given: bytes) -> tuple[bytes, bytes]:
        waiting: bytes | None = given
        while True:
            try:
                return process.communicate(waiting, timeout=POLL)
            except subprocess.TimeoutExpired:
                waiting = None
            if process.poll() is not None:  # what it leaves behind may hold its pipes for ever
                end_group(process)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    return process.communicate(timeout=1.0)
                return b"", b""
            self.check()

    @contextlib.contextmanager
    def session(self, limits: Limits | None = None) -> Iterator[Session]:
        """A place for one untrusted program, in the image that the action names.

        Raises Lacking where there is no such sandbox on this machine.
        """
        needs = self.needs
        usual = Limits(seconds=max(0.001, self.left), memory_mb=needs.memory_mb, cpus=float(needs.cores))
        with self.host.sandbox_with(needs.image).open(limits or usual) as session:
            yield session

    def keep(self, name: str, content: str | bytes, kind: str = "text/plain", caption: str = "") -> Artifact:
        """Keep something that people may look at, and that later steps find by `content`."""
        data = content.encode("utf-8", "replace") if isinstance(content, str) else content
        artifact = Artifact(name, kind, self.host.keep(data), caption)
        self.kept.append(artifact)
        return artifact

    def content(self, artifact: Artifact | str) -> bytes:
        """What an artifact of an earlier step, or one of that digest, holds. Raises InputError where it is not kept here."""
        return self.host.content(artifact)


def _text(output: bytes) -> str:
    return output[-MOST_READ:].decode("utf-8", "replace")


@contextlib.contextmanager
def tools_for(host: Host, needs: Needs, seed: Sequence[int]) -> Iterator[Tools]:
    """Tools for one step, whose folder is removed at its end."""
    with contextlib.ExitStack() as stack:
        yield Tools(host, needs, seed, lambda: stack.enter_context(temporary_folder()))
