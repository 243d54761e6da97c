"""Problems of one's own and programs for them: right ones of different quality, and faults that are planted by replacing lines."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from fieldsmith.boxes.form import Form
from fieldsmith.equations.expressions import Unsuited

ROD = """title = "A rod that leaks"
equations = ["u_t = D*u_xx - c*u_x + k*u*(1 - u)"]
[domain]
x = [0, 1]
t = [0, 1]
[parameters]
D = 0.05
c = 0.2
k = { value = 2, low = 1, high = 5 }
[boundary]
"x=0" = "u_x = 0"
"x=1" = "u_x + 3*(u - 0.5) = 0"
[initial]
u = "0.3 + 0.2*cos(pi*x)**2*(1 - x)**2*exp(-x) + 0.2*x**4"
[output]
points = 33
times = 11
accuracy = 1e-4
seconds = 10
"""

ROD_PROGRAM = """import numpy as np
from scipy.integrate import solve_ivp
from scipy.interpolate import CubicSpline

POINTS, RTOL = 400, 1e-8


def solver(u0, x, t_coordinate, k):
    D, c, h, outside = 0.05, 0.2, 3.0, 0.5
    grid = np.linspace(0.0, 1.0, POINTS + 1)
    dx = grid[1] - grid[0]

    def rate(t, u):
        left = u[1]
        right = u[-2] - 2.0 * dx * h * (u[-1] - outside)
        full = np.concatenate([[left], u, [right]])
        second = (full[2:] - 2.0 * full[1:-1] + full[:-2]) / dx**2
        first = (full[2:] - full[:-2]) / (2.0 * dx)
        return D * second - c * first + k * u * (1.0 - u)

    start = 0.3 + 0.2 * np.cos(np.pi * grid) ** 2 * (1 - grid) ** 2 * np.exp(-grid) + 0.2 * grid**4
    solved = solve_ivp(rate, (t_coordinate[0], t_coordinate[-1]), start, method="LSODA", t_eval=t_coordinate,
                       rtol=RTOL, atol=1e-10, uband=1, lband=1)
    result = np.array([CubicSpline(grid, solved.y[:, n])(x) for n in range(len(t_coordinate))])[None]
    result[:, 0] = u0
    return result
"""

EULER = """    state, kept = start, [start]
    for n in range(1, len(t_coordinate)):
        dt = (t_coordinate[n] - t_coordinate[n - 1]) / STEPS
        matrix = np.eye(len(grid))
        for j in range(len(grid)):
            unit = np.zeros(len(grid))
            unit[j] = 1.0
            matrix[:, j] -= dt * (rate(0.0, unit) - rate(0.0, 0.0 * unit) + (k * unit**2 - k * unit))
        for _ in range(STEPS):
            state = np.linalg.solve(matrix, state + dt * (rate(0.0, 0.0 * state) + k * state * (1.0 - state)))
        kept.append(state)
    result = np.array([CubicSpline(grid, one)(x) for one in kept])[None]
"""
_CALL = ROD_PROGRAM[ROD_PROGRAM.index("    solved =") : ROD_PROGRAM.index("    result[:, 0]")]

DISH = """title = "A dish that exchanges"
equations = ["u_t = 0.1*laplace(u) + a*(v - u)", "v_t = 0.05*laplace(v) + u - 2*v*u"]
[domain]
x = [0, 1]
y = [0, 1]
t = [0, 0.5]
[parameters]
a = { value = 3, low = 1, high = 6 }
[boundary]
"x=0" = ["u_x = 0", "v_x = 0"]
"x=1" = ["u_x = 0", "v_x + v - 1 = 0"]
y = ["u_y = 0", "v_y = 0"]
[initial]
u = "1 + 0.3*cos(pi*x)*cos(2*pi*y)"
v = "1 + 0.5*cos(pi*y)"
[output]
points = { x = 17, y = 17 }
times = 9
accuracy = 1e-4
seconds = 20
"""

DISH_PROGRAM = """import numpy as np
from scipy.integrate import solve_ivp
from scipy.interpolate import RectBivariateSpline

POINTS, RTOL = 32, 1e-7


def laplacian(w, dx, ghost):
    full = np.empty((w.shape[0] + 2, w.shape[1] + 2))
    full[1:-1, 1:-1] = w
    full[0, 1:-1], full[-1, 1:-1] = w[1], w[-2] + ghost
    full[1:-1, 0], full[1:-1, -1] = w[:, 1], w[:, -2]
    inner = full[1:-1, 1:-1]
    return (full[2:, 1:-1] + full[:-2, 1:-1] + full[1:-1, 2:] + full[1:-1, :-2] - 4.0 * inner) / dx**2


def solver(u0, v0, x, y, t_coordinate, a):
    n = POINTS + 1
    line = np.linspace(0.0, 1.0, n)
    dx = line[1]
    X, Y = np.meshgrid(line, line, indexing="ij")
    start = np.concatenate([(1 + 0.3 * np.cos(np.pi * X) * np.cos(2 * np.pi * Y)).ravel(), (1 + 0.5 * np.cos(np.pi * Y)).ravel()])

    def rate(t, w):
        u, v = w[: n * n].reshape(n, n), w[n * n :].reshape(n, n)
        reaction = a * (v - u)
        du = 0.1 * laplacian(u, dx, 0.0) + reaction
        dv = 0.05 * laplacian(v, dx, -2.0 * dx * (v[-1] - 1.0)) + u - 2.0 * v * u
        return np.concatenate([du.ravel(), dv.ravel()])

    solved = solve_ivp(rate, (t_coordinate[0], t_coordinate[-1]), start, method="RK45", t_eval=t_coordinate, rtol=RTOL, atol=1e-9)
    u = np.empty((1, len(t_coordinate), len(x), len(y)))
    v = np.empty_like(u)
    for j in range(len(t_coordinate)):
        w = solved.y[:, j]
        u[0, j] = RectBivariateSpline(line, line, w[: n * n].reshape(n, n))(x, y)
        v[0, j] = RectBivariateSpline(line, line, w[n * n :].reshape(n, n))(x, y)
    return u, v
"""


def rod(*changes: tuple[str, str]) -> str:
    return changed(ROD_PROGRAM, *changes)


def dish(*changes: tuple[str, str]) -> str:
    return changed(DISH_PROGRAM, *changes)


def changed(text: str, *changes: tuple[str, str]) -> str:
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after)
    return text


def euler(points: int, steps: int) -> str:
    """The rod by semi-implicit Euler steps: so many in each output interval."""
    return rod(("RTOL = 400, 1e-8", f"STEPS = {points}, {steps}"), (_CALL, EULER))


WRONG_RODS = {
    "sign in the condition": rod(("- 2.0 * dx * h * (u[-1] - outside)", "+ 2.0 * dx * h * (u[-1] - outside)")),
    "sign of the source in the condition": rod(("(u[-1] - outside)", "(u[-1] + outside)")),
    "sign of a term": rod(("- c * first", "+ c * first")),
    "missing term": rod(("- c * first", "")),
    "factor of a term": rod(("D * second", "2.0 * D * second")),
    "parameter ignored": rod(("    D, c", "    k = 2.0\n    D, c")),
    "first order in time": euler(80, 1),
    "shuffled frames": rod(("solved.y[:, n]", "solved.y[:, (7 * n) % len(t_coordinate)]")),
    "reshaped": rod(("    result[:, 0] = u0", "    result = result[0].T.reshape(result.shape)\n    result[:, 0] = u0")),
    "grid without its end": rod(("np.linspace(0.0, 1.0, POINTS + 1)", "np.linspace(0.0, 1.0, POINTS + 1, endpoint=False)"), ("POINTS, RTOL = 400", "POINTS, RTOL = 32")),
    "initial state": rod(("0.3 + 0.2 * np.cos", "0.4 + 0.2 * np.cos"), ("    result[:, 0] = u0\n", "")),
    "one frame late": rod(("    return result", "    result[:, 1:] = result[:, :-1]\n    return result")),
    "low order side": rod(("u[-2] - 2.0 * dx * h * (u[-1] - outside)", "u[-1] - dx * h * (u[-1] - outside)"), ("POINTS, RTOL = 400", "POINTS, RTOL = 40")),
}  # fmt: skip
RIGHT_RODS = {
    "fine": rod(),
    "coarse": rod(("POINTS, RTOL = 400", "POINTS, RTOL = 24")),
    "very coarse": rod(("POINTS, RTOL = 400", "POINTS, RTOL = 10")),
    "loose": rod(("1e-8", "1e-2"), ("atol=1e-10", "atol=1e-3")),
    "linear": rod(("CubicSpline(grid, solved.y[:, n])(x)", "np.interp(x, grid, solved.y[:, n])"), ("POINTS, RTOL = 400", "POINTS, RTOL = 20")),
    "many Euler steps": euler(60, 8),
}  # fmt: skip
WRONG_DISHES = {
    "sign of the source in the condition": dish(("(v[-1] - 1.0)", "(v[-1] + 1.0)")),
    "sign of a term": dish(("+ u - 2.0 * v * u", "- u - 2.0 * v * u")),
    "missing term": dish(("- 2.0 * v * u", "")),
    "transposed": dish(("(x, y)\n        v[0", "(x, y).T\n        v[0"), ("reshape(n, n))(x, y)\n    return", "reshape(n, n))(x, y).T\n    return")),
    "reshaped": dish(("    return u, v", "    u, v = (w[0].reshape(len(t_coordinate), -1).T.reshape(u.shape) for w in (u, v))\n    u[:, 0], v[:, 0] = u0, v0\n    return u, v")),
    "exchanged": dish(("return u, v", "return v, u")),
    "parameter of the range": dish(("    n = POINTS", "    a = 3.0\n    n = POINTS")),
    "axis": dish(("full[0, 1:-1], full[-1, 1:-1] = w[1], w[-2] + ghost\n    full[1:-1, 0], full[1:-1, -1] = w[:, 1], w[:, -2]", "full[0, 1:-1], full[-1, 1:-1] = w[1], w[-2]\n    full[1:-1, 0], full[1:-1, -1] = w[:, 1], w[:, -2] + ghost")),
}  # fmt: skip
RIGHT_DISHES = {
    "fine": dish(),
    "coarse": dish(("POINTS, RTOL = 32", "POINTS, RTOL = 8")),
    "loose": dish(("RTOL = 32, 1e-7", "RTOL = 32, 1e-1"), ("atol=1e-9", "atol=1e-2")),
}

WAVE = """title = "A wave that is carried"
equations = ["u_t = -u_x + D*u_xx"]
[domain]
x = [0, 1]
t = [0, 0.5]
[parameters]
D = 0.004
[boundary]
x = "periodic"
[initial]
u = "1 + sin(2*pi*x)"
[exact]
u = "1 + exp(-4*pi**2*D*t)*sin(2*pi*(x - t))"
[output]
points = 64
times = 6
accuracy = 1e-4
seconds = 10
"""

UPWIND = """import numpy as np

D = 0.004


def solver(u0, x, t_coordinate):
    dx, u, frames = x[1] - x[0], u0, [u0]
    for n in range(1, len(t_coordinate)):
        interval = t_coordinate[n] - t_coordinate[n - 1]
        steps = int(np.ceil(interval / (0.1 * dx)))
        for _ in range(steps):
            before, after = np.roll(u, 1, -1), np.roll(u, -1, -1)
            u = u + interval / steps * (-(u - before) / dx + D * (after - 2.0 * u + before) / dx**2)
        frames.append(u)
    return np.stack(frames, 1)
"""

PLATE = """title = "Steady heat"
equations = ["u_xx - 4*u = -1 - x"]
[domain]
x = [0, 1]
[boundary]
"x=0" = "u = 0"
"x=1" = "u_x + u = 1"
[output]
points = 33
accuracy = 1e-6
seconds = 5
"""

PLATE_PROGRAM = """import numpy as np
from scipy.integrate import solve_bvp


def solver(x):
    line = np.linspace(0.0, 1.0, 41)
    found = solve_bvp(lambda s, w: np.array([w[1], 4.0 * w[0] - 1.0 - s]), lambda a, b: np.array([a[0], b[1] + b[0] - 1.0]),
                      line, np.zeros((2, 41)), tol=1e-10)
    return found.sol(x)[0]
"""


class Truth(NamedTuple):
    values: dict[str, np.ndarray]
    errors: np.ndarray
    words: str
    methods: tuple[str, ...]
    climbs: tuple[()] = ()


def trusted(form: Form, inputs: dict[str, Any], accuracy: float, seconds: float, draw: object, views: Sequence[object], told: object) -> Truth:  # fmt: skip
    """In place of the methods that make references, which take longer: the right program on a fine grid."""
    fine = {
        "A rod that leaks": rod(("400, 1e-8", "800, 1e-9")),
        "A dish that exchanges": dish(("32, 1e-7", "48, 1e-7")),
        "Steady heat": PLATE_PROGRAM,
    }[form.problem.title]
    scope: dict[str, Any] = {}
    exec(compile(fine, "truth.py", "exec"), scope)
    found = scope["solver"](**inputs)
    found = found if isinstance(found, tuple) else (found,)
    values = {r.name: array for r, array in zip(form.results, found, strict=True)}
    samples = len(next(iter(values.values()))) if form.batched else 1
    return Truth(values, np.full((len(views), samples), 5e-6), "a fine grid", ("one",))


def nothing(*_: object, **__: object) -> Truth:
    """In place of them where there is none."""
    raise Unsuited("No method suits.")


PULSE = """title = "A pulse that leaves"
equations = ["u_t = -u_x + D*u_xx"]
[domain]
x = [0, 4]
t = [1, 4]
[parameters]
D = 0.1
[boundary]
"x=0" = "u = exp(-t/(4*D))/sqrt(t)"
"x=4" = "u = exp(-(4 - t)**2/(4*D*t))/sqrt(t)"
[initial]
u = "exp(-(x - 1)**2/(4*D))"
[exact]
u = "exp(-(x - t)**2/(4*D*t))/sqrt(t)"
[output]
points = 65
times = 13
accuracy = 1e-5
seconds = 10
"""

PULSE_PROGRAM = """import numpy as np
from scipy.integrate import solve_ivp
from scipy.interpolate import CubicSpline

D, POINTS = 0.1, 800


def right(t):
    return np.exp(-((4.0 - t) ** 2) / (4.0 * D * t)) / np.sqrt(t)


def solver(u0, x, t_coordinate):
    grid = np.linspace(0.0, 4.0, POINTS + 1)
    dx = grid[1]

    def whole(t, inner):
        return np.concatenate([[np.exp(-t / (4.0 * D)) / np.sqrt(t)], inner, [right(t)]])

    def rate(t, inner):
        u = whole(t, inner)
        return D * (u[2:] - 2.0 * u[1:-1] + u[:-2]) / dx**2 - (u[2:] - u[:-2]) / (2.0 * dx)

    start = np.exp(-((grid[1:-1] - 1.0) ** 2) / (4.0 * D))
    solved = solve_ivp(rate, (t_coordinate[0], t_coordinate[-1]), start, method="LSODA", t_eval=t_coordinate,
                       rtol=1e-8, atol=1e-10, uband=1, lband=1)
    frames = [CubicSpline(grid, whole(t, solved.y[:, n]))(x) for n, t in enumerate(t_coordinate)]
    return np.array([[u0[0], *frames[1:]]])
"""
