"""Time belongs to the program: its processor seconds are limited and counted, whatever else the machine does."""

import os
import subprocess
import sys

import numpy as np
import pytest

from fieldsmith.sandboxes import choose
from fieldsmith.sandboxes.sandbox import Limits
from sandbox_calls import DOUBLE, ISOLATING, opened, run

COMPUTE = "\n    total = 0\n    for n in range({n}):\n        total += n * n\n"
IN_CHILDREN = """
import os, signal, time
def f(a):
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the children, so that their time is added to nobody's
    while True:
        if os.fork() == 0:
            end = time.process_time() + 0.3
            while time.process_time() < end: pass
            os._exit(0)
        time.sleep(0.3)
"""
STEPPING = """
import numpy as np
def step(u, dt):
    while True:
        u = u * 1.0 + 0.0
def f(a):
    frames = np.zeros((2, 5, 3))
    frames[:, :3] = 7.0
    step(frames[:, 2] * 1e20, 1e-9)
    return frames
"""


@pytest.fixture(scope="module", params=[*ISOLATING, "process"])
def session(request):
    with opened(request.param) as session:
        yield session


def call(session, source, seconds, shape=(3,)):
    return session.call(source, "f", {"a": np.arange(3.0)}, {"y": shape}, seconds)


@pytest.mark.slow
def test_a_program_beside_busy_neighbours_is_charged_for_itself_alone(session):
    source = "def f(a):" + COMPUTE.format(n=4_000_000) + "    return a\n"
    alone = call(session, source, 5.0)
    busy = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(4 * len(os.sched_getaffinity(0)))
    ]
    try:
        beside = call(session, source, 5.0)
    finally:
        for process in busy:
            process.kill()
            process.wait()
    assert (alone.status, beside.status) == ("ok", "ok")
    assert alone.cpu_seconds > 0.05
    assert beside.cpu_seconds < 3.0 * alone.cpu_seconds


@pytest.mark.slow
@pytest.mark.parametrize(
    "source",
    [
        "def f(a):\n    while True: pass\n",
        "import multiprocessing\ndef spin(n):\n    while True: pass\ndef f(a):\n    multiprocessing.Pool(2).map(spin, range(2))\n",
        "import threading\ndef spin():\n    while True: pass\ndef f(a):\n    threading.Thread(target=spin).start()\n    threading.Event().wait()\n",
        IN_CHILDREN,
    ],
    ids=["itself", "processes", "thread", "children"],
)
def test_all_that_a_program_starts_counts(session, source):
    result = call(session, source, 1.0)
    assert (result.status, result.limit) == ("timeout", "time")
    assert "1 s of processor time" in result.failure.message
    assert result.cpu_seconds >= 0.95
    assert run(session, DOUBLE).status == "ok"


@pytest.mark.slow
def test_one_that_waits_is_ended_too(session):
    result = call(session, "import time\ndef f(a):\n    time.sleep(600)\n", 1.0)
    assert (result.status, result.limit, result.failure.line) == ("timeout", "wall", 3)
    assert "waited for 1 s without computing" in result.failure.message
    assert result.cpu_seconds < 0.5


@pytest.mark.slow
def test_a_program_that_is_ended_tells_where_it_was(session):
    failure = call(session, STEPPING, 1.0, (2, 5, 3)).failure
    assert failure.line in (4, 5)
    assert "in f\n" in failure.trace
    assert "in step\n" in failure.trace
    assert failure.variables["dt"] == "float 1e-09"
    arrays = {array.name: array for array in failure.arrays}
    assert arrays["u"].largest == 7e20
    assert arrays["frames"].shape == (2, 5, 3)
    assert arrays["frames"].frames == (7.0, 7.0, 7.0, 0.0, 0.0)


@pytest.mark.slow
def test_compiled_code_is_left_at_its_line(session):
    source = "import numpy as np\ndef f(a):\n    m = np.eye(4000)\n    np.linalg.svd(m + 1e-3 * np.random.rand(4000, 4000))\n"
    result = call(session, source, 1.0)
    assert (result.status, result.failure.line) == ("timeout", 4)


@pytest.mark.slow
@pytest.mark.parametrize(
    "first",
    [
        "import signal\n    for n in range(1, 32):\n        if n not in (9, 19): signal.signal(n, signal.SIG_IGN)",
        "import faulthandler, signal\n    faulthandler.unregister(signal.SIGXCPU)\n    signal.signal(signal.SIGXCPU, lambda *_: None)",
        "import os\n    for n in range(3, 64):\n        try: os.write(n, b'FSMITH02' + b'\\xff' * 999)\n        except OSError: pass",
    ],
)
def test_one_that_will_not_tell_is_ended_all_the_same(session, first):
    result = call(session, f"def f(a):\n    {first}\n    while True: pass\n", 1.0)
    assert (result.status, result.limit) == ("timeout", "time")
    assert not result.outputs
    assert run(session, DOUBLE).status == "ok"


@pytest.mark.needs("bubblewrap")
def test_a_bomb_of_processes_is_over_soon_where_no_control_group_holds_it():
    source = "import os\ndef f(a):\n    while True:\n        try: os.fork()\n        except OSError: pass\n"
    with choose("bubblewrap") as sandbox, sandbox.open(Limits(seconds=600.0, processes=64)) as session:
        result = call(session, source, 600.0)
        assert (result.status, result.limit) == ("timeout", "processes")
        assert run(session, DOUBLE).status == "ok"


def test_the_cores_that_a_program_may_use_are_told(session):
    result = run(
        session, "import os, multiprocessing\ndef f(a):\n    return [os.cpu_count(), multiprocessing.cpu_count(), 1]\n"
    )
    assert list(result.outputs["y"]) == [1.0, 1.0, 1.0]
