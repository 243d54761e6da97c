"""`memno`: frame by frame, with what was seen before. What it is made of is imported only when a network is made."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from fieldsmith.blocks import Block, Choices, choice, number
from fieldsmith.errors import InputError
from fieldsmith.operators.kinds import modes_along
from fieldsmith.operators.layout import CLOSE, Layout
from fieldsmith.operators.operator import Operator, Shape, refuse_steps

if TYPE_CHECKING:
    from torch import nn

    from fieldsmith.operators.networks.memory import MemoryLayer, MemoryNetwork, Windowed

SOURCE = "Buitrago Ruiz et al., arXiv 2409.02313"
MEMORY = Block(
    "variant", "memory", "a state space over past hidden states", "remembers all frames before, between its blocks", source=SOURCE,
)  # fmt: skip
GATED = Block(
    "variant", "gated", "the same behind a gate", "the gate is learned and closes as points are closer", source="Hur et al., arXiv 2606.13443",
)  # fmt: skip
MULTI_INPUT = Block(
    "variant", "multi-input", "no memory but the last frames", "as channels of the input", source=SOURCE
)
MARKOVIAN = Block("variant", "markovian", "no memory", "each frame from the one before alone", source=SOURCE)


@dataclass(frozen=True)
class MemorySettings(Choices):
    """`modes` along each axis, half of them along each of two."""

    variant: Block = choice(MEMORY, GATED, MULTI_INPUT, MARKOVIAN)
    modes: int = number(24, 1, 512, "Fourier modes that are kept along an axis; half as many along each of two")
    width: int = number(48, 1, 1024, "channels between lifting and projection")
    depth: int = number(4, 1, 64, "Fourier layers, the memory after half of them")
    states: int = number(16, 1, 512, "complex states of a channel", MEMORY, GATED)
    inputs: int = number(4, 2, 64, "frames that are given", MULTI_INPUT)


class MemoryOperator(Operator):
    """A factorised Fourier operator that goes frame by frame and remembers; it learns all steps of a solution at once, from the true frames before each."""

    name: ClassVar = "memno"
    title: ClassVar = "Memory neural operator"
    source: ClassVar = SOURCE
    settings: ClassVar = MemorySettings

    def check(self, layout: Layout) -> None:
        super().check(layout)
        if not layout.timed:
            raise InputError(
                f"{layout.task} is steady, and {self.name} remembers frames in time.", "Take fno or f-fno."
            )
        refuse_steps(layout, "Take fno or f-fno, which give all frames at once.")
        pauses = np.diff(layout.times)
        if np.ptp(pauses) > CLOSE * (layout.times[-1] - layout.times[0]):
            words = f"The output times of {layout.task} are not evenly spread, from {pauses.min():g} to {pauses.max():g} apart."
            raise InputError(words, f"{self.name} takes the same step from each frame to the next.")

    def network(self, shape: Shape, settings: MemorySettings) -> "MemoryNetwork | Windowed":
        """[batch, time, channels_in, *space] to [batch, time, channels_out, *space]."""
        from fieldsmith.operators.networks.memory import MemoryNetwork, Windowed

        modes, several = modes_along(settings.modes, len(shape.periodic)), settings.variant == MULTI_INPUT
        channels = shape.channels_in * (settings.inputs if several else 1)
        network = MemoryNetwork(
            channels, shape.channels_out, modes, settings.width, settings.depth, shape.periodic, _memory(settings, modes)
        )  # fmt: skip
        return Windowed(network, settings.inputs) if several else network

    def module(self, layout: Layout, settings: MemorySettings) -> "nn.Module":
        from fieldsmith.operators.networks.memory import Remembering

        periodic = tuple(axis.periodic for axis in layout.axes)
        network = self.network(Shape(layout.channels, len(layout.results), periodic), settings)
        return Remembering(network, layout.state, layout.frames)


def _memory(settings: MemorySettings, modes: tuple[int, ...]) -> "MemoryLayer | None":
    from fieldsmith.operators.networks.memory import Gate, MemoryLayer

    if settings.variant not in (MEMORY, GATED):
        return None
    gate = Gate(settings.width, modes) if settings.variant == GATED else None
    return MemoryLayer(settings.width, settings.states, gate)
