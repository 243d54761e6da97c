"""Which programs are asked why they do not converge; what is found out then is `diagnosis.py`'s, which needs SymPy and SciPy."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from fieldsmith.evaluation.evaluation import ROUNDING, Score

if TYPE_CHECKING:  # with SymPy
    from fieldsmith.boxes.form import Form

Call = Callable[[Mapping[str, np.ndarray | float]], Mapping[str, np.ndarray] | None]
"""The program called with inputs of our own; None where it failed or there is no time left."""
Found = dict[str, Any]
"""What was found, as JSON values: `suspects` are the names of likely causes, each with the term that it is about, if any."""
FAR = 3.0
"""Times the error that the trusted method reaches, or that of rounding, beyond which a program is asked why."""
CHEAP = 0.25
"""Share of the time limit that the score may have taken."""
LEAST_SECONDS = 1.0
"""Probes may take this long however short the score was."""


def worthwhile(score: Score, limit: float, form: "Form | None" = None) -> bool:
    """Whether a program is far enough from the trusted method, and cheap enough, to be asked why.

    On a problem of one's own it is where it misses the accuracy that is asked for, at any cost: much is seen without a call.
    """
    if form is not None:
        least = max(FAR * (score.reference_error or 0.0), form.system.output.accuracy)
        return (score.figure if score.value is not None else score.nrmse) > least
    if score.value is not None or score.trusted is None:
        return False
    reached = max(score.trusted, score.reference_error or 0.0, ROUNDING)
    return score.nrmse > FAR * reached and score.cost < CHEAP * limit
