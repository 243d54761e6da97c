"""Runs one program in a process of its own: `python -P child.py FOLDER OWNER SECONDS BYTES`; imports nothing of this package.

FOLDER holds `program.py`, `call.json` (`function`, how many `arguments` and `results`) and `inputs.npz` (those without axes are
numbers). It is left with `results.npz` (the returned arrays) and `said.json` (`seconds` of processor time, `fault`, which is empty or half a sentence, and
whether there was too little `memory`). The process ends after SECONDS of processor time, at BYTES of memory, and with its parent, whose id is OWNER.
"""

import contextlib
import ctypes
import json
import os
import resource
import signal
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1


def main(folder: Path, owner: int, seconds: int, size: int) -> None:
    end_with(owner)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError, ValueError):  # macOS knows no such limit
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    fault, memory = "", False
    try:
        called(folder)
    except MemoryError:
        fault, memory = f"needs more than {size >> 20} MB of memory", True
    except RecursionError:
        fault = "calls itself without end"
    except BaseException as error:
        fault = f"raises {type(error).__name__}: {' '.join(str(error).split())[:200]}"
    said = {"fault": fault, "memory": memory, "seconds": time.process_time()}
    (folder / "said.json").write_text(json.dumps(said), encoding="utf-8")


def called(folder: Path) -> None:
    """Call the function and keep what it returns."""
    import numpy as np

    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    call = json.loads((folder / "call.json").read_text(encoding="utf-8"))
    with np.load(folder / "inputs.npz") as stored:
        inputs = [stored[f"arr_{n}"] for n in range(call["arguments"])]
    text = (folder / "program.py").read_text(encoding="utf-8")
    scope: dict[str, Any] = {"__name__": "solver"}
    exec(compile(text, "program.py", "exec"), scope)
    function = scope[call["function"]]
    found = function(*(one if one.ndim else float(one) for one in inputs))
    arrays = found if isinstance(found, tuple | list) and call["results"] > 1 else (found,)
    np.savez(folder / "results.npz", *map(np.asarray, arrays))


def end_with(owner: int) -> None:
    """See to it that this process ends when its parent does: the kernel sees to it on Linux, a thread elsewhere."""
    libc = ctypes.CDLL(None)
    if sys.platform != "linux" or libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        threading.Thread(target=watch, args=(owner,), daemon=True).start()
    if os.getppid() != owner:  # it ended before this was asked for
        os._exit(1)


def watch(owner: int) -> None:
    while os.getppid() == owner:
        time.sleep(0.1)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:5]))
