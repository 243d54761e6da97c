"""Whether a run of a problem file came to the error that its file asks for."""

from dataclasses import dataclass

from fieldsmith.orchestrator.run import RunRecord


@dataclass(frozen=True)
class Met:
    """What a run came to beside the error that was asked for.

    `error` is that of the best program for the problem as it is asked, on the test split once that is scored; `reference_error` what the reference itself may be off
    by, None where that is not known. `estimate` where there is no reference: then `error` is a residual, over all calls of the split. `away` is the error away from
    jumps of the solution, no less than the reference's own there, and `beside` the share of points that lie beside them; None and 0 where that is not known or there are none.
    """

    asked: float
    error: float
    reference_error: float | None
    estimate: bool
    split: str
    away: float | None = None
    beside: float = 0.0

    @property
    def met(self) -> bool:
        """Whether the error, with that of the reference on top, is no larger than what is asked for."""
        return self.error + (self.reference_error or 0.0) <= self.asked

    def __str__(self) -> str:
        what = "Relative error of the problem as it is asked"
        if self.estimate:
            what = "Estimated error over all calls, as there is no reference"
        own = f" (the reference's own: {self.reference_error:.1e})" if self.reference_error else ""
        if self.reference_error and self.error <= self.reference_error:
            own = f", no more than the reference's own {self.reference_error:.1e}, within which nothing can be told"
        where = "" if self.split == "test" else " on the dev split, the test split is not scored yet"
        asked = f"the {self.asked:g} that is asked for"
        held = f"within {asked}" if self.met else f"not within {asked}"
        if not self.met and self.error <= self.asked:
            held = f"with the reference's own on top it may be more than {asked}"
        told = f"{what}: {self.error:.1e}{own}{where}; {held}."
        if self.away is None:
            return told
        return f"{told} The solution jumps: away from its jumps, beside which {self.beside:.1%} of the points lie, the error is {self.away:.1e}."

    def fields(self) -> dict[str, object]:
        """As JSON."""
        return {**vars(self), "met": self.met}


def met_by(run: RunRecord) -> Met | None:
    """None for a run of no problem file, and where no program ran."""
    evaluation = run.best.candidate.evaluation if run.best else None
    score = (evaluation.test or evaluation.dev) if evaluation else None
    if run.asked.accuracy is None or evaluation is None or score is None:
        return None
    from fieldsmith.tasks.own.draws import AS_ASKED  # problems take SymPy, which other runs must not wait for

    split = "test" if evaluation.test else "dev"
    own = score.by_kind.get(AS_ASKED)
    error, reference = (own.nrmse, own.reference_error) if own else (score.figure, score.reference_error)
    jumps = run.away if split == "test" and run.away else {}
    away = jumps.get("error")
    return Met(run.asked.accuracy, error, reference, score.value is not None, split, away, jumps.get("share", 0.0))
