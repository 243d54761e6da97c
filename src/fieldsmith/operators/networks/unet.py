"""The U-Net that PDEBench trains beside its Fourier operators (Takamoto et al., arXiv 2210.07182, appendix; Ronneberger et al., arXiv 1505.04597).

Four levels of halving, two convolutions of width 3 with batch normalisation and tanh a level. Here they wrap around periodic axes, and
fields whose sizes are no multiples of 16 are extended for the way down and cut again.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from fieldsmith.operators.networks.layers import cropped, extended

LEVELS = 4


class Convolution(nn.Module):
    """Width 3, as many points out as in: around periodic axes, with zeros beyond the ends of others."""

    def __init__(self, channels_in: int, channels_out: int, periodic: Sequence[bool]) -> None:
        super().__init__()
        kind = nn.Conv1d if len(periodic) == 1 else nn.Conv2d
        self.periodic = tuple(periodic)
        self.inner = kind(channels_in, channels_out, 3, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        for axis, around in enumerate(self.periodic):
            dim = 2 + axis
            if around:
                x = torch.cat([x.narrow(dim, x.shape[dim] - 1, 1), x, x.narrow(dim, 0, 1)], dim)
            else:
                widths = [0, 0] * (len(self.periodic) - 1 - axis) + [1, 1]
                x = functional.pad(x, widths)
        return self.inner(x)


class Double(nn.Sequential):
    """Two convolutions, each with batch normalisation and tanh."""

    def __init__(self, channels_in: int, channels_out: int, periodic: Sequence[bool]) -> None:
        norm = nn.BatchNorm1d if len(periodic) == 1 else nn.BatchNorm2d
        parts: list[nn.Module] = []
        for first in (channels_in, channels_out):
            parts += [Convolution(first, channels_out, periodic), norm(channels_out), nn.Tanh()]
        super().__init__(*parts)


class UNet(nn.Module):
    """[batch, channels_in, *space] to [batch, channels_out, *space]; `features` channels at the finest level, twice as many a level down."""

    def __init__(self, channels_in: int, channels_out: int, features: int, periodic: Sequence[bool]) -> None:
        super().__init__()
        self.periodic = tuple(periodic)
        flat = len(periodic) == 1
        self.pool = nn.MaxPool1d(2) if flat else nn.MaxPool2d(2)
        transposed, final = (nn.ConvTranspose1d, nn.Conv1d) if flat else (nn.ConvTranspose2d, nn.Conv2d)
        sizes = [features * 2**level for level in range(LEVELS + 1)]
        self.down = nn.ModuleList(
            Double(channels_in if level == 0 else sizes[level - 1], sizes[level], periodic) for level in range(LEVELS)
        )
        self.bottom = Double(sizes[LEVELS - 1], sizes[LEVELS], periodic)
        self.rise = nn.ModuleList(transposed(sizes[level + 1], sizes[level], 2, 2) for level in reversed(range(LEVELS)))
        self.up = nn.ModuleList(Double(2 * sizes[level], sizes[level], periodic) for level in reversed(range(LEVELS)))
        self.projection = final(features, channels_out, 1)

    def forward(self, x: Tensor) -> Tensor:
        space, unit = x.shape[2:], 2**LEVELS
        x = extended(x, [-(-n // unit) * unit for n in space], self.periodic)
        passed = []
        for double in self.down:
            x = double(x)
            passed.append(x)
            x = self.pool(x)
        x = self.bottom(x)
        for rise, double in zip(self.rise, self.up, strict=True):
            x = double(torch.cat([rise(x), passed.pop()], 1))
        return cropped(self.projection(x), space)
