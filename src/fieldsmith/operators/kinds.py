"""The operators that come along. What they are made of is imported only when a network is made."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from fieldsmith.blocks import Block, Choices, choice, number
from fieldsmith.operators.operator import ONE_SHOT, STEPWISE, Operator, Shape

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class FourierSettings(Choices):
    """`modes` along each axis, half of them along each of two."""

    rollout: Block = choice(ONE_SHOT, STEPWISE)
    modes: int = number(24, 1, 512, "Fourier modes that are kept along an axis; half as many along each of two")
    width: int = number(48, 1, 1024, "channels between lifting and projection")
    depth: int = number(4, 1, 64, "Fourier layers")

    def along(self, dimensions: int) -> Sequence[int]:
        """Modes along each axis."""
        return modes_along(self.modes, dimensions)


@dataclass(frozen=True)
class DeepSettings(FourierSettings):
    """The same for deep stacks of cheap layers."""

    depth: int = number(8, 1, 64, "Fourier layers")


@dataclass(frozen=True)
class UNetSettings(Choices):
    rollout: Block = choice(ONE_SHOT, STEPWISE)
    features: int = number(32, 1, 512, "channels at the finest level, doubled at each of four coarser ones")


def modes_along(modes: int, dimensions: int) -> tuple[int, ...]:
    """As many along one axis, half as many along each of several."""
    return (modes,) if dimensions == 1 else (max(1, modes // 2),) * dimensions


class FNO(Operator):
    """Layers that multiply the lowest Fourier modes by learned matrices."""

    name: ClassVar = "fno"
    title: ClassVar = "Fourier neural operator"
    source: ClassVar = "Li et al., arXiv 2010.08895"
    settings: ClassVar = FourierSettings
    factorised: ClassVar = False

    def network(self, shape: Shape, settings: FourierSettings) -> "nn.Module":
        from fieldsmith.operators.networks.fno import FourierNetwork

        modes = settings.along(len(shape.periodic))
        return FourierNetwork(
            shape.channels_in, shape.channels_out, modes, settings.width, settings.depth, shape.periodic, self.factorised
        )  # fmt: skip


class FactorisedFNO(FNO):
    """Layers that act along one axis at a time and add up, deep and with few weights."""

    name: ClassVar = "f-fno"
    title: ClassVar = "Factorised Fourier neural operator"
    source: ClassVar = "Tran et al., arXiv 2111.13802"
    settings: ClassVar = DeepSettings
    factorised: ClassVar = True


class UNetOperator(Operator):
    """Convolutions on five levels of resolution; made for the points that it was trained on."""

    name: ClassVar = "unet"
    title: ClassVar = "U-Net"
    source: ClassVar = "Takamoto et al. (PDEBench), arXiv 2210.07182"
    settings: ClassVar = UNetSettings

    def network(self, shape: Shape, settings: UNetSettings) -> "nn.Module":
        from fieldsmith.operators.networks.unet import UNet

        return UNet(shape.channels_in, shape.channels_out, settings.features, shape.periodic)
