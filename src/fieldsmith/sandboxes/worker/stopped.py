"""What a program was at when its time was up: its line, its local variables, how far its arrays are filled.

A signal asks for it. The interpreter writes down the line at once, also in the middle of compiled code; where it gets to run Python
once more before the process is ended, the local variables are told too. All of it is the program's own word.
"""

import faulthandler
import os
import signal
import traceback

from .program import FILE, LARGEST_LOOKED_THROUGH, MOST_LOCALS, described, failure

SIGNAL = signal.SIGXCPU
MOST_FRAMES = 4096
INTEGRATOR = "solve_ivp"
"""SciPy's function whose own time tells how far a program is that waits for it."""


def on_signal(shapes, answer, leave):
    """From now on the signal ends this process, with what it was at in the memory file `answer`; `leave` writes it there.

    `shapes` are those of the results, in which the second axis may be that of time.
    """
    own = os.getpid()

    def tell(_number, frame):
        try:
            if os.getpid() == own:
                told = at(frame, shapes)
                os.ftruncate(answer, 0)
                os.lseek(answer, 0, os.SEEK_SET)
                leave({"status": "crashed", "failure": told}, [], answer)
        finally:
            os._exit(70)

    signal.signal(SIGNAL, tell)
    faulthandler.register(SIGNAL, file=answer, all_threads=False, chain=True)


def at(frame, shapes):
    """Where a program is, as a failure is told; innermost frames first."""
    own, words, arrays = [], {}, {}
    while frame is not None:
        if frame.f_code.co_filename == FILE:
            own.append(frame)
        elif frame.f_code.co_name == INTEGRATOR and "t" in frame.f_locals:
            words["%s_t" % INTEGRATOR] = described(frame.f_locals["t"]) or ""
        frame = frame.f_back
    for each in own:
        if each.f_code.co_flags & 1:  # a function's
            look_at(dict(each.f_locals), shapes, words, arrays)
    rows = traceback.extract_stack(own[0]) if own else []
    trace = "".join(traceback.format_list([row for row in rows if row.filename == FILE][-12:]))
    told = failure("Timeout", "", own[0].f_lineno if own else None, trace, list(words.items())[:MOST_LOCALS])
    told["arrays"] = list(arrays.values())[:MOST_LOCALS]
    return told


def look_at(variables, shapes, words, arrays):
    """Add what is to be told of local variables, where an inner function has none of that name."""
    for name, value in variables.items():
        said = described(value) if type(name) is str else None
        if said is None or name in words:
            continue
        words[name[:60]] = said[:120]
        try:
            found = array_of(name[:60], value, shapes)
        except Exception:  # too little memory is left, or it is being changed
            continue
        if found is not None:
            arrays[name] = found


def array_of(name, value, shapes):
    """Name, shape and largest absolute value of an array of floats; of one that holds output times also the largest of each.

    A list of arrays counts as one whose first axis is that of time. None stands for what is not finite.
    """
    import numpy as np

    if type(value) is list and value and all(type(item) is np.ndarray and item.dtype.kind in "fc" for item in value):
        if len(value) > MOST_FRAMES or len({item.shape for item in value}) > 1:
            return None
        sizes = [largest(item) for item in value]
        return {
            "name": name,
            "shape": [len(value), *value[0].shape],
            "largest": sizes[-1],
            "frames": sizes,
            "list": True,
        }
    if type(value) is not np.ndarray or value.dtype.kind not in "fc":
        return None
    told = {"name": name, "shape": list(value.shape), "frames": [], "list": False}
    if value.size > LARGEST_LOOKED_THROUGH:
        return told
    told["largest"] = largest(value)
    if value.ndim > 1 and list(value.shape) in shapes and value.shape[1] <= MOST_FRAMES:
        told["frames"] = [largest(value[:, n]) for n in range(value.shape[1])]
    return told


def largest(array):
    """Largest absolute value, None if one is not finite."""
    import numpy as np

    if not array.size:
        return 0.0
    with np.errstate(all="ignore"):
        found = float(np.abs(array).max())
    return found if found - found == 0.0 else None
