"""What a numerical analyst reads off an equation: its kind, the conditions that each end needs, what stays."""

from pathlib import Path

import pytest

from fieldsmith.problems import Problem, ProblemError

PERIODIC = {"x": "periodic"}


def problem(*equations: str, x: tuple[float, float] = (0, 1), **tables) -> Problem:
    domain = tables.pop("domain", {"x": x, "t": (0, 1)})
    return Problem(list(equations), domain, **tables)


def kind(*equations: str, **tables) -> dict:
    found = problem(*equations, **tables).understood.kind
    assert found is not None
    return found


def smooth(*names: str) -> dict[str, str]:
    return {name: "1 + 0.1*sin(2*pi*x)" for name in names}


KINDS = [
    ("heat", ["u_t = u_xx"], "u", ("parabolic",), "linear", 1, 2),
    ("advection", ["u_t = 3*u_x"], "u", ("hyperbolic",), "linear", 1, 1),
    ("Burgers without viscosity", ["u_t + u*u_x = 0"], "u", ("hyperbolic",), "quasilinear", 1, 1),
    ("Burgers", ["u_t + u*u_x = 0.1*u_xx"], "u", ("parabolic",), "semilinear", 1, 2),
    ("Korteweg-de Vries", ["u_t + 6*u*u_x + u_xxx = 0"], "u", ("dispersive",), "semilinear", 1, 3),
    ("Korteweg-de Vries and Burgers", ["u_t + u*u_x + u_xxx = u_xx"], "u", ("damped dispersive",), "semilinear", 1, 3),
    ("Kuramoto-Sivashinsky", ["u_t = -u_xx - u_xxxx - u*u_x"], "u", ("parabolic",), "semilinear", 1, 4),
    ("Cahn-Hilliard", ["u_t = laplace(u**3 - u - 0.01*laplace(u))"], "u", ("parabolic",), "semilinear", 1, 4),
    ("waves", ["u_tt = 4*u_xx"], "u u_t", ("hyperbolic",), "linear", 2, 2),
    ("Klein-Gordon", ["u_tt = u_xx - sin(u)"], "u u_t", ("hyperbolic",), "semilinear", 2, 2),
    ("a beam", ["u_tt = -u_xxxx"], "u u_t", ("dispersive",), "linear", 2, 4),
    ("a beam with inner friction", ["u_tt = -u_xxxx + 0.1*d(u_xx, t)"], "u u_t", ("damped dispersive",), "linear", 2, 4),
    ("telegraph", ["u_tt + 2*u_t = u_xx"], "u u_t", ("hyperbolic",), "linear", 2, 2),
    ("porous medium", ["u_t = laplace(u**2)"], "u", ("parabolic",), "quasilinear", 1, 2),
    ("Benjamin-Bona-Mahony", ["u_t + u_x + u*u_x = dt(u_xx)"], "u", ("local",), "semilinear", 1, 2),
    ("shallow water", ["h_t + d(h*v, x) = 0", "v_t + v*v_x + 9.81*h_x = 0"], "h v", ("hyperbolic",), "quasilinear", 1, 1),
    ("FitzHugh-Nagumo", ["u_t = u_xx + u - u**3 - v", "v_t = 0.1*(u - v)"], "u v", ("parabolic",), "semilinear", 1, 2),
    ("Hamilton-Jacobi", ["u_t + u_x**2 = 0"], "u", ("hyperbolic",), "fully nonlinear", 1, 1),
    ("Schroedinger as two", ["a_t = -b_xx", "b_t = a_xx"], "a b", ("dispersive",), "linear", 1, 2),
    ("a reaction alone", ["u_t = u - u**3 + 0*u_x"], "u", ("local",), "semilinear", 1, 0),
]  # fmt: skip


@pytest.mark.parametrize(("name", "equations", "starts", "types", "linearity", "in_time", "in_space"), KINDS, ids=[k[0] for k in KINDS])  # fmt: skip
def test_textbook_equations_are_of_their_kind(name, equations, starts, types, linearity, in_time, in_space):
    found = kind(*equations, boundary=PERIODIC, initial=smooth(*starts.split()))
    assert (found["types"], found["linearity"]) == (types, linearity)
    assert (found["order_in_time"], found["order_in_space"]) == (in_time, in_space)


@pytest.mark.parametrize(
    ("equation", "types"),
    [
        ("laplace(u) = x", ("elliptic",)),
        ("u_xx - u_yy = x", ("not elliptic",)),
        ("div((1 + x**2)*grad(u)) - u**3 = 1", ("elliptic",)),
        ("biharmonic(u) = 1", ("elliptic",)),
        ("u_x + u_yy = 0", ("not elliptic",)),
    ],
)
def test_steady_equations_are_elliptic_or_not(equation, types):
    sides = ["u = 0", "u_x = 0"] if "biharmonic" in equation else ["u = 0"]
    tables = {"boundary": {"x": sides, "y": [s.replace("_x", "_y") for s in sides]}}
    if types == ("not elliptic",):
        tables = {"boundary": {"x": "periodic", "y": "periodic"}}
        equation = equation.replace("= x", "= sin(2*pi*x)")
    assert kind(equation, domain={"x": (0, 1), "y": (0, 1)}, **tables)["types"] == types


def test_speeds_of_waves_are_those_of_the_start():
    found = kind("u_tt = 4*u_xx", boundary=PERIODIC, initial=smooth("u", "u_t"))
    assert found["speeds"] == pytest.approx((-2, 2))
    gas = kind("h_t + d(h*v, x) = 0", "v_t + v*v_x + 9*h_x = 0", boundary=PERIODIC, initial={"h": "4", "v": "1"})
    assert gas["speeds"] == pytest.approx((-5, 7))


def test_stiffness_follows_the_grid():
    def steps(points: int) -> float:
        return kind("u_t = u_xx", boundary=PERIODIC, initial=smooth("u"), output={"points": points})["steps"]

    assert steps(256) == pytest.approx(16 * steps(64))
    assert kind("u_t = u_xx", boundary=PERIODIC, initial=smooth("u"))["stiff"]
    assert not kind("u_t = u_x", boundary=PERIODIC, initial=smooth("u"))["stiff"]


NEEDS = [
    ("u_t = u_xx", {"u": "0"}, 1, 1),
    ("u_t + u_x = 0", {"u": "0"}, 1, 0),
    ("u_t - u_x = 0", {"u": "0"}, 0, 1),
    ("u_t + (x - 0.5)*u_x = 0", {"u": "0"}, 0, 0),
    ("u_t + (0.5 - x)*u_x = 0", {"u": "0"}, 1, 1),
    ("u_t + u_x = 0.01*u_xx", {"u": "0"}, 1, 1),
    ("u_t + u_xxx = 0", {"u": "0"}, 1, 2),
    ("u_t - u_xxx = 0", {"u": "0"}, 2, 1),
    ("u_t = -u_xxxx - u_xx", {"u": "0"}, 2, 2),
    ("u_tt = u_xx", {"u": "0", "u_t": "0"}, 1, 1),
    ("u_tt = -u_xxxx", {"u": "0", "u_t": "0"}, 2, 2),
    ("u_t + u*u_x = 0", {"u": "1 + x"}, 1, 0),
    ("u_t + u*u_x = 0", {"u": "-1 - x"}, 0, 1),
]
SIDES = {0: [], 1: ["u = U"], 2: ["u = U", "u_x = 0"]}


def sides(low: int, high: int, start: str) -> dict:
    values = {"x=0": start.replace("x", "0"), "x=1": start.replace("x", "1")}
    return {
        end: [text.replace("U", f"({values[end]})") for text in SIDES[n]]
        for end, n in (("x=0", low), ("x=1", high))
        if n
    }


@pytest.mark.parametrize(("equation", "initial", "low", "high"), NEEDS)
def test_each_end_needs_as_many_conditions_as_theory_says(equation, initial, low, high):
    def told(at_low: int, at_high: int) -> list[str]:
        try:
            made = problem(equation, initial=initial, boundary=sides(at_low, at_high, initial["u"]))
        except ProblemError as error:
            return error.lines
        return [line for line in made.doubts if "condition" in line and "needed" in line]

    assert told(low, high) == []
    for wrong in ((low + 1, high), (low - 1, high), (low, high + 1), (low, high - 1)):
        if all(0 <= n <= 2 for n in wrong) and not (max(wrong) == 2 and "xx" not in equation):
            assert told(*wrong), wrong


@pytest.mark.parametrize(("speed", "low", "high"), [(0.5, 2, 1), (-0.5, 1, 2), (3.0, 3, 0)])
def test_gas_enters_and_leaves_by_its_characteristics(speed, low, high):
    equations = ("r_t + d(r*v, x) = 0", "v_t + v*v_x + p_x/r = 0", "p_t + v*p_x + 1.4*p*v_x = 0")
    initial = {"r": "1.4", "v": str(speed), "p": "1"}  # speed of sound 1
    rows = ["r = 1.4", f"v = {speed}", "p = 1"]
    # at an outflow the pressure is given, at an inflow density and speed
    order = {1: ["p = 1"], 2: rows[:2], 3: rows, 0: []}
    boundary = {end: order[n] for end, n in (("x=0", low), ("x=1", high)) if n}
    assert problem(*equations, initial=initial, boundary=boundary).doubts == ()


FLOW = (
    "u_t + u*u_x + v*u_y = -p_x + 0.01*laplace(u)",
    "v_t + u*v_x + v*v_y = -p_y + 0.01*laplace(v)",
    "div([u, v]) = 0",
)
STOKES = ("-laplace(u) + p_x = 0", "-laplace(v) + p_y = 0", "u_x + v_y = 0")
ELASTIC = ("u_tt = 2*u_xx + u_yy + v_xy", "v_tt = 2*v_yy + v_xx + u_xy")
PLANE = {"x": (0, 1), "y": (0, 1)}
STEADY, MOVING = {"x": (0, 1)}, {**PLANE, "t": (0, 1)}
REST = {"u": "0", "v": "0"}
SUITED = [
    ("fluid between walls", FLOW, MOVING, {"x": ["u = 0", "v = 0"], "y": ["u = 0", "v = 0"]}, REST, ""),
    ("a lid without its second condition", FLOW, MOVING, {"x": ["u = 0", "v = 0"], "y=0": ["u = 0", "v = 0"], "y=1": "u = 0"}, REST, 'y=1 has 1 condition, 2 are needed: .* Add "v = 0"'),
    ("pressure at a wall", FLOW, MOVING, {"x": ["u = 0", "v = 0", "p = 0"], "y": ["u = 0", "v = 0"]}, REST, "x=0 has 3 conditions, 2 are needed"),
    ("slow fluid", STOKES, PLANE, {"x": ["u = 0", "v = 0"], "y": ["u = x*(1 - x)", "v = 0"]}, {}, ""),
    ("an elastic plate, pulled", ELASTIC, MOVING, {"x": ["u = 0", "v = 0"], "y": ["u_y + v_x = 0", "v_y = 0"]}, {**REST, "u_t": "0", "v_t": "0"}, ""),
    ("a clamped plate", ("biharmonic(u) = 1",), PLANE, {"x": ["u = 0", "u_x = 0"], "y": ["u = 0", "u_y = 0"]}, {}, ""),
    ("a string", ("-u_xx = 1",), STEADY, {"x": "u = 0"}, {}, ""),
    ("a string, held at one end", ("-u_xx = 1",), STEADY, {"x=0": "u = 0"}, {}, "The ends of x have 1 condition together, 2 are needed"),
    ("a string, shot from one end", ("-u_xx = 1",), STEADY, {"x=0": ["u = 0", "u_x = 1"]}, {}, ""),
    ("a string, held too much", ("-u_xx = 1",), STEADY, {"x=0": ["u = 0", "u_x = 1"], "x=1": "u = 0"}, {}, "3 conditions together, 2 are needed"),
    ("a cantilever", ("u_xxxx = 1",), STEADY, {"x=0": ["u = 0", "u_x = 0"], "x=1": ["u_xx = 0", "u_xxx = 0"]}, {}, ""),
    ("decay along a line", ("u_x = -u",), STEADY, {"x=0": "u = 1"}, {}, ""),
    ("one field that spreads, one that does not", ("u_t = u_xx - v", "v_t = u - v"), {**STEADY, "t": (0, 1)}, {"x": "u = 0"}, REST, ""),
    ("a condition for what does not spread", ("u_t = u_xx - v", "v_t = u - v"), {**STEADY, "t": (0, 1)}, {"x": ["u = 0", "v = 0"]}, REST, "x=0 has 2 conditions, 1 is needed"),
    ("what blows round and in and out", ("u_t - (y - 0.5)*u_x + (x - 0.5)*u_y = 0",), MOVING, {"x": "u = 0", "y": "u = 0"}, {"u": "0"}, ""),
    ("electric and magnetic field", ("u_t = v_x", "v_t = u_x"), {**STEADY, "t": (0, 1)}, {"x": "u = 0"}, REST, ""),
]  # fmt: skip


@pytest.mark.parametrize(("name", "equations", "domain", "boundary", "initial", "words"), SUITED, ids=[s[0] for s in SUITED])  # fmt: skip
def test_conditions_suit_textbook_problems_or_not(name, equations, domain, boundary, initial, words):
    tables = {"domain": domain, "boundary": boundary, "initial": initial}
    if words:
        with pytest.raises(ProblemError, match=words):
            problem(*equations, **tables)
    else:
        assert [line for line in problem(*equations, **tables).doubts if "note:" not in line] == []


def test_a_pole_at_an_end_is_doubtful_but_at_a_centre_and_one_inside_is_wrong():
    tables = {"boundary": {"r=1": "u = 0", "r=low": "u_r = 0"}, "initial": {"u": "1 - r**2"}}
    disc = problem("u_t = u_rr + u_r/r", domain={"r": (0, 1), "t": (0, 1)}, **tables)
    assert disc.doubts == ()
    held = {**tables, "boundary": {"r=1": "u = 0", "r=low": "u = 1"}}
    disc = problem("u_t = u_rr + u_r/r", domain={"r": (0, 1), "t": (0, 1)}, **held)
    assert "not finite at the end r = 0" in disc.doubts[0]
    assert "that is u_r = 0" in disc.doubts[0]
    with pytest.raises(ProblemError, match="not finite at"):
        problem("u_t = u_rr + u_r/r", domain={"r": (-1, 1), "t": (0, 1)}, **tables)


def test_a_parameter_counts_over_its_whole_range():
    tables = {"boundary": PERIODIC, "initial": smooth("u")}
    problem("u_t = D*u_xx", parameters={"D": {"value": 1, "low": 0, "high": 2}}, **tables)
    with pytest.raises(ProblemError, match=r"^parameters\.D: .*backwards.* for D = -1"):
        problem("u_t = D*u_xx", parameters={"D": {"value": 1, "low": -1, "high": 2}}, **tables)


def test_two_conditions_that_say_the_same_determine_nothing():
    tables = {"domain": {"x": (0, 1), "t": (0, 1)}, "initial": {"u": "0", "v": "0"}}
    equations = ["u_t = u_xx + v", "v_t = 2*v_xx - u"]
    with pytest.raises(ProblemError, match=r"do not determine the solution\. None holds v"):
        Problem(["u_t = u_xx", "v_t = 2*v_xx - u"], boundary={"x": ["u = 0", "u_x = 0"]}, **tables)
    doubts = Problem(equations, boundary={"x": ["u = 0", "u_x = 0"]}, **tables).doubts
    assert "No condition at x=0 holds v, which spreads along x" in doubts[0]
    with pytest.raises(ProblemError, match="Do two say the same"):
        Problem(equations, boundary={"x": ["u + v = 0", "2*u + 2*v = 0"]}, **tables)
    Problem(equations, boundary={"x": ["u + v = 0", "u - v = 0"]}, **tables)


def test_walls_of_a_fluid_may_have_both_conditions_on_its_stream_function():
    equations = ["w_t + psi_y*w_x - psi_x*w_y = 0.01*laplace(w)", "laplace(psi) = -w"]
    domain = {"x": (0, "2*pi"), "y": (0, 1), "t": (0, 1)}
    walls = {"x": "periodic", "y": ["psi = 0", "psi_y = 0"]}
    Problem(equations, domain, boundary=walls, initial={"w": "sin(x)*sin(pi*y)"})


CONSERVED = [
    ("u_t + 6*u*u_x + u_xxx = 0", "u", "2*u**3 - u_x**2", True),
    ("u_t + 6*u*u_x + u_xxx = 0", "u", "u**3 - u_x**2", False),
    ("u_t + 6*u*u_x + u_xxx = 0", "u", "5*u**4 - 10*u*u_x**2 + u_xx**2", True),
    ("u_t = u_xx", "u", "u", True),
    ("u_t = u_xx", "u", "u**2", False),
    ("u_tt = u_xx - sin(u)", "u u_t", "u_t**2/2 + u_x**2/2 - cos(u)", True),
    ("u_tt = u_xx - sin(u)", "u u_t", "u_t**2/2 - u_x**2/2 - cos(u)", False),
    ("u_t = d((2 + sin(2*pi*x))*u, x)", "u", "u", True),
    ("u_t = (2 + sin(2*pi*x))*u_x", "u", "u", False),
    ("u_t = (2 + sin(2*pi*x))*u_x", "u", "u/(2 + sin(2*pi*x))", True),
]


@pytest.mark.parametrize(("equation", "starts", "density", "stays"), CONSERVED)
def test_what_is_claimed_to_stay_must(equation, starts, density, stays):
    tables = {"boundary": PERIODIC, "initial": smooth(*starts.split()), "conserved": {"q": density}}
    if stays:
        (found,) = [one for one in problem(equation, **tables).understood.conserved if one["claimed"]]
        assert found["verdict"] == "stays"
    else:
        with pytest.raises(ProblemError, match="does not stay"):
            problem(equation, **tables)


def test_what_passes_an_end_is_seen_at_the_start():
    tables = {"initial": {"u": "cos(pi*x)"}, "conserved": {"heat": "u"}}
    problem("u_t = u_xx", boundary={"x": "u_x = 0"}, **tables)
    with pytest.raises(ProblemError, match="changes by what passes the ends"):
        problem("u_t = u_xx", boundary={"x=0": "u = 1", "x=1": "u = 2"}, **tables | {"initial": {"u": "1 + x**2"}})


def test_probability_of_a_complex_wave_stays():
    waves = Problem(
        ["I*p_t = -p_xx + abs(p)**2*p"], {"x": (-1, 1), "t": (0, 1)}, unknowns={"p": {"complex": True}},
        boundary=PERIODIC, initial={"p": "exp(I*pi*x)*(2 + cos(pi*x))"},
        conserved={"probability": "abs(p)**2", "energy": "abs(p_x)**2 + abs(p)**4/2", "momentum": "im(conj(p)*p_x)"},
    )  # fmt: skip
    verdicts = {one["name"]: one["verdict"] for one in waves.understood.conserved}
    assert verdicts == dict.fromkeys(("probability", "energy", "momentum"), "stays")
    assert waves.understood.kind is not None
    assert waves.understood.kind["types"] == ("dispersive",)


def test_a_source_with_a_mean_has_no_periodic_potential():
    domain = {"x": (0, 1), "y": (0, 1)}
    sides = {"x": "periodic", "y": "periodic"}
    with pytest.raises(ProblemError, match=r"have the mean 0 over periodic axes, the rest has 0\.5"):
        Problem(["laplace(u) = sin(2*pi*x)**2"], domain, boundary=sides)
    assert "its mean is taken as 0" in Problem(["laplace(u) = sin(2*pi*x)"], domain, boundary=sides).doubts[0]


def test_solved_for_rates_that_stand_in_several_equations():
    found = problem("u_t + v_t = u_xx + v_xx", "u_t - v_t = 2*u_xx - v_xx", boundary=PERIODIC, initial=smooth("u", "v"))
    assert [line[:8] for line in found.understood.rates] == ["∂u/∂t = ", "∂v/∂t = "]
    assert found.seen.form is not None
    assert found.seen.form.rates is not None
    u, v = (found.system.jets.field(name, (0, 2)) for name in "uv")
    assert (found.seen.form.rates["u"] - 3 * u / 2).expand() == 0
    assert (found.seen.form.rates["v"] - v + u / 2).expand() == 0
    with pytest.raises(ProblemError, match="cannot be solved for the rates of u, v"):
        problem("u_t + v_t = u_xx", "2*u_t + 2*v_t = v_xx", boundary=PERIODIC, initial=smooth("u", "v"))


def test_what_a_name_of_definitions_stands_for_is_shown():
    problem = Problem.from_toml(Path(__file__).parents[2] / "examples" / "problems" / "shock.toml")
    assert problem.understood.definitions == ("p = (γ − 1)·(E − m²/(2·ρ))",)
    assert "  defined    p = (γ − 1)·(E − m²/(2·ρ))" in str(problem).splitlines()
