"""Convolutions in Fourier space: the lowest modes of a field, multiplied by learned matrices.

Transforms are normalised such that a mode's amplitude does not depend on the number of points, so that one set of weights serves every
resolution (Li et al., Fourier neural operator for parametric partial differential equations, arXiv 2010.08895, section 4).
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn


def kept(modes: int, points: int) -> int:
    """How many of the modes 0, 1, … an axis of so many points can carry; the Nyquist mode, of which a grid sees one part alone, is none of them."""
    return min(modes, (points + 1) // 2)


def indices(count: int, points: int) -> list[int]:
    """Where the modes -(count - 1) … count - 1 stand in a full transform of that length, in this order."""
    return [k % points for k in range(1 - count, count)]


class SpectralConvolution(nn.Module):
    """[batch, channels_in, *space] to [batch, channels_out, *space] by one matrix for each kept mode.

    Kept are the modes below `modes` along each axis, of both signs along all but the last. Weights are [modes…, channels_in, channels_out, 2],
    real and imaginary part. The plane of mode 0 along the last axis is made Hermitian before the inverse transform: a real field
    has no other, and what a transform does with one that is not is undefined (cuFFT and MKL differ).
    """

    def __init__(self, channels_in: int, channels_out: int, modes: Sequence[int]) -> None:
        super().__init__()
        self.modes = tuple(modes)
        counts = (*(2 * m - 1 for m in self.modes[:-1]), self.modes[-1])
        scale = 1.0 / math.sqrt(channels_in)
        self.weight = nn.Parameter(scale * torch.randn(*counts, channels_in, channels_out, 2) / math.sqrt(2.0))

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):  # complex numbers have no bfloat16
            return self._convolved(x)

    def _convolved(self, x: Tensor) -> Tensor:
        space = x.shape[2:]
        counts = [kept(m, n) for m, n in zip(self.modes, space, strict=True)]
        places = [torch.tensor(indices(c, n), device=x.device) for c, n in zip(counts[:-1], space[:-1], strict=True)]
        # One axis after the other, so that later transforms go over the kept modes of the earlier ones alone.
        low = torch.fft.rfft(x.to(self.weight.dtype), norm="forward")[..., : counts[-1]]
        for dim, place in enumerate(places, start=2):
            low = torch.fft.fft(low, dim=dim, norm="forward").index_select(dim, place)
        return self._inverse(hermitian(self._mixed(low, counts)), space, places).to(x.dtype)

    def _mixed(self, low: Tensor, counts: Sequence[int]) -> Tensor:
        """Modes [batch, channels_in, *counts] times their matrices."""
        weight = self.weight
        for axis, (count, modes) in enumerate(zip(counts[:-1], self.modes[:-1], strict=True)):
            weight = weight.narrow(axis, modes - count, 2 * count - 1)
        weight = weight.narrow(len(counts) - 1, 0, counts[-1]).flatten(0, len(counts) - 1)
        real, imag = weight.unbind(-1)
        # In real arithmetic: products of many small complex matrices are taken one by one by torch.
        table = torch.cat([torch.cat([real, imag], -1), torch.cat([-imag, real], -1)], -2)
        rows = torch.view_as_real(low.flatten(2)).permute(2, 0, 3, 1).flatten(2)
        product = torch.bmm(rows, table).unflatten(2, (2, -1))
        whole = torch.complex(product[:, :, 0], product[:, :, 1])
        return whole.permute(1, 2, 0).unflatten(2, low.shape[2:])

    def _inverse(self, low: Tensor, space: Sequence[int], places: Sequence[Tensor]) -> Tensor:
        for dim, place in reversed(list(enumerate(places, start=2))):
            whole = low.new_zeros([*low.shape[:dim], space[dim - 2], *low.shape[dim + 1 :]])
            low = torch.fft.ifft(whole.index_copy(dim, place, low), dim=dim, norm="forward")
        return torch.fft.irfft(low, n=space[-1], norm="forward")


def hermitian(low: Tensor) -> Tensor:
    """Modes [batch, channels, -(c - 1) … c - 1 along all axes but the last, 0 … along the last] with mode 0 of the last as a real field has it."""
    first = low[..., :1]
    turned = first.flip(tuple(range(2, low.ndim - 1))) if low.ndim > 3 else first
    return torch.cat([0.5 * (first + turned.conj()), low[..., 1:]], dim=-1)


class FactorisedConvolution(nn.Module):
    """Sum over the axes of a spectral convolution along each alone (Tran et al., Factorized Fourier neural operators, arXiv 2111.13802, equation 5)."""

    def __init__(self, channels: int, modes: Sequence[int]) -> None:
        super().__init__()
        self.along = nn.ModuleList(SpectralConvolution(channels, channels, (m,)) for m in modes)

    def forward(self, x: Tensor) -> Tensor:
        total = torch.zeros_like(x)
        for dim, convolution in enumerate(self.along, start=2):
            lines = x.movedim(dim, -1)
            flat = lines.movedim(1, -2).reshape(-1, x.shape[1], x.shape[dim])
            mixed = convolution(flat).reshape(*lines.shape[:1], *lines.shape[2:-1], x.shape[1], x.shape[dim])
            total = total + mixed.movedim(-2, 1).movedim(-1, dim)
        return total
