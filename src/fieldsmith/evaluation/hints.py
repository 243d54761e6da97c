"""Which next step mends a failure: tables of what goes wrong often. Its words stand in `templates/hints.md.jinja`, by its name."""

import re
from collections.abc import Mapping, Sequence

from fieldsmith.tasks.task import Signature

Step = Mapping[str, object]
"""A next step: its `name`, which is that of a block of the template, and what the words need besides. JSON values only."""

MISSING = re.compile(r"No module named '([\w.]+)'|cannot import name '(\w+)' from '([\w.]+)'")

INSTEAD: dict[str, tuple[tuple[str, str], ...]] = {
    "torch": (
        ("numpy", "torch.fft -> numpy.fft or scipy.fft, tensors -> numpy arrays, torch.roll -> numpy.roll"),
        ("numpy", "torch.linalg -> numpy.linalg, no `.to(device)`, no gradients"),
        ("scipy", "torchdiffeq.odeint -> scipy.integrate.solve_ivp"),
    ),
    "jax": (
        ("numpy", "jax.numpy -> numpy, lax.scan and fori_loop -> a Python loop over array operations"),
        ("numba", "jax.jit -> numba.njit"),
        ("scipy", "jax.experimental.ode.odeint -> scipy.integrate.solve_ivp"),
    ),
    "tensorflow": (("numpy", "tensors -> numpy arrays, tf.signal.fft -> numpy.fft"),),
    "cupy": (("numpy", "cupy -> numpy, cupyx.scipy -> scipy; there is no GPU"),),
    "torchdiffeq": (("scipy", "odeint -> scipy.integrate.solve_ivp"),),
    "diffrax": (("scipy", "diffeqsolve -> scipy.integrate.solve_ivp"),),
    "pyfftw": (("scipy", "pyfftw.interfaces -> scipy.fft with workers=-1"),),
    "findiff": (("numpy", "FinDiff -> numpy.roll or slices with the stencil's weights"),),
    "fipy": (("scipy", "its solvers -> scipy.sparse matrices and scipy.sparse.linalg.spsolve"),),
    "dolfin": (("scipy", "assemble a scipy.sparse matrix by hand"), ("pyamg", "its solver -> pyamg")),
    "dolfinx": (("scipy", "assemble a scipy.sparse matrix by hand"), ("pyamg", "its solver -> pyamg")),
    "firedrake": (("scipy", "assemble a scipy.sparse matrix by hand"), ("pyamg", "its solver -> pyamg")),
    "petsc4py": (("scipy", "its solvers -> scipy.sparse.linalg"), ("pyamg", "multigrid -> pyamg")),
    "sksparse": (("scipy", "cholmod -> scipy.sparse.linalg.splu"),),
    "pyamg": (("scipy", "multigrid -> scipy.sparse.linalg.spsolve, or cg with a preconditioner of your own"),),
    "numba": (("numpy", "loops over points -> whole-array operations"),),
    "dedalus": (("scipy", "its spectral bases -> scipy.fft and a matrix for each wave number"),),
    "sympy": (("numpy", "derive the formulas by hand and write them with numpy"),),
    "pandas": (("numpy", "tables -> numpy arrays"),),
    "matplotlib": (("", "nothing is drawn: leave it out"),),
    "tqdm": (("", "nobody watches the loop: leave it out"),),
}
"""For a library that programs like to import: what takes its place, by the library that must be there for it."""


def missing_library(message: str, libraries: Sequence[str]) -> Step | None:
    """What the sandbox has in place of a library or name that an import did not find; None for other messages."""
    found = MISSING.search(message)
    if found is None:
        return None
    here = ", ".join(libraries) or "numpy, scipy"
    if found[2]:
        return {"name": "name_is_missing", "library": found[3], "part": found[2], "here": here}
    library = found[1].partition(".")[0]
    installed = {name.split()[0] for name in (libraries or ("numpy", "scipy"))}
    if library in installed:
        return {"name": "part_is_missing", "library": library, "part": found[1], "here": here}
    ways = [way for needed, way in INSTEAD.get(library, ()) if not needed or needed in installed]
    return {"name": "library_is_missing", "library": library, "here": here, "ways": ways}


OFTEN: tuple[tuple[str, str], ...] = (
    ("array_as_condition", r"truth value of an array"),
    (
        "shapes_do_not_fit",
        r"could not be broadcast|shapes .* not aligned|could not broadcast|mismatch in its core dimension|all the input array|must have the same shape",
    ),
    ("array_for_a_number", r"only (length-1|0-dimensional|size-1) arrays can be converted|only integer scalar arrays"),
    ("sequence_into_element", r"setting an array element with a sequence|inhomogeneous shape"),
    ("index_out_of_bounds", r"index .* is out of bounds|index out of range|too many indices"),
    (
        "wrong_arguments",
        r"unexpected keyword argument|got multiple values for argument|missing \d+ required|takes \d+ positional",
    ),
    ("none_value", r"'NoneType' object"),
    ("list_for_an_array", r"'(list|tuple)' object has no attribute"),
    ("number_for_an_array", r"'(float|int|numpy.float64|numpy.int64)' object has no attribute"),
    ("no_such_attribute", r"has no attribute"),
    ("steps_from_nan", r"cannot convert float (NaN|infinity) to integer"),
    (
        "float_for_an_integer",
        r"cannot be interpreted as an integer|slice indices must be integers|arrays used as indices must be",
    ),
    ("nan_in_a_library", r"must not contain infs or NaNs|contains (infs or )?NaN"),
    ("reshape", r"cannot reshape array"),
    ("axis_out_of_bounds", r"axis -?\d+ is out of bounds"),
    ("unpacking", r"(not enough|too many) values to unpack"),
    ("read_only", r"is read-only"),
    ("casting", r"Cannot cast ufunc|same_kind|UFuncTypeError"),
    ("singular_matrix", r"Singular matrix|exactly singular"),
    (
        "wrong_kind",
        r"unsupported operand|can't multiply|not subscriptable|object is not callable|object is not iterable",
    ),
    (
        "not_allowed",
        r"Operation not permitted|Read-only file system|Permission denied|Address family not supported|Network is unreachable",
    ),
    ("recursion", r"maximum recursion"),
)
"""Names of steps, each with the messages that ask for it; the first that fits counts."""

KINDS = frozenset(
    [
        "SyntaxError",
        "IndentationError",
        "TabError",
        "NameError",
        "UnboundLocalError",
        "ZeroDivisionError",
        "OverflowError",
        "FloatingPointError",
        "KeyError",
        "FileNotFoundError",
        "AssertionError",
        "NotImplementedError",
        "LinAlgError",
        "TypingError",
        "SystemExit",
        "SIGSEGV",
        "EOFError",
    ]
)
"""Types of exceptions that have a step of their name."""


SHAPES = re.compile(r"has shape \(([\d, ]*)\); expected \(([\d, ]+)\)")


def axes_named(message: str, signature: Signature) -> tuple[str, ...]:
    """Axes of the result that a message names."""
    results = signature.results
    return next((result.axes for result in results if f"`{result.name}`" in message), results[0].axes)


def wrong_shape(message: str, axes: Sequence[str]) -> Step | None:
    """What a returned shape that is not the expected one tells, by the result's axes; None where it tells nothing."""
    found = SHAPES.search(message)
    if found is None:
        return None
    got, wanted = (tuple(int(n) for n in part.replace(",", " ").split()) for part in found.groups())
    if len(wanted) != len(axes):
        return None
    if len(got) == len(wanted) and sorted(got) == sorted(wanted):
        return {"name": "axes_in_another_order", "axes": list(axes)}
    differing = [n for n in range(len(wanted)) if len(got) == len(wanted) and got[n] != wanted[n]]
    if len(differing) == 1:
        return _wrong_size(axes[differing[0]], got[differing[0]] - wanted[differing[0]])
    if len(got) == len(wanted) - 1 and got == wanted[1:]:
        return {"name": "batch_axis_is_missing"}
    if "time" in axes and got == (wanted[0], *wanted[2:]):
        return {"name": "time_axis_is_missing"}
    return None


def _wrong_size(axis: str, excess: int) -> Step | None:
    """What is told by one axis that has too many entries, or too few."""
    if axis == "time":
        return {"name": {-1: "frame_is_missing", 1: "frame_too_many"}.get(excess, "frame_for_each_time")}
    if axis == "batch":
        return {"name": "every_sample"}
    return {"name": "end_points", "axis": axis} if abs(excess) in (1, 2) else None


def own_check(kind: str, line: str) -> Step | None:
    """What to do where the program itself raised the exception on that line; None where it did not."""
    if kind == "NotImplementedError" or not re.match(r"raise\b\s*\w", line):
        return None
    return {"name": "own_check"}


def next_step(kind: str, message: str, denied: Sequence[str] = ()) -> Step | None:
    """What to do about an exception of that type and message; None where nothing better is known than reading it.

    `denied` is what the sandbox does not allow (`Sandbox.denies`).
    """
    often = (name for name, pattern in OFTEN if re.search(pattern, message, re.IGNORECASE))
    name = next(often, kind if kind in KINDS else "")
    if name == "not_allowed":
        return {"name": name, "denied": list(denied)}
    return {"name": name} if name else None


_WARNING = re.compile(r":(\d+): RuntimeWarning: (divide by zero|overflow|invalid value) encountered in (\w+)")
_DIVIDES = re.compile(r"/\s*\(?\s*([A-Za-z_]\w*)")
_CONTOUR = re.compile(r"exp\([^\n]*\b\d*\.?\d*j\b")
"""Points of a circle in the complex plane, over which such a formula is averaged to be safe."""
_GIVEN = re.compile(r"(?m)^\s*(\w+)\s*=\s*(?:np\.|numpy\.)?exp\((.*)\)\s*(?:#.*)?$")


def warned(stderr: str, source: str) -> dict[str, object] | None:
    """What NumPy warned of first while a program ran: what (divide by zero, overflow, invalid value), in which operation, at which line of its text."""
    found = _WARNING.search(stderr)
    if found is None:
        return None
    line, lines = int(found[1]), source.splitlines()
    text = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    return {"what": found[2], "where": found[3], "line": line, "text": text}


def cancelling(source: str) -> dict[str, object] | None:
    """The first line that computes a phi function by its formula, which loses all digits near 0: exp(z) - 1 and the like, divided by z or a power of it.

    Kassam and Trefethen, SIAM Journal on Scientific Computing 26 (2005), section 3.
    """
    if _CONTOUR.search(source):
        return None
    exponents = {m[1]: m[2] for m in _GIVEN.finditer(source)}
    for number, line in enumerate(source.splitlines(), 1):
        code = line.split("#")[0]
        if " - " not in code or "expm1" in code:
            continue
        inside = [m[1] for m in re.finditer(r"(?:np\.|numpy\.)?exp\((.*?)\)", code)]
        inside += [exponents[name] for name in re.findall(r"\w+", code) if name in exponents]
        within = {name for text in inside for name in re.findall(r"\w+", text)}
        by = next((name for name in _DIVIDES.findall(code) if name in within), None)
        if by is not None and not re.search(rf"abs\({by}\)\s*[<>]", source):
            return {"line": number, "text": code.strip(), "by": by}
    return None
