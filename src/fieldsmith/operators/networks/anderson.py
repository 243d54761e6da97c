"""Fixed points by Anderson's acceleration (Anderson, J. ACM 12, 1965; Walker and Ni, SIAM J. Numer. Anal. 49, 2011, type II with differences)."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Map = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Solved:
    """`point` [batch, ...] with, for each sample, its residual ||f(z) - z|| / ||f(z)|| [batch] where it was the smallest; `steps` counts calls of f."""

    point: Tensor
    residuals: Tensor
    steps: int


@torch.no_grad()
def anderson(function: Map, start: Tensor, steps: int, tolerance: float, memory: int = 5) -> Solved:
    """z = f(z), for each sample of a batch by itself, from `start` [batch, ...] on.

    A sample keeps the first point whose residual is within the tolerance, so that its answer does not depend on the others; one that never is keeps the best. Ends when all are
    within, or after so many calls of f. Holds `memory` differences of points and of residuals, whatever the number of steps.
    """
    z = start.flatten(1)
    best, least = z, torch.full((len(z),), torch.inf, dtype=z.dtype, device=z.device)
    points, rests = (z.new_zeros(len(z), memory, z.shape[1]) for _ in range(2))
    before: tuple[Tensor, Tensor] | None = None
    for step in range(1, steps + 1):
        image = function(z.view_as(start)).flatten(1)
        rest = image - z
        size = rest.norm(dim=1) / image.norm(dim=1).clamp_min(torch.finfo(z.dtype).tiny)
        better = (size < least) & (least > tolerance)
        best, least = torch.where(better[:, None], z, best), torch.where(better, size, least)
        if bool((least <= tolerance).all()) or not bool(torch.isfinite(size).all()):
            return Solved(best.view_as(start), least, step)
        if before is not None:
            place = (step - 2) % memory
            torch.sub(z, before[0], out=points[:, place])
            torch.sub(rest, before[1], out=rests[:, place])
        before = z, rest
        known = min(step - 1, memory)
        z = image - _mixed(points[:, :known], rests[:, :known], rest) if known else image
    return Solved(best.view_as(start), least, steps)


def _mixed(points: Tensor, rests: Tensor, rest: Tensor) -> Tensor:
    """What the differences of points and of residuals [batch, known, n] take away, with the factors that make the residual [batch, n] smallest."""
    gram, tiny = rests @ rests.mT, torch.finfo(rest.dtype).tiny
    # Each in units of its size, or the oldest, which are the largest, would hide the others.
    sizes = gram.diagonal(dim1=1, dim2=2).clamp_min(tiny).sqrt()[:, :, None]
    floor = torch.eye(rests.shape[1], dtype=rest.dtype, device=rest.device) * (10.0 * torch.finfo(rest.dtype).eps)
    factors = torch.linalg.solve(gram / (sizes * sizes.mT) + floor, rests @ rest[:, :, None] / sizes) / sizes
    return (factors.mT @ points + factors.mT @ rests).squeeze(1)
