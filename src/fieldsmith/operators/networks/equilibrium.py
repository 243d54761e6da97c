"""Networks without depth: one Fourier block with tied weights, whose fixed point is the representation of a steady solution.

Marwah et al., Deep equilibrium based neural operators for steady-state PDEs, arXiv 2312.00234: z* = f(z*, x), where the lifted input x is injected into
every layer of f. Differentiated implicitly (Bai, Kolter and Koltun, Deep equilibrium models, arXiv 1909.01377, theorem 1): a gradient g of z* becomes the solution v of v = v df/dz + g, and
v df/dx and v df/dweights are those of input and weights. Between the forward and the backward pass z* and x alone are kept, however many steps either took.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from fieldsmith.operators.networks.anderson import anderson
from fieldsmith.operators.networks.fixed_point import Solved, Solver
from fieldsmith.operators.networks.layers import Padded, Perceptron, Pointwise
from fieldsmith.operators.networks.spectral import SpectralConvolution

START = 0.5
"""Factor of the usual first weights of a block, with which it contracts."""


class InjectedLayer(nn.Module):
    """z, x to x + gelu(K z + W z) with a spectral convolution K and a map W of the channels (arXiv 2312.00234); both [batch, width, *space]."""

    def __init__(self, width: int, modes: Sequence[int]) -> None:
        super().__init__()
        self.convolution, self.map = SpectralConvolution(width, width, modes), Pointwise(width, width)
        with torch.no_grad():
            for weight in self.parameters():
                weight *= START

    def forward(self, z: Tensor, x: Tensor) -> Tensor:
        return x + functional.gelu(self.convolution(z) + self.map(z))


class InjectedBlock(nn.Module):
    """`depth` such layers, one after the other: the function whose fixed point is looked for."""

    def __init__(self, width: int, modes: Sequence[int], depth: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(InjectedLayer(width, modes) for _ in range(depth))

    def forward(self, z: Tensor, x: Tensor) -> Tensor:
        for layer in self.layers:
            z = layer(z, x)
        return z


class Unrolled(nn.Module):
    """x to the `steps`-th iterate of z = f(z, x) from 0, differentiated through all of them: memory grows with their number."""

    def __init__(self, block: nn.Module, steps: int) -> None:
        super().__init__()
        self.block, self.steps = block, steps

    def forward(self, x: Tensor) -> Tensor:
        z = torch.zeros_like(x)
        for _ in range(self.steps):
            z = self.block(z, x)
        return z


@dataclass
class Record:
    """How fixed points were found: the largest residual and the most steps of all calls."""

    residual: float = 0.0
    steps: int = 0

    def add(self, found: Solved) -> None:
        self.residual, self.steps = max(self.residual, float(found.residuals.max())), max(self.steps, found.steps)


class Equilibrium(nn.Module):
    """x to z* = f(z*, x), both [batch, width, *space], within a relative residual of `tolerance` or as near as `steps` evaluations of f come.

    It is found by `solver`, as that of the way back is, in the precision of the weights, whatever others may be computed in.
    """

    def __init__(self, block: nn.Module, steps: int, tolerance: float, solver: Solver = anderson) -> None:
        super().__init__()
        self.block, self.steps, self.tolerance, self.solver = block, steps, tolerance, solver
        self.record = Record()

    @torch.compiler.disable
    def forward(self, x: Tensor) -> Tensor:
        weights = tuple(self.block.parameters())
        with torch.autocast(x.device.type, enabled=False):
            point, found = _FixedPoint.apply(self, x.to(weights[0].dtype), *weights)
        self.record.add(found)
        return point


class _FixedPoint(torch.autograd.Function):
    """The fixed point for an input and the weights of the block, as a function that is differentiated implicitly."""

    @staticmethod
    def forward(ctx: Any, network: Equilibrium, x: Tensor, *weights: Tensor) -> tuple[Tensor, Solved]:
        found = network.solver(lambda z: network.block(z, x), torch.zeros_like(x), network.steps, network.tolerance)
        ctx.network = network
        ctx.save_for_backward(found.point, x, *weights)
        return found.point, found

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor, _: None) -> tuple[Tensor | None, ...]:
        network, (point, x, *weights) = ctx.network, ctx.saved_tensors
        with torch.enable_grad(), torch.autocast(x.device.type, enabled=False):
            z, x = point.detach().requires_grad_(), x.detach().requires_grad_()
            image = network.block(z, x)
        asked = [weight for weight in weights if weight.requires_grad]

        def adjoint(v: Tensor) -> Tensor:
            return torch.autograd.grad(image, z, v, retain_graph=True)[0] + gradient

        v = network.solver(adjoint, torch.zeros_like(gradient), network.steps, network.tolerance).point
        of_x, *of_weights = torch.autograd.grad(image, (x, *asked), v)
        given = iter(of_weights)
        return None, of_x, *(next(given) if weight.requires_grad else None for weight in weights)


class EquilibriumNetwork(nn.Module):
    """Lifting to `width` channels, the representation, projection: [batch, channels_in, *space] to [batch, channels_out, *space]."""

    def __init__(
        self, channels_in: int, channels_out: int, width: int, periodic: Sequence[bool], inner: nn.Module
    ) -> None:
        super().__init__()
        self.lifting = Perceptron(channels_in, 2 * width, width)
        self.inner = Padded(inner, periodic)
        self.projection = Perceptron(width, 2 * width, channels_out)

    def forward(self, x: Tensor) -> Tensor:
        return self.projection(self.inner(self.lifting(x)))


def fixed_points(module: nn.Module, call: Callable[[], object]) -> dict[str, float | int | bool] | None:
    """How the fixed points within a network are found when it is called: largest residual, most steps, whether all are within the tolerance; None where it looks for none."""
    one = next((one for one in module.modules() if isinstance(one, Equilibrium)), None)
    if one is None:
        return None
    one.record = Record()
    call()
    residual, steps = one.record.residual, one.record.steps
    return {"residual": residual, "steps": steps, "tolerance": one.tolerance, "found": residual <= one.tolerance}
