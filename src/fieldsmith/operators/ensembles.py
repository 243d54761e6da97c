"""What an ensemble is judged by: the fair CRPS, its spread against its error, VRMSE.

A deterministic operator is an ensemble of one, whose CRPS is its mean absolute error.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

EPSILON = 1e-7
"""Added to a variance that is divided by (Ohana et al., The Well, arXiv 2412.00568, appendix E)."""


def fair_crps(members: Tensor, truth: Tensor) -> Tensor:
    """[members, ...] and [...] to [...]: mean |x_i - y| less half the mean |x_i - x_j| over pairs of different members.

    So its expectation over the members is the CRPS of the distribution that they are drawn from, however few they are (Ferro, Fair scores for
    ensemble forecasts, Q. J. R. Meteorol. Soc. 140, 2014, equation 6); where all are the same no slope is given to the second part.
    """
    count = len(members)
    apart = (members - truth).abs().mean(0)
    if count == 1:
        return apart
    # Pairs that stand so far from each other in the row of members; each is counted once here and twice in the mean.
    pairs = sum(((members[n:] - members[:-n]).abs().sum(0) for n in range(1, count)), torch.zeros_like(truth))
    return apart - pairs / (count * (count - 1))


@dataclass(frozen=True)
class Scores:
    """Of an ensemble, each by result: means over samples, frames and points.

    `crps` is in the result's own units, `relative` the same as a share of the result's standard deviation over all that is asked. `spread_skill` is the
    root of the mean variance of the members, times sqrt((M + 1) / M), over the root mean square error of their mean: 1 where members and truth
    cannot be told apart (Fortin et al., J. Hydrometeorol. 15, 2014, equation 15); None of a single member. `vrmse` is sqrt(MSE / (variance + 1e-7)) of their mean, for each
    sample and frame over space (The Well's). `by_frame` has the same for each frame.
    """

    members: int
    crps: Mapping[str, float]
    relative: Mapping[str, float]
    spread_skill: Mapping[str, float | None]
    vrmse: Mapping[str, float]
    by_frame: Mapping[str, Sequence[Mapping[str, float | None]]]

    def asdict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def scores(parts: Iterable[tuple[Tensor, Tensor]], results: Sequence[str]) -> Scores:
    """Of parts of a batch: members [members, batch, frames, results, *space], truths [batch, frames, results, *space]."""
    rows, sizes, count = [], [], 0
    for members, truth in parts:
        count = len(members)
        rows.append(_of_part(members.double(), truth.double()))
        sizes.append(len(truth))
    weights = torch.tensor(sizes, dtype=torch.float64) / sum(sizes)
    table = torch.einsum("p,pkfr->kfr", weights, torch.stack(rows))
    whole = table.mean(1)
    spread = (whole[5] - whole[4] ** 2).clamp_min(EPSILON).sqrt()
    return Scores(
        count,
        crps=_named(results, whole[0]),
        relative=_named(results, whole[0] / spread),
        spread_skill={name: _ratio(whole[1, n], whole[2, n], count) for n, name in enumerate(results)},
        vrmse=_named(results, whole[3]),
        by_frame={name: [_frame(row, count) for row in table[:, :, n].T] for n, name in enumerate(results)},
    )


def _of_part(members: Tensor, truth: Tensor) -> Tensor:
    """[6, frames, results]: CRPS, variance of members, squared error of their mean, VRMSE, and the truth's first two moments."""
    space = tuple(range(3, truth.ndim))
    mean = members.mean(0)
    error = (mean - truth).square()
    variance = members.var(0) if len(members) > 1 else torch.zeros_like(truth)
    vrmse = (error.mean(space) / (truth.var(space, correction=0) + EPSILON)).sqrt()
    fields = (fair_crps(members, truth), variance, error, truth, truth.square())
    crps, variance, error, first, second = (one.mean(space).mean(0) for one in fields)
    return torch.stack([crps, variance, error, vrmse.mean(0), first, second])


def _frame(row: Tensor, count: int) -> dict[str, float | None]:
    return {"crps": float(row[0]), "spread_skill": _ratio(row[1], row[2], count), "vrmse": float(row[3])}


def _ratio(variance: Tensor, error: Tensor, count: int) -> float | None:
    """Spread over skill; None of a single member, and where there is no error."""
    if count == 1 or not float(error) > 0:
        return None
    return math.sqrt((count + 1) / count * float(variance) / float(error))


def _named(results: Sequence[str], values: Tensor) -> dict[str, float]:
    return dict(zip(results, map(float, values), strict=True))
