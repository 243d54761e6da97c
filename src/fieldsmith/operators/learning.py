"""Learning an operator as a task for authors: the program to write is given samples with their solutions, trains what it likes, and predicts others.

The equation is not told, so that what is learned is learned from the samples. The figure to beat is the built-in `fno`, trained on the same.
"""

import hashlib
import inspect
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np

from fieldsmith.errors import InputError
from fieldsmith.operators import need_torch
from fieldsmith.operators.layout import Layout
from fieldsmith.tasks import Arrays, Brief, Case, Inputs, Result, Signature, Task, cache, data, load
from fieldsmith.tasks.published import distances
from fieldsmith.tasks.sources import source_digest
from fieldsmith.tasks.statement import render_stub, render_task_statement
from fieldsmith.tasks.streams import BLOCK
from fieldsmith.tasks.task import Progress, SplitName
from fieldsmith.tasks.training import Block, block

PREDICTED: Mapping[SplitName, int] = {"dev": 1_000_000, "test": 1_000_001}
"""Blocks of the generator that are to be predicted; those from 0 up are learned from."""


@dataclass(frozen=True)
class Size:
    """Of a scale: samples to learn from, which frames and points of the other task's are kept (every so many), the budget, and how long the built-in operator is trained."""

    samples: int
    frames: int
    points: int
    seconds: float
    epochs: int


class LearningTask(Task):
    """A task whose program learns another task's operator. The class's docstring is what authors read; it names no equation.

    `of` names that task, one that is stated as an equation and has a generator of samples; `settings` are those of the built-in `fno`.
    """

    of: ClassVar[str]
    sizes_by_scale: ClassVar[Mapping[str, Size]]
    settings: ClassVar[Mapping[str, object]] = {}
    memory_mb: ClassVar[int] = 4096

    def __init__(
        self, parameters: Mapping[str, float] | None = None, scale: str = "demo", data: Path | None = None
    ) -> None:
        super().__init__(parameters, scale, data)
        if data is not None:
            raise InputError(f"{self.name} has no published files.", "Leave --data out.")
        self.base, self.size = load(self.of, scale=scale), self.sizes_by_scale[scale]
        self._source = source_digest(type(self))
        whole = Layout.of(self.base)
        self.layout = replace(whole, task=self.name, scalars=(), times=whole.times[:: self.size.frames])

    @classmethod
    def scales(cls) -> tuple[str, ...]:
        return tuple(cls.sizes_by_scale)

    @cached_property
    def _of(self) -> Brief:
        """What the other task tells its authors."""
        return self.base.brief()

    @cached_property
    def signature(self) -> Signature:
        """`learned(fields and solutions of training, fields, times, seconds)`; the time limit of a call is half as long again as `seconds`."""
        of = self._of.signature
        fields = [one for one in of.arguments if one.name in self.layout.fields]
        train = [
            data(_named(one.name, "train"), ("train", *one.axes[1:]), f"of the samples to learn from: {one.meaning}")
            for one in (*fields, *of.results)
        ]
        asked = [data(one.name, one.axes, f"of the samples to predict: {one.meaning}") for one in fields]
        times = [data("t_coordinate", ("time",), "times of the frames")] if self.layout.timed else []
        seconds = data("seconds", (), "processor time to use, of all threads together, training included")
        results = tuple(Result(r.name, "", r.axes, f"of the samples to predict: {r.meaning}") for r in of.results)
        return Signature("learned", (*train, *asked, *times, seconds), results)

    @property
    def fingerprint(self) -> str:
        facts = {
            "task": self.name, "of": self.base.fingerprint, "scale": self.scale, "size": asdict(self.size), "settings": dict(self.settings),
            "source": self._source,
        }  # fmt: skip
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    def brief(self, libraries: Sequence[str] = (), time_limit: float | None = None) -> Brief:
        of, size = self._of, self.size
        stub, problem = render_stub(self.signature), inspect.getdoc(type(self)) or self.title
        limit = time_limit or 1.5 * size.seconds
        kept = {name: -(-n // size.points) for name, n in of.sizes.items() if name not in ("batch", "time")}
        sizes = {
            "train": size.samples,
            "batch": BLOCK,
            **({"time": len(self.layout.times)} if self.layout.timed else {}),
            **kept,
        }
        statement = render_task_statement(
            self.title, problem, stub, self.metric, self.signature, sizes, limit, self.memory_mb, libraries
        )
        return Brief(
            self.title, statement, stub, self.signature, None, {}, sizes, None, limit, self.memory_mb, tuple(libraries), problem=problem
        )  # fmt: skip

    def cases(self, name: SplitName, progress: Progress | None) -> tuple[Case, ...]:
        train, asked = self._learned_from(progress), self._asked(name, progress)
        trusted = self._errors(train, progress)[name]
        known = {_named(key, "train"): values for key, values in (*train.inputs.items(), *train.solutions.items())}
        times = {"t_coordinate": np.asarray(self.layout.times)} if self.layout.timed else {}
        given = {**known, **asked.inputs, **times, "seconds": self.size.seconds}
        inputs = {argument.name: given[argument.name] for argument in self.signature.arguments}
        return (Case(name, inputs, asked.solutions, None, trusted),)

    def _learned_from(self, progress: Progress | None) -> Block:
        count = -(-self.size.samples // BLOCK)
        parts = [self._kept(block(self.base, number, progress)) for number in range(count)]
        inputs = {name: np.concatenate([part.inputs[name] for part in parts]) for name in parts[0].inputs}
        solutions = {name: np.concatenate([part.solutions[name] for part in parts]) for name in parts[0].solutions}
        first = slice(0, self.size.samples)
        return Block({k: v[first] for k, v in inputs.items()}, {k: v[first] for k, v in solutions.items()}, 0.0)

    def _asked(self, name: SplitName, progress: Progress | None) -> Block:
        return self._kept(block(self.base, PREDICTED[name], progress, f"{self.name} samples to predict, {name}"))

    def _kept(self, whole: Block) -> Block:
        """Its fields, and the frames and points that are told."""
        space = (slice(None, None, self.size.points),) * self.layout.dimensions
        frames = (slice(None, None, self.size.frames),) if self.layout.timed else ()
        fields = {name: np.ascontiguousarray(np.asarray(whole.inputs[name])[:, *space]) for name in self.layout.fields}
        solved = {name: np.ascontiguousarray(one[:, *frames, *space]) for name, one in whole.solutions.items()}
        return Block(fields, solved, 0.0)

    def _errors(self, train: Block, progress: Progress | None) -> Arrays:
        """nRMSE [samples] of the built-in operator on each split, trained once. Raises MissingPart without torch."""

        def made() -> Arrays:
            need_torch()
            from fieldsmith.operators.training.baseline import predicted

            asked = {name: self._asked(name, progress) for name in PREDICTED}
            inputs = {name: self._called(part.inputs) for name, part in asked.items()}
            given = self._called(train.inputs)
            learned = predicted(self.layout, self.settings, self.size.epochs, given, train.solutions, inputs)
            return {name: distances(learned[name], part.solutions) for name, part in asked.items()}

        key, what = f"{self.name}-fno-{self.fingerprint[:20]}", f"the built-in operator of {self.name}"
        return cache.load_or_make(key, made, progress, what)

    def _called(self, fields: Inputs) -> Inputs:
        """Arguments of the other task's call."""
        return {**fields, self.layout.clock: np.asarray(self.layout.times)} if self.layout.timed else fields


def _named(name: str, part: str) -> str:
    """u0_batch to u0_train."""
    return f"{name.removesuffix('_batch')}_{part}"


class LearnBurgers(LearningTask):
    """Fields on a periodic interval change in time by a law that is not told.

    Given are fields at the first time and at later ones, of samples to learn from, and fields at the first time of other samples of the same kind. Predict these at all times, the first frame, which is given, included.
    Whatever learns from the samples may be used: a network, a regression, a law that is read off them. Points are equidistant.
    """

    name = "learn-burgers"
    title = "Learn how fields on an interval change in time"
    of = "burgers"
    sizes_by_scale: ClassVar = {"demo": Size(128, 5, 4, 60.0, 60), "paper": Size(1024, 10, 8, 1200.0, 200)}
    settings: ClassVar = {"modes": 16, "width": 32}


class LearnDarcy(LearningTask):
    """Each field on the unit square, of two values, belongs to another one that is 0 along the boundary, by a law that is not told.

    Given are pairs to learn from, and fields of the first kind. Predict the second ones. Whatever learns from the pairs may be used: a network, a regression, a law that is read off them.
    Points are equidistant, boundary included.
    """

    name = "learn-darcy"
    title = "Learn which field on a square belongs to which"
    of = "darcy"
    sizes_by_scale: ClassVar = {"demo": Size(128, 1, 3, 60.0, 40), "paper": Size(1024, 1, 4, 1200.0, 100)}
    settings: ClassVar = {"modes": 24, "width": 24}
