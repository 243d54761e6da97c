"""Parts that several networks have: what acts on channels at each point alone, and points beyond the ends of a field."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

BEYOND = 0.125
"""Share of an axis's points that zeros stand on beyond its end."""


class Pointwise(nn.Module):
    """The same affine map of the channels at every point: [batch, channels_in, *space] to [batch, channels_out, *space]."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.map = nn.Linear(channels_in, channels_out)

    def forward(self, x: Tensor) -> Tensor:
        # As a product of matrices: a convolution of width 1 takes several times as long on a CPU.
        weight = self.map.weight.expand(x.shape[0], -1, -1)
        y = torch.baddbmm(self.map.bias[:, None], weight, x.flatten(2))
        return y.reshape(x.shape[0], -1, *x.shape[2:])


class Perceptron(nn.Sequential):
    """Two affine maps of the channels with a GELU between them."""

    def __init__(self, channels_in: int, hidden: int, channels_out: int) -> None:
        super().__init__(Pointwise(channels_in, hidden), nn.GELU(), Pointwise(hidden, channels_out))


class Padded(nn.Module):
    """A network for periodic fields on one that is not periodic along some axes: a share of zeros beyond the upper end keeps the ends apart."""

    def __init__(self, inner: nn.Module, periodic: Sequence[bool], share: float = BEYOND) -> None:
        super().__init__()
        self.inner, self.periodic, self.share = inner, tuple(periodic), share

    def forward(self, x: Tensor) -> Tensor:
        return cropped(self.inner(padded(x, self.periodic, self.share)), x.shape[2:])


def padded(x: Tensor, periodic: Sequence[bool], share: float = BEYOND) -> Tensor:
    """With zeros beyond the upper end of each axis that is not periodic, a share of its points."""
    extra = [0 if around else round(share * n) for n, around in zip(x.shape[2:], periodic, strict=True)]
    return functional.pad(x, [width for n in reversed(extra) for width in (0, n)]) if any(extra) else x


def cropped(x: Tensor, space: Sequence[int]) -> Tensor:
    """The first points along each axis."""
    for dim, n in enumerate(space, start=2):
        x = x.narrow(dim, 0, n)
    return x


def extended(x: Tensor, sizes: Sequence[int], periodic: Sequence[bool]) -> Tensor:
    """So many points along each axis: beyond the upper end those of the lower one, or the last one again where the axis is not periodic."""
    for dim, (n, again) in enumerate(zip(sizes, periodic, strict=True), start=2):
        extra = n - x.shape[dim]
        if extra > 0:
            more = (
                x.narrow(dim, 0, extra) if again else x.narrow(dim, x.shape[dim] - 1, 1).repeat_interleave(extra, dim)
            )
            x = torch.cat([x, more], dim)
    return x
