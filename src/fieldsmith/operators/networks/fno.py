"""Fourier neural operators: the classical one, and the factorised one for deep stacks."""

from collections.abc import Sequence

from torch import Tensor, nn

from fieldsmith.operators.networks.layers import Padded, Perceptron, Pointwise
from fieldsmith.operators.networks.spectral import FactorisedConvolution, SpectralConvolution


class FourierBlock(nn.Module):
    """x to activation(K x + W x) with a spectral convolution K and a map W of the channels (arXiv 2010.08895, equation 2)."""

    def __init__(self, width: int, modes: Sequence[int], active: bool) -> None:
        super().__init__()
        self.convolution, self.map = SpectralConvolution(width, width, modes), Pointwise(width, width)
        self.activation = nn.GELU() if active else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.activation(self.convolution(x) + self.map(x))


class FactorisedBlock(nn.Module):
    """x to x + F(K x) with a factorised convolution K and a perceptron F: the residual comes last, so that deep stacks train (arXiv 2111.13802, equation 6)."""

    def __init__(self, width: int, modes: Sequence[int]) -> None:
        super().__init__()
        self.convolution, self.feed = FactorisedConvolution(width, modes), Perceptron(width, 2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.feed(self.convolution(x))


class FourierNetwork(nn.Module):
    """Lifting to `width` channels, `depth` blocks, projection: [batch, channels_in, *space] to [batch, channels_out, *space]."""

    def __init__(
        self, channels_in: int, channels_out: int, modes: Sequence[int], width: int, depth: int, periodic: Sequence[bool], factorised: bool = False
    ) -> None:  # fmt: skip
        super().__init__()
        if factorised:
            blocks = [FactorisedBlock(width, modes) for _ in range(depth)]
        else:
            blocks = [FourierBlock(width, modes, active=n + 1 < depth) for n in range(depth)]
        self.lifting = Perceptron(channels_in, 2 * width, width)
        self.blocks = Padded(nn.Sequential(*blocks), periodic)
        self.projection = Perceptron(width, 2 * width, channels_out)

    def forward(self, x: Tensor) -> Tensor:
        return self.projection(self.blocks(self.lifting(x)))
