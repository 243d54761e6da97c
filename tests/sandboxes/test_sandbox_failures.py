"""What is told of programs that fail, the same in every sandbox."""

import time

import numpy as np
import pytest

from fieldsmith.sandboxes import choose
from fieldsmith.sandboxes.sandbox import Limits
from sandbox_calls import DOUBLE, ISOLATING, LIMITS, run


def test_an_exception_tells_its_line(session):
    result = run(session, "def g(a):\n    return a[7]\n\ndef f(a):\n    return g(a)\n")
    assert (result.status, result.failure.type, result.failure.line) == ("crashed", "IndexError", 2)
    assert "return g(a)" in result.failure.trace
    assert "worker" not in result.failure.trace


def test_a_syntax_error_tells_its_line(session):
    result = run(session, "x = 1\ndef f(a)\n    return a\n")
    assert (result.status, result.failure.type, result.failure.line) == ("crashed", "SyntaxError", 2)


def test_a_missing_library_is_a_crash_with_its_line(session):
    result = run(session, "import numpy\nimport no_such_library\n")
    assert (result.status, result.failure.type, result.failure.line) == ("crashed", "ModuleNotFoundError", 2)


def test_a_missing_function_lists_what_there_is(session):
    result = run(session, "def solve(a):\n    return a\n")
    assert result.status == "missing_function"
    assert "solve" in result.failure.message


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("import sys; sys.exit(0)", "sys.exit(0)"),
        ("import os; os._exit(0)", "before the function returned"),
        ("import ctypes; ctypes.string_at(0)", "SIGSEGV"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", "SIGTERM"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
    ],
)
def test_a_sudden_end_is_a_crash(session, body, words):
    result = run(session, f"def f(a):\n    {body}\n")
    assert result.status == "crashed"
    assert words in result.failure.message
    assert run(session, DOUBLE).status == "ok"


@pytest.mark.slow
def test_too_much_memory_has_its_own_status(session):
    result = run(session, "import numpy as np\ndef f(a):\n    b = np.ones(600_000_000)\n    return a\n")
    assert result.status == "out_of_memory"
    assert run(session, DOUBLE).status == "ok"


@pytest.mark.parametrize("first", ["pass", "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"])
@pytest.mark.needs("docker", "bubblewrap")
def test_a_call_that_never_returns_is_stopped(first):
    for name in ("process", *(p.values[0] for p in ISOLATING)):
        with choose(name, trusted=True).open(Limits(seconds=1.0, cpus=1.0)) as session:
            result = run(session, f"def f(a):\n    {first}\n    print('entering')\n    while True: pass\n")
            assert result.status == "timeout"
            assert "entering" in result.stdout
            assert 1.0 <= result.seconds < 15.0
            assert run(session, DOUBLE).status == "ok"


def test_output_is_kept_to_its_tail_and_cannot_forge_answers(session):
    source = (
        "import os, sys\ndef f(a):\n    print('x' * 200_000)\n    print('the end')\n"
        "    print('trouble', file=sys.stderr)\n    os.write(1, b'FSMITH02' + bytes(64))\n    return a\n"
    )
    result = run(session, source)
    assert result.status == "ok"
    assert "the end" in result.stdout
    assert len(result.stdout) <= LIMITS.log_kb * 1024
    assert result.stderr == "trouble\n"


def test_any_text_of_a_program_can_be_stored(session):
    result = run(session, "def f(a):\n    raise ValueError('\\ud800')\n")
    assert result.status == "crashed"
    result.failure.message.encode()


FORGED = """
import json, os, struct
def f(a):
    header = json.dumps({{"status": "ok", "failure": None, "arrays": [], "padding": "x" * {padding}}}).encode()
    for fd in range(3, 64):
        try:
            os.write(fd, struct.pack("<8sQ", b"FSMITH02", len(header)) + header)
            for _ in range({blocks}):
                os.write(fd, bytes(1 << 20))
        except OSError:
            pass
    os._exit(0)
"""


@pytest.mark.parametrize(("padding", "blocks"), [(0, 24), (20_000_000, 0)])
def test_forged_answers_of_any_size_end_the_call_and_not_the_host(isolated, padding, blocks):
    begun = time.monotonic()
    result = run(isolated, FORGED.format(padding=padding, blocks=blocks))
    assert result.status in ("crashed", "bad_output")
    assert time.monotonic() - begun < LIMITS.seconds + 10
    assert run(isolated, DOUBLE).status == "ok"


FORGED_VARIABLES = """
import json, os, struct
def f(a):
    pairs = [["a", "\\x1b[31m" + "x" * 10**6], ["b c", "no name"], ["c", 5], "d", ["e", "\\ud800 fine"]] + [["n%d" % n, "x"] for n in range(999)]
    failure = {"type": "ValueError", "message": "no", "line": 2, "trace": "", "locals": pairs}
    header = json.dumps({"status": "crashed", "failure": failure, "arrays": []}).encode()
    for fd in range(3, 64):
        try:
            os.write(fd, struct.pack("<8sQ", b"FSMITH02", len(header)) + header)
        except OSError:
            pass
    os._exit(0)
"""


def test_what_a_program_says_of_its_variables_is_short_printable_text(isolated):
    variables = run(isolated, FORGED_VARIABLES).failure.variables
    assert set(variables) >= {"a", "e", "n0"}
    assert len(variables) <= 40
    assert all(text.isprintable() and len(text) <= 120 for text in variables.values())


def test_the_variables_of_the_innermost_function_are_told(session):
    source = "import numpy as np\ndef g(b, n):\n    return b[n]\n\ndef f(a):\n    return g(a.astype('f4'), 7)\n"
    assert run(session, source).failure.variables == {"b": "float32 array (3,)", "n": "int 7"}


GREEDY = "import numpy as np, subprocess, sys\ndef g(x):\n    return np.ones(400_000_000).sum()\ndef f(a):\n"


@pytest.mark.parametrize(
    "body",
    [
        "from concurrent.futures import ProcessPoolExecutor as Pool\n    return list(Pool(2).map(g, a))",
        "subprocess.run([sys.executable, '-c', 'bytearray(4 << 30)'], check=True)",
        "from multiprocessing import Pool\n    return Pool(2).map(g, a)",
    ],
    ids=["executor", "subprocess", "pool that waits for ever"],
)
@pytest.mark.parametrize("name", ISOLATING)
def test_memory_that_runs_out_in_another_process_has_the_same_status(name, body):
    with choose(name).open(LIMITS) as session:
        result = session.call(f"{GREEDY}    {body}\n", "f", {"a": np.arange(3.0)}, {"y": (3,)}, seconds=8.0)
    assert (result.status, result.limit) == ("out_of_memory", "memory"), result.failure


@pytest.mark.parametrize(
    ("body", "status", "limit"),
    [
        ("import numpy as np; np.save('x.npy', np.ones(20_000_000))", "crashed", "scratch"),
        ("import numpy as np; np.memmap('x', dtype='f8', mode='w+', shape=20_000_000)[:] = 1.0", "crashed", "scratch"),
        ("raise BlockingIOError('of its own')", "crashed", ""),
        ("raise LookupError('a table defines no function')", "crashed", ""),
    ],
)
@pytest.mark.parametrize("name", ISOLATING)
def test_the_limit_that_was_met_is_named(name, body, status, limit):
    with choose(name).open(LIMITS) as session:
        result = run(session, f"def f(a):\n    {body}\n    return a\n")
    assert (result.status, result.limit) == (status, limit), result.failure


@pytest.mark.parametrize("name", ISOLATING)
def test_a_large_result_counts_once(name):
    """What a program returns may take nearly all of its memory, though it leaves by way of a second copy."""
    source = "import numpy as np\ndef f(a):\n    return np.arange(64_000_000.0)\n"
    with choose(name).open(Limits(seconds=30.0, memory_mb=640)) as session:
        result = run(session, source, shape=(64_000_000,))
    assert result.status == "ok", result.failure
    assert result.outputs["y"][[0, 1_000_003, -1]].tolist() == [0.0, 1_000_003.0, 63_999_999.0]


def test_results_that_share_memory_are_all_whole(session):
    source = "import numpy as np\ndef f(a):\n    b = np.arange(3e6)\n    return b, b[:], b[::-1], b[1:]\n"
    shapes = {"p": (3_000_000,), "q": (3_000_000,), "r": (3_000_000,), "s": (2_999_999,)}
    result = session.call(source, "f", {"a": np.zeros(1)}, shapes)
    b = np.arange(3e6)
    for name, expected in zip("pqrs", (b, b, b[::-1], b[1:]), strict=True):
        np.testing.assert_array_equal(result.outputs[name], expected)
