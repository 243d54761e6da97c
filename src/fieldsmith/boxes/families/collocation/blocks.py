"""What collocation programs are made of."""

from dataclasses import dataclass

from fieldsmith.blocks import Block, Choices, choice, number

CHEBYSHEV = Block(
    "discretisation", "rectangular", "Chebyshev collocation",
    "Polynomials through Chebyshev points, Fourier series along periodic axes; each equation at as many points as the conditions leave free",
    source="Driscoll and Hale, IMA Journal of Numerical Analysis 36, 2016", cost=1.0,
)  # fmt: skip
RADAU = Block(
    "integrator", "radau", "Radau IIA of order 5",
    "Implicit, L-stable, for equations with constraints too; steps by its error", order=5,
    source="Hairer and Wanner, Solving Ordinary Differential Equations II, 1996", cost=10.0,
)  # fmt: skip
GAUSS = Block(
    "integrator",
    "gauss",
    "Gauss-Legendre of order 6",
    "Implicit, damps no wave and keeps quadratic invariants but for its tolerance; steps by their error",
    order=6,
    source="Hairer, Lubich and Wanner, Geometric Numerical Integration, 2006",
    cost=10.0,
)
EXACT = Block(
    "integrator", "exponential", "the exponential of the discrete operator",
    "Linear equations with constant factors, exact in time", source="Higham, SIAM Journal on Matrix Analysis and Applications 26, 2005", cost=1.0,
)  # fmt: skip
ETDRK4 = Block(
    "integrator", "etdrk4", "an exponential Runge-Kutta method of order 4",
    "The linear part, diagonalised axis by axis, by its exponential; steps by an embedded error", order=4,
    source="Krogstad, Journal of Computational Physics 203, 2005; Whalen, Brio and Moloney, Journal of Computational Physics 280, 2015", cost=2.0,
)  # fmt: skip
DIAGONAL = Block(
    "integrator", "diagonal", "fast diagonalisation", "For steady linear equations that are a sum over axes",
    source="Lynch, Rice and Thomas, Numerische Mathematik 6, 1964", cost=0.1,
)  # fmt: skip
NEWTON = Block(
    "integrator", "newton", "a damped Newton method",
    "For steady equations, with exact slopes, and continuation where it fails from the start", source="Deuflhard, Newton Methods for Nonlinear Problems, 2004",
    cost=1.0,
)  # fmt: skip


@dataclass(frozen=True)
class CollocationChoices(Choices):
    discretisation: Block = choice(CHEBYSHEV)
    integrator: Block = choice(RADAU, GAUSS, EXACT, ETDRK4, NEWTON, DIAGONAL)
    points: int = number(32, 4, 1024, "values of an unknown along an axis")
    tolerance: float = number(
        1e-6, 1e-13, 0.1, "error of a step beside the largest value of its field", RADAU, GAUSS, ETDRK4
    )
