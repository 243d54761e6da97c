"""Every hostile program, against every sandbox that isolates: it ends as it must, and nothing outside has changed."""

import os
import shutil
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from attacks.defences import DEFENCES, Weak
from attacks.hostile import CANARY, HONEST, LIMITS, SHORT, WON, attack, names, run, won
from fieldsmith.sandboxes import choose
from sandbox_calls import wait_until


@pytest.fixture(scope="module", autouse=True)
def host():
    """A host with something to steal: a reference file, a key, servers."""
    CANARY.write_bytes(b"references")
    os.environ["OPENAI_API_KEY"] = "sk-canary"
    with socket.socket() as tcp, socket.socket(socket.AF_UNIX) as abstract:
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        tcp.bind(("0.0.0.0", 47_811))
        abstract.bind("\0fieldsmith-canary")
        tcp.listen()
        abstract.listen()
        yield
    del os.environ["OPENAI_API_KEY"]
    assert CANARY.read_bytes() == b"references"
    CANARY.unlink()


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("docker", marks=pytest.mark.needs("docker")),
        pytest.param("bubblewrap", marks=pytest.mark.needs("bubblewrap")),
    ],
)
def sandbox(request):
    before, left = open_files(), _left()
    opened = choose(request.param)
    opened.expect(LIMITS, len(names()) + 1)
    opened.files_before, opened.left_before = before, left
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def sibling(sandbox):
    """Another candidate's worker, which is there all the while."""
    with sandbox.open(LIMITS) as session:
        assert run(session, HONEST).status == "ok"
        yield session


@pytest.mark.parametrize("name", names())
def test_attack(sandbox, sibling, name):
    tried = attack(name)
    seconds = SHORT if "timeout" in tried.statuses else LIMITS.seconds
    with sandbox.open(LIMITS) as session:
        for _ in range(2):  # what the first call has left is there for the second to find
            begun = time.monotonic()
            result = beside(sibling, session, tried.source, seconds)
            passed = time.monotonic() - begun
            worker = session._worker
            assert result.status in tried.statuses, (result.status, result.failure)
            assert not won(result), "the attack has succeeded"
            assert result.limit == tried.limit or not tried.limit or result.status == "ok"
            assert result.seconds >= tried.seconds
            assert passed < LIMITS.patience * seconds + 10
            assert len(result.stdout) <= LIMITS.log_kb * 1024
            values = {key: value.copy() for key, value in result.outputs.items()}
            after = run(session, HONEST)
            assert after.status == "ok", after.failure
            assert session._worker is worker or tried.fresh or "ok" not in tried.statuses, "the worker has ended"
            np.testing.assert_array_equal(after.outputs["y"], 2 * np.arange(4.0))
            assert all(np.array_equal(values[key], result.outputs[key], equal_nan=True) for key in values)
        del result, after
    assert sibling._worker.alive()
    assert not Path("/tmp/fieldsmith-attacked").exists()


def beside(sibling, session, source, seconds):
    """Run a program while another candidate computes, who must feel nothing of it."""
    with ThreadPoolExecutor(1) as other:
        waiting = other.submit(run, session, source, seconds)
        while not waiting.done():
            told = run(sibling, HONEST)
            assert told.status == "ok", told.failure
            time.sleep(0.1)
        return waiting.result()


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_nothing_is_left(sandbox, sibling):
    """Of all that ran before, on this machine; another candidate has felt none of it."""
    worker = sibling._worker
    assert run(sibling, HONEST).status == "ok"
    assert sibling._worker is worker
    sibling.close()
    sandbox.close()
    wait_until(lambda: open_files() <= sandbox.files_before)  # containers are removed beside the work
    end = time.monotonic() + 60
    while (left := set(_left()) - set(sandbox.left_before)) and time.monotonic() < end:
        time.sleep(0.2)
    assert not left


def _left() -> list[str]:
    label = f"label=fieldsmith.owner={os.getpid()}"
    listing = ["docker", "ps", "--all", "--quiet", "--filter", label]
    containers = (
        subprocess.run(listing, capture_output=True, text=True).stdout.split() if shutil.which("docker") else []
    )
    folders = [str(path) for path in Path("/tmp").glob(f"fieldsmith-{os.getpid()}-*")]
    inside = [str(pid) for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if _parent(pid) == os.getpid()]
    workers = [pid for pid in inside if b"worker" in _words(pid)]
    return [*containers, *folders, *workers]


def _words(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def test_the_programs_are_many_and_each_says_what_it_tries():
    assert len(names()) >= 50
    assert all(attack(name).source.startswith('"""') for name in names())
    assert WON


TRIES = 6
"""Some attacks succeed at the second call, some only where a core is free."""


@pytest.mark.needs("docker", "bubblewrap")
@pytest.mark.parametrize("defence", DEFENCES, ids=lambda d: f"{d.sandbox}-{d.attack}")
def test_without_its_defence_the_attack_succeeds(monkeypatch, defence):
    """So the attack is a real one, and that defence is what stops it."""
    results = []
    with ExitStack() as stack:
        defence.take(Weak(monkeypatch, stack))
        session = stack.enter_context(stack.enter_context(choose(defence.sandbox)).open(LIMITS))
        while len(results) < TRIES and not any(map(defence.succeeded, results)):
            results.append(run(session, attack(defence.attack).source))
        assert defence.succeeded(results[-1]), [(r.status, r.failure, r.outputs) for r in results]


@pytest.mark.needs("bubblewrap")
def test_memory_that_a_busy_machine_looks_at_too_late_is_told_all_the_same(monkeypatch):
    with ExitStack() as stack:
        Weak(monkeypatch, stack).worker("INTERVAL = 0.1", "INTERVAL = 60.0")
        session = stack.enter_context(stack.enter_context(choose("bubblewrap")).open(LIMITS))
        result = run(session, attack("allocate_slowly").source)
        assert (result.status, result.limit) == ("out_of_memory", "memory")


def test_at_least_twenty_defences_are_shown_to_matter():
    assert len({defence.attack for defence in DEFENCES}) >= 20
