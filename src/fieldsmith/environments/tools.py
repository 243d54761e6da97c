"""What an action's code is handed: randomness, programs, sandboxes, artifacts, and the time that is left."""

import contextlib
import functools
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from fieldsmith.environments.action import Needs
from fieldsmith.environments.host import Host
from fieldsmith.environments.observation import Artifact, Lacking, OutOfTime, ToolFailed
from fieldsmith.environments.programs import Ran, run_program, surroundings
from fieldsmith.sandboxes.owner import temporary_folder
from fieldsmith.sandboxes.sandbox import Limits, Session

MEASURING = 1
"""Sets the random numbers of figures apart from those of actions."""


class Tools:
    """For one step. `rng` gives the same numbers whenever the step is taken again."""

    def __init__(self, host: Host, needs: Needs, seed: Sequence[int], make_folder: Callable[[], Path]) -> None:
        self.host, self.needs = host, needs
        self._make_folder = make_folder
        self._seed = tuple(seed)
        self.rng = np.random.default_rng(self._seed)
        self.kept: list[Artifact] = []
        self._end = time.monotonic() + needs.seconds

    def reseed(self) -> None:
        """For the figures of a state: their random numbers are the episode's, so that equal states have equal figures in whatever step."""
        self.rng = np.random.default_rng((self._seed[0], 0, MEASURING))

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
        """Run a program of this machine, without a shell, in `folder` unless `cwd` names another.

        Of the environment variables it gets the harmless ones, those that the action's needs name, and `env`. When the step's time is over,
        it is ended with all that it has started. Raises Lacking for a program that is not found, OutOfTime, and
        ToolFailed for an exit code other than 0 unless `must_succeed` is false.
        """
        first = shutil.which(str(words[0]))
        if first is None:
            raise Lacking(f"The program {str(words[0])!r} is not found.", "Install it on this machine.")
        ran = run_program(
            [first, *map(str, words[1:])],
            stdin.encode("utf-8", "replace"),
            cwd or self.folder,
            surroundings(self.needs.variables, env),
            self.check,
        )
        if must_succeed and ran.code:
            said = " ".join((ran.stderr or ran.stdout).split())[-400:]
            told = f", saying: {said}" if said else " and said nothing"
            raise ToolFailed(f"{Path(first).name} ended with exit code {ran.code}{told}")
        return ran

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


@contextlib.contextmanager
def tools_for(host: Host, needs: Needs, seed: Sequence[int]) -> Iterator[Tools]:
    """Tools for one step, whose folder is removed at its end."""
    with contextlib.ExitStack() as stack:
        yield Tools(host, needs, seed, lambda: stack.enter_context(temporary_folder()))
