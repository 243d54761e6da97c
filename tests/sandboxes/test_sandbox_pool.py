"""Workers wait for candidates; each serves one, and one that was taken away is replaced."""

import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from fieldsmith.sandboxes import choose
from sandbox_calls import DOUBLE, LIMITS, containers, run, wait_until

pytestmark = pytest.mark.needs("docker", "bubblewrap")


@pytest.fixture(params=["docker", "bubblewrap", "process"])
def sandbox(request):
    opened = choose(request.param, trusted=True)
    yield opened
    opened.close()


def test_what_is_expected_is_made_ready_and_no_more(sandbox):
    sandbox.expect(LIMITS, 1)
    wait_until(lambda: sandbox.ready() == 1)
    time.sleep(0.5)
    assert sandbox.ready() == 1
    with sandbox.open(LIMITS) as session:
        assert run(session, DOUBLE).status == "ok"
    assert sandbox.ready() == 0


def test_no_two_candidates_share_a_worker():
    sandbox = choose("docker")
    sandbox.expect(LIMITS, 4)
    seen = set()
    for _ in range(4):
        with sandbox.open(LIMITS) as session:
            # Each worker has a user of its own; namespaces have numbers that are used again, and several begin in the same tick.
            source = "import os\ndef f(a):\n    return a * 0 + os.getuid()\n"
            first, second = run(session, source), run(session, source)
            assert first.outputs["y"][0] == second.outputs["y"][0]
            seen.add(first.outputs["y"][0])
    sandbox.close()
    assert len(seen) == 4


def test_a_waiting_worker_that_has_died_is_replaced():
    sandbox = choose("docker")
    sandbox.expect(LIMITS, 1)
    wait_until(lambda: sandbox.ready() == 1)
    subprocess.run(["docker", "kill", *containers()], check=True, capture_output=True)
    with sandbox.open(LIMITS) as session:
        assert run(session, DOUBLE).status == "ok"
    sandbox.close()


def test_closing_a_sandbox_ends_the_waiting_of_its_sessions():
    sandbox = choose("docker")
    with ThreadPoolExecutor(4) as others:
        sessions = [sandbox.open(LIMITS) for _ in range(4)]
        waiting = [others.submit(run, session, DOUBLE) for session in sessions]
        time.sleep(0.1)
        sandbox.close()
        for future in waiting:
            result = future.result(60.0)
            assert result.status == "ok" or result.failure.type == "Ended", result.failure
    for session in sessions:
        session.close()
    sandbox.close()
