"""Problems that are wrong or odd in what they ask, each with words of the line that tells it and of its mend."""

from typing import Any

from textbook import PI2, ROUND, TORUS

Tables = dict[str, Any]
LINE = {"x": [0, 1]}
HOUR = {"x": [0, 1], "t": [0, 1]}
PLANE = {"x": [0, 1], "y": [0, 1]}
FILM = {**PLANE, "t": [0, 1]}
NEUMANN = {"x": "u_x = 0", "y": "u_y = 0"}
FLOW = ["u_t + u*u_x + v*u_y = -p_x + 0.01*laplace(u)", "v_t + u*v_x + v*v_y = -p_y + 0.01*laplace(v)", "u_x + v_y = 0"]
STOKES = ["-laplace(u) + p_x = 0", "-laplace(v) + p_y = 0", "u_x + v_y = 0"]
COMPLEX = {"p": {"complex": True}}


def one(what: str, mend: str, *equations: str, weight: str = "fault", **tables: Any) -> tuple[str, str, str, Tables]:
    return what, mend, weight, {"equations": list(equations), **tables}


UNSOUND = {
    # What reads as if it were meant in curved coordinates
    "a disc that cools": one("laplace takes r and theta for straight coordinates: laplace(u) is u_rr + u_thetatheta", "write u_rr + u_r/r + u_thetatheta/r**2 for it", "u_t = laplace(u)", domain={"r": [0.5, 1], "theta": [0, PI2], "t": [0, 1]}, boundary={"r": "u = 0", "theta": "periodic"}, initial={"u": "0"}, weight="doubt"),
    "a ball that cools": one("div takes r for a straight coordinate", "in a ball u_rr + 2*u_r/r", "u_t = div(grad(u))", domain={"r": [0.5, 1], "t": [0, 1]}, boundary={"r": "u = 0"}, initial={"u": "0"}, weight="doubt"),
    # What has no solution, or many
    "Neumann, sources without a sink": one("sums up to -1", "until both balance", "laplace(u) = 1", domain=PLANE, boundary=NEUMANN),
    "Neumann, an influx without a sink": one("sums up to -2", "until both balance", "laplace(u) = 0", domain=PLANE, boundary={"x=0": "u_x = 2", "x=1": "u_x = 0", "y": "u_y = 0"}),
    "Neumann in a medium": one("sums up to", "where u itself is given", "-div((1 + x)*grad(u)) = y", domain=PLANE, boundary=NEUMANN),
    "Neumann in a box": one("sums up to", "until both balance", "laplace(u) = x*y*z", domain={**PLANE, "z": [0, 1]}, boundary={**NEUMANN, "z": "u_z = 0"}),
    "Neumann along one axis, periodic along the other": one("sums up to", "until both balance", "laplace(u) = y", domain=PLANE, boundary={"x": "periodic", "y": "u_y = 0"}),
    "Neumann, in balance": one("u is determined but for a constant; its mean is taken as 0", "give u itself at an end", "laplace(u) = cos(pi*x)", domain=PLANE, boundary=NEUMANN, weight="doubt"),
    "Neumann, with an exact solution that has a mean": one("has the mean 3", "Take its mean from it", "u_xx = -pi**2*cos(pi*x)", domain=LINE, boundary={"x": "u_x = 0"}, exact={"u": "3 + cos(pi*x)"}, weight="doubt"),
    "Neumann, in balance with its influx": one("determined but for a constant", "give u itself at an end", "-laplace(u) = 1", domain=PLANE, boundary={"x=0": "u_x = 0", "x=1": "u_x = -1", "y": "u_y = 0"}, weight="doubt"),
    "a rod with sources that loses nothing": one("sums up to", "where u itself is given", "u_xx = -1", domain=LINE, boundary={"x": "u_x = 0"}),
    "a rod that loses what its sources make": one("determined but for a constant", "give u itself at an end", "u_xx = -1", domain=LINE, boundary={"x=0": "u_x = 0", "x=1": "u_x = -1"}, weight="doubt"),
    "a free beam under a load": one("has no solution", "Other conditions", "u_xxxx = 1", domain=LINE, boundary={"x": ["u_xx = 0", "u_xxx = 0"]}),
    "a free beam whose load balances": one("do not determine the solution", "Do two conditions say the same", "u_xxxx = cos(2*pi*x)*0", domain=LINE, boundary={"x": ["u_xx = 0", "u_xxx = 0"]}, weight="doubt"),
    "a string at its resonance": one("has no solution", "another length", "u_xx + pi**2*u = x", domain=LINE, boundary={"x": "u = 0"}),
    "a string at its resonance that nothing pulls": one("do not determine the solution", "resonance", "u_xx + pi**2*u = 0", domain=LINE, boundary={"x": "u = 0"}, weight="doubt"),
    "a ring at its resonance": one("has no solution", "another length", "u_xx + u = cos(x)", domain={"x": [0, PI2]}, boundary=ROUND),
    "a torus at its resonance": one("waves that fit the periodic axes", "resonance", "laplace(u) + 2*u = sin(x)", domain={"x": [0, PI2], "y": [0, PI2]}, boundary=TORUS, weight="doubt"),
    "a periodic source with a mean": one("the rest has 1", "Take its mean from it", "laplace(u) = 1 + sin(x)", domain={"x": [0, PI2], "y": [0, PI2]}, boundary=TORUS),
    "Poisson on a torus": one("u is determined but for a constant; its mean is taken as 0", "add to it afterwards", "laplace(u) = sin(x)*cos(y)", domain={"x": [0, PI2], "y": [0, PI2]}, boundary=TORUS, weight="doubt"),
    "a ring with a mean": one("the rest has 1", "Take its mean from it", "u_xx = 1", domain={"x": [0, PI2]}, boundary=ROUND),
    "a cavity into which fluid flows": one("sums up to", "balance", *STOKES, domain=PLANE, boundary={"x=0": ["u = y*(1 - y)", "v = 0"], "x=1": ["u = 0", "v = 0"], "y": ["u = 0", "v = 0"]}),
    "a closed box into which fluid will flow": one("sums up to", "balance", *FLOW, domain=FILM, boundary={"x=0": ["u = t*y*(1 - y)", "v = 0"], "x=1": ["u = 0", "v = 0"], "y": ["u = 0", "v = 0"]}, initial={"u": "0", "v": "0"}),
    "a channel that lets less out than in": one("sums up to", "balance", *FLOW, domain=FILM, boundary={"x=0": ["u = y*(1 - y)", "v = 0"], "x=1": ["u = y*(1 - y)/2", "v = 0"], "y": ["u = 0", "v = 0"]}, initial={"u": "y*(1-y)*(1 - x/2)", "v": "0"}),
    "two fields that only differ": one("u, v are determined but for constants", "Hold u itself", "u_xx = u - v + cos(pi*x)", "v_xx = v - u", domain=LINE, boundary={"x": ["u_x = 0", "v_x = 0"]}, weight="doubt"),
    "equations that say the same": one("do not determine the unknowns", "Each must say something new", "u_x + v_x = 0", "2*u_x + 2*v_x = x", domain=LINE, boundary={"x=0": ["u = 0", "v = 0"]}),
    "two conditions that say the same": one("do not determine", "Do two conditions say the same", "u_xx = 0", domain=LINE, boundary={"x=0": ["u = 0", "2*u = 0"]}, weight="doubt"),
    "two conditions that contradict": one("has no solution", "Other conditions", "u_xx = x", domain=LINE, boundary={"x=0": ["u = 0", "2*u = 1"]}),
    # Too many and too few
    "Blasius, a condition too many": one("4 conditions together, 3 are needed", "Leave one out", "f_xxx + f*f_xx/2 = 0", domain={"x": [0, 10]}, boundary={"x=0": ["f = 0", "f_x = 0"], "x=10": ["f_x = 1", "f = 9"]}),
    "Blasius, a condition too few": one("2 conditions together, 3 are needed", "Give the missing", "f_xxx + f*f_xx/2 = 0", domain={"x": [0, 10]}, boundary={"x=0": ["f = 0", "f_x = 0"]}),
    "a steady problem without conditions": one("The ends of x have no condition", "periodic", "u_xx = 1", domain=LINE),
    "a decay that is held at both ends": one("2 conditions together, 1 is needed", "Leave one out", "u_x = -u", domain=LINE, boundary={"x=0": "u = 1", "x=1": "u = 0"}),
    "Zakharov without a condition for the density": one("needed", "n = 0", "I*E_t + E_xx = n*E", "n_tt = n_xx + d(abs(E)**2, x, 2)", unknowns={"E": {"complex": True}}, domain={"x": [0, 1], "t": [0, 1]}, boundary={"x": "E = 0"}, initial={"E": "sin(pi*x)", "n": "0", "n_t": "0"}),
    "KdV with its conditions at the wrong end": one("x=0 has 2 conditions, 1 is needed", "Leave one out", "u_t + u*u_x + u_xxx = 0", domain=HOUR, boundary={"x=0": ["u = 0", "u_x = 0"], "x=1": "u = 0"}, initial={"u": "x**2*(1 - x)"}),
    "a plate with one condition": one("x=0 has 1 condition, 2 are needed", "or another", "biharmonic(u) = 1", domain=PLANE, boundary={"x": "u = 0", "y": ["u = 0", "u_yy = 0"]}),
    "transport held where it leaves": one("nothing enters there", "open", "u_t + u_x = 0", domain=HOUR, boundary={"x=0": "u = 0", "x=1": "u = 0"}, initial={"u": "sin(pi*x)"}),
    "transport not held where it enters": one("x=0 has no condition", "u = 0", "u_t + u_x = 0", domain=HOUR, boundary={"x=1": "open"}, initial={"u": "sin(pi*x)"}),
    "supersonic outflow held": one("3 conditions, none is needed", "open", "r_t + d(r*v, x) = 0", "v_t + v*v_x + p_x/r = 0", "p_t + v*p_x + 1.4*p*v_x = 0", domain=HOUR, boundary={"x": ["r = 1.4", "v = 3", "p = 1"]}, initial={"r": "1.4", "v": "3", "p": "1"}),
    "a wave equation with one end free of conditions": one("x=1 has no condition", "u = 0", "u_tt = u_xx", domain=HOUR, boundary={"x=0": "u = 0"}, initial={"u": "0", "u_t": "0"}),
    "Maxwell with both fields held": one("2 conditions, 1 is needed", "for one condition each write", "E_t = -H_x", "H_t = -E_x", domain=HOUR, boundary={"x": ["E = 0", "H = 0"]}, initial={"E": "0", "H": "0"}),
    "a wall that holds the vorticity too": one("3 conditions, 2 are needed", "Leave one out", "w_t + s_y*w_x - s_x*w_y = 0.01*laplace(w)", "laplace(s) = -w", domain=FILM, boundary={"x": "periodic", "y": ["s = 0", "s_y = 0", "w = 0"]}, initial={"w": "0"}),
    # Ill posed
    "heat backwards": one("backwards", "u_t = +D*u_xx", "u_t = -u_xx", domain=HOUR, boundary={"x": "u = 0"}, initial={"u": "0"}),
    "heat backwards in one direction": one("in the direction (0, 1)", "u_t = +D*u_xx", "u_t = u_xx - u_yy", domain=FILM, boundary={"x": "u = 0", "y": "u = 0"}, initial={"u": "0"}),
    "Laplace in time": one("elliptic in time", "u_tt = +c**2*u_xx", "u_tt + u_xx = 0", domain=HOUR, boundary={"x": "u = 0"}, initial={"u": "0", "u_t": "0"}),
    "a system that is elliptic in time": one("ill posed", "signs of the highest", "u_t = v_x", "v_t = -u_x", domain=HOUR, boundary=ROUND, initial={"u": "0", "v": "0"}),
    "Boussinesq, the bad one": one("elliptic in time", "", "u_tt = u_xx + u_xxxx + d(u**2, x, 2)", domain={"x": [0, PI2], "t": [0, 1]}, boundary=ROUND, initial={"u": "0", "u_t": "0"}),
    "Kuramoto with its fourth order turned": one("ill posed", "u_t = -D*u_xxxx", "u_t = -u_xx + u_xxxx - u*u_x", domain=HOUR, boundary=ROUND, initial={"u": "sin(2*pi*x)"}),
    "Cahn-Hilliard with its sign turned": one("ill posed", "fourth", "u_t = laplace(u - u**3 + 0.01*laplace(u))", domain=FILM, boundary=TORUS, initial={"u": "0"}),
    "cross diffusion that is too strong": one("backwards", "", "u_t = u_xx + 3*v_xx", "v_t = 3*u_xx + v_xx", domain=HOUR, boundary={"x": ["u = 0", "v = 0"]}, initial={"u": "0", "v": "0"}),
    "a range in which diffusion turns": one("for D = -0.1", "sign", "u_t = D*u_xx", parameters={"D": {"value": 0.1, "low": -0.1, "high": 1}}, domain=HOUR, boundary={"x": "u = 0"}, initial={"u": "0"}),
    "diffusion backwards beneath dispersion": one("ill posed", "sign of the second derivatives", "u_t + 6*u*u_x + u_xxx = nu*u_xx", parameters={"nu": -0.1}, domain={"x": [-15, 15], "t": [0, 2]}, boundary=ROUND, initial={"u": "1.5*sech(x+5)**2"}),
    "a range whose end is ill posed beneath dispersion": one("k^2 t) for nu = -0.01", "sign of the second derivatives", "u_t + u_xxx = nu*u_xx", parameters={"nu": {"value": 0.1, "low": -0.01, "high": 1}}, domain={"x": [-15, 15], "t": [0, 2]}, boundary=ROUND, initial={"u": "sech(x)"}),
    "friction backwards in a quantum fluid": one("grow like exp(c k t)", "below the highest", "I*p_t + p_xx + abs(p)**2*p = 0.1*p_x", unknowns=COMPLEX, domain={"x": [-15, 15], "t": [0, 2]}, boundary=ROUND, initial={"p": "sech(x)"}),
    "gas that is pulled together": one("ill posed", "signs", "r_t + d(r*v, x) = 0", "v_t + v*v_x - r_x = 0", domain=HOUR, boundary=ROUND, initial={"r": "1", "v": "0"}),
    "a Schroedinger equation without its I": one("backwards", "sign", "p_t = -p_xx + I*abs(p)**2*p", unknowns=COMPLEX, domain=HOUR, boundary=ROUND, initial={"p": "1"}),
    "two conditions on one field, none on one beside it": one("do not determine the solution. None holds v", "needs its own", "u_t = u_xx", "v_t = v_xx + u", domain=HOUR, boundary={"x": ["u_x = 0", "u = 1"]}, initial={"u": "1", "v": "0"}),
    "two conditions on one field, none on the other": one("No condition at x=0 holds v", "conditions of its own", "u_t = u_xx + v", "v_t = v_xx", domain=HOUR, boundary={"x": ["u_x = 0", "u = 1"]}, initial={"u": "1", "v": "0"}, weight="doubt"),
    # Real and complex
    "a real unknown with a complex equation": one("0 of 2 equations are real", "declared so in [unknowns]", "I*E_t + E_xx = n*E", "n_t = n_xx + I*E", unknowns={"E": {"complex": True}}, domain=HOUR, boundary=ROUND, initial={"E": "1", "n": "0"}),
    "a complex unknown with a real equation": one("real", "declared so", "re(p)*0 + dt(p*conj(p)) = 0", unknowns=COMPLEX, domain=HOUR, boundary=ROUND, initial={"p": "1"}),
    # Values
    "a start that breaks its ends": one("breaks the condition", "jump", "u_t = u_xx", domain=HOUR, boundary={"x": "u = 0"}, initial={"u": "1 + x"}, weight="doubt"),
    "a coefficient that is negative under a root": one("is not finite at", "root", "u_t = a*u_xx", coefficients={"a": "sqrt(x - 0.5)"}, domain=HOUR, boundary={"x": "u = 0"}, initial={"u": "0"}),
    "a pole inside": one("not finite at", "pole", "u_t = u_xx + u/(x - 0.5)", domain=HOUR, boundary={"x": "u = 0"}, initial={"u": "sin(pi*x)"}),
    "density 0 that is divided by": one("not finite at", "pole", "r_t + m_x = 0", "m_t + d(m**2/r + r**2, x) = 0", domain=HOUR, boundary=ROUND, initial={"r": "0", "m": "0"}),
    "an initial value that does not close": one("jumps by 1 where the periodic axis x closes", "Choose the interval", "u_t = u_xx", domain=HOUR, boundary=ROUND, initial={"u": "x"}, weight="doubt"),
    "an initial pressure": one("one too many", "Leave it out", *FLOW, domain=FILM, boundary=TORUS, initial={"u": "0", "v": "0", "p": "0"}),
    "an end that changes in time without a time": one("t is not known", "parameters", "u_xx = 0", domain=LINE, boundary={"x": "u = t"}),
    "mass that leaves": one("changes by what passes the ends", "not conserved", "u_t + u_x = 0", domain=HOUR, boundary={"x=0": "u = 1", "x=1": "open"}, initial={"u": "1 + x"}, conserved={"mass": "u"}),
    "energy that friction takes": one("does not stay", "leave it out", "u_tt + u_t = u_xx", domain=HOUR, boundary={"x": "u = 0"}, initial={"u": "sin(pi*x)", "u_t": "0"}, conserved={"energy": "u_t**2 + u_x**2"}),
}  # fmt: skip
