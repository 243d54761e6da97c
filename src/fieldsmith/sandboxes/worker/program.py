"""The program itself: loading it, calling its function, taking what it returns, explaining how it failed."""

import errno
import linecache
import os
import sys
import traceback
import types

MOST_LOCALS = 40
LARGEST_LOOKED_THROUGH = 1 << 24  # elements of an array that is searched for NaN
FILE = "solver.py"


def failure(kind, message, line=None, trace="", variables=()):
    return {
        "type": kind,
        "message": str(message)[:4000],
        "line": line,
        "trace": trace[-16000:],
        "locals": [list(pair) for pair in variables],
    }


class Unusable(Exception):
    pass


class NoFunction(Exception):
    pass


def as_float_array(name, value):
    """A contiguous float64 array from what solvers return: numpy, torch, jax, lists."""
    import numpy as np

    for method in ("detach", "cpu", "resolve_conj"):
        if type(value).__module__.partition(".")[0] == "torch" and hasattr(value, method):
            value = getattr(value, method)()
    if value is None:
        raise Unusable(f"`{name}` is None; the function must return it.")
    try:
        array = np.asarray(value)
    except Exception as error:
        raise Unusable(f"`{name}` is a {type(value).__name__} that is not an array: {error}") from None
    if array.dtype.kind == "c":
        if np.any(np.imag(array)):
            raise Unusable(f"`{name}` is complex; return its real part.")
        array = np.real(array)
    if array.dtype.kind not in "fiub":
        raise Unusable(f"`{name}` is a {type(value).__name__} of dtype {array.dtype}; a float64 array is needed.")
    return np.asarray(array, dtype=np.float64, order="C")


def as_results(value, names):
    if len(names) == 1:
        # A list of one may be a batch of one sample; only a tuple is a way to return several results.
        if isinstance(value, tuple) and len(value) == 1:
            value = value[0]
        if isinstance(value, dict) and names[0] in value:
            value = value[names[0]]
        return [as_float_array(names[0], value)]
    if isinstance(value, dict) and set(names) <= set(value):
        value = [value[name] for name in names]
    if not isinstance(value, (tuple, list)) or len(value) != len(names):
        got = f"{len(value)} values" if isinstance(value, (tuple, list)) else f"one {type(value).__name__}"
        raise Unusable(f"The function returned {got}; expected {len(names)}: {', '.join(names)}.")
    return [as_float_array(name, item) for name, item in zip(names, value)]


def load(source, function):
    source = source[1:] if source.startswith("\ufeff") else source
    module = types.ModuleType("solver")
    module.__file__ = FILE
    sys.modules["solver"] = module
    try:
        # numba's cache=True wants the file itself.
        with open(FILE, "w", encoding="utf-8") as stream:
            stream.write(source)
    except (OSError, ValueError):
        pass
    sys.path.append(os.getcwd())  # an interpreter that multiprocessing starts anew imports the program from there
    linecache.cache[FILE] = (len(source), None, source.splitlines(True), FILE)
    exec(compile(source, FILE, "exec"), module.__dict__)
    found = module.__dict__.get(function)
    if not callable(found):
        defined = [name for name, item in module.__dict__.items() if isinstance(item, types.FunctionType)]
        raise NoFunction(f"The program defines no function `{function}`; it defines {', '.join(defined) or 'none'}.")
    return found


def described(value):
    """A local variable in a few words, None for one that is not looked at.

    Only exact types are, so that no method of the program's own classes runs here.
    """
    import numpy as np

    kind = type(value)
    if kind is np.ndarray:
        words = "%s array %s" % (value.dtype if value.dtype.names is None else "structured", value.shape)
        if value.dtype.kind in "fc" and 0 < value.size <= LARGEST_LOOKED_THROUGH and not np.isfinite(value).all():
            words += ", holds NaN or infinite values"
        return words
    if kind is int:
        return "int %d" % value if value.bit_length() <= 64 else "int of %d bits" % value.bit_length()
    if kind is bool or kind is float or kind is complex or value is None:
        return "None" if value is None else "%s %r" % (kind.__name__, value)
    if kind in (np.float64, np.float32, np.int64, np.int32, np.bool_, np.complex128):
        return "%s %s" % (value.dtype, value.item())
    if kind in (str, bytes, tuple, list, dict, set):
        return "%s of length %d" % (kind.__name__, len(value))
    return None


def local_variables(error):
    """Names and descriptions of the local variables where the program's innermost function failed."""
    step, frame = error.__traceback__, None
    while step is not None:
        if step.tb_frame.f_code.co_filename == FILE:
            frame = step.tb_frame
        step = step.tb_next
    if frame is None or frame.f_code.co_name == "<module>" or not frame.f_code.co_flags & 1:  # not a function's
        return []
    found = []
    for name, value in dict(frame.f_locals).items():
        words = described(value) if type(name) is str else None
        if words is not None:
            found.append((name[:60], words[:120]))
    return found[:MOST_LOCALS]


def explain(error):
    """Type, message, line and trace of an exception, restricted to the program's own frames."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == FILE]
    line = frames[-1].lineno if frames else None
    if isinstance(error, SyntaxError) and error.filename == FILE:
        line = error.lineno
    try:
        ending = "".join(traceback.format_exception_only(type(error), error))
        message = f"the program called sys.exit({error.code!r})" if isinstance(error, SystemExit) else str(error)
    except Exception:
        ending, message = type(error).__name__, "an exception that cannot be shown as text"
    trace = "".join(traceback.format_list(frames[-12:])) + ending if frames else ""
    try:
        variables = local_variables(error)
    except Exception:  # what is told beside an error must not hide it
        variables = []
    return failure(type(error).__name__, message, line, trace, variables)


def answer_of(header, arrays):
    """Call the function on what `header["arguments"]` names; the answer's header and the arrays that go with it."""
    arguments, given = [], iter(arrays)
    for item in header["arguments"]:
        arguments.append(item["value"] if "value" in item else next(given))
    try:
        function = load(header["program"], header["function"])
    except NoFunction as error:
        return {"status": "missing_function", "failure": failure("LookupError", error)}, []
    except BaseException as error:
        return failed(error)
    try:
        results = as_results(function(*arguments), header["results"])
    except Unusable as error:
        return {"status": "bad_output", "failure": failure("ValueError", error)}, []
    except BaseException as error:
        return failed(error)
    for name, array, shape in zip(header["results"], results, header["shapes"]):
        if list(array.shape) != shape:
            words = f"`{name}` has shape {array.shape}; expected {tuple(shape)}."
            return {"status": "bad_output", "failure": failure("ValueError", words)}, []
    return {"status": "ok", "failure": None}, list(zip(header["results"], results))


def failed(error):
    limit = limit_of(error)
    status = "out_of_memory" if limit == "memory" else "crashed"
    return {"status": status, "failure": explain(error), "limit": limit}, []


def limit_of(error):
    """Which limit an exception speaks of, if it does."""
    if isinstance(error, MemoryError):
        return "memory"
    if isinstance(error, OSError):
        # numpy tells of a short write, and of too little room for one, without a number.
        words = str(error) if error.errno is None else ""
        short = ("requested and" in words and "written" in words) or "Not enough free space to write" in words
        if short or error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            return "scratch"
        if error.errno == errno.ENOMEM:
            return "memory"
        if error.errno == errno.EAGAIN and isinstance(error, BlockingIOError):
            return "processes"
    if isinstance(error, RuntimeError) and "start new thread" in str(error):
        return "processes"
    return ""
