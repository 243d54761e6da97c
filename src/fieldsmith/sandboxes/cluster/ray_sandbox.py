"""The sandbox of a Ray cluster: each session takes a place on some node; one that dies is replaced by one elsewhere."""

import contextlib
import itertools
import os
import signal
import socket
import threading
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from fieldsmith.errors import InputError, MissingPart
from fieldsmith.sandboxes.cluster import nodes
from fieldsmith.sandboxes.cluster.place import About, Fault, Wanted
from fieldsmith.sandboxes.cluster.places import Held, Places, cores
from fieldsmith.sandboxes.news import News, Tell
from fieldsmith.sandboxes.sandbox import CallResult, Failure, Limits, Sandbox, Session

ATTEMPTS = 4
"""How many places may die under one call before the cluster is said to be at fault."""
LOOK_SECONDS = 0.2
"""How soon a call hears that its session was closed."""
REACH_SECONDS = 10.0
ENDED = Failure("Ended", "The session is closed.")


class ClusterSandbox(Sandbox):
    """Programs run on the nodes of a Ray cluster, each in the sandbox that all of them have.

    `cpus`, `gpus` and the limit of memory are asked of Ray for each place; there are at most `most` places. Made by `connect`.
    """

    def __init__(
        self, ray: Any, wanted: Wanted, like: About, places: Places, count: int, address: str, news: News
    ) -> None:
        self._ray, self._like, self._places = ray, like, places
        self.name, self.isolates, self.denies = like.sandbox, like.isolates, like.denies
        self.reason = f"on {count} node{'s' if count != 1 else ''} of the Ray cluster at {address}"
        self._facts = {
            "cluster": f"Ray {ray.__version__}, {count} node{'s' if count != 1 else ''}",
            **(like.facts or {}),
        }
        self._numbers = itertools.count(1)
        self._news = news
        self.inputs = Inputs(ray)

    @property
    def places(self) -> Places:
        return self._places

    def open(self, limits: Limits) -> "ClusterSession":
        own = replace(limits, cpus=min(limits.cpus, self._places.needs.cpus))
        return ClusterSession(self._ray, self._places, self.inputs, next(self._numbers), own)

    def expect(self, limits: Limits, count: int) -> None:
        self._places.expect(limits, count)

    def listen(self, tell: Tell) -> None:
        self._news.listen(tell)

    def facts(self) -> dict[str, str]:
        return self._facts

    def image_facts(self) -> dict[str, str]:
        return dict(self._like.image or {})

    def libraries(self) -> tuple[str, ...]:
        return self._like.libraries

    def close(self) -> None:
        self._places.close()


class Inputs:
    """Arrays that were put into Ray's store, once for each that cannot be written to."""

    def __init__(self, ray: Any) -> None:
        self._ray, self._lock = ray, threading.Lock()
        self._stored: dict[int, tuple[weakref.ref[np.ndarray], Any]] = {}

    def stored(self, value: np.ndarray | float) -> Any:
        """What to hand to a call for this input. Raises InputError for an array that is not of real numbers."""
        if not isinstance(value, np.ndarray):
            return float(value)
        if value.dtype.kind not in "fiub" or isinstance(value, np.ma.MaskedArray):
            kind = "a masked array" if isinstance(value, np.ma.MaskedArray) else f"an array of {value.dtype}"
            raise InputError(f"An input is {kind}.", "Give an array of real numbers.")
        if value.flags.writeable:
            return value
        with self._lock:
            held = self._stored.get(id(value))
            if held is None or held[0]() is not value:
                key = id(value)
                gone = weakref.ref(value, lambda _: self._stored.pop(key, None))
                held = self._stored[key] = gone, self._ray.put(value)
            return held[1]


class ClusterSession(Session):
    """Calls of one program at one place; where that is lost, at another."""

    def __init__(self, ray: Any, places: Places, inputs: Inputs, number: int, limits: Limits) -> None:
        self._ray, self._places, self._inputs = ray, places, inputs
        self._number, self._limits = number, limits
        self._held: Held | None = None
        self._closed = threading.Event()
        self._calling = threading.Lock()

    def call(
        self,
        program: str,
        function: str,
        inputs: Mapping[str, np.ndarray | float],
        results: Mapping[str, tuple[int, ...]],
        seconds: float | None = None,
    ) -> CallResult:
        values = [self._inputs.stored(value) for value in inputs.values()]
        asked = (self._number, self._limits, program, function, tuple(inputs), dict(results), seconds, *values)
        with self._calling:
            for _ in range(ATTEMPTS):
                try:
                    answer = self._asked(asked)
                except self._ray.exceptions.RayError as lost:
                    self._lose(lost)
                    continue
                if isinstance(answer, CallResult) and answer.failure == ENDED and not self._closed.is_set():
                    self._lose(RuntimeError("ended from outside"))  # no verdict on the program
                    continue
                if isinstance(answer, Fault):
                    raise (InputError if answer.given else MissingPart)(answer.message, answer.hint)
                return answer
        raise MissingPart(
            f"{ATTEMPTS} places of the Ray cluster were lost, one after another, under one call of a program.",
            "See `ray status` and the nodes' memory, then repeat the same command: it resumes.",
        )

    def _asked(self, asked: tuple[Any, ...]) -> CallResult | Fault:
        """The answer of the place, or that of a session that is closed. Raises RayError if the place is lost."""
        while self._held is None:
            if self._closed.is_set():
                return CallResult("crashed", failure=ENDED)
            self._held = self._places.taken(LOOK_SECONDS)
        held = self._held
        waiting = held.actor.call.remote(*asked)
        told = False
        while True:
            done, _ = self._ray.wait([waiting], timeout=LOOK_SECONDS)
            if done:
                return self._ray.get(waiting)
            if self._closed.is_set() and not told:
                held.actor.end.remote(self._number)
                told = True

    def _lose(self, error: Exception) -> None:
        held, self._held = self._held, None
        if held is not None:
            self._places.lost(held, error)

    def close(self) -> None:
        self._closed.set()
        # A call that is under way in another thread hears of it and is ended there; the place goes back after it.
        if self._calling.acquire(blocking=False):
            try:
                self._give_back()
            finally:
                self._calling.release()
        else:
            threading.Thread(target=self._give_back_later, daemon=True).start()

    def _give_back_later(self) -> None:
        with self._calling:
            self._give_back()

    def _give_back(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            held.actor.end.remote(self._number)
            self._places.back(held)

    @property
    def closed(self) -> bool:
        return self._closed.is_set()


def connect(address: str, wanted: Wanted, cpus: float, most: int) -> ClusterSandbox:
    """The sandbox of the cluster at that address; without one that of RAY_ADDRESS, or one that is started on this machine.

    Asks every node what it has; those that are not used are told of. There are at most `most` places. Raises MissingPart without Ray, a cluster that
    answers, or a node that can be used.
    """
    ray = started(address)
    here = nodes.alive(ray, cpus, 1.0 if wanted.gpus else 0.0)
    if not here:
        raise MissingPart(
            f"No node of the Ray cluster has {cores(cpus)}{' and a GPU' if wanted.gpus else ''} for a program.",
            "Add one, or ask for less with --cpus.",
        )
    news = News()
    good = nodes.agreeing(nodes.ask(ray, wanted, here), None, news.tell)
    if not good:
        told: list[str] = []
        news.listen(told.append)
        raise MissingPart(
            f"No node of the Ray cluster can run programs. {' '.join(told)}",
            "Each needs Fieldsmith, and Docker with the image (`fieldsmith sandbox build`) or bubblewrap: `fieldsmith doctor` there tells.",
        )
    like = good[0]
    settled = replace(wanted, sandbox=like.sandbox)
    bad = {node for node in here if node not in {one.node for one in good}}
    places = Places(ray, settled, like, cpus, most, bad, news.tell)
    where = address or ray.get_runtime_context().gcs_address
    return ClusterSandbox(ray, settled, like, places, len(good), where, news)


def started(address: str) -> Any:
    """The package Ray, connected. Raises MissingPart."""
    try:
        import ray
    except ImportError:
        raise MissingPart("The engine ray needs the package ray.", "pip install 'fieldsmith[ray]'") from None
    if ray.is_initialized():
        return ray
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    where = address or os.environ.get("RAY_ADDRESS", "")
    own: dict[str, Any] = {} if where else {"include_dashboard": False}
    try:
        _reach(where)
        with _own_signals():
            ray.init(where or "local", namespace="fieldsmith", log_to_driver=False, configure_logging=False, **own)
    except (ConnectionError, ValueError, RuntimeError, OSError) as error:
        named = f"{where} (RAY_ADDRESS)" if where and not address else where
        words = f"No Ray cluster answers at {named}" if where else "No Ray cluster can be started here"
        raise MissingPart(
            f"{words}: {nodes.first_line(error).rstrip('.')}.",
            "Start one with `ray start --head` and give --address HOST:PORT; without an address and without RAY_ADDRESS one of this machine alone is started.",
        ) from None
    _hush()
    return ray


def _reach(address: str) -> None:
    """Raises OSError where nothing listens at HOST:PORT: Ray itself would try for minutes. ValueError for what is no address."""
    if not address or address == "auto" or "://" in address:
        return
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal():
        raise ValueError("an address is HOST:PORT, or auto")
    socket.create_connection((host.strip("[]"), int(port)), REACH_SECONDS).close()


def _hush() -> None:
    """Ray prints what happens to nodes to standard output, where our events go, and has no switch for it; we tell it in our own words."""
    from ray._private import worker

    if hasattr(worker, "print_to_stdstream"):
        worker.print_to_stdstream = lambda *_, **__: None


@contextlib.contextmanager
def _own_signals() -> Iterator[None]:
    """Ray sets a handler for SIGTERM of its own; how a run ends by a signal is ours."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
