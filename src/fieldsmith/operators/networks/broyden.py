"""Fixed points by Broyden's good method with limited memory, begun anew when that is full (Broyden, Math. Comp. 19, 1965; Kelley, Iterative methods for linear and nonlinear equations, SIAM 1995, chapter 7)."""

import torch
from torch import Tensor

from fieldsmith.operators.networks.fixed_point import Acceleration, Map, Solved, fixed_point

MEMORY = 12
SMALLEST = 1e-3
"""Share of a step below which its update would nearly make the inverse singular; it is left out."""


class Broyden(Acceleration):
    """The inverse of the residual's Jacobian as -1 + sum of u v^T: `first` has the u, `second` the v. By Sherman and Morrison, for a step s and the change y of the residual, B' = B + (s - B y) (s^T B) / (s^T B y)."""

    def __init__(self, like: Tensor, memory: int) -> None:
        super().__init__(like, memory)
        self.known = 0

    def after(self, z: Tensor, rest: Tensor) -> Tensor:
        if self.before is not None:
            self._update(z - self.before[0], rest - self.before[1])
        self.before = z, rest
        return z - self._times(rest)

    def _update(self, step: Tensor, change: Tensor) -> None:
        if self.known == self.memory:
            self.known = 0
            return
        mapped, row = self._times(change), self._row(step)
        along = (row * change).sum(1)
        # s^T B y is s^T s where the Jacobian is known already.
        sound = along.abs() > SMALLEST * step.square().sum(1)
        scale = torch.where(sound, along, torch.ones_like(along))[:, None]
        self.first[:, self.known] = torch.where(sound[:, None], (step - mapped) / scale, torch.zeros_like(step))
        self.second[:, self.known] = row
        self.known += 1

    def _times(self, x: Tensor) -> Tensor:
        """B x, [batch, n]."""
        u, v = self.first[:, : self.known], self.second[:, : self.known]
        return ((v @ x[:, :, None]).mT @ u).squeeze(1) - x

    def _row(self, x: Tensor) -> Tensor:
        """x^T B, [batch, n]."""
        u, v = self.first[:, : self.known], self.second[:, : self.known]
        return ((u @ x[:, :, None]).mT @ v).squeeze(1) - x


def broyden(function: Map, start: Tensor, steps: int, tolerance: float, memory: int = MEMORY) -> Solved:
    """z = f(z), for each sample of a batch by itself, from `start` [batch, ...] on; see `fixed_point`."""
    return fixed_point(function, start, steps, tolerance, Broyden, memory)
