"""Programs run in the sandbox: judged on a split, and their answers to the dev inputs kept for a while to be looked at."""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from fieldsmith.environments.observation import ToolFailed
from fieldsmith.environments.pde_workbench.problem import Problem
from fieldsmith.environments.tools import Tools
from fieldsmith.evaluation import Evaluation, evaluate
from fieldsmith.evaluation.essence import essence_of
from fieldsmith.evaluation.measuring import as_samples
from fieldsmith.tasks.task import Case, SplitName

Answers = Sequence[tuple[Case, Mapping[str, np.ndarray]]]
"""Cases with what a program returned for them; references and results have an axis for samples."""
MOST_BYTES = 256_000_000


@dataclass
class Recent:
    """The latest answers of programs, as many as there is room for: what is not here any more is computed again."""

    room: int = MOST_BYTES
    _kept: "OrderedDict[tuple[str, str], Answers]" = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, key: tuple[str, str], answers: Answers) -> None:
        with self._lock:
            self._kept[key] = answers
            self._kept.move_to_end(key)
            while len(self._kept) > 1 and sum(map(_size, self._kept.values())) > self.room:
                self._kept.popitem(last=False)

    def get(self, key: tuple[str, str]) -> Answers | None:
        with self._lock:
            return self._kept.get(key)


RECENT = Recent()


def on_dev(problem: Problem, source: str, tools: Tools) -> Evaluation:
    """A program judged on the dev samples. Raises Lacking where there is no sandbox."""
    tools.tell("running the program on the dev samples")
    answers: list[tuple[Case, Mapping[str, np.ndarray]]] = []

    def seen(split: SplitName, case: Case, outputs: Mapping[str, np.ndarray]) -> None:
        del split
        answers.append((case, as_samples(problem.plain.signature, outputs)))

    evaluation = evaluate(problem.task, source, tools.host.sandbox_with(tools.needs.image), on_outputs=seen)
    if evaluation.status == "ok":
        RECENT.keep((problem.name, essence_of(source)), answers)
    return evaluation


def on_test(problem: Problem, source: str, tools: Tools) -> Evaluation:
    """The same on the test samples, which nobody looks at."""
    sandbox = tools.host.sandbox_with(tools.needs.image)
    return evaluate(problem.task, source, sandbox, splits=("test",), refinement=False, probing=False)


def answers(problem: Problem, source: str, tools: Tools) -> Answers:
    """What a program that runs returns for the dev inputs: as it was, or computed again."""
    key = (problem.name, essence_of(source))
    found = RECENT.get(key)
    if found is None:
        on_dev(problem, source, tools)
        found = RECENT.get(key)
    if found is None:
        raise ToolFailed("The program has failed now, though it ran before.", "Change it, or go back.")
    return found


def _size(answers: Answers) -> int:
    return sum(array.nbytes for _, outputs in answers for array in outputs.values())
