"""Equations of many kinds with their briefs, for tests of what is worked out from an equation alone."""

from fieldsmith.equations.equation import Axis, Balance, Boundary, Equation
from fieldsmith.tasks.statement import render_stub
from fieldsmith.tasks.task import Argument, Brief, Result, Signature

WALL = Boundary("dirichlet", "0")
NO_FLOW = Boundary("neumann", "0")


def axis(name: str = "x", nodes: str = "cell_centres", lower=None, upper=None, length: float = 1.0) -> Axis:
    if lower is None:
        return Axis(name, 0.0, length, nodes)
    return Axis(name, 0.0, length, nodes, lower, upper or lower)


def brief_of(
    equation: Equation, parameters: dict[str, float] | None = None, points: int = 64, argument_names=None
) -> Brief:
    """A brief with the signature that such an equation would have."""
    parameters = parameters or {}
    space = tuple(a.name for a in equation.axes)
    names = argument_names or {}
    arguments = [
        Argument(names.get(u, f"{u}0"), "initial", u, ("batch", *space), "start")
        for u in (equation.unknowns if not equation.steady else ())
    ]
    arguments += [Argument(a, "coefficient", a, ("batch", *space), "field") for a in equation.coefficients]
    if not equation.steady:
        arguments.append(Argument("t_coordinate", "times", "t", ("time",), "times"))
    arguments += [Argument(p, "parameter", p, (), "number") for p in equation.parameters]
    shape = ("batch", *space) if equation.steady else ("batch", "time", *space)
    results = tuple(Result(f"{u}_out", u, shape, "solution") for u in equation.unknowns)
    signature = Signature("solver", tuple(arguments), results)
    sizes = {"batch": 4, **dict.fromkeys(space, points), **({} if equation.steady else {"time": 11})}
    return Brief(
        title="Made up",
        statement="Solve it.",
        stub=render_stub(signature),
        signature=signature,
        equation=equation,
        parameters=parameters,
        sizes=sizes,
        span=None if equation.steady else (0.0, 1.0),
        time_limit=60.0,
    )


def evolution(*balances: tuple[str, str], axes=None, unknowns=None, **more) -> Equation:
    rows = tuple(Balance(*pair) for pair in balances)
    return Equation(unknowns or tuple(name for name, _ in balances), axes or (axis(),), rows, **more)


def steady(rhs: str, axes, **more) -> Equation:
    return Equation(("u",), axes, (Balance("", rhs),), **more)


KINDS: dict[str, Brief] = {
    "heat on a box": brief_of(
        evolution(
            ("u", "nu*(d(u, x, x) + d(u, y, y))"),
            axes=(axis("x", "endpoints", WALL), axis("y", "endpoints", WALL)),
            parameters=("nu",),
        ),
        {"nu": 0.1},
    ),
    "heat on a periodic plane": brief_of(
        evolution(("u", "nu*d(u, x, x) + mu*d(u, y, y) - u"), axes=(axis("x"), axis("y")), parameters=("nu", "mu")),
        {"nu": 0.1, "mu": 0.3},
    ),
    "waves": brief_of(evolution(("u", "v"), ("v", "c**2*d(u, x, x)"), parameters=("c",)), {"c": 2.0}),
    "Korteweg-de Vries": brief_of(evolution(("u", "-6*u*d(u, x) - d(u, x, x, x)"))),
    "Kuramoto-Sivashinsky": brief_of(evolution(("u", "-u*d(u, x) - d(u, x, x) - d(u, x, x, x, x)"))),
    "steepening against hyperdiffusion k": brief_of(
        evolution(("u", "-u*d(u, x) - k*d(u, x, x, x, x)"), parameters=("k",)), {"k": 0.5}
    ),
    "Allen-Cahn": brief_of(evolution(("u", "eps*d(u, x, x) + u - u**3"), parameters=("eps",)), {"eps": 0.01}),
    "Gray-Scott": brief_of(
        evolution(
            ("u", "2e-5*(d(u, x, x) + d(u, y, y)) - u*v**2 + F*(1 - u)"),
            ("v", "1e-5*(d(v, x, x) + d(v, y, y)) + u*v**2 - (F + k)*v"),
            axes=(axis("x"), axis("y")),
            parameters=("F", "k"),
        ),
        {"F": 0.04, "k": 0.06},
    ),
    "inviscid Burgers": brief_of(evolution(("u", "-d(u**2/2, x)"))),
    "shallow water": brief_of(
        evolution(
            ("h", "-d(h*w, x)"),
            ("h*w", "-d(h*w**2 + g*h**2/2, x)"),
            unknowns=("h", "w"),
            constants={"g": 9.81},
            positive=("h",),
        )
    ),
    "porous medium": brief_of(evolution(("u", "d(u**2*d(u, x), x)"))),
    "transport with a given speed": brief_of(evolution(("u", "-d(a*u, x)"), coefficients=("a",))),
    "heat in a rod of two materials": brief_of(
        evolution(("u", "d(a*d(u, x), x)"), axes=(axis("x", "cell_centres", NO_FLOW),), coefficients=("a",))
    ),
    "forced oscillation": brief_of(evolution(("u", "-u + sin(t)*cos(2*pi*x)"))),
    "Poisson on a torus": brief_of(steady("d(u, x, x) + d(u, y, y) + f", (axis("x"), axis("y")), coefficients=("f",))),
    "nonlinear Poisson": brief_of(
        steady("d(u, x, x) - exp(u) + f", (axis("x", "endpoints", WALL),), coefficients=("f",))
    ),
    "awkward names": brief_of(
        evolution(("n", "-max_*d(n, t_)"), axes=(axis("t_"),), parameters=("max_",)),
        {"max_": 1.0},
        argument_names={"n": "step"},
    ),
}
