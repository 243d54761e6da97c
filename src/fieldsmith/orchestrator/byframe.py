"""The error of a program's results over physical time: a curve for each kind of sample, stored beside the pictures."""

from collections.abc import Mapping

import numpy as np

from fieldsmith.evaluation.measuring import as_samples
from fieldsmith.evaluation.metrics import frame_nrmse
from fieldsmith.tasks.task import Brief, Case, Picture, SplitName

BY_FRAME = "error by frame"
"""What it is called among the stored pictures."""
MOST_FRAMES = 1024


def error_by_frame(brief: Brief, split: SplitName, case: Case, outputs: Mapping[str, np.ndarray]) -> dict[str, Picture]:
    """Lines [kind, time] of the mean error at each output time, relative to the reference's norm then; empty for what has no times."""
    times = next((case.inputs[a.name] for a in brief.signature.arguments if a.role == "times"), None)
    answer, reference = as_samples(brief.signature, outputs), as_samples(brief.signature, case.reference)
    if times is None or not reference or brief.span is None:
        return {}
    places = np.asarray(times, float)
    for name, expected in reference.items():
        if name not in answer or answer[name].shape != expected.shape or expected.shape[1:2] != places.shape:
            return {}
    errors = frame_nrmse(answer, reference)
    kinds = list(dict.fromkeys(case.kinds)) if len(case.kinds) == len(errors) else []
    curves = [errors[[one == kind for one in case.kinds]].mean(axis=0) for kind in kinds] or [errors.mean(axis=0)]
    kept = np.linspace(0, len(places) - 1, min(len(places), MOST_FRAMES)).round().astype(int)
    return {
        BY_FRAME: Picture(
            BY_FRAME,
            0,
            np.array(curves)[:, kept],
            None,
            ("t",),
            (float(places[0]), float(places[-1])),
            (places[kept],),
            tuple(kinds) or ("",),
            split,
        )
    }
