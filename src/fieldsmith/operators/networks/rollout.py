"""Networks in time: all frames at once, or one after the other."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class OneShot(nn.Module):
    """Every frame as channels of one call: [batch, channels, *space] to [batch, frames, results, *space]."""

    def __init__(self, network: nn.Module, frames: int) -> None:
        super().__init__()
        self.network, self.frames = network, frames

    def forward(self, x: Tensor) -> Tensor:
        return self.network(x).unflatten(1, (self.frames, -1))


class Stepwise(nn.Module):
    """The change from a frame to the next, summed up: the same shapes.

    `state` are the channels of the input that hold the first frame, in the order of the results; the others stay as they are. Both are normalised alike.
    """

    def __init__(self, network: nn.Module, state: Sequence[int], frames: int) -> None:
        super().__init__()
        self.network, self.state, self.frames = network, list(state), frames

    def forward(self, x: Tensor, frames: int | None = None) -> Tensor:
        now = x[:, self.state]
        told = []
        for _ in range(frames or self.frames):
            now = now + self.network(self.with_state(x, now))
            told.append(now)
        return torch.stack(told, 1)

    def with_state(self, x: Tensor, now: Tensor) -> Tensor:
        """The input with another frame in place of the first."""
        channels = list(x.unbind(1))
        for n, place in enumerate(self.state):
            channels[place] = now[:, n]
        return torch.stack(channels, 1)
