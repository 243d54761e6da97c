"""The words of this room: what a program earned when it met the references."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from fieldsmith.tasks.task import NRMSE

Status = Literal["ok", "crashed", "timeout", "out_of_memory", "missing_function", "bad_output", "not_finite"]


@dataclass(frozen=True)
class Score:
    """A program's figures on one split.

    nrmse: mean over samples of ||u - u_ref||_2 / ||u_ref||_2, norms over time, space and all fields stacked; NaN where the
    task has a metric of its own and no references.
    fields: the same a field. floor: what the trusted method reaches from the same inputs; the
    reference's own error where that cannot be told. reference_error: the
    reference's own estimated relative error, None where unknown. max_error: largest absolute deviation. order:
    empirical order of convergence on smooth data. drift: largest departure of a conserved total from where it
    began and from the reference's, relative to its scale; 0 where the samples
    alone would make it (`conservation.py`). seconds: wall time of the calls as the host saw it; cpu_seconds: processor
    time of all their processes and threads. samples: nrmse a sample. smooth_nrmse: over
    samples without kinks. metric: what candidates are chosen by, its value the nrmse unless `value` holds that of a task's own
    metric; measures: further figures of such a task.
    """

    nrmse: float
    fields: Mapping[str, float]
    floor: float | None
    reference_error: float | None
    max_error: float
    seconds: float
    cpu_seconds: float | None = None
    peak_mb: float | None = None
    order: float | None = None
    drift: float | None = None
    smooth_nrmse: float | None = None
    samples: tuple[float, ...] = ()
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


@dataclass(frozen=True)
class ConvergencePoint:
    """One resolution of the refinement study."""

    resolution: int
    error: float


@dataclass(frozen=True)
class Evaluation:
    """Outcome of judging one program. `feedback` is text an author can act on, never a reference value.

    `facts` are what it says, as JSON values, for those who word it otherwise. `copy_of` is the slot of the candidate whose evaluation this is,
    where the program is the same up to comments, formatting and docstrings.
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
