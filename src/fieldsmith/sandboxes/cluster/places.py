"""The places of a cluster that a run holds: actors with resources, lent to one session after the other."""

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fieldsmith.errors import MissingPart
from fieldsmith.sandboxes.cluster import nodes
from fieldsmith.sandboxes.cluster.nodes import first_line
from fieldsmith.sandboxes.cluster.place import About, Place, Wanted
from fieldsmith.sandboxes.sandbox import Limits

STILLBORN = 8
"""How many places one after another may fail to start before the cluster is said to be at fault."""
IDLE_SECONDS = 30.0
"""After so long without a program a place gives its resources back."""
WAITING_NOTE_SECONDS = 30.0
"""After so long without a place the person hears of it."""
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Needs:
    """What Ray keeps free for one place: cores, GPUs (a number), bytes of memory."""

    cpus: float
    gpus: float
    memory: int


@dataclass(eq=False)
class Held:
    """An actor and, once it has started, the node it is on."""

    actor: Any
    born: Any
    node: str = ""
    turn: int = 0
    """How often it was given back."""


def cores(count: float) -> str:
    return f"{count:g} core{'s' if count != 1 else ''}"


class Places:
    """At most `most` places, made when they are asked for. Those that wait for resources do so in Ray, which an autoscaler sees."""

    def __init__(
        self, ray: Any, wanted: Wanted, like: About, cpus: float, most: int, bad: set[str], tell: Tell
    ) -> None:
        self._ray, self._wanted, self._like, self._tell = ray, wanted, like, tell
        self.needs, self._most = Needs(cpus, 1.0 if wanted.gpus else 0.0, 0), most
        self._bad, self._known = bad, set(nodes.alive(ray)) - bad
        self._free: deque[Held] = deque()
        self._coming: list[Held] = []
        self._lent: set[Held] = set()
        self._takers = 0
        self._lock = threading.Lock()
        self._since = time.monotonic()
        self._stillborn = 0

    def expect(self, limits: Limits, count: int) -> None:
        """Begin to make places for that many programs."""
        with self._lock:
            self.needs = Needs(self.needs.cpus, self.needs.gpus, limits.memory_mb * 2**20)
            while count > self._all and self._all < self._most:
                self._make()

    @property
    def _all(self) -> int:
        return len(self._free) + len(self._coming) + len(self._lent)

    def taken(self, patience: float) -> Held | None:
        """A free place, or None if none comes in so many seconds. Raises MissingPart if none starts any more."""
        with self._lock:
            self._takers += 1
            if not self._free and self._takers > len(self._coming) and self._all < self._most:
                self._make()
            coming = {held.born: held for held in self._coming}
        try:
            if coming and not self._free:
                for born in self._ray.wait(list(coming), timeout=patience)[0]:
                    self._arrived(coming[born])
            elif not self._free:
                time.sleep(patience / 4)
        finally:
            with self._lock:
                self._takers -= 1
        with self._lock:
            if not self._free:
                self._say_waiting()
                return None
            self._since = time.monotonic()
            held = self._free.popleft()
            self._lent.add(held)
            return held

    def _make(self) -> None:
        """One more place, on any node that was not found unfit."""
        avoid = {"ray.io/node-id": f"!in({','.join(sorted(self._bad))})"} if self._bad else {}
        actor = (
            self._ray.remote(Place)
            .options(
                num_cpus=self.needs.cpus,
                num_gpus=self.needs.gpus,
                memory=self.needs.memory,
                max_restarts=0,
                max_concurrency=2,
                label_selector=avoid or None,
            )
            .remote(self._wanted)
        )
        self._coming.append(Held(actor, actor.about.remote()))

    def _arrived(self, held: Held) -> None:
        """A place that has started, or failed to. Whoever hears of it first takes it up."""
        with self._lock:
            if held not in self._coming:
                return
            self._coming.remove(held)
        if not self._fit(held):
            self._end(held)
            self._stillborn += 1
            if self._stillborn >= STILLBORN and not self._lent and not self._free:
                raise MissingPart(
                    f"{STILLBORN} places of the Ray cluster failed to start, one after another.",
                    "See `ray status` and the messages above, then repeat the same command: it resumes.",
                )
            return
        with self._lock:
            self._stillborn = 0
            self._free.append(held)

    def _fit(self, held: Held) -> bool:
        """Whether a place that has been made can be used; a node that joined later is looked at as the first ones were."""
        try:
            told: About = self._ray.get(held.born)
        except self._ray.exceptions.RayError as error:
            self._tell(f"A place did not start: {first_line(error)}")
            return False
        held.node = told.node
        if told.node in self._known:
            return True
        fits = bool(nodes.agreeing([told], self._like, self._tell))
        (self._known if fits else self._bad).add(told.node)
        return fits

    def _say_waiting(self) -> None:
        if time.monotonic() - self._since > WAITING_NOTE_SECONDS and not self._lent:
            self._since = time.monotonic()
            self._tell(
                f"No node has room yet: a program wants {cores(self.needs.cpus)} and {self.needs.memory // 2**20} MB."
            )

    def back(self, held: Held) -> None:
        with self._lock:
            if held not in self._lent:
                return
            self._lent.discard(held)
            self._free.append(held)
            held.turn += 1
        watch = threading.Timer(IDLE_SECONDS, self._give_up, [held, held.turn])
        watch.daemon = True
        watch.start()

    def _give_up(self, held: Held, turn: int) -> None:
        """End a place that nobody has taken since: others may want what it holds while replies are awaited."""
        with self._lock:
            if held.turn != turn or held not in self._free:
                return
            self._free.remove(held)
        self._leave([held])

    def lost(self, held: Held, error: Exception) -> None:
        """A place that answers no more; another is made when somebody needs one."""
        with self._lock:
            self._lent.discard(held)
        self._tell(
            f"A place on node {held.node[:8] or '?'} was lost ({type(error).__name__}); what it did is done again elsewhere."
        )
        self._end(held)

    def _end(self, held: Held) -> None:
        with contextlib.suppress(Exception):
            self._ray.kill(held.actor)

    def close(self) -> None:
        """End all places that are free or coming; what runs in them is ended first."""
        with self._lock:
            free, coming = list(self._free), self._coming
            self._free.clear()
            self._coming = []
        self._leave(free)
        for held in coming:
            self._end(held)

    def _leave(self, places: list[Held]) -> None:
        """End places that nobody uses, so that nothing of theirs stays on their nodes."""
        with contextlib.suppress(Exception):
            closing = [held.actor.close.remote() for held in places]
            self._ray.wait(closing, num_returns=len(closing), timeout=10.0) if closing else None
        for held in places:
            self._end(held)
