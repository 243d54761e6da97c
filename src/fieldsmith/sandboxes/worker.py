"""Runs inside the sandbox: takes calls on standard input, runs each in a forked child, answers on standard output.

Self-contained (standard library and numpy), because its source text is handed to the sandbox's interpreter.
A message is a 16-byte head (magic, header length), a JSON header and the arrays' raw bytes in header order.
"""

import ctypes
import json
import linecache
import os
import resource
import select
import shutil
import signal
import struct
import sys
import threading
import time
import traceback
import types
from pathlib import Path

MAGIC = b"FSMITH01"
HEADER_LIMIT = 64 << 20  # of what the host sends
ANSWER_LIMIT = 4 << 20  # of the header of what a program leaves
MOST_LOCALS = 40
LARGEST_LOOKED_THROUGH = 1 << 24  # elements of an array that is searched for NaN
FILE = "solver.py"
PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 4, 36
running = {"pid": 0}
"""The child of the call that is being served."""


def read_exactly(stream, count):
    data = bytearray(count)
    view, got = memoryview(data), 0
    while got < count:
        n = stream.readinto(view[got:])
        if not n:
            raise EOFError
        got += n
    return data


def read_message(stream):
    head = read_exactly(stream, 16)
    magic, length = struct.unpack("<8sQ", head)
    if magic != MAGIC or length > HEADER_LIMIT:
        raise EOFError
    header = json.loads(bytes(read_exactly(stream, length)))
    return header, [read_exactly(stream, spec["bytes"]) for spec in header["arrays"]]


def encode(header):
    body = json.dumps(header).encode()
    return struct.pack("<8sQ", MAGIC, len(body)) + body


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
    return np.ascontiguousarray(array, dtype=np.float64)


def as_results(value, names):
    if len(names) == 1:
        # A list of one may be a batch of one sample; only a tuple is a way to return several results.
        if isinstance(value, tuple) and len(value) == 1:
            value = value[0]
        return [as_float_array(names[0], value)]
    if isinstance(value, dict) and set(names) <= set(value):
        value = [value[name] for name in names]
    if not isinstance(value, (tuple, list)) or len(value) != len(names):
        got = f"{len(value)} values" if isinstance(value, (tuple, list)) else f"one {type(value).__name__}"
        raise Unusable(f"The function returned {got}; expected {len(names)}: {', '.join(names)}.")
    return [as_float_array(name, item) for name, item in zip(names, value)]


def load(source, function):
    module = types.ModuleType("solver")
    module.__file__ = FILE
    sys.modules["solver"] = module
    try:
        # numba's cache=True wants the file itself.
        with open(FILE, "w", encoding="utf-8") as stream:
            stream.write(source)
    except (OSError, ValueError):
        pass
    linecache.cache[FILE] = (len(source), None, source.splitlines(True), FILE)
    exec(compile(source, FILE, "exec"), module.__dict__)
    found = module.__dict__.get(function)
    if not callable(found):
        defined = [name for name, item in module.__dict__.items() if isinstance(item, types.FunctionType)]
        raise LookupError(f"The program defines no function `{function}`; it defines {', '.join(defined) or 'none'}.")
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
    """Run the program; the answer's header and the arrays that go with it."""
    import numpy as np

    arguments, bodies = [], iter(arrays)
    for item in header["arguments"]:
        if "value" in item:
            arguments.append(item["value"])
        else:
            arguments.append(np.frombuffer(next(bodies), "<f8").reshape(item["shape"]))
    try:
        function = load(header["program"], header["function"])
    except LookupError as error:
        if error.__traceback__ is None or "defines no function" not in str(error):
            return {"status": "crashed", "failure": explain(error)}, []
        return {"status": "missing_function", "failure": failure("LookupError", error)}, []
    except MemoryError as error:
        return {"status": "out_of_memory", "failure": explain(error)}, []
    except BaseException as error:
        return {"status": "crashed", "failure": explain(error)}, []
    try:
        results = as_results(function(*arguments), header["results"])
    except Unusable as error:
        return {"status": "bad_output", "failure": failure("ValueError", error)}, []
    except MemoryError as error:
        return {"status": "out_of_memory", "failure": explain(error)}, []
    except BaseException as error:
        return {"status": "crashed", "failure": explain(error)}, []
    for name, array, shape in zip(header["results"], results, header["shapes"]):
        if list(array.shape) != shape:
            words = f"`{name}` has shape {array.shape}; expected {tuple(shape)}."
            return {"status": "bad_output", "failure": failure("ValueError", words)}, []
    return {"status": "ok", "failure": None}, list(zip(header["results"], results))


def run_child(header, arrays, answer_fd, out_fd, err_fd):
    """In the forked child: run, leave the answer in the memory file, never return."""
    try:
        os.setpgid(0, 0)
        os.dup2(out_fd, 1)
        os.dup2(err_fd, 2)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        # Neither the channel to the host nor the worker itself is within the program's reach.
        os.closerange(3, answer_fd)
        os.closerange(answer_fd + 1, 1024)
        prctl(PR_SET_DUMPABLE, 1)
        # What was printed before a call is ended must have left the process by then.
        sys.stdout = open(1, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
        try:
            with open("/proc/self/oom_score_adj", "w") as score:
                score.write("1000")
        except OSError:
            pass
        if header["address_space"]:
            resource.setrlimit(resource.RLIMIT_AS, (header["address_space"],) * 2)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        answer, results = answer_of(header, arrays)
        answer["arrays"] = [
            {"name": name, "dtype": "<f8", "shape": list(array.shape), "bytes": array.nbytes} for name, array in results
        ]
        sys.stdout.flush()
        sys.stderr.flush()
        with os.fdopen(answer_fd, "wb", closefd=False) as stream:
            stream.write(encode(answer))
            for _, array in results:
                stream.write(array.data if array.size else b"")
        os._exit(0)
    except BaseException:
        os._exit(70)


class Tail(threading.Thread):
    """Keeps the last bytes that come through a pipe."""

    def __init__(self, fd, limit):
        super().__init__(daemon=True)
        self.fd, self.limit, self.kept = fd, limit, b""
        self.start()

    def run(self):
        while True:
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                return
            if not data:
                return
            self.kept = (self.kept + data)[-self.limit :]

    def text(self):
        self.join(0.5)
        return self.kept.decode("utf-8", "replace")


class Clock:
    """Waits for a child and ends it when its time is up."""

    def __init__(self, pid, seconds):
        self.pid, self.late, self.over = pid, False, False
        self.lock = threading.Lock()
        self.timer = threading.Timer(seconds, self.end)
        self.timer.daemon = True
        self.timer.start()

    def end(self):
        # Until the child has been waited for, its number is nobody else's.
        with self.lock:
            if not self.over:
                self.late = True
                os.kill(self.pid, signal.SIGKILL)

    def wait(self):
        os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        with self.lock:
            self.over = True
        self.timer.cancel()
        return os.wait4(self.pid, 0)


def prctl(option, value):
    try:
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
    except (OSError, AttributeError):
        pass


def memory_kills():
    """How many processes this cgroup has lost for memory, None where that cannot be read."""
    for path in ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"):
        try:
            with open(path) as stream:
                return int(dict(line.split() for line in stream)["oom_kill"])
        except (OSError, KeyError, ValueError):
            continue
    return None


def end_descendants():
    """End what the program started and left, also what has moved to a session of its own: it is handed to this process."""
    while True:
        try:
            with open("/proc/self/task/%d/children" % os.getpid()) as stream:
                left = [int(word) for word in stream.read().split()]
        except OSError:
            return
        if not left:
            return
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            except OSError:
                pass


def empty_scratch():
    """A call finds none of the files of the calls before it, nor their shared memory where it is this sandbox's own."""
    for folder in [os.environ["TMPDIR"], *os.environ.get("OWN_SHARED_MEMORY", "").split()]:
        for path in Path(folder).iterdir() if Path(folder).is_dir() else ():
            try:
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink()
            except (OSError, RecursionError):
                pass


def serve_call(header, arrays, out):
    answer_fd = os.memfd_create("answer")
    pipes = [os.pipe() for _ in range(2)]
    kills_before = memory_kills()
    pid = os.fork()
    running["pid"] = pid
    if pid == 0:
        run_child(header, arrays, answer_fd, pipes[0][1], pipes[1][1])
    for _, write_end in pipes:
        os.close(write_end)
    tails = [Tail(read_end, header["log_bytes"]) for read_end, _ in pipes]
    clock = Clock(pid, header["seconds"])
    _, status, usage = clock.wait()
    running["pid"] = 0
    try:
        os.killpg(pid, signal.SIGKILL)
    except OSError:
        pass
    end_descendants()
    size = os.lseek(answer_fd, 0, os.SEEK_END)
    os.lseek(answer_fd, 0, os.SEEK_SET)
    answer, body_bytes = None, 0
    with os.fdopen(answer_fd, "rb") as stream:
        if os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0 and size >= 16:
            try:
                magic, length = struct.unpack("<8sQ", stream.read(16))
                answer = json.loads(stream.read(length)) if magic == MAGIC and length < ANSWER_LIMIT else None
                body_bytes = size - 16 - length
                if not 0 <= body_bytes <= header["body_limit"]:
                    answer = None
            except (ValueError, RecursionError, struct.error):
                answer = None
        if clock.late:
            words = "The call did not return within %g s." % header["seconds"]
            answer = {"status": "timeout", "arrays": [], "failure": failure("Timeout", words)}
            body_bytes = 0
        elif not isinstance(answer, dict):
            kills = memory_kills()
            for_memory = kills is None or kills_before is None or kills > kills_before
            answer, body_bytes = ended(status, for_memory and not header["address_space"]), 0
        answer["cpu_seconds"] = usage.ru_utime + usage.ru_stime
        answer["peak_mb"] = usage.ru_maxrss / 1024.0
        answer["stdout"], answer["stderr"] = (tail.text() for tail in tails)
        answer["body_bytes"] = body_bytes
        out.write(encode(answer))
        while body_bytes and (block := stream.read(1 << 22)):
            out.write(block)
    out.flush()
    for read_end, _ in pipes:
        os.close(read_end)
    empty_scratch()


def watch_owner(owner, descriptor):
    """End the running child and this worker when whoever started it has gone, or nobody can send calls any more."""
    channel = select.poll()
    channel.register(descriptor, 0)  # only hang-ups and errors
    while os.getppid() == owner and not channel.poll(0):
        time.sleep(1.0)
    if running["pid"]:
        try:
            os.killpg(running["pid"], signal.SIGKILL)
        except OSError:
            pass
    os._exit(1)


def ended(status, for_memory):
    """The answer for a child that left none; `for_memory` says whether the kernel may have ended it for its memory."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        name = signal.Signals(number).name
        if number == signal.SIGKILL and for_memory:
            words = "the process was killed; it needed more memory than it may use"
            return {"status": "out_of_memory", "arrays": [], "failure": failure(name, words)}
        return {"status": "crashed", "arrays": [], "failure": failure(name, f"the process was ended by {name}")}
    code = os.WEXITSTATUS(status)
    words = f"the process ended with exit code {code} before the function returned"
    return {"status": "crashed", "arrays": [], "failure": failure("Exit", words)}


def main():
    source = os.fdopen(os.dup(0), "rb", buffering=0)
    out = os.fdopen(os.dup(1), "wb", buffering=1 << 20)
    os.set_inheritable(source.fileno(), False)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    prctl(PR_SET_DUMPABLE, 0)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    sys.path[:] = [entry for entry in sys.path if entry]
    try:
        import numpy  # noqa: F401
        import scipy.fft
        import scipy.sparse.linalg  # noqa: F401
    except ImportError:
        pass
    threading.Thread(target=watch_owner, args=(os.getppid(), source.fileno()), daemon=True).start()
    out.write(encode({"status": "ready", "arrays": []}))
    out.flush()
    while True:
        try:
            header, arrays = read_message(source)
        except EOFError:
            return
        serve_call(header, arrays, out)


main()
