"""What runs on a node: one sandbox there, and in it one program at a time."""

import os
import platform
import threading
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

import fieldsmith
from fieldsmith import sandboxes
from fieldsmith.errors import FieldsmithError, InputError
from fieldsmith.sandboxes.sandbox import CallResult, Denied, Limits, Sandbox, Session


@dataclass(frozen=True)
class Wanted:
    """Which sandbox the nodes are to have; as for `sandboxes.choose`."""

    sandbox: str = "auto"
    trusted: bool = False
    image: str = "base"
    runtime: str = ""
    gpus: str = ""

    def choose(self) -> Sandbox:
        return sandboxes.choose(self.sandbox, self.trusted, self.image, self.runtime, _assigned(self.gpus))


@dataclass(frozen=True)
class About:
    """What a node has. `lacks` says why it cannot be used, with what mends it; empty where it can."""

    node: str
    host: str
    lacks: str = ""
    sandbox: str = ""
    isolates: bool = True
    denies: tuple[Denied, ...] = ()
    libraries: tuple[str, ...] = ()
    facts: Mapping[str, str] | None = None
    image: Mapping[str, str] | None = None
    version: str = fieldsmith.__version__


@dataclass(frozen=True)
class Fault:
    """An error of a call that is not the program's; kept as data, since errors lose their parts on the way."""

    message: str
    hint: str
    given: bool
    """Whether what was given is wrong, and not the node."""


def about(node: str, wanted: Wanted) -> About:
    """What this node has, asked on it."""
    host = platform.node()
    try:
        with wanted.choose() as sandbox:
            return _about(node, host, sandbox)
    except FieldsmithError as error:
        return About(node, host, str(error))


def _about(node: str, host: str, sandbox: Sandbox) -> About:
    facts, image = sandbox.facts(), sandbox.image_facts()
    libraries = sandbox.libraries()
    return About(node, host, "", sandbox.name, sandbox.isolates, sandbox.denies, libraries, facts, image)


class Place:
    """Holds the resources that Ray has given it, for one program after the other; each has a fresh worker.

    `call` and `end` may come at the same time, from two threads.
    """

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._sandbox: Sandbox | None = None
        self._session: Session | None = None
        self._number = 0
        self._ended: set[int] = set()
        """Sessions that were ended before their first call came."""
        self._lock = threading.Lock()

    def about(self) -> About:
        """What the node has that Ray chose; asked before anything else."""
        import ray

        node, host = ray.get_runtime_context().get_node_id(), platform.node()
        try:
            self._sandbox = self._wanted.choose()
            return _about(node, host, self._sandbox)
        except FieldsmithError as error:
            return About(node, host, str(error))

    def call(
        self,
        number: int,
        limits: Limits,
        program: str,
        function: str,
        names: tuple[str, ...],
        results: Mapping[str, tuple[int, ...]],
        seconds: float | None,
        *values: np.ndarray | float,
    ) -> CallResult | Fault:
        """A call in the session of that number, which begins with its first call and ends the one before.

        `values` are the inputs in the order of `names`: Ray hands over what was put into its store only where it is an argument.
        """
        try:
            session = self._opened(number, limits)
            return session.call(program, function, dict(zip(names, values, strict=True)), results, seconds)
        except FieldsmithError as error:
            return Fault(error.message, error.hint, isinstance(error, InputError))

    def _opened(self, number: int, limits: Limits) -> Session:
        assert self._sandbox is not None, "asked before `about`"
        with self._lock:
            if self._session is None or number != self._number:
                if self._session is not None:
                    self._session.close()
                self._session, self._number = self._sandbox.open(limits), number
                if number in self._ended:
                    self._ended.discard(number)
                    self._session.close()
                self._sandbox.expect(limits, 1)  # the next program's worker starts while this one runs
            return self._session

    def end(self, number: int) -> None:
        """Close the session of that number, a call in it included; one that is yet to begin will be closed."""
        with self._lock:
            session = self._session if number == self._number else None
            if session is None:
                self._ended.add(number)
        if session is not None:
            session.close()

    def close(self) -> None:
        """Leave nothing on the node."""
        self.end(self._number)
        if self._sandbox is not None:
            self._sandbox.close()


def _assigned(gpus: str) -> str:
    """The GPUs that Ray has given to this process, in the words of `docker run --gpus`, in place of `all`."""
    given = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    return f'"device={given}"' if gpus and given else gpus
