"""Networks that go frame by frame and remember: factorised Fourier blocks with a state space over past hidden states between them (MemNO, arXiv 2409.02313).

Each part knows its input in two ways that come to the same: a whole sequence [batch, time, channels, *space] at once (`forward`, for learning), and one frame after the other with a
state that is carried along (`step`, for use). Frame t of an answer depends on frames up to t alone.
"""

import math
from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from fieldsmith.operators.networks.fno import FactorisedBlock
from fieldsmith.operators.networks.layers import Perceptron, Pointwise, cropped, padded
from fieldsmith.operators.networks.rollout import TeacherForced, with_state
from fieldsmith.operators.networks.state_space import DiagonalStateSpace


class Sequential(Protocol):
    """What goes through a sequence: all of it, or step by step with a state (None at first)."""

    def __call__(self, x: Tensor) -> Tensor: ...

    def step(self, x: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor | None]: ...


class Gate(nn.Module):
    """Share of the memory that is let through, for each channel: h [batch, channels, *space] to [batch, channels, 1…].

    sigmoid(W mean(h) + b - s log2(points / (2 modes))), means over space, points along an axis (geometric mean of several) and the modes that Fourier layers keep: 0.7 at first where the grid just
    carries the modes, and s > 0 closes it on finer ones. arXiv 2606.13443 has a gate of this purpose, conditioned on resolution; the form here is a plain one, not theirs.
    """

    def __init__(self, channels: int, modes: Sequence[int]) -> None:
        super().__init__()
        self.map = nn.Linear(channels, channels)
        nn.init.zeros_(self.map.weight)
        nn.init.constant_(self.map.bias, math.log(0.7 / 0.3))
        self.closing = nn.Parameter(torch.ones(channels))
        self.carried = sum(math.log2(2 * m) for m in modes) / len(modes)

    def forward(self, h: Tensor) -> Tensor:
        space = h.shape[2:]
        finer = sum(math.log2(n) for n in space) / len(space) - self.carried
        opening = self.map(h.flatten(2).mean(2)) - self.closing * finer
        return torch.sigmoid(opening).view(*opening.shape, *[1] * len(space))


class MemoryLayer(nn.Module):
    """h to h + g G(gelu(S h)): a state space S along time at each point, a gated linear unit G across channels, and a gate g where there is one."""

    def __init__(self, channels: int, states: int, gate: Gate | None = None) -> None:
        super().__init__()
        self.past, self.mixing, self.gate = (
            DiagonalStateSpace(channels, states),
            Pointwise(channels, 2 * channels),
            gate,
        )

    def forward(self, h: Tensor) -> Tensor:
        y = self._added(h.flatten(0, 1), self.past(h).flatten(0, 1))
        return y.unflatten(0, h.shape[:2])

    def step(self, h: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor]:
        remembered, state = self.past.step(h, state)
        return self._added(h, remembered), state

    def _added(self, h: Tensor, remembered: Tensor) -> Tensor:
        more = functional.glu(self.mixing(functional.gelu(remembered)), 1)
        return h + (more if self.gate is None else self.gate(h) * more)


class MemoryNetwork(nn.Module):
    """Lifting, factorised Fourier blocks, projection; after half of the blocks a memory layer, or none: then no frame knows of another.

    [batch, time, channels_in, *space] to [batch, time, channels_out, *space].
    """

    def __init__(
        self, channels_in: int, channels_out: int, modes: Sequence[int], width: int, depth: int, periodic: Sequence[bool], memory: MemoryLayer | None
    ) -> None:  # fmt: skip
        super().__init__()
        blocks = [FactorisedBlock(width, modes) for _ in range(depth)]
        self.lifting = Perceptron(channels_in, 2 * width, width)
        self.before, self.after = nn.Sequential(*blocks[: depth // 2]), nn.Sequential(*blocks[depth // 2 :])
        self.memory, self.periodic = memory, tuple(periodic)
        self.projection = Perceptron(width, 2 * width, channels_out)

    def forward(self, x: Tensor) -> Tensor:
        h = self._lifted(x.flatten(0, 1))
        if self.memory is not None:
            h = self.memory(h.unflatten(0, x.shape[:2])).flatten(0, 1)
        return self._projected(h, x.shape[3:]).unflatten(0, x.shape[:2])

    def step(self, x: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor | None]:
        h = self._lifted(x)
        if self.memory is not None:
            h, state = self.memory.step(h, state)
        return self._projected(h, x.shape[2:]), state

    def _lifted(self, x: Tensor) -> Tensor:
        return self.before(padded(self.lifting(x), self.periodic))

    def _projected(self, h: Tensor, space: Sequence[int]) -> Tensor:
        return self.projection(cropped(self.after(h), space))


class Windowed(nn.Module):
    """A network without memory that is given the last `frames` frames as channels, the oldest first; before the first frame stands the first again."""

    def __init__(self, network: MemoryNetwork, frames: int) -> None:
        super().__init__()
        self.network, self.frames = network, frames

    def forward(self, x: Tensor) -> Tensor:
        first, steps = x[:, :1], x.shape[1]
        long = torch.cat([*[first] * (self.frames - 1), x], 1)
        return self.network(torch.cat([long[:, n : n + steps] for n in range(self.frames)], 2))

    def step(self, x: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """The state is the frames before, [batch, channels * (frames - 1), *space]."""
        seen = torch.cat([*[x] * (self.frames - 1), x] if state is None else [state, x], 1)
        return self.network.step(seen, None)[0], seen[:, x.shape[1] :]


class Remembering(TeacherForced):
    """The change from a frame to the next, summed up, by a network that may remember: [batch, channels, *space] to [batch, frames, results, *space].

    `state` are the channels of the input that hold the first frame, in the order of the results; the others stay as they are.
    """

    def __init__(self, network: Sequential, state: Sequence[int], frames: int) -> None:
        super().__init__(state)
        self.network, self.frames = network, frames

    def forward(self, x: Tensor) -> Tensor:
        now, memory, told = x[:, self.state], None, []
        for _ in range(self.frames):
            change, memory = self.network.step(with_state(x, self.state, now), memory)
            now = now + change
            told.append(now)
        return torch.stack(told, 1)

    def taught(self, x: Tensor, before: Tensor) -> Tensor:
        steps = before.shape[1]
        every = x.unsqueeze(1).expand(-1, steps, *x.shape[1:]).flatten(0, 1)
        told = with_state(every, self.state, before.flatten(0, 1)).unflatten(0, before.shape[:2])
        return before + self.network(told)
