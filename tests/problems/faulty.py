"""Problem files with something wrong in them, each with the line that is told and words of what is said.

A case is made from one of the sound files below by exchanging lines: `{7: "…"}` puts another text in place of line 7, of as many lines as it likes.
The line that is expected is the one in the file with the fault.
"""

from typing import NamedTuple

HEAT = """\
title = "heat"
equations = ["u_t = D*u_xx + s"]
[domain]
x = [0, 1]
t = [0, 0.1]
[parameters]
D = { value = 1.0, low = 0.1, high = 10 }
[coefficients]
s = "sin(pi*x)"
[boundary]
"x=0" = "u = 0"
"x=1" = "u_x = -pi"
[initial]
u = "sin(pi*x)"
[output]
points = 64
times = 11
accuracy = 1e-4
seconds = 10
"""
WAVE = """\
equations = [
    "u_tt = c**2*laplace(u)",
]
[domain]
x = [0, 1]
y = [0, 2]
t = [0, 1]
[parameters]
c = 1.5
[boundary]
x = "periodic"
y = "u = 0"
[initial]
u = "sin(2*pi*x)*sin(pi*y)"
u_t = 0
[exact]
u = "sin(2*pi*x)*sin(pi*y)*cos(sqrt(5)*pi*c*t)"
[conserved]
energy = "u_t**2 + c**2*dot(grad(u), grad(u))"
"""
FLOW = """\
equations = [
    "dt(h) + d(h*v, x) = 0",
    "dt(v) + v*v_x + g*h_x = 0",
]
[domain]
x = [0, 10]
t = [0, 1]
[parameters]
g = 9.81
[boundary]
"x=0" = "v = 0"
"x=10" = "v = 0"
[initial]
h = "1 + 0.1*exp(-(x - 5)**2)"
v = "0"
"""
WIND = """\
equations = ["u_t + a*u_x = 0"]
[domain]
x = [0, 1]
t = [0, 1]
[parameters]
a = 1
[boundary]
"x=0" = "u = sin(t)"
[initial]
u = "0"
"""
SPIN = """\
equations = ["I*p_t = -p_xx/2 + abs(p)**2*p"]
[unknowns]
p = { complex = true }
[domain]
x = [-1, 1]
t = [0, 1]
[boundary]
x = "periodic"
[initial]
p = "exp(I*pi*x)"
"""
POISSON = """\
equations = ["-laplace(u) = f"]
[domain]
x = [0, 1]
y = [0, 1]
[coefficients]
f = { family = "gaussian", length = 0.2 }
[boundary]
x = "u = 0"
y = "u = 0"
"""
SWIRL = """\
equations = [
    "w_t + psi_y*w_x - psi_x*w_y = nu*laplace(w)",
    "laplace(psi) = -w",
]
[domain]
x = [0, "2*pi"]
y = [0, "2*pi"]
t = [0, 1]
[parameters]
nu = 0.01
[boundary]
x = "periodic"
y = "periodic"
[initial]
w = "sin(x)*sin(y)"
"""
SOUND = {
    "heat": HEAT, "wave": WAVE, "flow": FLOW, "wind": WIND, "spin": SPIN, "poisson": POISSON, "swirl": SWIRL,
}  # fmt: skip


class Case(NamedTuple):
    """`weight` is that of the finding; a doubt leaves the file sound."""

    base: str
    lines: dict[int, str]
    line: int
    words: str
    weight: str = "fault"

    @property
    def text(self) -> str:
        rows = SOUND[self.base].splitlines()
        return "\n".join(row for k, old in enumerate(rows, 1) if (row := self.lines.get(k, old)) is not None) + "\n"


CASES = [
    # The file
    Case("heat", {1: "title = heat"}, 1, "no TOML"),
    Case("heat", {4: "x = [0, 1"}, 5, "no TOML"),
    Case("heat", {14: 'u = "sin(pi*x)"\nu = "0"'}, 15, "given twice"),
    Case("heat", {14: "u = sin(pi*x)"}, 14, "Expressions stand in quotes"),
    Case("heat", {6: "[parametres]"}, 6, "Did you mean parameters?"),
    Case("heat", {1: "title = 3"}, 1, "title is no text"),
    Case("heat", {3: "domain = 3\n[more]"}, 3, "no table"),
    Case("heat", {16: "point = 64"}, 16, "Did you mean points?"),
    Case("heat", {7: "D = { value = 1.0, lowest = 0.1 }"}, 7, "has no “lowest”"),
    # Equations
    Case("heat", {2: "equations = []"}, 2, "no equations"),
    Case("heat", {2: "equations = [3]"}, 2, "is no text"),
    Case("heat", {2: 'equations = ["u_t"]'}, 2, "the equals sign is missing"),
    Case("heat", {2: 'equations = ["u_t == D*u_xx + s"]'}, 2, "one equals sign"),
    Case("heat", {2: 'equations = ["u_t = D*u_xx = s"]'}, 2, "equals sign where none belongs"),
    Case("heat", {2: 'equations = ["u_t = D u_xx + s"]'}, 2, "an operator is missing"),
    Case("heat", {2: 'equations = ["u_t = 2D*u_xx + s"]'}, 2, "Such as 2*D"),
    Case("heat", {2: "equations = ['\\frac{\\partial u}{\\partial t} = D*u_xx + s']"}, 2, "LaTeX, which is not read. Write u_t"),
    Case("heat", {2: "equations = ['u_t = \\alpha*u_xx + s']"}, 2, "Write alpha for \\alpha"),
    Case("heat", {14: "u = '\\sin(x)'"}, 14, "Write sin for \\sin"),
    Case("heat", {2: 'equations = ["u_t = D d^2u/dx^2 + s"]'}, 2, "Write u_xx, and products with *"),
    Case("heat", {2: 'equations = ["du/dt = D*u_xx + s"]'}, 2, "Write u_t"),
    Case("heat", {12: '"x=1" = "du/dx = -pi"'}, 12, "Write u_x"),
    Case("heat", {14: 'u = "sin(πx)"'}, 14, "Did you mean pi*x?"),
    Case("heat", {2: 'equations = ["u_t = D*u_xx + s + ux"]'}, 2, "Did you mean u_x or u*x?"),
    Case("heat", {2: 'equations = ["i*u_t = D*u_xx + s"]'}, 2, "[unknowns] u = { complex = true }"),
    Case("heat", {2: 'equations = ["u_t = D*u_xx + s", "u(x, 0) = 1"]'}, 2, 'Write below [initial] u = "1"'),
    Case("heat", {2: 'equations = ["u_t = D*u_xx + s", "u(0, t) = 1"]'}, 2, 'Write below [boundary] "x=0" = "u = 1"'),
    Case("heat", {2: 'equations = ["u_t = D*u_xx + s" "v_t = v_xx"]'}, 2, "A comma is missing in a list"),
    Case("heat", {2: 'equations = ["u_t = D*u_xx + s + np.sin(x)"]'}, 2, "Functions stand alone: sin(x)"),
    Case("heat", {9: 's = "delta(x - 0.3)"'}, 9, "A point source is a narrow bell"),
    Case("heat", {9: 's = "log10(1 + x)"'}, 9, "Write log(x)/log(10)"),
    Case("heat", {2: 'equations = ["u_t = D*u_xx + s - integral(u, x)"]'}, 2, "Integrals have no place in an equation"),
    Case("heat", {7: 'D = "1e-4 m^2/s"'}, 7, 'Write D = { value = 1e-4, unit = "m^2/s" }'),
    Case("heat", {4: 'x = ["0 m", "2.5 m"]'}, 4, 'Write x = { low = 0, high = 2.5, unit = "m" }'),
    Case("heat", {18: 'accuracy = "1%"'}, 18, "Write 0.01"),
    Case("heat", {14: "u = [0, 0.1, 0]"}, 14, 'Numbers stand in a file: u = { file = "field.npz"'),
    Case("heat", {7: 'D = "1 + 0.1*u"'}, 7, "on unknowns into [definitions]"),
    Case("heat", {2: 'equations = ["u_t = D*(u_xx + s"]'}, 2, "is not closed"),
    Case("heat", {2: 'equations = ["u_t = D*u_xx) + s"]'}, 2, "closes nothing"),
    Case("heat", {2: 'equations = ["u_t = D*u_xx + "]'}, 2, "ends where something is missing"),
    Case("heat", {2: 'equations = ["u_t = D*u_xx + * s"]'}, 2, "where a number, a name or a bracket belongs"),
    Case("heat", {2: "equations = [\"u' = D*u_xx + s\"]"}, 2, "A derivative is written u_x"),
    Case("heat", {2: 'equations = ["u_t = D*u_xx + s(x)"]'}, 2, "no function s"),
    Case("heat", {2: 'equations = ["u_t = D*u_xx + s + sine(x)"]'}, 2, "Did you mean sin"),
    Case("heat", {2: 'equations = ["u_t = D*u_xx + s + sin(x, u)"]'}, 2, "sin takes 1 argument, not 2"),
    Case("heat", {2: 'equations = ["u_t = D*u_xx + s*E.__class__"]'}, 2, "The character . is not read"),
    Case("heat", {2: 'equations = ["u_t = D*u_xx + s + __import__(os)"]'}, 2, "no function __import__"),
    Case("heat", {2: 'equations = ["u_t = D*u_xx + s + 10**10**10"]'}, 2, "too large"),
    Case("heat", {2: 'equations = ["u_t = D*u_xx + s + exp(exp(10))"]'}, 2, "too large"),
    Case("heat", {2: 'equations = ["u_t = D*u_xx + s + u**1000"]'}, 2, "exponent 1000 is too large"),
    Case("heat", {2: 'equations = ["u_t = D*u_xx + s/0"]'}, 2, "divided by zero"),
    Case("heat", {2: 'equations = ["u_t = D*u_xx + s + [u, u]"]'}, 2, "vector"),
    Case("heat", {2: 'equations = ["u_t = div([u_x, u]) + D*s"]'}, 2, "A vector of 1 component"),
    Case("heat", {2: 'equations = ["u_t = D*d(u, y) + s"]'}, 2, "along a coordinate"),
    Case("heat", {2: 'equations = ["u_t = D*∂²u/∂x + s"]'}, 2, "2 times above and 1 times below"),
    Case("heat", {2: 'equations = ["u_t = D*(u < 1) + s"]'}, 2, "Write where(condition, a, b)"),
    Case("heat", {2: 'equations = ["u_t = D*where(u, 1, 0) + s"]'}, 2, "A condition is missing"),
    Case("heat", {2: 'equations = ["u_t = D*u_xx + s + c"]'}, 2, "c is not known here"),
    Case("heat", {2: 'equations = ["u_t = D*u_xx + s + sin(k*x)"]', 7: "D = 1\nkk = 2"}, 2, "Did you mean kk?"),
    Case("heat", {2: 'equations = ["u_t = D*u_xx + s + u_y"]'}, 2, "nor a derivative along coordinates"),
    Case("heat", {2: 'equations = ["u_t = D*u_xx + s", "s = 1"]'}, 2, "holds no unknown"),
    Case("heat", {2: 'equations = ["u_t = D*u_xx + s", "v_t = v_xx"]'}, 13, "no initial value of v"),
    Case("heat", {2: 'equations = ["u_t = D*u_xx + s + uu_x"]'}, 2, "Are u and uu meant to be the same?"),
    Case("heat", {2: 'equations = ["D = s"]'}, 2, "No equation holds the unknown u"),
    Case("heat", {2: 'equations = ["u_t = D*u_xx + s + I*u"]'}, 2, "I is the imaginary unit"),
    Case("heat", {2: 'equations = ["u_t**2 = D*u_xx + s"]'}, 2, "not linear in its highest time derivative"),
    Case("heat", {2: 'equations = ["u_ttt = D*u_xx + s"]'}, 2, "time derivative of order 3"),
    Case("heat", {2: 'equations = ["u_xx = D + s"]'}, 2, "No equation has a derivative along the time"),
    Case("heat", {2: 'equations = ["u_t = -D*u_xx + s"]'}, 2, "heat equation backwards in time"),
    Case("heat", {7: "D = { value = 1.0, low = -1, high = 10 }"}, 7, "for D = -1"),
    Case("heat", {2: 'equations = ["u_t = d(D*(x - 0.5)*u_x, x) + s"]'}, 2, "backwards"),
    Case("heat", {2: 'equations = ["u_t = D*u_xxxx + s"]'}, 2, "ill posed"),
    Case("heat", {2: 'equations = ["u_t = D*u_xx + s/(x - 0.5)"]'}, 2, "not finite at t = 0, x = 0.5"),
    Case("heat", {2: 'equations = ["u_t = D*u_xx + s + log(-1 - u**2)"]'}, 2, "not finite"),
    Case("wave", {2: '    "u_tt = -c**2*laplace(u)",'}, 2, "elliptic in time"),
    Case("wave", {2: '    "u_tt = c**2*(u_xx - u_yy)",'}, 2, "elliptic in time"),
    Case("flow", {3: '    "dt(h) + v*v_x + g*h_x = 0",'}, 1, "hold the highest time derivatives of"),
    Case("flow", {3: '    "dt(v) + v*v_x - g*h_x = 0",'}, 2, "ill posed"),
    Case("flow", {3: ""}, 1, "1 equation for 2 unknowns"),
    # Domain
    Case("heat", {3: "[where]"}, 3, "no part of a problem"),
    Case("heat", {4: "x = [1, 0]"}, 4, "Write [0, 1]"),
    Case("heat", {4: "x = [0, 0]"}, 4, "empty"),
    Case("heat", {4: "x = 1"}, 4, "is no interval"),
    Case("heat", {4: 'x = [0, "2*q"]'}, 4, "q is not known here"),
    Case("heat", {4: "x = [0, inf]"}, 4, "not finite"),
    Case("heat", {4: 'x = [0, "inf"]'}, 4, "put the end where nothing happens any more"),
    Case("heat", {4: 'shape = "Disc(0, 0, 1)"\nx = [0, 1]'}, 4, "shape is not solved yet"),
    Case("heat", {4: 'time = "tau"\nx = [0, 1]'}, 4, "The time is called tau, which has no interval"),
    Case("heat", {4: None}, 3, "no space coordinate"),
    Case("poisson", {4: "y = [0, 1]\nz = [0, 1]\nw = [0, 1]"}, 6, "4 space coordinates"),
    Case("poisson", {1: 'equations = ["u_xx - u_yy = f"]'}, 1, "The equation is hyperbolic and has conditions at all sides", "doubt"),
    # Names and parameters
    Case("heat", {7: 'D = "big"'}, 7, "is to be a number"),
    Case("heat", {7: "D = { value = 1.0, low = 2, high = 10 }"}, 7, "outside its range"),
    Case("heat", {7: "D = { value = 1.0, low = 10, high = 0.1 }"}, 7, "is empty"),
    Case("heat", {7: "D = { value = 1.0, low = 0.1 }"}, 7, "one end only"),
    Case("heat", {7: "D = { low = 0.1, high = 1 }"}, 7, "has no value"),
    Case("heat", {7: "D = 1\npi = 3"}, 8, "is taken"),
    Case("heat", {7: "D = 1\ns = 3"}, 10, "s is a parameter already"),
    Case("heat", {7: "D = 1\nx = 3"}, 8, "x is a coordinate already"),
    Case("heat", {7: "D = 1\nk = 3"}, 8, "Nothing uses the parameter k", "doubt"),
    Case("heat", {1: 'definitions = { a = "b + 1", b = "2*a" }'}, 1, "go in a circle: a → b → a"),
    Case("heat", {9: 's = "r*x"\nr = "s + 1"'}, 9, "circle"),
    Case("heat", {9: 's = "u*x"'}, 9, "u has no place in a coefficient"),
    Case("heat", {9: 's = "1/(x - 1)"'}, 9, "The coefficient s is not finite at the end x = 1", "doubt"),
    Case("heat", {9: 's = "1/(x - 0.5)"'}, 9, "The coefficient s is not finite at t = 0, x = 0.5"),
    Case("heat", {9: 's = "sqrt(x - 0.5)"'}, 9, "is not finite at"),
    Case("heat", {9: 's = { family = "furier" }'}, 9, "Did you mean fourier?"),
    Case("heat", {9: 's = { family = "gaussian" }'}, 9, "needs length"),
    Case("heat", {9: 's = { family = "gaussian", length = 1e-5 }'}, 9, "modes"),
    Case("heat", {9: 's = { file = "nowhere.npz", name = "a" }'}, 9, "is not there"),
    Case("heat", {9: "s = true"}, 9, "no expression but True"),
    Case("spin", {3: "p = { complex = 1 }"}, 3, "complex is true or false"),
    Case("spin", {3: 'p = "wave function"'}, 1, "no unknown is declared complex"),
    # Ends
    Case("heat", {10: "[boundaries]"}, 10, "Did you mean boundary?"),
    Case("heat", {10: None, 11: None, 12: None}, 1, "The ends of x have no condition"),
    Case("heat", {11: None}, 10, "x=0 has no condition, 1 is needed"),
    Case("heat", {11: '"x=0" = ["u = 0", "u_x = pi"]'}, 11, "x=0 has 2 conditions, 1 is needed"),
    Case("heat", {11: '"x=0" = "u_xx = 0"'}, 11, "derivatives are of lower order"),
    Case("heat", {11: '"x=0" = "v = 0"'}, 11, "v is not known here"),
    Case("heat", {11: '"x=0" = "0"'}, 11, "is no equation"),
    Case("heat", {11: '"x=0" = "-1.5"'}, 11, 'Write "u = -1.5"'),
    Case("heat", {11: '"x=0" = 2'}, 11, 'Write "u = 2"'),
    Case("heat", {11: "x = [0, 1]", 12: None}, 11, 'Write "x=0" = "u = 0" and "x=1" = "u = 1"'),
    Case("heat", {11: '"x=0" = "Dirichlet"'}, 11, 'Write "u = 0"'),
    Case("heat", {11: '"x=0" = "no-flux"'}, 11, 'Write "u_x = 0"'),
    Case("heat", {11: 'left = "u = 0"'}, 11, 'Ends are called "x=0" and "x=1"'),
    Case("heat", {2: 'equations = ["u_t = -D*u_xxxx + s"]', 12: '"x=1" = ["u = 0", "u_x = -pi"]'}, 11, 'Add "u_x = 0" or another'),
    Case("heat", {2: 'equations = ["u_t = D*(u_xx + u_x/x) + s"]', 11: None}, 10, 'Such as "x=0" = "u_x = 0"'),
    Case("wind", {1: 'equations = ["u_y + a*u_x = 0"]', 4: "y = [0, 1]", 8: '"x=0" = "u = 0"'}, 7, 'write time = "y" below [domain]'),
    Case("heat", {11: '"x=0" = "t = 0"'}, 11, "holds no unknown"),
    Case("heat", {11: '"x=0" = "u_t = 0"'}, 11, "rate of change"),
    Case("heat", {11: '"x=0" = "periodic"'}, 11, "periodic at one end only"),
    Case("heat", {11: 'x = ["u = 0", "u_x = 0"]', 12: None}, 11, 'for one condition each write "x=0" = "u = 0" and "x=1" = "u_x = 0"'),
    Case("heat", {11: '"x=0" = "open"'}, 11, "An open end is for first order equations"),
    Case("heat", {11: '"x=0.5" = "u = 0"'}, 11, "x does not end at 0.5"),
    Case("heat", {11: '"z=0" = "u = 0"'}, 11, "no axis of the domain"),
    Case("heat", {11: 'x = "periodic"'}, 12, "A periodic axis has no ends"),
    Case("heat", {11: '"x=0" = "u = 1"'}, 14, "breaks the condition", "doubt"),
    Case("heat", {2: 'equations = ["u_t = -D*u_xxxx + s"]'}, 11, "x=0 has 1 condition, 2 are needed"),
    Case("wind", {8: '"x=1" = "u = 0"'}, 8, "nothing enters there"),
    Case("wind", {8: '"x=0" = "u = sin(t)"\n"x=1" = "u = 0"'}, 9, "x=1 has 1 condition, none is needed"),
    Case("wind", {8: 'x = "open"', 1: 'equations = ["u_t + a*u_xx = 0"]'}, 1, "backwards"),
    Case("wind", {1: 'equations = ["u_t + a*u_xxx = 0"]', 8: '"x=0" = ["u = 0", "u_x = 0"]\n"x=1" = "u = 0"'}, 8, "x=0 has 2 conditions, 1 is needed"),
    Case("flow", {11: '"x=0" = ["v = 0", "h = 1"]'}, 11, "2 conditions, 1 is needed", "doubt"),
    Case("swirl", {13: '"y=0" = ["psi = 0", "psi_x = 0"]\n"y=2*pi" = ["psi = 0", "w = 0"]'}, 13, "do not determine the solution"),
    Case("swirl", {14: '[initial]\npsi = "0"'}, 15, "one too many"),
    # Initial values
    Case("heat", {14: None}, 13, "no initial value of u"),
    Case("heat", {14: 'u = "sin(pi*x)"\nv = "0"'}, 15, "“v” is no unknown"),
    Case("heat", {14: 'u = "sin(pi*t)"'}, 14, "t has no place in an initial value"),
    Case("heat", {14: 'u = "1/x"'}, 14, "not finite at t = 0, x = 0"),
    Case("heat", {14: 'u = "sin(pi*x)"\nu_t = "0"'}, 15, "u is of first order in time"),
    Case("wave", {15: None}, 13, "no initial value of u_t"),
    Case("wave", {14: 'u = "x*sin(pi*y)"', 16: "", 17: ""}, 14, "where the periodic axis x closes", "doubt"),
    Case("heat", {14: 'u = "exp(I*x)"'}, 14, "I is the imaginary unit"),
    # What is asked for and claimed
    Case("heat", {16: "points = 3"}, 16, "number of points is 3"),
    Case("heat", {16: "points = { y = 64 }"}, 16, "The domain has no “y”"),
    Case("poisson", {9: 'y = "u = 0"\n[output]\npoints = 100000'}, 11, "points are asked for"),
    Case("heat", {17: "times = [0, 0.2]"}, 17, "The time 0.2 is outside"),
    Case("heat", {17: "times = [0.1, 0.05]"}, 17, "do not increase"),
    Case("heat", {17: "times = 1"}, 17, "from 2 to 100000"),
    Case("poisson", {9: 'y = "u = 0"\n[output]\ntimes = 3'}, 11, "Times are asked of a steady problem"),
    Case("heat", {18: "accuracy = 2"}, 18, "accuracy = 2 is out of range"),
    Case("heat", {18: "accuracy = 1e-20"}, 18, "out of range"),
    Case("heat", {19: "seconds = 0"}, 19, "seconds = 0 is out of range"),
    Case("wave", {17: 'u = "sin(2*pi*x)*sin(pi*y)*cos(2*pi*c*t)"'}, 17, "does not satisfy the equation"),
    Case("wave", {14: 'u = "2*sin(2*pi*x)*sin(pi*y)"'}, 14, "does not start from the initial value of u"),
    Case("wave", {12: 'y = "u_y = 0"'}, 17, "does not satisfy the condition"),
    Case("wave", {17: 'v = "0"'}, 17, "is no unknown"),
    Case("wave", {19: 'energy = "u**2"'}, 19, "does not stay"),
    Case("wave", {19: 'energy = "c**2"'}, 19, "holds no unknown"),
]  # fmt: skip
