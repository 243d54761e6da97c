"""The words of this room: a kind of learned operator, and what is known of the fields that one is made for.

An `Operator` says which networks it is made of; how a network is trained, stored and called is the same for all (`training/`, `trained.py`).
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from fieldsmith.blocks import Block, Choices
from fieldsmith.errors import InputError
from fieldsmith.operators.layout import Layout

if TYPE_CHECKING:
    from torch import nn

ONE_SHOT = Block(
    "rollout", "one-shot", "all frames at once", "the network gives every frame from the first, as channels"
)
STEPWISE = Block(
    "rollout", "autoregressive", "frame by frame", "the network gives the change from a frame to the next, and is called again with the result",
    source="Takamoto et al., arXiv 2210.07182",
)  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """What a network maps: [batch, `channels_in`, *space] to [batch, `channels_out`, *space], periodic or not along each axis."""

    channels_in: int
    channels_out: int
    periodic: tuple[bool, ...]


class Operator(ABC):
    """A kind of operator. Derive from it, name it and its `settings`, and give a `network`.

    `settings` is a frozen dataclass derived from `fieldsmith.blocks.Choices`. A kind that is rolled out in time as others are has a block `rollout` among them.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    source: ClassVar[str]
    """The paper that it is from."""
    settings: ClassVar[type[Choices]]
    dimensions: ClassVar[tuple[int, ...]] = (1, 2)

    def check(self, layout: Layout) -> None:
        """Raises InputError for a task that this kind is not for."""
        if layout.dimensions not in self.dimensions:
            allowed = " or ".join(map(str, self.dimensions))
            raise InputError(f"{layout.task} has {layout.dimensions} axes of space.", f"{self.name} is for {allowed}.")

    @abstractmethod
    def network(self, shape: Shape, settings: Any) -> "nn.Module":
        """A network of that shape, its weights drawn by torch's own generator."""

    def module(self, layout: Layout, settings: Any) -> "nn.Module":
        """Inputs [batch, channels, *space] to solutions [batch, frames, channels, *space], both normalised. Raises InputError where frames do not follow from each other."""
        from fieldsmith.operators.networks.rollout import OneShot, Stepwise

        periodic = tuple(axis.periodic for axis in layout.axes)
        results = len(layout.results)
        if layout.timed and getattr(settings, "rollout", ONE_SHOT) == STEPWISE:
            refuse_steps(layout, "Give --set rollout=one-shot.")
            network = self.network(Shape(layout.channels, results, periodic), settings)
            return Stepwise(network, layout.state, layout.frames)
        shape = Shape(layout.channels, results * layout.frames, periodic)
        return OneShot(self.network(shape, settings), layout.frames)


def refuse_steps(layout: Layout, hint: str) -> None:
    """Raises InputError for a task whose frames do not follow from the one before alone."""
    if layout.one_shot:
        raise InputError(f"{layout.task} cannot be learned frame by frame: {layout.one_shot}.", hint)
