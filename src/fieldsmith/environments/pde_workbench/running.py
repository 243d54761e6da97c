"""Programs run in the sandbox: judged on a split, a few at a time, and kept for a while for whoever asks for the same again."""

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fieldsmith.environments.observation import ToolFailed
from fieldsmith.environments.pde_workbench.problem import Problem
from fieldsmith.environments.tools import Tools
from fieldsmith.evaluation import Evaluation, evaluate
from fieldsmith.evaluation.measuring import as_samples
from fieldsmith.sandboxes import cores
from fieldsmith.tasks.task import Case, SplitName

Answers = Sequence[tuple[Case, Mapping[str, np.ndarray]]]
"""Cases with what a program returned for them, with an axis for samples."""
Key = tuple[str, str, str, str]
MOST_BYTES, MOST_PROGRAMS = 256_000_000, 1000
WAIT = 0.5
"""Seconds between two looks at whether the step may still wait."""


@dataclass(frozen=True)
class Found:
    """What came of a program: its evaluation, and its answers where it ran and there was room to keep them."""

    evaluation: Evaluation
    answers: Answers = ()

    @property
    def size(self) -> int:
        return sum(array.nbytes for _, outputs in self.answers for array in outputs.values())


class Known:
    """Programs of this process that were judged, the latest ones; two that ask for the same at once share one run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: OrderedDict[Key, Found] = OrderedDict()
        self._claims: dict[Key, threading.Lock] = {}

    @contextlib.contextmanager
    def claimed(self, key: Key, tools: Tools) -> Iterator[Found | None]:
        """What is known of a program; until the block is left nobody else gets an answer for it."""
        with self._lock:
            claim = self._claims.setdefault(key, threading.Lock())
        with _held(claim, tools):
            with self._lock:
                found = self._found.get(key)
            yield found
        with self._lock:
            self._claims.pop(key, None)

    def keep(self, key: Key, found: Found) -> None:
        with self._lock:
            self._found[key] = found
            self._found.move_to_end(key)
            while len(self._found) > MOST_PROGRAMS:
                self._found.popitem(last=False)
            room = MOST_BYTES
            for kept in reversed(self._found):
                room -= self._found[kept].size
                if room < 0 and kept != key:
                    self._found[kept] = Found(self._found[kept].evaluation)


KNOWN = Known()
PLACES = threading.BoundedSemaphore(max(1, cores.available() // 2))
"""How many programs run at a time: each may use all cores, and by the wall there is an end to patience."""


def on_dev(problem: Problem, source: str, tools: Tools) -> Evaluation:
    """A program judged on the dev samples. Raises Lacking where there is no sandbox."""
    return _judged(problem, source, tools, "dev").evaluation


def on_test(problem: Problem, source: str, tools: Tools) -> Evaluation:
    """The same on the test samples, which nobody looks at."""
    return _judged(problem, source, tools, "test").evaluation


def answers(problem: Problem, source: str, tools: Tools) -> Answers:
    """What a program that runs returns for the dev inputs: as it was, or computed again.

    Raises ToolFailed where it runs no more.
    """
    found = _judged(problem, source, tools, "dev", with_answers=True)
    if not found.answers:
        raise ToolFailed("The program has failed now, though it ran before.", "Change it, or restore another version.")
    return found.answers


def _judged(problem: Problem, source: str, tools: Tools, split: SplitName, with_answers: bool = False) -> Found:
    sandbox = tools.host.sandbox_with(tools.needs.image)
    key = (problem.judged_as, source, split, f"{sandbox.name} {tools.needs.image}")
    with KNOWN.claimed(key, tools) as known:
        if known is not None and (known.answers or not with_answers):
            return known
        seen: list[tuple[Case, Mapping[str, np.ndarray]]] = []

        def see(_: SplitName, case: Case, outputs: Mapping[str, np.ndarray]) -> None:
            seen.append((case, as_samples(problem.plain.signature, outputs)))

        with _held(PLACES, tools):
            tools.tell(f"running the program on the {split} samples")
            whole = split == "dev"
            evaluation = evaluate(
                problem.task, source, sandbox, splits=(split,), refinement=whole, probing=whole,
                on_outputs=see if whole else None,
            )  # fmt: skip
        found = Found(evaluation, seen if evaluation.status == "ok" else ())
        if not by_the_wall(evaluation):
            KNOWN.keep(key, found)
        return found


def by_the_wall(evaluation: Evaluation) -> bool:
    """Whether the program was ended by the clock on the wall, which tells of the machine."""
    return evaluation.facts.get("limit") == "wall"


@contextlib.contextmanager
def _held(lock: "threading.Lock | threading.BoundedSemaphore", tools: Tools) -> Iterator[None]:
    """Waits for a lock as long as the step may take."""
    while not lock.acquire(timeout=WAIT):
        tools.check()
    try:
        yield
    finally:
        lock.release()
