"""A network between physical units and numbers about 1."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from fieldsmith.operators.networks.rollout import Stepwise, TeacherForced

LEAST = 1e-6
"""Spread, as a share of the size, below which a channel is taken as constant."""


class Normalised(nn.Module):
    """Inputs [batch, channels, *space] to solutions [batch, frames, results, *space], both in their own units.

    Channels are shifted by their mean and divided by their spread over the training samples; these are stored with the weights. A channel
    that holds the first frame of a result (`starts`: for each result its channel, None where it has none) is scaled as that result is.
    """

    def __init__(self, inner: nn.Module, channels: int, results: int) -> None:
        super().__init__()
        self.inner = inner
        for name, count in (("given", channels), ("solved", results)):
            self.register_buffer(f"{name}_mean", torch.zeros(count))
            self.register_buffer(f"{name}_spread", torch.ones(count))

    def fit(self, given: np.ndarray, solved: np.ndarray, starts: Sequence[int | None]) -> None:
        """Take means and spreads from samples."""
        of_given, of_solved = _moments(given, 1), _moments(solved, 2)
        for n, channel in enumerate(starts):
            if channel is None:
                continue
            for one, other in zip(of_given, of_solved, strict=True):
                one[channel] = other[n]
        for name, moments in (("given", of_given), ("solved", of_solved)):
            for part, values in zip(("mean", "spread"), moments, strict=True):
                self.get_buffer(f"{name}_{part}").copy_(torch.from_numpy(values))

    def forward(self, x: Tensor, frames: int | None = None, before: Tensor | None = None) -> Tensor:
        """All frames; so many of a network that goes frame by frame; or, from the frames `before` [batch, steps, results, *space], those after each of them."""
        ones = [1] * (x.ndim - 2)
        mean, spread = (self.get_buffer(f"solved_{part}").view(-1, *ones) for part in ("mean", "spread"))
        x = self.scaled(x)
        if before is not None:
            return self.taught(x, (before - mean) / spread) * spread + mean
        y = self.inner(x) if frames is None else self.stepwise(x, frames)
        return y * spread + mean

    def stepwise(self, x: Tensor, frames: int) -> Tensor:
        """So many frames of a network that goes frame by frame."""
        assert isinstance(self.inner, Stepwise)
        return self.inner(x, frames)

    def taught(self, x: Tensor, before: Tensor) -> Tensor:
        """The frames after `before`, of a network that learns all steps at once."""
        assert isinstance(self.inner, TeacherForced)
        return self.inner.taught(x, before)

    def scaled(self, x: Tensor) -> Tensor:
        ones = [1] * (x.ndim - 2)
        return (x - self.get_buffer("given_mean").view(-1, *ones)) / self.get_buffer("given_spread").view(-1, *ones)

    @property
    def spreads(self) -> np.ndarray:
        """Of the channels of inputs, over the training samples."""
        return self.get_buffer("given_spread").cpu().numpy()

    def parameters_count(self) -> int:
        """Numbers that are learned."""
        return sum(one.numel() for one in self.parameters() if one.requires_grad)


def _moments(values: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and spread of each channel, single precision; 1 in place of a spread that is none."""
    others = tuple(n for n in range(values.ndim) if n != axis)
    mean, spread = values.mean(others, dtype=np.float64), values.std(others, dtype=np.float64)
    size = np.sqrt((values.astype(np.float64) ** 2).mean(others))
    return mean.astype(np.float32), np.where(spread > LEAST * size, spread, 1.0).astype(np.float32)
