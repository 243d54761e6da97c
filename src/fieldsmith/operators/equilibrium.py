"""The operator for steady tasks whose representation is a fixed point. What it is made of is imported only when a network is made."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from fieldsmith.blocks import Block, choice, number
from fieldsmith.errors import InputError
from fieldsmith.operators.kinds import FourierSettings
from fieldsmith.operators.layout import Layout
from fieldsmith.operators.operator import ONE_SHOT, Operator, Shape

if TYPE_CHECKING:
    from torch import nn

FIXED_POINT = Block(
    "representation", "fixed-point", "the fixed point of the block", "what the block leaves as it is, found by `solver` and differentiated implicitly",
    source="Bai, Kolter and Koltun, arXiv 1909.01377",
)  # fmt: skip
UNROLLED = Block(
    "representation", "unrolled", "the block again and again", "the block applied `steps` times with the same weights, differentiated through all of them"
)  # fmt: skip

ANDERSON = Block(
    "solver", "anderson", "Anderson's acceleration", "residuals of the last five steps made small together",
    source="Walker and Ni, SIAM J. Numer. Anal. 49, 2011",
)  # fmt: skip
BROYDEN = Block(
    "solver", "broyden", "Broyden's good method", "an inverse Jacobian of twelve terms at most, then begun anew",
    source="Broyden, Math. Comp. 19, 1965",
)  # fmt: skip


@dataclass(frozen=True)
class EquilibriumSettings(FourierSettings):
    """Steady tasks have no rollout, and the block few layers."""

    rollout: Block = choice(ONE_SHOT)
    representation: Block = choice(FIXED_POINT, UNROLLED)
    solver: Block = choice(ANDERSON, BROYDEN)
    depth: int = number(1, 1, 16, "Fourier layers of the block")
    steps: int = number(24, 1, 1000, "evaluations of the block, the most of them for a fixed point")
    tolerance: float = number(1e-3, 1e-14, 0.1, "relative residual of the fixed point", FIXED_POINT)

    def check(self) -> None:
        """Raises InputError for a solver where there is no fixed point."""
        if self.representation == UNROLLED and self.solver != ANDERSON:
            words = f"solver={self.solver.name} is for the representation fixed-point, which is not chosen."
            raise InputError(words, "Leave solver out, or choose that.")


class FNODEQ(Operator):
    """One Fourier block with tied weights and its fixed point in place of a stack of layers."""

    name: ClassVar = "fno-deq"
    title: ClassVar = "Deep equilibrium Fourier neural operator"
    source: ClassVar = "Marwah et al., arXiv 2312.00234"
    settings: ClassVar = EquilibriumSettings

    def check(self, layout: Layout) -> None:
        super().check(layout)
        if layout.timed:
            raise InputError(
                f"{layout.task} changes in time, and {self.name} is for steady tasks, such as darcy.",
                "fno, f-fno and unet are for tasks in time.",
            )

    def network(self, shape: Shape, settings: EquilibriumSettings) -> "nn.Module":
        from fieldsmith.operators.networks.anderson import anderson
        from fieldsmith.operators.networks.broyden import broyden
        from fieldsmith.operators.networks.equilibrium import Equilibrium, EquilibriumNetwork, InjectedBlock, Unrolled

        block = InjectedBlock(settings.width, settings.along(len(shape.periodic)), settings.depth)
        if settings.representation == FIXED_POINT:
            inner: nn.Module = Equilibrium(
                block, settings.steps, settings.tolerance, broyden if settings.solver == BROYDEN else anderson
            )
        else:
            inner = Unrolled(block, settings.steps)
        return EquilibriumNetwork(shape.channels_in, shape.channels_out, settings.width, shape.periodic, inner)
