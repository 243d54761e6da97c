"""The built-in blocks. A family says in its choices which of them it can be made of."""

from fieldsmith.blocks import Block

# fmt: off

FOURIER = Block(
    "discretisation", "fourier", "Fourier",
    "Fourier series of the samples: derivatives are exact for what the grid can show, periodic domains only",
    source="Canuto, Hussaini, Quarteroni and Zang, Spectral Methods, 2006",
)
FINITE_VOLUMES = Block(
    "discretisation", "finite_volumes", "conservative finite volumes",
    "Averages over cells that change by the fluxes through their faces: totals are conserved to rounding, samples taken for averages",
    2.0, "LeVeque, Finite Volume Methods for Hyperbolic Problems, 2002",
)
CONTROL_VOLUMES = Block(
    "discretisation", "control_volumes", "conservative finite volumes around the given points",
    "Every point owns a volume, whose balance holds exactly; fluxes by differences of neighbours",
    2.0, "Patankar, Numerical Heat Transfer and Fluid Flow, 1980",
)
CHEBYSHEV = Block(
    "discretisation", "chebyshev", "Chebyshev collocation",
    "Polynomials through Chebyshev points, dense differentiation matrices: spectral between boundaries",
    source="Trefethen, Spectral Methods in MATLAB, 2000",
)

UNFOLDED = Block(
    "interpolation", "unfolded", "kinked samples unfolded",
    "Where a sample has kinks and its square, about some base, has not, it is the absolute value of a short Fourier sum: that is recovered",
    source="Sampling theorem for the square; signs by extrapolation, Fourier coefficients of the folded sum in closed form",
)
TRIGONOMETRIC = Block(
    "interpolation", "trigonometric", "trigonometric interpolation",
    "The Fourier sum through the samples: exact for what they resolve, of second order at kinks",
    source="Canuto, Hussaini, Quarteroni and Zang, Spectral Methods, 2006",
)

TWO_THIRDS = Block(
    "dealiasing", "two_thirds", "2/3",
    "The upper third of the modes of every product is dropped: exact for products of two",
    source="Orszag, 1971",
)
ONE_HALF = Block(
    "dealiasing", "one_half", "1/2",
    "The upper half of the modes of every product is dropped: exact for products of three, at a third more points for the same waves",
    source="Orszag, 1971",
)

WENO5 = Block(
    "reconstruction", "weno5", "WENO of order 5",
    "Weighted essentially non-oscillatory values at faces: high order where smooth, no overshoots worth speaking of at jumps",
    5.0, "Jiang and Shu, 1996", 2.2,
)
VAN_LEER = Block(
    "reconstruction", "van_leer", "MUSCL with van Leer's limiter",
    "Straight lines in cells, slopes limited by the harmonic average: no overshoots, order 1 at smooth extrema",
    2.0, "van Leer, 1974", 1.4,
)
MINMOD = Block(
    "reconstruction", "minmod", "MUSCL with the minmod limiter",
    "Straight lines in cells with the smaller of two slopes: no overshoots, the most diffusive limiter",
    2.0, "Roe, 1986", 1.3,
)
CONSTANT = Block(
    "reconstruction", "constant", "piecewise constant values",
    "The cell's value at its faces: monotone and very diffusive",
    1.0, "Godunov, 1959", 1.0,
)

HLLC = Block(
    "flux", "hllc", "HLLC",
    "Three waves of an ideal gas, the contact among them: sharp contacts",
    source="Toro, Spruce and Speares, 1994", cost=1.2,
)
RUSANOV = Block(
    "flux", "rusanov", "Rusanov",
    "Average of both sides, less the jump times the largest signal speed: for any balance law, diffusive at contacts",
    source="Rusanov, 1961",
)

ETDRK4 = Block(
    "integrator", "etdrk4", "ETDRK4",
    "Exponential time differencing: the linear part is exact, the rest by a Runge-Kutta method",
    4.0, "Cox and Matthews, 2002; Kassam and Trefethen, 2005", 4.0,
)
EXPONENTIAL = Block(
    "integrator", "exponential", "exact exponential",
    "Every Fourier mode by the exponential of its symbol: exact in time, for what is linear with constant coefficients",
    source="Canuto, Hussaini, Quarteroni and Zang, Spectral Methods, 2006",
)
SSPRK3 = Block(
    "integrator", "ssprk3", "SSP Runge-Kutta of order 3",
    "Three stages, each a convex combination of forward Euler steps, so that nothing new overshoots",
    3.0, "Shu and Osher, 1988", 3.0,
)
SSPRK2 = Block(
    "integrator", "ssprk2", "SSP Runge-Kutta of order 2",
    "Two such stages (Heun's method); with a reconstruction of high order it needs short steps",
    2.0, "Shu and Osher, 1988", 2.0,
)
RADAU = Block(
    "integrator", "radau", "Radau IIA of order 5",
    "Implicit Runge-Kutta with adaptive steps: stable for whatever is stiff",
    5.0, "Hairer and Wanner, Solving Ordinary Differential Equations II, 1996", 2.0,
)
BDF = Block(
    "integrator", "bdf", "BDF of variable order",
    "Backward differentiation of order 1 to 5 with adaptive steps: cheap steps, weak at oscillations",
    source="Shampine and Reichelt, 1997",
)

COURANT = Block(
    "step_rule", "courant", "steps by the Courant condition",
    "The step in which the fastest wave that matters travels a given part of its resolution",
    source="Courant, Friedrichs and Lewy, 1928",
)
FIXED_STEPS = Block(
    "step_rule", "fixed", "a fixed number of steps",
    "The same number of steps between any two output times, where no stability limits them",
    source="Hairer, Lubich and Wanner, Geometric Numerical Integration, 2006",
)
ERROR_STEPS = Block(
    "step_rule", "error", "adaptive steps",
    "Steps by the integrator's own estimate of its error, against a tolerance",
    source="Hairer and Wanner, Solving Ordinary Differential Equations II, 1996",
)

MAJORANT = Block(
    "diffusion", "majorant", "a constant-diffusivity majorant",
    "Of a variable diffusivity the constant midway between its extremes is taken exactly, the rest explicitly",
    source="Douglas and Dupont, 1971",
)
RKL2 = Block(
    "diffusion", "rkl2", "Runge-Kutta-Legendre super-time-stepping",
    "Explicit stages whose number grows with the square root of the stiffness, not with the stiffness",
    2.0, "Meyer, Balsara and Aslam, 2014",
)

STRANG = Block(
    "splitting", "strang", "Strang splitting",
    "Half a step of one part, a step of the other, half a step of the first: symmetric, error in even powers of the step",
    2.0, "Strang, 1968",
)
QUADRATIC_FLOW = Block(
    "reaction", "quadratic_flow", "the exact flow of the reaction",
    "The ordinary differential equation of a quadratic reaction by its formula, at every point",
    source="Reid, Riccati Differential Equations, 1972",
)

HARMONIC = Block(
    "average", "harmonic", "harmonic averages at faces",
    "The coefficient between two volumes that gives the flux across its jump exactly",
    source="Patankar, Numerical Heat Transfer and Fluid Flow, 1980",
)
SINE_PCG = Block(
    "solver", "sine_pcg", "conjugate gradients with a sine-transform preconditioner",
    "Iterations depend on the contrast of the coefficient, not on the grid; symmetric, value 0 on the whole boundary",
    source="Concus and Golub, 1973",
)
SPARSE_DIRECT = Block(
    "solver", "sparse_direct", "sparse direct solve",
    "Factorises the matrix whatever the terms and the boundary conditions",
    source="Davis, Direct Methods for Sparse Linear Systems, 2006", cost=3.0,
)

AS_GIVEN = Block("refinement", "as_given", "the given cells", "Computes on the points of the samples", cost=0.0)
SPLIT_CELLS = Block(
    "refinement", "split_cells", "split cells",
    "Inner cells: smooth samples by trigonometric interpolation, others by monotone cubics",
    source="Fritsch and Butland, 1984",
)
SPLIT_VOLUMES = Block(
    "refinement", "split_volumes", "split control volumes",
    "Inner volumes: a coefficient of few values is constant on each given one, another goes along cubic splines",
    source="de Boor, A Practical Guide to Splines, 1978",
)
ONE_PASS = Block("refinement", "one_pass", "no refinement", "Computes once, on the first inner grid", cost=0.0)
DOUBLING = Block(
    "refinement", "doubling", "grid and steps doubled",
    "Grid and steps are doubled until two answers agree; samples that do are left alone",
    source="Roache, Verification and Validation, 1998",
)
HALF_AGAIN = Block(
    "refinement", "half_again", "half as many points again",
    "Half as many points again until two answers agree",
    source="Roache, Verification and Validation, 1998",
)

RICHARDSON = Block(
    "extrapolation", "richardson", "Richardson extrapolation",
    "Two resolutions combined so that the leading error cancels",
    4.0, "Richardson, 1911", 2.0,
)
NO_EXTRAPOLATION = Block("extrapolation", "none", "no extrapolation", "The finest answer as it is", cost=0.0)
