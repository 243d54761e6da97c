"""Fixed points of maps, for each sample of a batch by itself; how one point leads to the next is told by an `Acceleration`."""

from abc import ABC, abstractmethod
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


class Acceleration(ABC):
    """Of points [batch, n] with so many steps remembered; its memory is taken once, whatever the number of steps."""

    def __init__(self, like: Tensor, memory: int) -> None:
        self.memory = memory
        self.before: tuple[Tensor, Tensor] | None = None
        self.first, self.second = (like.new_zeros(len(like), memory, like.shape[1]) for _ in range(2))

    @abstractmethod
    def after(self, z: Tensor, rest: Tensor) -> Tensor:
        """The next point, from a point and its residual f(z) - z, both [batch, n]."""


Solver = Callable[[Map, Tensor, int, float], Solved]
"""A function, where to begin [batch, ...], how many calls of it at most, and the residual to come to."""


@torch.no_grad()
def fixed_point(
    function: Map, start: Tensor, steps: int, tolerance: float, kind: type[Acceleration], memory: int
) -> Solved:
    """z = f(z) from `start` [batch, ...] on.

    A sample keeps the first point whose residual is within the tolerance, so that its answer does not depend on the others; one that never is keeps the best. Ends when all are
    within, or after so many calls of f.
    """
    z = start.flatten(1)
    best, least = z, torch.full((len(z),), torch.inf, dtype=z.dtype, device=z.device)
    acceleration = kind(z, memory)
    for step in range(1, steps + 1):
        image = function(z.view_as(start)).flatten(1)
        rest = image - z
        size = rest.norm(dim=1) / image.norm(dim=1).clamp_min(torch.finfo(z.dtype).tiny)
        better = (size < least) & (least > tolerance)
        best, least = torch.where(better[:, None], z, best), torch.where(better, size, least)
        if bool((least <= tolerance).all()) or not bool(torch.isfinite(size).all()):
            return Solved(best.view_as(start), least, step)
        z = acceleration.after(z, rest)
    return Solved(best.view_as(start), least, steps)
