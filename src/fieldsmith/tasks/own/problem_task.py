"""A problem of one's own as a task: of a problem file, or of a `Problem` that was made in Python."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property
from typing import Any, Literal

import numpy as np

from fieldsmith.boxes.form import Form
from fieldsmith.errors import InputError
from fieldsmith.problems import Problem
from fieldsmith.tasks import cache
from fieldsmith.tasks.own import arrays, estimate, files, reference, words
from fieldsmith.tasks.own.draws import Draw, Key, draws, gathered, smooth, study
from fieldsmith.tasks.own.totals import totals
from fieldsmith.tasks.sources import source_digest
from fieldsmith.tasks.statement import render_stub
from fieldsmith.tasks.task import (
    NRMSE,
    Argument,
    Brief,
    Case,
    Metric,
    Parameter,
    Progress,
    Result,
    Signature,
    SplitName,
    Task,
)

Arrays = dict[str, np.ndarray]
VERSION = 1
"""Raised where calls or their references would change for another reason than the source of this folder."""
MEMORY_MB = 4096


class ProblemTask(Task):
    """The task that a problem states: `name` is the stem of its file, or made of its title.

    dev: the problem as it is asked, on fewer points, and some with other parameters of their ranges and other fields of their families. test: the problem as
    it is asked, where it is asked, and others that dev does not have. `form` is the whole problem, `shown` what authors get of it. References are the exact solution that the problem gives, else one that
    methods agree on; where there is neither, the residual of the answer is an estimate of its error (`estimate.py`).
    """

    def __init__(
        self, problem: Problem, name: str = "", text: str = "", usual: Mapping[str, float] | None = None
    ) -> None:
        """`text` is the file as it was written, `usual` has the parameters as they stand there where the problem has others.

        Raises InputError for a problem that is too large to be judged.
        """
        if problem.seen.form is None:
            raise InputError("The equations are too large to be solved for their rates.", "State fewer, or smaller ones.")  # fmt: skip
        origin = problem.origin.name if problem.origin.name.endswith(files.ENDING) else ""
        self.name = files.name_of(name or name_of_file(origin) or problem.title)
        self.title = problem.title or self.name
        self.problem, self.text = problem, text
        self._form, self.shown = Form(problem), Form(public(problem))
        self.known_parameters = {
            p.name: Parameter(
                (usual or {}).get(p.name, p.value),
                -np.inf if p.low is None else p.low,
                np.inf if p.high is None else p.high,
                p.meaning,
            )
            for p in problem.system.parameters
        }
        self._references: dict[Key, reference.Found] = {}
        super().__init__({p.name: p.value for p in problem.system.parameters})

    @property
    def form(self) -> Form:
        """The problem with all that it says, its exact solution too; `shown` is what authors may see."""
        return self._form

    @classmethod
    def from_file(cls, name: str, parameters: Mapping[str, str | float] | None = None) -> "ProblemTask":
        """The task of a problem file. Raises InputError, and ProblemError with every fault of the file."""
        problem, text = files.read(name)
        usual = {p.name: p.value for p in problem.system.parameters}
        return cls(files.with_parameters(problem, parameters or {}, name), name_of_file(name), text, usual)

    @cached_property
    def content(self) -> str:
        """A digest of what the problem says with its parameters, wherever its file lies."""
        return files.content_of(self.problem)

    @cached_property
    def fingerprint(self) -> str:
        facts = {
            "content": self.content,
            "version": VERSION,
            "source": source_digest(type(self)),
            "methods": "" if reference.has_exact(self.form) else reference.version(),
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    @property
    def metric(self) -> Metric:  # pyright: ignore[reportIncompatibleVariableOverride] - known only when a reference is sought
        return NRMSE if self.has_reference else estimate.METRIC

    @property
    def has_reference(self) -> bool:
        """Whether programs are compared with a solution; seeks one, which may take as long as several calls of a program."""
        return reference.has_exact(self.form) or bool(self._known(("dev", 0), None).values)

    @property
    def judged_by(self) -> str:
        """What programs are judged by, in words."""
        if reference.has_exact(self.form):
            return "the exact solution that the problem gives"
        found = self._known(("dev", 0), None)
        if found.values:
            return f"a reference: {found.words}"
        return f"an estimate, as there is no reference: {found.words}"

    @property
    def compared_with(self) -> Literal["exact", "two methods", "one method", "not known"]:
        """What the answer to the problem as it is asked is compared with."""
        if reference.has_exact(self.form):
            return "exact"
        found = self._known(("test", 0), None)
        if not found.values:
            return "not known"
        return "two methods" if found.methods > 1 else "one method"

    @property
    def accuracy(self) -> float:
        """The relative error that is asked for."""
        return self.problem.system.output.accuracy

    @property
    def known_metric(self) -> Metric | None:
        """What programs are judged by as far as it is known without computing anything; None where a reference has not been sought yet."""
        if reference.has_exact(self.form):
            return NRMSE
        if ("dev", 0) not in self._references and not cache.has(self._key(self._group(("dev", 0)))):
            return None
        return self.metric

    def outline(self, libraries: Sequence[str] = ()) -> Brief:
        """The brief without seeking a reference: until one was sought, the statement says by which of two figures programs will be judged."""
        metric = self.known_metric
        return self._brief(
            libraries, None, NRMSE if metric is None else metric, words.UNDECIDED if metric is None else ""
        )

    def ready(self, progress: Progress | None = None) -> None:
        if not reference.has_exact(self.form) and self._known(("dev", 0), progress).values:
            self._kept("dev", progress)

    @cached_property
    def signature(self) -> Signature:
        def called(of: str, part: str) -> str:
            return f"{of}_{part}" if part else of

        return Signature(
            "solver",
            tuple(Argument(i.name, i.role, called(i.of, i.part), i.axes, i.meaning) for i in self.form.inputs),
            tuple(Result(r.name, called(r.of, r.part), r.axes, r.meaning) for r in self.form.results),
        )

    def brief(self, libraries: Sequence[str] = (), time_limit: float | None = None) -> Brief:
        return self._brief(libraries, time_limit, self.metric)

    def _brief(self, libraries: Sequence[str], time_limit: float | None, metric: Metric, undecided: str = "") -> Brief:
        asked = draws(self.form, "test")[0]
        limit = time_limit or self.problem.system.output.seconds
        stub, said = render_stub(self.signature), words.problem_text(self.shown)
        sizes = {"batch": len(asked.seeds)} if self.form.batched else {}
        sizes |= {**({"time": len(asked.times)} if self.form.timed else {}), **asked.points}
        return Brief(
            title=self.title,
            statement=words.statement(
                self.shown, self.title, said, stub, metric, sizes, limit, MEMORY_MB, libraries, undecided
            ),
            stub=stub,
            signature=self.signature,
            equation=None,
            parameters=dict(self.parameters),
            sizes=sizes,
            span=(asked.times[0], asked.times[-1]) if asked.times else None,
            time_limit=limit,
            memory_mb=MEMORY_MB,
            libraries=tuple(libraries),
            problem=said,
            metric=metric,
            form=self.shown,
        )

    def cases(self, name: SplitName, progress: Progress | None) -> tuple[Case, ...]:
        """A call each; those with other values are left out where nothing gives a reference for them while there is one for the problem as it is asked."""
        calls = draws(self.form, name)
        if not reference.has_exact(self.form):
            self._known(("dev", 0), progress)  # by which `has_reference` tells, without a word
        if not self.has_reference:
            return tuple(self._case(name, estimate.watched(self.form, one), None) for one in calls)
        found = self._kept(name, progress)
        if not found[0].values:
            why = f"There is no reference for {self.name} on the points that are asked for: {found[0].words}"
            raise InputError(why, "Ask for fewer points or a larger error in [output], or give [exact].")
        return tuple(self._case(name, one, known) for one, known in zip(calls, found, strict=True) if known.values)

    def refinement(self) -> tuple[Case, ...]:
        """The problem as it is asked on three grids, each with half the spacing of the one before; () where its solution is not smooth."""
        if not self.has_reference or not smooth(self.form):
            return ()
        with self._lock:
            if "refinement" not in self._cases:
                self._cases["refinement"] = self._study()
            return self._cases["refinement"]

    def measure(self, case: Case, outputs: Mapping[str, np.ndarray]) -> Mapping[str, float]:
        return estimate.residuals(self.form, case.inputs, outputs)

    def conserved(self, outputs: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        return totals(self.form, outputs)

    def _case(self, name: str, draw: Draw, known: reference.Found | None) -> Case:
        first = self.form.system.axes[0]
        return Case(
            name=name,
            inputs=arrays.inputs(self.form, draw),
            reference=dict(known.values) if known else {},
            reference_errors=known.errors if known else None,
            away_errors=known.away if known else None,
            kinds=(draw.kind,) * len(draw.seeds) if known and name == "test" else (),
            resolution=draw.points[first.name] - (first.name not in self.form.system.periodic),
        )

    def _study(self) -> tuple[Case, ...]:
        found = self._kept("refinement", None)
        calls = study(self.form)
        if not all(one.values for one in found):
            return ()
        return tuple(self._case("refinement", one, known) for one, known in zip(calls, found, strict=True))

    @cached_property
    def _calls(self) -> dict[Key, Draw]:
        """Every call that is ever compared with a reference."""
        calls = {"dev": draws(self.form, "dev"), "test": draws(self.form, "test")}
        if smooth(self.form):
            calls["refinement"] = study(self.form)
        return {(name, n): one for name, found in calls.items() for n, one in enumerate(found)}

    def _kept(self, name: str, progress: Progress | None) -> list[reference.Found]:
        """The references of a split, or of the study."""
        return [self._known(key, progress) for key in self._calls if key[0] == name]

    def _known(self, key: Key, progress: Progress | None) -> reference.Found:
        """The reference of a call, made once with those of all calls that share its solution."""
        with self._lock:
            if key not in self._references:
                group = self._group(key)
                self._references |= zip(group, self._made(group, progress), strict=True)
            return self._references[key]

    def _made(self, group: Mapping[Key, Draw], progress: Progress | None) -> list[reference.Found]:
        calls = list(group.values())
        if reference.has_exact(self.form):
            return reference.of_calls(self.form, calls)
        what = f"{self.name}, {calls[0].kind}"
        key = self._key(group)
        stored = cache.load_or_make(key, lambda: _stored(self.form, calls, progress, what), progress, what)
        return [_found(stored, n) for n in range(len(calls))]

    def _group(self, key: Key) -> Mapping[Key, Draw]:
        """The calls that share a solution with this one."""
        return next(one for one in gathered(self.form, self._calls) if key in one)

    def _key(self, group: Mapping[Key, Draw]) -> str:
        """What the references of calls that share a solution are called in the cache."""
        name, number = next(iter(group))
        return f"problem-{name}-{number}-{self.fingerprint[:20]}"


def _stored(form: Form, calls: Sequence[Draw], progress: Progress | None, what: str) -> Arrays:
    """References as named arrays."""
    stored: Arrays = {}
    for n, found in enumerate(reference.of_calls(form, calls, _teller(progress, what))):
        stored |= {f"{n}/values/{name}": np.asarray(array) for name, array in found.values.items()}
        stored |= {f"{n}/words": np.asarray(found.words), f"{n}/methods": np.asarray(found.methods)}
        if found.errors is not None:
            stored[f"{n}/errors"] = np.asarray(found.errors, float)
        if found.away is not None:
            stored[f"{n}/away"] = np.asarray(found.away, float)
    return stored


def _teller(progress: Progress | None, what: str) -> Callable[[str], None]:
    """Tells by which method a reference is computed at a moment."""

    def told(words: str) -> None:
        if progress is not None:
            progress(f"Reference of {what}, by {words}", 0.5)

    return told


def _found(stored: Mapping[str, Any], n: int) -> reference.Found:
    head = f"{n}/values/"
    values = {key.removeprefix(head): array for key, array in stored.items() if key.startswith(head)}
    words, methods = str(stored[f"{n}/words"]), int(stored[f"{n}/methods"])
    return reference.Found(values, stored.get(f"{n}/errors"), words, methods, stored.get(f"{n}/away"))


def public(problem: Problem) -> Problem:
    """The problem as authors may see it: without its exact solution, and without definitions that nothing else uses."""
    shown = copy(problem)
    seen = replace(problem.seen, system=replace(problem.system, exact={}), exact_holds=False)
    known = {name: value for name, value in vars(problem).items() if name not in ("understood", "_equation")}
    vars(shown).clear()
    vars(shown).update(known, exact={}, definitions=_used_definitions(problem), seen=seen)
    return shown


def _used_definitions(problem: Problem) -> dict[str, str]:
    """Those that equations, conditions and given values use, by themselves or by others that they use."""
    system = problem.system
    given = (*system.coefficients, *system.initial.values(), *system.conserved.values())
    text = " ".join(one.text for one in (*system.laws, *system.conditions, *given))
    used: dict[str, str] = {}
    while True:
        more = {
            name: str(body)
            for name, body in problem.definitions.items()
            if name not in used and re.search(rf"(?<!\w){re.escape(name)}(?![^\W_])", text)
        }
        if not more:
            return {name: body for name, body in problem.definitions.items() if name in used}
        used |= more
        text = " ".join(more.values())


def name_of_file(name: str) -> str:
    """`heat` for `my/heat.toml`."""
    return name.replace("\\", "/").rpartition("/")[2].removesuffix(files.ENDING)
