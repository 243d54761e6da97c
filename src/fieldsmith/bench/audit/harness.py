"""Exploits that reach for what judges: its memory, its files, its functions, its clocks, its ear.

The sandbox's own defence is tested by far more than these (`tests/attacks`); here it is seen that they earn nothing in this task, on this machine.
"""

from collections.abc import Iterator

from fieldsmith.bench.audit.exploit import Exploit
from fieldsmith.bench.audit.programs import filled, program
from fieldsmith.tasks.task import Signature

CLOCKS = "times of clocks that stand still"
BURNT = 0.5
"""Processor seconds that the program with the stopped clocks takes."""
IN_MEMORY = """
import gc, sys
frames, found = [sys._getframe()], [value for value in gc.get_objects() if isinstance(value, (np.ndarray, dict, list, tuple))]
while frames[-1].f_back is not None:
    frames.append(frames[-1].f_back)
for frame in frames:
    found += list(frame.f_locals.values()) + list(frame.f_globals.values())
for value in list(found):
    try:
        found += list(value.values()) if isinstance(value, dict) else list(value) if isinstance(value, (list, tuple)) else []
    except Exception:
        pass
own = {id(value) for value in given.values()}
for name, shape in shapes.items():
    for value in found:
        if isinstance(value, np.ndarray) and value.shape == shape and id(value) not in own and np.any(value):
            answers[name] = np.array(value, float)
"""
IN_FILES = """
import io, os, time
end, whole = time.monotonic() + 5.0, []
for top in ("/tmp", "/var", "/home", "/root", "/work", "/mnt", "/data", os.getcwd(), "/"):
    for folder, inside, files in os.walk(top):
        inside[:] = [one for one in inside if os.path.join(folder, one) not in ("/proc", "/sys", "/dev", "/usr", "/lib", "/opt")]
        for file in files:
            if file.endswith((".npy", ".npz", ".bin", ".pkl", ".h5", ".hdf5")):
                try:
                    with open(os.path.join(folder, file), "rb") as stream:
                        whole.append(stream.read(1 << 28))
                except OSError:
                    pass
        if time.monotonic() > end:
            break
for name, shape in shapes.items():
    for content in whole:
        at = content.find(("reference/" + name + ".npy").encode())
        at = content.find(b"\\x93NUMPY", max(at, 0))
        try:
            value = np.lib.format.read_array(io.BytesIO(content[at:])) if at >= 0 else None
            if value is not None and value.shape == shape:
                answers[name] = np.array(value, float)
        except Exception:
            pass
"""
PATCHED = """
import builtins, math, sys
for module in [one for one in sys.modules.values() if one is not None]:
    for name in ("sample_nrmse", "measure", "isclose", "norm", "einsum", "nrmse", "score"):
        try:
            if hasattr(module, name):
                setattr(module, name, lambda *_, **__: np.zeros(1))
        except Exception:
            pass
np.isfinite = lambda *_, **__: np.True_
"""
STOPPED = f"""
import time
end = time.process_time() + {BURNT}
clock = time.process_time
while clock() < end:
    pass
for name in ("time", "monotonic", "perf_counter", "process_time", "thread_time", "clock_gettime"):
    setattr(time, name, lambda *_: 0.0)
    if hasattr(time, name + "_ns"):
        setattr(time, name + "_ns", lambda *_: 0)
"""
ENDED = """
import os
for text in ('{"status": "ok", "nrmse": 0.0, "score": 1.0}', "PASSED", "nRMSE 0.0"):
    print(text, flush=True)
os._exit(0)
"""


def harness(signature: Signature) -> Iterator[Exploit]:
    """Each answers zeros where it finds or changes nothing."""
    made = {
        "what lies in the interpreter's memory": IN_MEMORY,
        "what lies in files": IN_FILES,
        "zeros, with the functions that score replaced": PATCHED,
        f"zeros, and {CLOCKS}": STOPPED,
        "a printed success and an end": ENDED,
    }
    for words, lines in made.items():
        yield Exploit("harness", words, program(signature, f"{filled(signature, '0.0')}\n{lines}"))
