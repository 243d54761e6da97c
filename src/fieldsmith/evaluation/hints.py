"""One concrete next step for each kind of failure: tables of what goes wrong often, and what mends it."""

import re
from collections.abc import Sequence

from fieldsmith.tasks.task import Signature

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


def missing_library(message: str, libraries: Sequence[str]) -> str:
    """What the sandbox has in place of a library or name that an import did not find; empty for other messages."""
    found = MISSING.search(message)
    if found is None:
        return ""
    here = ", ".join(libraries) or "numpy, scipy"
    if found[2]:
        return (
            f"`{found[3]}` of this sandbox has no `{found[2]}`: it may have moved or gone. There are {here}. "
            "Use a name of these versions, or write the few lines yourself."
        )
    library = found[1].partition(".")[0]
    installed = {name.split()[0] for name in (libraries or ("numpy", "scipy"))}
    ways = [way for needed, way in INSTEAD.get(library, ()) if not needed or needed in installed]
    instead = f" In place of `{library}`: {'; '.join(ways)}." if ways else ""
    if library in installed:
        return f"`{library}` is installed, but has no part `{found[1]}`. There are {here}."
    return f"The sandbox has no `{library}` and no network to get it. It has {here}.{instead} Rewrite the program with these."


OFTEN: tuple[tuple[str, str], ...] = (
    (
        r"truth value of an array",
        "A Python condition (`if`, `while`, `and`, `or`, or the builtin max/min/abs of arrays) was given a whole array. "
        "Use np.where or np.maximum for each element, or np.max(...), np.any(...), np.all(...) for one number. The "
        "builtin `max(array)` and `max(a, b)` do not work on arrays: write np.max(array) and np.maximum(a, b).",
    ),
    (
        r"could not be broadcast|shapes .* not aligned|could not broadcast|mismatch in its core dimension|"
        r"all the input array|must have the same shape",
        "Two arrays do not fit. Compare their shapes, below, axis by axis from the last: each pair must be equal or 1. "
        "Batch comes first: a vector over space fits [batch, x] as it is, one value a sample needs [:, None].",
    ),
    (
        r"only (length-1|0-dimensional|size-1) arrays can be converted|only integer scalar arrays",
        "float(), int(), range() or a math.* function was given a whole array. Use np.* functions for arrays (np.sqrt, "
        "np.exp), np.max(...) to make one number of an array, and int(np.ceil(...)) for a number of steps.",
    ),
    (
        r"setting an array element with a sequence|inhomogeneous shape",
        "An array is written into the place of one number, or arrays of different shapes are stacked. Allocate the "
        "result with its full shape, np.empty((batch, times, points)), and write whole frames: result[:, n] = u.",
    ),
    (
        r"index .* is out of bounds|index out of range|too many indices",
        "An index goes past the end of its axis. With n entries the last is n - 1; between n output times lie n - 1 "
        "intervals. Neighbours at a periodic boundary come from np.roll or from indices modulo n.",
    ),
    (
        r"unexpected keyword argument|got multiple values for argument|missing \d+ required|takes \d+ positional",
        "A function is called with other arguments than it takes. Compare the call with the function's definition, or, for "
        "a library's function, leave out what its installed version does not know.",
    ),
    (
        r"'NoneType' object",
        "A value is None: a function without `return` was called for its result, or a variable was set from a method that "
        "changes its object in place. Return the value, or use the object itself.",
    ),
    (
        r"'(list|tuple)' object has no attribute",
        "A Python list or tuple is used as an array. Convert it once: np.asarray(...).",
    ),
    (
        r"'(float|int|numpy.float64|numpy.int64)' object has no attribute",
        "A single number is used as an array: an index or a reduction such as np.max has taken its axes away.",
    ),
    (
        r"has no attribute",
        "This object has no such name. Use names of the installed versions (numpy 2 has no np.float, np.int or np.complex: "
        "write float, int, complex; np.trapz is np.trapezoid), and check that a variable is not named like a module or function.",
    ),
    (
        r"cannot convert float (NaN|infinity) to integer",
        "A number of steps or an index is computed from a value that is NaN or infinite: the solution has blown up before, or "
        "a divisor is zero. Find the first step at which values are not finite, and take smaller steps there.",
    ),
    (
        r"cannot be interpreted as an integer|slice indices must be integers|arrays used as indices must be",
        "A count or an index is a float. Write int(round(...)) for it, n // 2 instead of n / 2, and int(np.ceil(...)) for a "
        "number of steps.",
    ),
    (
        r"must not contain infs or NaNs|contains (infs or )?NaN",
        "Values are not finite before a library is called: a step before this line is unstable or divides by zero. Look for "
        "the first such value, with np.isfinite(u).all() after each step, and take smaller internal steps.",
    ),
    (
        r"cannot reshape array",
        "The number of values does not fit the shape that is asked for. Compare both: an end point more or less on an axis, or an "
        "axis that is left out, are usual reasons. Use -1 for one axis that follows from the others.",
    ),
    (
        r"axis -?\d+ is out of bounds",
        "The array has fewer axes than this line takes it to have: one was taken away by an index such as u[0] or by a mean. Keep it "
        "with u[:1] or keepdims=True, or count axes from the last (axis=-1).",
    ),
    (
        r"(not enough|too many) values to unpack",
        "The number of names on the left is not the number of values. Write `batch, n = u0.shape` only for an array of two axes, and "
        "one name for each value that a function returns.",
    ),
    (
        r"is read-only",
        "An array that cannot be written to is changed in place. Make a copy first: u = np.array(u0, dtype=float).",
    ),
    (
        r"Cannot cast ufunc|same_kind|UFuncTypeError",
        "Complex values are written into a real array, or floats into integers. Take the real part where the result is "
        "real (np.fft.irfft returns it real), and allocate arrays with dtype=float or dtype=complex as needed.",
    ),
    (r"Singular matrix|exactly singular", "The matrix is singular: a boundary row or the mean is not fixed."),
    (
        r"unsupported operand|can't multiply|not subscriptable|object is not callable|object is not iterable",
        "A value is not of the kind this line takes it for: a list instead of an array, a function instead of its value, "
        "None from a function without return. Convert inputs with np.asarray and check what each function returns.",
    ),
    (
        r"Operation not permitted|Read-only file system|Permission denied|Address family not supported|Network is unreachable",
        "The sandbox does not allow this: there is no network, no socket (so no asyncio, no Pipe() or Manager() of multiprocessing), "
        "and only the current folder can be written to. Compute with arrays; where several processes help, multiprocessing.Pool works.",
    ),
    (r"maximum recursion", "A function calls itself without end. Write the iteration as a loop."),
)

STEPS = {
    "SyntaxError": "Python cannot read this line or the one before it: look for an open bracket, a missing colon or an "
    "unfinished string, and give the whole program again.",
    "IndentationError": "Indent with four spaces throughout and give the whole program again.",
    "TabError": "Tabs and spaces are mixed: indent with four spaces throughout.",
    "NameError": "The name is not defined where it is used: pass it as an argument, import it, or correct its spelling.",
    "UnboundLocalError": "The variable is used before it gets a value in this function: set it first, or pass it in.",
    "ZeroDivisionError": "A divisor is zero: often a count of steps or an interval that int() has cut down to 0. Use "
    "steps = max(1, int(np.ceil(interval / dt))).",
    "OverflowError": "A number has grown beyond all bounds. A scheme that marches in time is unstable: take smaller internal "
    "steps. An iteration diverges: damp it, or solve the linear system directly.",
    "FloatingPointError": "A value is not finite any more: take smaller internal steps and guard divisions and roots.",
    "KeyError": "The key is not in the dictionary: print the keys there are, or use the right one.",
    "FileNotFoundError": "There are no files to read: compute everything from the arguments.",
    "AssertionError": "A check of the program itself does not hold. Mend what it checks, or drop a check that is wrong.",
    "NotImplementedError": "A part of the program was left out. Write every function in full.",
    "LinAlgError": "The linear system cannot be solved: check its rows for the boundary, and its scale.",
    "TypingError": "numba cannot compile this function: in it use only arrays, numbers and plain loops, with no keyword arguments of "
    "NumPy that it does not know. Or take @njit away and work with whole arrays.",
    "SystemExit": "The program ends itself. Return the arrays, and call neither sys.exit nor argparse.",
    "SIGSEGV": "Compiled code was given memory it must not touch: check array bounds in loops compiled with numba.",
    "EOFError": "There is nobody to ask: use no input().",
}


SHAPES = re.compile(r"has shape \(([\d, ]*)\); expected \(([\d, ]+)\)")


def axes_named(message: str, signature: Signature) -> tuple[str, ...]:
    """Axes of the result that a message names."""
    results = signature.results
    return next((result.axes for result in results if f"`{result.name}`" in message), results[0].axes)


def wrong_shape(message: str, axes: Sequence[str]) -> str:
    """What a returned shape that is not the expected one tells, by the result's axes; empty where it tells nothing."""
    found = SHAPES.search(message)
    if found is None:
        return ""
    got, wanted = (tuple(int(n) for n in part.replace(",", " ").split()) for part in found.groups())
    if len(wanted) != len(axes):
        return ""
    if len(got) == len(wanted) and sorted(got) == sorted(wanted):
        order = ", ".join(axes)
        along = " Frames in a list become the time axis by np.stack(frames, axis=1)." if "time" in axes else ""
        return f"The axes are in another order: they must be [{order}].{along}"
    differing = [n for n in range(len(wanted)) if len(got) == len(wanted) and got[n] != wanted[n]]
    if len(differing) == 1:
        axis, size, right = axes[differing[0]], got[differing[0]], wanted[differing[0]]
        if axis == "time" and size == right - 1:
            return "One frame is missing: the first frame is the initial state itself, before any step."
        if axis == "time" and size == right + 1:
            return "There is one frame too many: the initial state is the frame of the first output time."
        if axis == "time":
            return "There must be one frame for each output time: internal steps are not returned."
        if axis != "batch" and abs(size - right) in (1, 2):
            return f"The {axis} axis has lost or won end points: return the solution at exactly the given points."
        if axis == "batch":
            return "Every sample of the batch must be solved."
    if len(got) == len(wanted) - 1 and got == wanted[1:]:
        return "The batch axis is missing: the inputs hold several samples, and so must the result."
    if "time" in axes and got == (wanted[0], *wanted[2:]):
        return "The time axis is missing: every output time is wanted, not only the last."
    return ""


def own_check(kind: str, line: str) -> str:
    """What to do where the program itself raised the exception on that line; empty where it did not."""
    if kind == "NotImplementedError" or not re.match(r"raise\b\s*\w", line):
        return ""
    return "The program itself raises this: a check before this line does not hold. Mend what it checks, or drop it if it is wrong."


def next_step(kind: str, message: str) -> str:
    """What to do about an exception of that type and message; empty where nothing better is known than reading it."""
    for pattern, words in OFTEN:
        if re.search(pattern, message, re.IGNORECASE):
            return words
    return STEPS.get(kind, "")
