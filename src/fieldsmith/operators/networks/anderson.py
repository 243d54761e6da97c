"""Fixed points by Anderson's acceleration (Anderson, J. ACM 12, 1965; Walker and Ni, SIAM J. Numer. Anal. 49, 2011, type II with differences)."""

import torch
from torch import Tensor

from fieldsmith.operators.networks.fixed_point import Acceleration, Map, Solved, fixed_point

MEMORY = 5


class Anderson(Acceleration):
    """Remembers the last differences of points (`first`) and of residuals (`second`)."""

    def __init__(self, like: Tensor, memory: int) -> None:
        super().__init__(like, memory)
        self.known = 0

    def after(self, z: Tensor, rest: Tensor) -> Tensor:
        if self.before is not None:
            place = self.known % self.memory
            torch.sub(z, self.before[0], out=self.first[:, place])
            torch.sub(rest, self.before[1], out=self.second[:, place])
            self.known += 1
        self.before = z, rest
        known = min(self.known, self.memory)
        return z + rest - _mixed(self.first[:, :known], self.second[:, :known], rest) if known else z + rest


def anderson(function: Map, start: Tensor, steps: int, tolerance: float, memory: int = MEMORY) -> Solved:
    """z = f(z), for each sample of a batch by itself, from `start` [batch, ...] on; see `fixed_point`."""
    return fixed_point(function, start, steps, tolerance, Anderson, memory)


def _mixed(points: Tensor, rests: Tensor, rest: Tensor) -> Tensor:
    """What the differences of points and of residuals [batch, known, n] take away, with the factors that make the residual [batch, n] smallest."""
    gram, tiny = rests @ rests.mT, torch.finfo(rest.dtype).tiny
    # Each in units of its size, or the oldest, which are the largest, would hide the others.
    sizes = gram.diagonal(dim1=1, dim2=2).clamp_min(tiny).sqrt()[:, :, None]
    floor = torch.eye(rests.shape[1], dtype=rest.dtype, device=rest.device) * (10.0 * torch.finfo(rest.dtype).eps)
    factors = torch.linalg.solve(gram / (sizes * sizes.mT) + floor, rests @ rest[:, :, None] / sizes) / sizes
    return (factors.mT @ points + factors.mT @ rests).squeeze(1)
