"""Spectral convolutions against sums over modes that are written out, in double precision."""

import numpy as np
import pytest
import torch

from fieldsmith.operators.networks.spectral import FactorisedConvolution, SpectralConvolution

TO_ROUNDING = 1e-10


def made(*modes, channels=(3, 4)):
    torch.manual_seed(1)
    return SpectralConvolution(*channels, modes).double()


def written_out(convolution, x):
    """The real part of the sum over kept modes of amplitude times matrix times wave, with each mode's conjugate."""
    weight = torch.view_as_complex(convolution.weight.detach()).numpy()
    space = x.shape[2:]
    amplitudes = np.fft.fftn(x, axes=range(2, x.ndim)) / np.prod(space)
    y = np.zeros((x.shape[0], weight.shape[-1], *space))
    grids = np.meshgrid(*(np.arange(n) / n for n in space), indexing="ij")
    for place in np.ndindex(weight.shape[:-2]):
        k = (*(p - (m - 1) for p, m in zip(place[:-1], convolution.modes[:-1], strict=True)), place[-1])
        if any(2 * abs(one) >= n for one, n in zip(k, space, strict=True)):
            continue
        mode = amplitudes[(slice(None), slice(None), *(one % n for one, n in zip(k, space, strict=True)))]
        wave = np.exp(2j * np.pi * sum(one * grid for one, grid in zip(k, grids, strict=True)))
        product = np.einsum("bi,io->bo", mode, weight[place])
        y += (1 if k[-1] == 0 else 2) * np.real(np.einsum("bo,...->bo...", product, wave))
    return y


@pytest.mark.parametrize(
    ("modes", "space"), [((5,), (16,)), ((5,), (17,)), ((9,), (12,)), ((4, 3), (9, 10)), ((6, 6), (8, 7))]
)
def test_it_is_the_sum_over_modes(modes, space):
    convolution = made(*modes)
    x = np.random.default_rng(0).standard_normal((2, 3, *space))
    found = convolution(torch.from_numpy(x)).detach().numpy()
    assert np.abs(found - written_out(convolution, x)).max() < TO_ROUNDING


@pytest.mark.parametrize("modes", [(5,), (4, 3)])
def test_finer_points_see_the_same_function(modes):
    convolution = made(*modes)

    def field(n):
        along = np.meshgrid(*(np.arange(n) / n,) * len(modes), indexing="ij")
        one = sum((k + 1) * np.cos(2 * np.pi * (2 * x + k)) for k, x in enumerate(along))
        return torch.from_numpy(np.stack([one, one**2, 1 + one])[None])

    coarse, fine = convolution(field(16)), convolution(field(32))
    assert (coarse - fine[(..., *(slice(None, None, 2),) * len(modes))]).abs().max() < TO_ROUNDING


def test_its_slopes_are_those_of_differences():
    assert torch.autograd.gradcheck(made(3, 3, channels=(2, 2)), torch.randn(1, 2, 6, 7).double().requires_grad_())


def test_factors_act_along_one_axis_each():
    torch.manual_seed(2)
    convolution = FactorisedConvolution(2, (3, 4)).double()
    x = torch.randn(2, 2, 8, 9).double()
    along_x, along_y = convolution.along
    first = torch.stack([along_x(x[..., j]) for j in range(9)], -1)
    second = torch.stack([along_y(x[:, :, i]) for i in range(8)], 2)
    assert (convolution(x) - first - second).abs().max() < TO_ROUNDING
