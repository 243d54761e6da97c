"""One gate for each account at a provider: what one answer tells of its limits, every request heeds.

All models of a process with the same address and key share a gate; all processes of this machine share its pauses by a small file, as
the cells of a benchmark are processes of their own. How many requests are on their way at a time is halved after a rate limit and
grows again with each answer (additive increase, multiplicative decrease: Chiu and Jain, 1989).
"""

import contextlib
import fcntl
import hashlib
import json
import math
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from fieldsmith.files import clear, write_whole
from fieldsmith.folders import cache_folder
from fieldsmith.models.limits import Allowance, allowances

LONGEST = 900.0
"""Seconds that a gate is shut at most, whatever it was told."""
POLL = 0.2
"""Seconds after which a shut gate looks whether it was shut for longer, or by another process."""
WIDE = 64.0
"""Requests at a time from which on their number is not limited any more."""
SPREAD, MOST_SPREAD = 0.25, 5.0
"""Requests that have waited start over so much of the time that they waited, and so many seconds at most, not all at once."""
DAY = 86_400.0
LOCK = ".lock"
"""Beside the files of pauses: held by whoever writes one, as a file that is replaced cannot be locked itself."""
NOTICED = 5.0
"""Seconds of waiting from which on a person is told of it."""
EVERY = ""
"""In place of a model's name: all models of the account."""


class Shut(Exception):
    """A gate is shut for longer than a request may wait."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"shut for {seconds:.0f} s")
        self.seconds = seconds


class Gate:
    """Lets requests pass unless the provider has said that none may. Safe to use from several threads.

    `file` is where pauses are shared with other processes; None shares them with nobody.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file, self._read = file, (0, 0)
        self._lock = threading.Lock()
        self._until: dict[str, float] = {}
        self._allowed: dict[tuple[str, str], tuple[Allowance, float]] = {}
        self._width, self._within, self._epoch, self._streak = math.inf, 0, 0, 0

    @contextlib.contextmanager
    def passed(
        self,
        model: str,
        tokens: int,
        pause: Callable[[float], bool],
        patience: float = LONGEST,
        told: Callable[[float], None] | None = None,
    ) -> Iterator["Passing"]:
        """Waits until a request of so many tokens may go to a model, and counts it as on its way meanwhile.

        `pause` waits so many seconds and says whether to stop; `told` hears once of a wait that a person would notice, in seconds. Raises
        InterruptedError when stopped, Shut where the provider's pauses come to more than `patience` seconds.
        """
        passing = self._enter(model, tokens, pause, patience, told)
        try:
            yield passing
        finally:
            with self._lock:
                self._within -= 1

    def _enter(
        self,
        model: str,
        tokens: int,
        pause: Callable[[float], bool],
        patience: float,
        told: Callable[[float], None] | None,
    ) -> "Passing":
        waited = spread = 0.0
        while True:
            with self._lock:
                left = self._left(model, tokens)
                if left <= 0.0 and spread:
                    left, spread = random.uniform(0.0, spread), 0.0
                elif left > 0.0:
                    spread = min(MOST_SPREAD, SPREAD * (waited + left))
                elif self._within < max(1.0, self._width):
                    self._within += 1
                    self._take(model, tokens)
                    return Passing(self, model, self._epoch, waited)
            if waited + left > patience:
                raise Shut(left)
            if told is not None and left > NOTICED:
                told(left)
                told = None
            if pause(min(left, POLL) if left > 0.0 else POLL / 4):
                raise InterruptedError("stopped while a provider's limit was waited for")
            waited += min(max(left, 0.0), POLL)

    def _left(self, model: str, tokens: int) -> float:
        """Seconds that a request has to wait still, not positive where none."""
        self._look()
        now = time.time()
        left = max(self._until.get(EVERY, 0.0), self._until.get(model, 0.0)) - now
        for (whose, of), (allowance, at) in self._allowed.items():
            if whose == model:
                left = max(left, allowance.wait(_needed(of, tokens)) - (now - at))
        return min(left, LONGEST)

    def _take(self, model: str, tokens: int) -> None:
        """Count a request against what is known to be left, until an answer tells anew."""
        now = time.time()
        for (whose, of), (allowance, at) in list(self._allowed.items()):
            if whose == model:
                if now - at >= allowance.seconds:
                    del self._allowed[whose, of]
                else:
                    left = max(0.0, allowance.left - _needed(of, tokens))
                    self._allowed[whose, of] = (Allowance(of, left, allowance.seconds, allowance.most), at)

    def heard(self, model: str, headers: Mapping[str, str]) -> None:
        """Take in what the headers of an answer, of whatever status, say of limits."""
        now = time.time()
        with self._lock:
            for allowance in allowances(headers, now):
                self._allowed[model, allowance.of] = (allowance, now)

    def shut(self, seconds: float, model: str = EVERY) -> None:
        """Let no request to the model pass for so long, in no process; all models where none is named."""
        until = time.time() + min(seconds, LONGEST)
        with self._lock:
            self._until[model] = max(until, self._until.get(model, 0.0))
            self._share()

    def narrowed(self, epoch: int) -> int:
        """Let half as many requests be on their way as are now, once for all that were under way together; says how many
        times in a row that has happened."""
        with self._lock:
            if epoch == self._epoch:
                self._epoch += 1
                self._streak += 1
                self._width = max(1.0, min(self._width, float(self._within)) / 2.0)
            return self._streak

    def widened(self) -> None:
        """Let more requests be on their way, since one was answered."""
        with self._lock:
            self._streak = 0
            self._width += 1.0 / self._width
            if self._width >= WIDE:
                self._width = math.inf

    def _look(self) -> None:
        """Take in what other processes have written."""
        if self._file is None:
            return
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stat = self._file.stat()
            if (changed := (stat.st_ino, stat.st_mtime_ns)) != self._read:
                self._read = changed
                self._merge(json.loads(self._file.read_text()))

    def _merge(self, told: Mapping[str, float]) -> None:
        latest = time.time() + LONGEST
        for model, until in told.items():
            if isinstance(until, int | float):
                self._until[model] = max(self._until.get(model, 0.0), min(float(until), latest))

    def _share(self) -> None:
        """Write the pauses that are not over. Where that is not possible, this process heeds them alone."""
        if self._file is None:
            return
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with (self._file.parent / LOCK).open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                with contextlib.suppress(OSError, ValueError, AttributeError):
                    self._merge(json.loads(self._file.read_text()))
                now = time.time()
                left = {model: until for model, until in self._until.items() if until > now}
                write_whole(self._file, json.dumps(left).encode())
                self._clear(self._file)

    @staticmethod
    def _clear(mine: Path) -> None:
        """Remove the files of accounts that have had no pause for a day, and what killed processes have left half written."""
        for other in mine.parent.glob("*.json"):
            with contextlib.suppress(OSError):  # of somebody else, or gone meanwhile
                if other != mine and time.time() - other.stat().st_mtime > DAY:
                    other.unlink()
        clear(mine.parent)


class Passing:
    """A request that has passed. `waited` are the seconds that it waited for the provider."""

    def __init__(self, gate: Gate, model: str, epoch: int, waited: float) -> None:
        self._gate, self._model, self._epoch, self.waited = gate, model, epoch, waited

    def limited(self, seconds: Callable[[int], float]) -> float:
        """The provider has limited the rate: shut the gate for the seconds that are right for so many such answers in a row."""
        pause = seconds(self._gate.narrowed(self._epoch))
        self._gate.shut(pause)
        return pause

    def answered(self) -> None:
        self._gate.widened()


def _needed(of: str, tokens: int) -> float:
    """How much of an allowance a request needs: of tokens that it may write nothing is known but that it is some."""
    return float(tokens) if "token" in of and "output" not in of else 1.0


_gates: dict[str, Gate] = {}
_opening = threading.Lock()


def gate_of(address: str, key: str) -> Gate:
    """The gate of an account. No key can be told from the name of its file."""
    parts = urlsplit(address)
    name = hashlib.sha256(f"{parts.netloc}\n{key}".encode()).hexdigest()[:16]
    with _opening:
        if name not in _gates:
            _gates[name] = Gate(cache_folder() / "limits" / f"{name}.json")
        return _gates[name]
