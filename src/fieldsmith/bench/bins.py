"""Errors by spans of time: how a rollout departs, where one figure for all frames would not say it."""

from collections.abc import Mapping

import numpy as np

from fieldsmith.bench.coarser import in_bins
from fieldsmith.tasks.task import Case, Signature


class Binned:
    """Collects the errors of scored calls; give `see` to the judge."""

    def __init__(self, signature: Signature) -> None:
        self.signature = signature
        self.cases: dict[str, list[np.ndarray]] = {}

    def see(self, split: str, case: Case, outputs: Mapping[str, np.ndarray]) -> None:
        """The arrays of one call."""
        self.cases.setdefault(split, []).append(in_bins(self.signature, case, outputs))

    def means(self, split: str) -> tuple[float | None, ...]:
        """Over all samples, a figure a bin; () where there is no time, None for a bin that no call has frames in."""
        whole = np.concatenate(self.cases[split], axis=1) if self.cases.get(split) else np.zeros((0, 0))
        known = [row[np.isfinite(row)] for row in whole]
        return tuple(float(row.mean()) if len(row) else None for row in known)
