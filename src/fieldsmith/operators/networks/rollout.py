"""Networks in time: all frames at once, or one after the other."""

from abc import ABC, abstractmethod
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
        return with_state(x, self.state, now)


class TeacherForced(nn.Module, ABC):
    """A network in time that learns every step of a solution at once, each from the true frames before it.

    `state` are the channels of the input that hold the first frame, in the order of the results, both normalised alike.
    """

    def __init__(self, state: Sequence[int]) -> None:
        super().__init__()
        self.state = list(state)

    @abstractmethod
    def taught(self, x: Tensor, before: Tensor) -> Tensor:
        """Inputs [batch, channels, *space], and the frames that each step goes on from, `before` [batch, steps, results, *space], to the frames after them."""


def with_state(x: Tensor, state: Sequence[int], now: Tensor) -> Tensor:
    """Inputs [batch, channels, *space] with `now` [batch, results, *space] in place of the channels `state`."""
    channels = list(x.unbind(1))
    for n, place in enumerate(state):
        channels[place] = now[:, n]
    return torch.stack(channels, 1)
