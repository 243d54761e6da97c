"""What is handed over at the end of a run on a problem file: the solution that was asked for, as a file, as pictures and as a film."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from fieldsmith.agents.author import Program
from fieldsmith.boxes.asked import asked_inputs, is_asked
from fieldsmith.boxes.form import FUNCTION
from fieldsmith.evaluation.measuring import as_samples
from fieldsmith.evaluation.metrics import sample_nrmse
from fieldsmith.orchestrator.film import GIF, MP4, write_film
from fieldsmith.orchestrator.page import Listener
from fieldsmith.orchestrator.problem_pictures import film_of, problem_pictures
from fieldsmith.orchestrator.run import SOLUTION
from fieldsmith.orchestrator.solution import How, Trust, solution_of, write_solution
from fieldsmith.sandboxes.sandbox import Limits, Sandbox
from fieldsmith.tasks.task import Brief, Case, Picture, SplitName

Answer = tuple[Case, Mapping[str, np.ndarray]]


class AsAsked:
    """Keeps the answer to the call that was asked for, out of those that a program is scored on."""

    def __init__(self, brief: Brief) -> None:
        self.brief = brief
        self.answer: Answer | None = None

    def heard(self, _split: SplitName, case: Case, outputs: Mapping[str, np.ndarray]) -> None:
        """See a call and its answer."""
        form = self.brief.form
        if form is not None and self.answer is None and is_asked(form, case.inputs):
            self.answer = case, outputs

    def called(self, program: Program, sandbox: Sandbox, limits: Limits, listener: Listener) -> Answer | None:
        """The answer that was heard, or that of a call of its own; None, with a note, where that fails."""
        form = self.brief.form
        assert form is not None
        if self.answer is not None:
            return self.answer
        inputs = asked_inputs(form)
        with sandbox.open(limits) as session:
            result = session.call(program.source, FUNCTION, inputs, self.brief.signature.shapes(inputs))
        if result.status != "ok":
            words = (
                f"Called for what was asked, the chosen program ended with {result.status}: there is no solution file."
            )
            listener("note", {"message": words})
            return None
        return Case("as asked", inputs, {}), result.outputs


def hand_over(
    folder: Path, brief: Brief, program: Program, answer: Answer | None, estimate: float | None, how: How
) -> tuple[dict[str, Picture], Trust | None]:
    """`best/solution.nc` and, of a plane that changes in time, the film; the pictures of the report, and what is known of the error. Raises OSError.

    What an earlier program has left goes. `estimate` is of the error, where programs are judged by one; `how` is what the call's reference is.
    """
    best = folder / "best"
    for name in (SOLUTION, GIF, MP4):
        (best / name).unlink(missing_ok=True)
    if answer is None or brief.form is None:
        return {}, None
    case, outputs = answer
    trust = trust_of(brief, program, answer, estimate, how)
    solution = solution_of(brief.form, case.inputs, outputs, trust)
    write_solution(best / SOLUTION, solution)
    film = film_of(brief.form, solution)
    if film is not None:
        write_film(best, film)
    return problem_pictures(brief, "test", case, outputs), trust


def trust_of(brief: Brief, program: Program, answer: Answer, estimate: float | None, how: How) -> Trust:
    """What is known of the first sample's error, against the reference of its call or, where there is none, by the estimate."""
    case, outputs = answer
    if not case.reference:
        return Trust(estimate, "not known" if estimate is None else "estimate", program.sha256)
    errors = sample_nrmse(as_samples(brief.signature, outputs), as_samples(brief.signature, case.reference))
    own = None if case.reference_errors is None else float(case.reference_errors[0])
    parted = _away(brief, case, outputs, how)
    return Trust(float(errors[0]), how, program.sha256, own, *(parted or ()))


def _away(brief: Brief, case: Case, outputs: Mapping[str, np.ndarray], how: How) -> tuple[float, float] | None:
    """The first sample's error away from jumps, no less than the reference's own there, and the share of points beside them."""
    from fieldsmith.tasks.own.jumps import away  # problems take SymPy, which other runs must not wait for

    assert brief.form is not None
    known = away(brief.form, case.reference, outputs)
    own = 0.0 if how == "exact" else None if case.away_errors is None else float(case.away_errors[0])
    return None if known is None or own is None else (max(float(known.errors[0]), own), known.share)
