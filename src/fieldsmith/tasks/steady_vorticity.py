"""Steady incompressible flow on the periodic square [0, 2 pi)^2: u . grad(w) = nu Laplace(w) + f, w = v_x - u_y, u_x + v_y = 0.

Galerkin's method on the Fourier modes up to a highest wave number along each axis, products free of aliasing by the 2/3 rule (Orszag, J. Atmos. Sci. 28, 1971).
The equation is divided by the symbol of nu Laplace, so that what Newton-Krylov iterations see is the identity plus a compact operator, and their number does not
grow with the modes (Knoll and Keyes, J. Comput. Phys. 193, 2004).

Several solutions may exist where viscosity is small. Here it is the first that is met on the branch that begins at rest: f is multiplied by s, and the solution followed from s = 0
to where s is 1, by its arclength, as s may turn back on the way (Keller, in Applications of bifurcation theory, 1977; Allgower and Georg, Introduction to numerical
continuation methods, 2003). The branch reaches s = 1, as solutions are bounded where s is (Leray and Schauder, Ann. Sci. Ec. Norm. Super. 51, 1934).

Spectra are [n, n // 2 + 1], `rfft2` divided by the number of points: amplitudes, which do not depend on n.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import fft
from scipy.sparse.linalg import LinearOperator, gmres

from fieldsmith.errors import FieldsmithError

EXACT = 1e-12
"""Newton's method ends where the residual, divided by the size of the solution, is below this ..."""
ON_THE_WAY = 1e-9
"""... or this, before the end of the branch."""
CONTRACTS = 0.5
"""A step of Newton's method makes the residual smaller by this at least, else the step along the branch was too long; so it was where ..."""
BENDS = 0.1
"""... the solution is further from where the step led than this share of the step, which might be another branch."""
FEW, MOST = 5, 9
"""Newton steps up to which the next step along the branch is twice as long, and most of them."""
SHORTEST, LONGEST_WAY = 1e-5, 2000
"""Step along the branch, and number of them, at which following it is given up; the flow without transport has the length 1."""
TANGENT = 1e-3
"""Relative residual of the direction of the branch."""
KRYLOV = 400
"""Most vectors of GMRES."""
FINEST = 384
"""Points along an axis at most."""
ROUNDING = 1e-13
"""Share of the largest mode of the forcing below which others are rounding."""
LARGER = "Give a larger viscosity."
RIM = 0.85
"""Modes above this share of the highest tell how well a solution is resolved."""

Product = Callable[[np.ndarray], np.ndarray]


class Torus:
    """Modes of n x n points: wave numbers, the third of them that products of two are free of aliasing in, and symbols.

    `kept` [n, n // 2 + 1] leaves the mean out. `toward_u` and `toward_v` times the vorticity's spectrum are those of the velocity.
    """

    def __init__(self, n: int) -> None:
        self.n, self.highest = n, (n - 1) // 3
        kx, ky = fft.fftfreq(n, 1.0 / n)[:, None], np.arange(n // 2 + 1)[None, :]
        self.squared = kx**2 + ky**2
        self.largest = np.maximum(np.abs(kx), ky)
        self.kept = (self.largest <= self.highest) & (self.squared > 0)
        self.inverse = np.where(self.kept, 1.0 / np.maximum(self.squared, 1.0), 0.0)
        self.toward_u, self.toward_v = 1j * ky * self.inverse, -1j * kx * self.inverse
        # curl(u . grad u) = (d_xx - d_yy)(u v) + d_xy(v^2 - u^2)
        self.straight, self.mixed = (ky**2 - kx**2) * self.kept, -kx * ky * self.kept

    def spectrum(self, values: np.ndarray) -> np.ndarray:
        return np.asarray(fft.rfft2(values, norm="forward"))

    def values(self, spectrum: np.ndarray) -> np.ndarray:
        return np.asarray(fft.irfft2(spectrum, (self.n, self.n), norm="forward"))

    def velocity(self, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values [n, n] of both components for a spectrum of the vorticity."""
        return self.values(self.toward_u * w), self.values(self.toward_v * w)

    def curl_of(self, uv: np.ndarray, difference: np.ndarray) -> np.ndarray:
        """Spectrum of (d_xx - d_yy) uv + d_xy difference."""
        return self.straight * self.spectrum(uv) + self.mixed * self.spectrum(difference)

    def flat(self, spectrum: np.ndarray) -> np.ndarray:
        """The kept modes as one real vector."""
        return spectrum[self.kept].view(float)

    def whole(self, vector: np.ndarray) -> np.ndarray:
        """Inverse of `flat`."""
        spectrum = np.zeros(self.kept.shape, complex)
        spectrum[self.kept] = vector.view(complex)
        return spectrum


class Linear(LinearOperator):
    """A linear map of real vectors of one length."""

    def __init__(self, size: int, product: Product) -> None:
        super().__init__(float, (size, size))
        self._product = product

    def _matvec(self, x: np.ndarray) -> np.ndarray:
        return self._product(x.ravel())


@dataclass
class SteadyFlow:
    """The flow on a torus for one forcing (its spectrum) and viscosity. `products` counts how often the linearised equation was applied.

    Unknowns are real vectors: the kept modes of the vorticity in units of the flow without transport, and for a point of the branch s after them.
    """

    torus: Torus
    viscosity: float
    forcing: np.ndarray
    products: int = 0

    def __post_init__(self) -> None:
        self.stokes = self.torus.inverse / self.viscosity
        alone = self.torus.flat(self.stokes * self.forcing)
        self.unit = float(np.linalg.norm(alone))
        self.alone = alone / self.unit

    def vector(self, w: np.ndarray) -> np.ndarray:
        """Of a spectrum of the vorticity."""
        return self.torus.flat(w) / self.unit

    def spectrum(self, x: np.ndarray) -> np.ndarray:
        """Inverse of `vector`."""
        return self.torus.whole(x * self.unit)

    def _around(self, x: np.ndarray) -> tuple[np.ndarray, Product]:
        """The equation without its forcing at x, and what its linearisation there makes of a vector."""
        torus, unit = self.torus, self.unit
        u, v = torus.velocity(self.spectrum(x))

        def linearised(d: np.ndarray) -> np.ndarray:
            self.products += 1
            a, b = torus.velocity(self.spectrum(d))
            return d + torus.flat(self.stokes * torus.curl_of(u * b + a * v, 2.0 * (v * b - u * a))) / unit

        return x + torus.flat(self.stokes * torus.curl_of(u * v, v * v - u * u)) / unit, linearised

    def corrected(self, x: np.ndarray, tolerance: float) -> tuple[np.ndarray, int] | None:
        """The solution for the whole forcing near x, and Newton's steps; None where these do not contract."""

        def equations(x: np.ndarray) -> tuple[np.ndarray, Product]:
            at_x, linearised = self._around(x)
            return at_x - self.alone, linearised

        return _newton(equations, x, tolerance)

    def _corrected_along(self, guess: np.ndarray, direction: np.ndarray) -> tuple[np.ndarray, int] | None:
        """The point of the branch that is near `guess` and in the plane through it across `direction`."""

        def equations(point: np.ndarray) -> tuple[np.ndarray, Product]:
            residual, bordered = self._bordered(point, direction)
            return np.append(residual, direction @ (point - guess)), bordered

        return _newton(equations, guess, ON_THE_WAY)

    def _bordered(self, point: np.ndarray, direction: np.ndarray) -> tuple[np.ndarray, Product]:
        """The equations at a point, and the linearised ones with the part along `direction` after them."""
        at_x, linearised = self._around(point[:-1])

        def product(d: np.ndarray) -> np.ndarray:
            return np.append(linearised(d[:-1]) - d[-1] * self.alone, direction @ d)

        return at_x - point[-1] * self.alone, product

    def _tangent(self, point: np.ndarray, direction: np.ndarray) -> np.ndarray:
        """The unit vector along the branch at a point, pointing as `direction` does."""
        along = _solved(self._bordered(point, direction)[1], np.append(np.zeros(len(point) - 1), 1.0), TANGENT)
        return along / np.linalg.norm(along)

    def followed(self) -> np.ndarray:
        """The solution on the branch from rest where s is 1 first. Raises FieldsmithError where the branch cannot be followed so far."""
        point, direction = np.zeros(self.alone.size + 1), np.append(self.alone, 1.0) / np.sqrt(2.0)
        step, steps = np.sqrt(2.0), 0
        while step > SHORTEST and (steps := steps + 1) < LONGEST_WAY:
            last = point[-1] + step * direction[-1] >= 1.0
            if last:
                step = (1.0 - point[-1]) / direction[-1]
            guess = point + step * direction
            found = self.corrected(guess[:-1], ON_THE_WAY) if last else self._corrected_along(guess, direction)
            if found is None or not _near(found[0], guess, step):
                step *= 0.5
                continue
            if last:
                return found[0]
            point = found[0]
            direction = self._tangent(point, direction)
            step *= 2.0 if found[1] <= FEW else 1.0
        words = f"The steady flow that begins at rest cannot be followed beyond {100 * point[-1]:.0f} % of the forcing."
        raise FieldsmithError(words, LARGER)

    def settled(self, x: np.ndarray) -> np.ndarray:
        """The solution near that of a coarser grid, to rounding; followed from rest anew where that is too coarse. Raises FieldsmithError."""
        found = self.corrected(x, EXACT) or self.corrected(self.followed(), EXACT)
        if found is None:
            raise FieldsmithError("Newton's method does not settle on the steady flow.", LARGER)
        return found[0]


def _near(found: np.ndarray, guess: np.ndarray, step: float) -> bool:
    """Whether a point of the branch, or its vorticity at s = 1, is where a step led, and not beyond s = 1."""
    beyond = len(found) == len(guess) and found[-1] > 1.0
    return not beyond and float(np.linalg.norm(found - guess[: len(found)])) <= BENDS * step


def _newton(
    equations: Callable[[np.ndarray], tuple[np.ndarray, Product]], x: np.ndarray, tolerance: float
) -> tuple[np.ndarray, int] | None:
    """A root near x and the steps to it; None where they do not contract."""
    last = np.inf
    for steps in range(MOST + 1):
        residual, product = equations(x)
        size = float(np.linalg.norm(residual) / max(np.linalg.norm(x), 1e-300))
        if size <= tolerance:
            return x, steps
        if not size <= CONTRACTS * last:
            return None
        last = size
        wanted = min(max(0.1 * tolerance / size, 1e-3), 1e-2)
        x = x - _solved(product, residual, wanted)
    return None


def _solved(product: Product, right: np.ndarray, tolerance: float) -> np.ndarray:
    """A linear system by GMRES (Saad and Schultz, SIAM J. Sci. Stat. Comput. 7, 1986), to a relative residual."""
    return gmres(Linear(right.size, product), right, rtol=tolerance, restart=KRYLOV, maxiter=1)[0]


def steady_vorticity(f: np.ndarray, viscosity: float, tolerance: float, coarsest: int = 48) -> np.ndarray:
    """Spectrum of the vorticity [n, n // 2 + 1] for one of the forcing [m, m // 2 + 1] (amplitudes, mean 0).

    Followed from rest on `coarsest` points along an axis, or as many more as carry the forcing, then corrected on finer ones, half as many more each, until the
    modes near the highest are smaller than `tolerance` times the largest. Raises FieldsmithError where the branch turns back, or the finest grid does not suffice.
    """
    active = np.abs(f) > ROUNDING * np.abs(f).max()
    highest = int(Torus(len(f)).largest[active].max(initial=1))
    n = max(coarsest, _fast(3 * highest + 3))
    flow = SteadyFlow(Torus(n), viscosity, resized(f, n))
    x = flow.followed()
    while n <= FINEST:
        w = flow.spectrum(flow.settled(x))
        torus = flow.torus
        rim = np.abs(w[torus.kept & (torus.largest > RIM * torus.highest)]).max()
        if rim <= tolerance * np.abs(w).max():
            return w
        n = _fast(n + n // 2)
        flow = SteadyFlow(Torus(n), viscosity, resized(f, n))
        x = flow.vector(resized(w, n))
    raise FieldsmithError(f"The steady flow is not resolved by {FINEST} points along an axis.", LARGER)


def _fast(n: int) -> int:
    """The next number of points that transforms are fast for."""
    return fft.next_fast_len(n, real=True) or n


def resized(spectrum: np.ndarray, n: int) -> np.ndarray:
    """Amplitudes [m, m // 2 + 1] as those of n x n points: cut, or filled up with zeros. The Nyquist modes are left out."""
    m = len(spectrum)
    kept = (min(m, n) + 1) // 2
    whole = np.zeros((n, n // 2 + 1), complex)
    whole[:kept, :kept] = spectrum[:kept, :kept]
    if kept > 1:
        whole[1 - kept :, :kept] = spectrum[1 - kept :, :kept]
    return whole


def sampled(spectrum: np.ndarray, points: int) -> np.ndarray:
    """Values [points, points] at j 2 pi / points of all modes, also of those that so few points cannot tell apart."""
    m = len(spectrum)
    times = -(-m // points)
    n = times * points
    return np.asarray(fft.irfft2(resized(spectrum, n), (n, n), norm="forward"))[::times, ::times]
