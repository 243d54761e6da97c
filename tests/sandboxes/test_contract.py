"""What every sandbox promises, held against all three of them."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fieldsmith.errors import InputError, MissingPart
from fieldsmith.sandboxes import choose
from fieldsmith.sandboxes.sandbox import Limits

LIMITS = Limits(seconds=20.0, memory_mb=1500, cpus=1.0, scratch_mb=32, log_kb=8)
DOUBLE = "def f(a):\n    return 2 * a\n"
ISOLATING = [
    pytest.param("docker", marks=pytest.mark.needs("docker")),
    pytest.param("bubblewrap", marks=pytest.mark.needs("bubblewrap")),
]


@pytest.fixture(scope="module", params=[*ISOLATING, "process"])
def session(request):
    with choose(request.param, trusted=True).open(LIMITS) as opened:
        yield opened


@pytest.fixture(scope="module", params=ISOLATING)
def isolated(request):
    with choose(request.param).open(LIMITS) as opened:
        yield opened


def run(session, source, value=None, shape=(3,), function="f", **more):
    inputs = {"a": np.arange(3.0) if value is None else value, **more}
    return session.call(source, function, inputs, {"y": shape})


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(a=hnp.arrays(np.float64, hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=6)), b=st.floats())
def test_arrays_and_scalars_cross_unchanged(session, a, b):
    source = "import numpy as np\ndef f(a, b):\n    return a, np.full(2, b)\n"
    result = session.call(source, "f", {"a": a, "b": b}, {"x": a.shape, "y": (2,)})
    assert result.status == "ok", result.failure
    np.testing.assert_array_equal(result.outputs["x"], a)
    np.testing.assert_array_equal(result.outputs["y"], np.full(2, b))


def test_large_arrays_cross(session):
    a = np.random.default_rng(0).random((20, 50, 1024))
    result = session.call(DOUBLE, "f", {"a": a}, {"y": a.shape})
    assert result.status == "ok", result.failure
    np.testing.assert_array_equal(result.outputs["y"], 2 * a)
    assert result.seconds > 0
    assert result.peak_mb is not None
    assert result.peak_mb > 8


def test_inputs_are_fresh_and_writable(session):
    source = "def f(a):\n    a += 1\n    return a\n"
    a = np.zeros(3)
    for _ in range(2):
        np.testing.assert_array_equal(run(session, source, a).outputs["y"], np.ones(3))
    assert not a.any()


@pytest.mark.parametrize(
    "expression",
    [
        "a.tolist()",
        "a.astype('f4')",
        "np.ma.array(a)",
        "a.astype(int)",
        "np.asfortranarray(a)",
        "(a,)",
        "a + 0j",
        "np.broadcast_to(a, (3,))",
    ],
)
def test_what_solvers_return_is_taken_as_arrays(session, expression):
    result = run(session, f"import numpy as np\ndef f(a):\n    return {expression}\n")
    assert result.status == "ok", result.failure
    np.testing.assert_array_equal(result.outputs["y"], np.arange(3.0))


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("None", "None"),
        ("a[:2]", "shape (2,); expected (3,)"),
        ("a * 1j", "complex"),
        ("np.array(['x'] * 3)", "dtype"),
        ("[object()] * 3", "dtype"),
        ("[[1], [2, 3]]", "not an array"),
    ],
)
def test_unusable_results_are_named(session, expression, words):
    result = run(session, f"import numpy as np\ndef f(a):\n    return {expression}\n")
    assert result.status == "bad_output"
    assert words in result.failure.message


def test_a_wrong_number_of_results_is_named(session):
    result = session.call(DOUBLE, "f", {"a": np.ones(3)}, {"x": (3,), "y": (3,)})
    assert result.status == "bad_output"
    assert "expected 2: x, y" in result.failure.message


def test_not_a_number_passes(session):
    result = run(session, "def f(a):\n    return a * float('nan')\n")
    assert result.status == "ok"
    assert np.isnan(result.outputs["y"]).all()


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
        "    print('trouble', file=sys.stderr)\n    os.write(1, b'FSMITH01' + bytes(64))\n    return a\n"
    )
    result = run(session, source)
    assert result.status == "ok"
    assert "the end" in result.stdout
    assert len(result.stdout) <= LIMITS.log_kb * 1024
    assert result.stderr == "trouble\n"


def test_calls_share_no_state(session):
    source = "import numpy as np\nn = 0\ndef f(a):\n    global n\n    n += 1\n    np.kept = getattr(np, 'kept', 0) + 1\n    return a * 0 + n * np.kept\n"
    for _ in range(2):
        np.testing.assert_array_equal(run(session, source).outputs["y"], np.ones(3))


def test_a_program_cannot_speak_for_the_worker(session):
    source = (
        "import json, os, stat, struct\ndef send(body, place):\n"
        "    data = struct.pack('<8sQ', b'FSMITH01', len(body)) + body\n"
        "    for name in os.listdir(place):\n"
        "        try:\n"
        "            fd = os.open(f'{place}/{name}', os.O_WRONLY) if 'self' not in place else int(name)\n"
        "            if fd > 2 and stat.S_ISFIFO(os.fstat(fd).st_mode): os.write(fd, data)\n"
        "        except OSError: pass\n"
        "def f(a):\n"
        "    for body in (b'[' * 200_000, json.dumps({'status': 'crashed', 'arrays': [], 'body_bytes': 0}).encode()):\n"
        "        for place in ('/proc/self/fd', f'/proc/{os.getppid()}/fd'):\n"
        "            try: send(body, place)\n            except OSError: pass\n"
        "    return 5 * a\n"
    )
    unprivileged = session.__class__.__name__ != "ProcessSession" or os.getuid() != 0
    if not unprivileged:
        source = source.replace(
            "for place in ('/proc/self/fd', f'/proc/{os.getppid()}/fd')", "for place in ('/proc/self/fd',)"
        )
    for factor in (1.0, 2.0):
        result = run(session, source, np.full(3, factor))
        assert result.status == "ok", result.failure
        np.testing.assert_array_equal(result.outputs["y"], np.full(3, 5 * factor))


def test_processes_and_files_of_a_call_end_with_it(session):
    mark = f"left-behind-{os.getpid()}"
    source = (
        "import os, time\ndef f(a):\n    open('kept', 'w').write('x')\n"
        "    if os.fork() == 0:\n        os.setsid()\n        if os.fork() == 0:\n"
        f"            os.execv('/bin/sleep', [{mark!r}, '60'])\n        os._exit(0)\n"
        "    time.sleep(0.3)\n    return a\n"
    )
    assert run(session, source).status == "ok"
    source = (
        "import os\ndef f(a):\n    assert not os.path.exists('kept')\n    for pid in filter(str.isdigit, os.listdir('/proc')):\n"
        "        try: words = open(f'/proc/{pid}/cmdline').read()\n        except OSError: continue\n"
        f"        assert not words.startswith({mark!r})\n    return a\n"
    )
    result = run(session, source)
    assert result.status == "ok", result.failure


def test_a_batch_of_one_may_be_a_list(session):
    result = run(session, "def f(a):\n    return [row for row in a]\n", np.ones((1, 3)), (1, 3))
    assert result.status == "ok", result.failure


def test_any_text_of_a_program_can_be_stored(session):
    result = run(session, "def f(a):\n    raise ValueError('\\ud800')\n")
    assert result.status == "crashed"
    result.failure.message.encode()


def test_worker_pools_work(session):
    source = (
        "import multiprocessing\ndef g(x):\n    return 2 * x\ndef f(a):\n"
        "    with multiprocessing.Pool(2) as pool:\n        return pool.map(g, list(a))\n"
    )
    result = run(session, source)
    assert result.status == "ok", result.failure


@pytest.mark.needs("docker")
def test_compiled_functions_may_be_cached():
    source = "from numba import njit\n@njit(cache=True)\ndef g(a):\n    return 2 * a\ndef f(a):\n    return g(a)\n"
    with choose("docker").open(LIMITS) as session:
        result = run(session, source)
    assert result.status == "ok", result.failure


def test_dataclasses_and_the_main_guard_work(session):
    source = (
        "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\nclass P:\n    x: float\n"
        "def f(a):\n    return a + P(1.0).x\nif __name__ == '__main__':\n    raise SystemExit('ran')\n"
    )
    assert run(session, source).status == "ok"


def test_no_secret_of_the_host_is_in_the_environment(session, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    with choose("process").open(LIMITS) as fresh:
        source = "import os\ndef f(a):\n    assert 'OPENAI_API_KEY' not in os.environ\n    return a\n"
        assert run(fresh, source).status == "ok"
    assert run(session, source).status == "ok"


def test_there_is_no_network(isolated):
    source = (
        "import socket\ndef f(a):\n    for address in (('127.0.0.1', 22), ('1.1.1.1', 53)):\n"
        "        s = socket.socket(); s.settimeout(2)\n        try: s.connect(address)\n"
        "        except OSError: continue\n        raise AssertionError(address)\n"
        "    return a + len(socket.if_nameindex())\n"
    )
    result = run(isolated, source)
    assert result.status == "ok", result.failure
    assert result.outputs["y"][0] == 1


def test_files_of_the_host_are_out_of_reach(isolated, tmp_path):
    (tmp_path / "canary").write_text("reference")
    package = Path(__file__).parents[2] / "src"
    source = (
        "import os\ndef f(a):\n"
        f"    assert not os.path.exists({str(tmp_path / 'canary')!r})\n"
        f"    assert not os.path.exists({str(package)!r})\n"
        "    try: import fieldsmith.tasks\n    except ImportError: pass\n    else: raise AssertionError('fieldsmith')\n"
        "    for place in ('/', '/usr', '/etc', '/usr/bin', '/dev'):\n"
        "        try: open(os.path.join(place, 'x'), 'w')\n        except OSError: continue\n"
        "        raise AssertionError(place)\n"
        "    open('/tmp/x', 'w').write('scratch')\n    return a\n"
    )
    result = run(isolated, source)
    assert result.status == "ok", result.failure


def test_scratch_is_limited(isolated):
    for place in ("/tmp", "/dev/shm"):
        source = f"def f(a):\n    with open('{place}/big', 'wb') as s:\n        for _ in range(100): s.write(bytes(1 << 20))\n    return a\n"
        result = run(isolated, source)
        assert result.status == "crashed"
        assert "No space left" in result.failure.message


def test_the_user_inside_has_no_privileges(isolated):
    source = (
        "import os\ndef f(a):\n    status = open('/proc/self/status').read()\n"
        "    assert 'CapEff:\\t0000000000000000' in status, status\n    assert 'NoNewPrivs:\\t1' in status\n"
        "    return a * 0 + os.getuid()\n"
    )
    result = run(isolated, source)
    assert result.status == "ok", result.failure
    assert result.outputs["y"][0] == 65534


@pytest.mark.needs("docker", "bubblewrap")
def test_nothing_is_left_behind():
    before = _containers() | _scratch()
    for name in ("process", *(p.values[0] for p in ISOLATING)):
        with choose(name, trusted=True).open(Limits(seconds=1.0)) as session:
            run(session, "import os\ndef f(a):\n    if os.fork() == 0:\n        while True: pass\n    return a\n")
            run(session, "def f(a):\n    while True: pass\n")
    assert _containers() | _scratch() == before


def test_a_killed_owner_leaves_no_running_program(tmp_path):
    started = tmp_path / "started"
    program = (
        f"def f(a):\n    import os\n    open({str(started)!r}, 'w').write(str(os.getpid()))\n    while True: pass\n"
    )
    code = (
        "import numpy as np\nfrom fieldsmith.sandboxes import choose\nfrom fieldsmith.sandboxes.sandbox import Limits\n"
        f"choose('process').open(Limits()).call({program!r}, 'f', {{'a': np.ones(3)}}, {{'y': (3,)}})\n"
    )
    owner = subprocess.Popen([sys.executable, "-c", code])
    wait_until(lambda: started.exists() and started.read_text())
    pid = int(started.read_text())
    owner.kill()
    owner.wait()
    wait_until(lambda: not Path(f"/proc/{pid}").exists())
    with choose("process").open(LIMITS):
        assert not list(Path("/tmp").glob(f"fieldsmith-{owner.pid}-*"))


def wait_until(condition, seconds=30.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.05)


@pytest.mark.needs("docker")
def test_containers_of_dead_owners_are_removed():
    from fieldsmith.sandboxes import docker, images

    dead = " ".join([*docker.origin().split(" ")[:3], "4194300", "1"])
    running = ["docker", "run", "--detach", "--label", f"{docker.LABEL}=4194300", "--entrypoint", "sleep"]
    for label in (dead, "elsewhere " + dead.partition(" ")[2]):
        command = [*running, "--label", f"{docker.ORIGIN}={label}", images.tag("base"), "600"]
        subprocess.run(command, check=True, capture_output=True)
    assert docker.remove_orphans() == 1
    listing = ["docker", "ps", "--quiet", "--filter", f"label={docker.LABEL}=4194300"]
    left = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split()
    subprocess.run(["docker", "rm", "--force", *left], check=True, capture_output=True)
    assert len(left) == 1, "another machine's stays"


def test_sessions_run_side_by_side():
    sandbox = choose("process")
    results = []

    def work(n):
        with sandbox.open(LIMITS) as session:
            results.append(run(session, DOUBLE, np.full(3, float(n))).outputs["y"][0])

    threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [0.0, 2.0, 4.0]


def test_unknown_names_are_refused():
    with pytest.raises(InputError, match="no sandbox 'vm'"):
        choose("vm")
    with pytest.raises(InputError, match="no image"):
        choose("docker", image="tensorflow")


def test_a_missing_engine_gets_one_line(monkeypatch):
    from fieldsmith.sandboxes import docker

    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    docker.daemon.cache_clear()
    try:
        with pytest.raises(MissingPart, match="no Docker engine runs"):
            choose("docker")
        assert choose("auto", trusted=True).name in ("bubblewrap", "process")
    finally:
        monkeypatch.undo()
        docker.daemon.cache_clear()


def _docker_is_here() -> bool:
    return subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0


def _containers() -> set[str]:
    if not _docker_is_here():
        return set()
    listed = subprocess.run(
        ["docker", "ps", "-aq", "--filter", f"label=fieldsmith.owner={os.getpid()}"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(listed.stdout.split())


def _scratch() -> set[str]:
    return {name for name in os.listdir("/tmp") if name.startswith(f"fieldsmith-{os.getpid()}-")}


FORGED = """
import json, os, struct
def f(a):
    header = json.dumps({{"status": "ok", "failure": None, "arrays": [], "padding": "x" * {padding}}}).encode()
    for fd in range(3, 64):
        try:
            os.write(fd, struct.pack("<8sQ", b"FSMITH01", len(header)) + header)
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


def test_shared_memory_does_not_carry_over_to_the_next_call(isolated):
    path = "/dev/shm/kept"
    assert run(isolated, f"def f(a):\n    open({path!r}, 'w').write('x')\n    return a").status == "ok"
    seen = run(isolated, f"import os\ndef f(a):\n    return a + os.path.exists({path!r})")
    np.testing.assert_array_equal(seen.outputs["y"], np.arange(3.0))


def test_a_closed_session_takes_no_more_calls():
    session = choose("process").open(LIMITS)
    session.close()
    result = run(session, DOUBLE)
    assert (result.status, session.closed) == ("crashed", True)


@pytest.mark.needs("docker")
def test_the_container_is_locked_down():
    with choose("docker").open(LIMITS) as opened:
        assert run(opened, DOUBLE).status == "ok"
        listing = ["docker", "ps", "--quiet", "--filter", f"label=fieldsmith.owner={os.getpid()}"]
        names = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split()
        told = subprocess.run(["docker", "inspect", names[0]], capture_output=True, text=True, check=True)
    host, config = json.loads(told.stdout)[0]["HostConfig"], json.loads(told.stdout)[0]["Config"]
    assert host["NetworkMode"] == "none"
    assert host["ReadonlyRootfs"]
    assert host["CapDrop"] == ["ALL"]
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert host["PidsLimit"] == LIMITS.processes
    assert host["Memory"] == host["MemorySwap"] == LIMITS.memory_mb * 2**20
    assert host["NanoCpus"] == LIMITS.cpus * 1e9
    assert f"size={LIMITS.scratch_mb}m" in host["Tmpfs"]["/tmp"]
    assert host["Binds"] is None
    assert not host["Privileged"]
    assert config["User"] == "65534:65534"


@pytest.mark.needs("docker")
def test_only_containers_whose_owner_has_died_are_removed():
    from fieldsmith.sandboxes import docker

    ours = docker.origin().split(" ")
    assert not docker._abandoned(" ".join(ours))
    assert docker._abandoned(" ".join([*ours[:3], "4194300", "1"])), "no such process"
    assert docker._abandoned(" ".join([*ours[:4], "1"])), "the number belongs to another process now"
    assert docker._abandoned(" ".join([ours[0], "before", *ours[2:]])), "the machine was started again"
    assert not docker._abandoned(" ".join(["elsewhere", *ours[1:3], "4194300", "1"])), "another machine"
    assert not docker._abandoned(" ".join([*ours[:2], "1", "4194300", "1"])), "another process namespace"
    assert not docker._abandoned("31415"), "not a label of ours"


@pytest.mark.needs("docker")
def test_a_program_ends_when_its_owner_is_killed():
    code = (
        "from fieldsmith.sandboxes import choose\n"
        "from fieldsmith.sandboxes.sandbox import Limits\n"
        "import numpy as np\n"
        "with choose('docker').open(Limits(seconds=300.0)) as s:\n"
        "    s.call('def f(a):\\n    while True: pass', 'f', {'a': np.ones(1)}, {'y': (1,)})\n"
    )
    owner = subprocess.Popen([sys.executable, "-c", code])
    listing = ["docker", "ps", "--quiet", "--filter", f"label=fieldsmith.owner={owner.pid}"]

    def running() -> bool:
        return bool(subprocess.run(listing, capture_output=True, text=True, check=True).stdout.strip())

    def wait(state: bool) -> None:
        end = time.monotonic() + 60
        while running() is not state:
            assert time.monotonic() < end
            time.sleep(0.2)

    wait(True)
    time.sleep(2.0)
    owner.kill()
    owner.wait()
    wait(False)


FORGED_VARIABLES = """
import json, os, struct
def f(a):
    pairs = [["a", "\\x1b[31m" + "x" * 10**6], ["b c", "no name"], ["c", 5], "d", ["e", "\\ud800 fine"]] + [["n%d" % n, "x"] for n in range(999)]
    failure = {"type": "ValueError", "message": "no", "line": 2, "trace": "", "locals": pairs}
    header = json.dumps({"status": "crashed", "failure": failure, "arrays": []}).encode()
    for fd in range(3, 64):
        try:
            os.write(fd, struct.pack("<8sQ", b"FSMITH01", len(header)) + header)
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
