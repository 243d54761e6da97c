"""State spaces over a sequence: a memory of all that came before, in one pass by convolution or carried from step to step.

A channel u at each point drives N complex states, s' = A s + u with a diagonal A, and is answered by y = 2 Re(C s) + D u (S4, Gu et al., arXiv 2111.00396; its diagonal
form S4D, arXiv 2206.11893). Between two steps u is held (zero-order hold): s_k = E s_(k-1) + (E - 1)/A u_k with E = exp(step A), so that y is the convolution of u with

    K_l = 2 Re sum_n C_n (E_n - 1)/A_n E_n^l .
"""

import math

import torch
from torch import Tensor, nn

SHORTEST, LONGEST = 0.02, 1.0
"""Between these the learned steps begin, evenly in their logarithm: states that fade within a few frames, and such that last for a hundred."""

FEW = 256
"""Steps up to which a product with a matrix takes less time than FFTs."""


class DiagonalStateSpace(nn.Module):
    """[batch, time, channels, *space] to the same shape, each channel with its own states, the same at every point (S4D).

    A begins as -1/2 + i pi n for the states n = 0, 1, … (S4D-Lin: what the HiPPO matrix of Legendre polynomials comes to), and its real part stays negative. `states` counts
    complex ones; their conjugates are the other half and are not stored.
    """

    def __init__(self, channels: int, states: int) -> None:
        super().__init__()
        steps = math.log(SHORTEST) + torch.rand(channels) * math.log(LONGEST / SHORTEST)
        self.log_step = nn.Parameter(steps)
        self.log_decay = nn.Parameter(torch.full((channels, states), math.log(0.5)))
        self.frequency = nn.Parameter(math.pi * torch.arange(states, dtype=torch.float32).repeat(channels, 1))
        self.answer = nn.Parameter(torch.randn(channels, states, 2) / math.sqrt(2.0 * states))
        self.direct = nn.Parameter(torch.ones(channels))

    def forward(self, u: Tensor) -> Tensor:
        """All steps in one pass: a causal convolution along time."""
        real = u.to(self.direct.dtype)
        with torch.autocast(u.device.type, enabled=False):
            convolved = self._by_matrix(real) if u.shape[1] <= FEW else self._by_fft(real)
        return (convolved + self.direct.view(-1, *[1] * (u.ndim - 3)) * real).to(u.dtype)

    def _by_fft(self, u: Tensor) -> Tensor:
        """On twice as many steps, so that nothing wraps around."""
        steps = u.shape[1]
        kernel = torch.fft.rfft(self.kernel(steps), n=2 * steps).T.reshape(1, steps + 1, -1, *[1] * (u.ndim - 3))
        return torch.fft.irfft(torch.fft.rfft(u, n=2 * steps, dim=1) * kernel, n=2 * steps, dim=1)[:, :steps]

    def _by_matrix(self, u: Tensor) -> Tensor:
        """A product with the triangular matrix of a channel, [steps, steps]: what is done for few steps, several times as fast."""
        steps = torch.arange(u.shape[1], device=u.device)
        since = steps[:, None] - steps
        matrix = torch.where(since >= 0, self.kernel(len(steps))[:, since.clamp(min=0)], 0.0)
        lines = u.movedim((2, 1), (0, 1))
        return torch.bmm(matrix, lines.flatten(2)).reshape(lines.shape).movedim((0, 1), (2, 1))

    def step(self, u: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor]:
        """One step: u [batch, channels, *space] and the states before it [batch, channels, states, *space], complex (None: 0), to y and the states after it."""
        ones = [1] * (u.ndim - 2)
        grown, held, answer = (one.view(*one.shape, *ones) for one in self._discrete())
        real = u.to(self.direct.dtype)
        state = held * real.unsqueeze(2) + (0.0 if state is None else grown * state)
        y = 2.0 * (answer * state).sum(2).real + self.direct.view(-1, *ones) * real
        return y.to(u.dtype), state

    def kernel(self, steps: int) -> Tensor:
        """K [channels, steps]."""
        grown, held, answer = self._discrete()
        powers = grown.unsqueeze(-1) ** torch.arange(steps, device=grown.device)
        return 2.0 * torch.einsum("cn,cnl->cl", answer * held, powers).real

    def _discrete(self) -> tuple[Tensor, Tensor, Tensor]:
        """E, (E - 1)/A and C, [channels, states], complex."""
        rate = torch.complex(-torch.exp(self.log_decay), self.frequency)
        grown = torch.exp(torch.exp(self.log_step)[:, None] * rate)
        return grown, (grown - 1.0) / rate, torch.view_as_complex(self.answer)
