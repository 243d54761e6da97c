"""What programs of finite differences are made of."""

from dataclasses import dataclass

from fieldsmith.blocks import Block, Choices, choice, number

_FORNBERG = (
    "B. Fornberg, Generation of finite difference formulas on arbitrarily spaced grids, Math. Comp. 51 (1988) 699"
)


def _differences(order: int, name: str) -> Block:
    return Block(
        "discretisation", name, f"finite differences of order {order}",
        "centred on an even grid, one-sided near ends, as sparse matrices", float(order), _FORNBERG, order / 2,
    )  # fmt: skip


SECOND, FOURTH, SIXTH = _differences(2, "second"), _differences(4, "fourth"), _differences(6, "sixth")
ORDERS = {2: SECOND, 4: FOURTH, 6: SIXTH}
RODAS5P = Block(
    "integrator", "rodas5p", "the Rosenbrock method Rodas5P", "linearly implicit, of order 5, L-stable, for index 1; steps follow the error", 5.0,
    "G. Steinebach, Construction of Rosenbrock-Wanner method Rodas5P, BIT 63 (2023) 27", 8.0,
)  # fmt: skip
DOP853 = Block(
    "integrator", "dop853", "the explicit Runge-Kutta method DOP853", "of order 8; steps follow the error, and stability on fine grids", 8.0,
    "E. Hairer, S. P. Norsett, G. Wanner, Solving Ordinary Differential Equations I, Springer, 1993, section II.5", 1.0,
)  # fmt: skip
NEWTON = Block(
    "integrator", "newton", "Newton's method", "damped, with continuation, of a steady problem", None,
    "P. Deuflhard, Newton Methods for Nonlinear Problems, Springer, 2004",
)  # fmt: skip


@dataclass(frozen=True)
class DifferencesChoices(Choices):
    """`points` are intervals along the axis that is asked for at most points; others have as many in proportion."""

    discretisation: Block = choice(FOURTH, SECOND, SIXTH)
    integrator: Block = choice(RODAS5P, DOP853, NEWTON)
    points: int = number(128, 8, 16384, "intervals along the axis with most points")
    tolerance: float = number(
        1e-6, 1e-13, 1e-2, "local error of a step, or last change of a steady solution, by the size of each field"
    )

    @property
    def order(self) -> int:
        return next(order for order, block in ORDERS.items() if block == self.discretisation)
