"""The words of this room: what a program earned when it met the references."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from fieldsmith.tasks.task import NRMSE

Status = Literal[
    "ok", "crashed", "timeout", "out_of_memory", "missing_function", "bad_output", "not_finite", "hopeless"
]
"""`hopeless`: it ran in a pilot and was further from the solution there than an answer that takes no computation, so it was not run in full."""

ROUNDING = 1e-14
"""Errors below this are those of the arithmetic, whatever the reference."""


@dataclass(frozen=True)
class KindFigures:
    """The figures of a split's samples of one kind: how many there are, mean and geometric mean of their nRMSE.

    trusted: mean of what the trusted method reaches, reference_error: mean of the reference's own error; None where unknown.
    """

    count: int
    nrmse: float
    geometric: float
    trusted: float | None
    reference_error: float | None


@dataclass(frozen=True)
class Score:
    """A program's figures on one split.

    nrmse: mean over samples of ||u - u_ref||_2 / ||u_ref||_2, norms over time, space and all fields stacked; NaN where the
    task has a metric of its own and no references.
    fields: the same a field. trusted: what the trusted method reaches from the same inputs, which is no bound; the
    reference's own error where it starts from them itself. reference_error: the
    reference's own estimated relative error, None where unknown. Both are means over the samples. max_error: largest absolute deviation. order:
    empirical order of convergence on smooth data. drift: largest departure of a conserved total from where it
    began and from the reference's, relative to its scale; 0 where the samples
    alone would make it (`conservation.py`). seconds: wall time of the calls as the host saw it; cpu_seconds: processor
    time of all their processes and threads. samples, trusted_samples, reference_samples: nrmse,
    trusted and reference_error a sample, () where unknown; kinds: what kind each is of, () where there is one. metric: what candidates are chosen by, its value the nrmse unless `value` holds that of a task's own
    metric; measures: further figures of such a task.
    """

    nrmse: float
    fields: Mapping[str, float]
    trusted: float | None
    reference_error: float | None
    max_error: float
    seconds: float
    cpu_seconds: float | None = None
    peak_mb: float | None = None
    order: float | None = None
    drift: float | None = None
    samples: tuple[float, ...] = ()
    kinds: tuple[str, ...] = ()
    trusted_samples: tuple[float, ...] = ()
    reference_samples: tuple[float, ...] = ()
    metric: str = NRMSE.name
    value: float | None = None
    lower_is_better: bool = True
    measures: Mapping[str, float] = field(default_factory=dict)

    @property
    def figure(self) -> float:
        """The metric's value."""
        return self.nrmse if self.value is None else self.value

    @property
    def cost(self) -> float:
        """What the calls took: processor seconds, which other work on the machine hardly changes; by the wall where those are not known."""
        return self.seconds if self.cpu_seconds is None else self.cpu_seconds

    @property
    def rank(self) -> float:
        """What scores sort by: the smaller the better, whichever way the metric goes."""
        return self.figure if self.lower_is_better else -self.figure

    @property
    def geometric(self) -> float:
        """Geometric mean of the samples' nRMSE, which a few bad samples do not rule; NaN where there is none."""
        return geometric_mean(self.samples) if self.samples else self.nrmse

    @property
    def reference_geometric(self) -> float | None:
        """The same of the reference's own error."""
        return geometric_mean(self.reference_samples) if self.reference_samples else self.reference_error

    @property
    def by_kind(self) -> Mapping[str, KindFigures]:
        """The figures of each kind of samples, the most frequent first; empty where there is one kind."""
        kinds = sorted(set(self.kinds), key=lambda kind: (-self.kinds.count(kind), kind))
        return {kind: self._of_kind([n for n, one in enumerate(self.kinds) if one == kind]) for kind in kinds}

    def _of_kind(self, chosen: Sequence[int]) -> KindFigures:
        def mean(values: Sequence[float]) -> float | None:
            return math.fsum(values[n] for n in chosen) / len(chosen) if values else None

        errors = [self.samples[n] for n in chosen]
        trusted, reference = mean(self.trusted_samples), mean(self.reference_samples)
        return KindFigures(len(chosen), math.fsum(errors) / len(errors), geometric_mean(errors), trusted, reference)

    @property
    def resolved(self) -> bool:
        """Whether the error is within the reference's own, or is rounding: by mean, geometric mean and for every kind.

        What is better than that cannot be told from it.
        """
        return self.within and not self.beyond and _within(self.geometric, self.reference_geometric)

    @property
    def within(self) -> bool:
        """The same of the mean alone: that it is smaller than another cannot be told, though some samples may be worse."""
        return self.value is None and _within(self.nrmse, self.reference_error)

    @property
    def beyond(self) -> tuple[str, ...]:
        """The kinds of samples whose error is not within the reference's own."""
        return tuple(name for name, of in self.by_kind.items() if not _within(of.nrmse, of.reference_error))


def _within(error: float, own: float | None) -> bool:
    return own is not None and error <= max(own, ROUNDING)


def geometric_mean(errors: Sequence[float]) -> float:
    """Errors of 0 count as 1e-17, which is below what double precision tells."""
    return math.exp(math.fsum(math.log(max(error, 1e-17)) for error in errors) / len(errors))


@dataclass(frozen=True)
class ConvergencePoint:
    """One resolution of the refinement study."""

    resolution: int
    error: float


@dataclass(frozen=True)
class Pilot:
    """What a program did on little data at low resolution, before it was run in full (`pilot.py`).

    samples: how many; resolution: intervals along the first space axis, 0 where there are none. idle: nRMSE of answers that take no computation, by name; empty
    where nRMSE is not what the task is scored by. nrmse: the program's, None where it failed or there is nothing to compare with.
    seconds, cpu_seconds: wall and processor time of the call. survived: whether it was run in full.
    """

    samples: int
    resolution: int
    idle: Mapping[str, float] = field(default_factory=dict)
    nrmse: float | None = None
    seconds: float = 0.0
    cpu_seconds: float | None = None
    survived: bool = False


@dataclass(frozen=True)
class Evaluation:
    """Outcome of judging one program. `feedback` is text an author can act on, never a reference value.

    `facts` are what it says, as JSON values, for those who word it otherwise. `copy_of` is the slot of the candidate whose evaluation this is,
    where the program is the same up to comments, formatting, docstrings and names of local variables. `pilot` is what it did in a pilot, where one was made; without its `survived`
    the whole evaluation is the pilot's. `seconds` counts both.
    """

    status: Status
    feedback: str = ""
    dev: Score | None = None
    test: Score | None = None
    convergence: tuple[ConvergencePoint, ...] = ()
    stdout: str = ""
    stderr: str = ""
    error_type: str = ""
    error_message: str = ""
    error_line: int | None = None
    seconds: float = 0.0
    sandbox: str = ""
    notes: tuple[str, ...] = field(default=())
    facts: Mapping[str, object] = field(default_factory=dict)
    copy_of: str = ""
    pilot: Pilot | None = None
