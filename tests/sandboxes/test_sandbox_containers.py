"""Containers: how arrays reach them, and calls whose container or client is taken away."""

import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from fieldsmith.errors import InputError, MissingPart
from fieldsmith.sandboxes import choose, docker, owner
from fieldsmith.sandboxes.sandbox import Limits
from sandbox_calls import DOUBLE, LIMITS, containers, run, wait_until

pytestmark = pytest.mark.needs("docker", "bubblewrap")


def test_a_call_whose_container_is_taken_away_is_made_again():
    begun = threading.Event()
    slow = "import time\ndef f(a):\n    time.sleep(6)\n    return 2 * a\n"

    def take_away(times: int) -> None:
        for _ in range(times):
            wait_until(containers)
            time.sleep(3.0)  # until the call has begun, on a busy machine too
            subprocess.run(["docker", "kill", *containers()], check=False, capture_output=True)
            time.sleep(0.5)
        begun.set()

    for times in (1, 2):
        sandbox = choose("docker")
        threading.Thread(target=take_away, args=(times,), daemon=True).start()
        with sandbox.open(LIMITS) as session:
            if times == 1:
                result = run(session, slow)
                assert result.status == "ok", result.failure
            else:
                with pytest.raises(MissingPart, match="ended from outside in the middle of a call, twice"):
                    run(session, slow)
        sandbox.close()
        wait_until(lambda: not containers())


def test_pipes_take_over_where_no_socket_crosses(monkeypatch, tmp_path):
    monkeypatch.setenv("FIELDSMITH_HOME", str(tmp_path))
    whole = docker.DockerSandbox._options

    def out_of_reach(self, name, limits, channel):
        return whole(self, name, limits, "-" if channel == "-" else "/nowhere/worker")

    monkeypatch.setattr(docker.DockerSandbox, "_options", out_of_reach)
    for _ in range(2):  # the second knows without trying
        sandbox = choose("docker")
        with sandbox.open(LIMITS) as session:
            a = np.random.default_rng(0).random(100_000)
            result = session.call(DOUBLE, "f", {"a": a}, {"y": a.shape})
            np.testing.assert_array_equal(result.outputs["y"], 2 * a)
        assert sandbox.transport() == "stream"
        assert "pipes" in sandbox.facts()["arrays"]
        sandbox.close()


@pytest.mark.parametrize("kind", ["socket", "stream"])
def test_an_image_that_has_gone_is_named_however_arrays_travel(kind):
    sandbox = choose("docker")
    sandbox.transport_kind, sandbox.image = kind, "fieldsmith-sandbox:gone"
    with sandbox.open(LIMITS) as session, pytest.raises(MissingPart, match="sandbox image is no longer here"):
        run(session, DOUBLE)
    sandbox.close()


@pytest.mark.parametrize("kind", ["socket", "stream"])
def test_a_session_is_closed_while_another_thread_waits_for_its_answer(kind):
    sandbox = choose("docker")
    sandbox.transport_kind = kind
    for _ in range(3):
        session = sandbox.open(LIMITS)
        assert run(session, DOUBLE).status == "ok"
        with ThreadPoolExecutor(1) as other:
            waiting = other.submit(run, session, "import time\ndef f(a):\n    time.sleep(60)\n")
            time.sleep(0.3)
            session.close()
            result = waiting.result(10.0)
        assert (result.status, result.failure.type) == ("crashed", "Ended")
    sandbox.close()


def test_a_program_that_is_killed_after_another_was_for_memory_is_called_again():
    greedy = (
        "import subprocess, sys\ndef f(a):\n"
        "    subprocess.run([sys.executable, '-c', 'x = b\"x\" * (4 << 30)'])\n    return 2 * a\n"
    )
    slow = "import time\ndef f(a):\n    time.sleep(2)\n    return 2 * a\n"
    sandbox = choose("docker")
    with sandbox.open(LIMITS) as session:
        assert run(session, greedy).status == "ok"
        with ThreadPoolExecutor(1) as other:
            waiting = other.submit(run, session, slow)
            time.sleep(0.5)
            subprocess.run(["docker", "kill", *containers()], check=True, capture_output=True)
            result = waiting.result(60.0)
        assert result.status == "ok", result.failure
    sandbox.close()


def test_a_call_whose_connection_is_cut_is_made_again():
    slow = "import time\ndef f(a):\n    time.sleep(2)\n    return 2 * a\n"
    sandbox = choose("docker")
    sandbox.transport_kind = "stream"
    with sandbox.open(LIMITS) as session:
        assert run(session, DOUBLE).status == "ok"
        with ThreadPoolExecutor(1) as other:
            waiting = other.submit(run, session, slow)
            time.sleep(0.5)
            session._worker.channel.socket.shutdown(socket.SHUT_RDWR)
            result = waiting.result(60.0)
        assert result.status == "ok", result.failure
    sandbox.close()


def test_answers_that_are_kept_do_not_take_the_memory_of_later_calls():
    sandbox = choose("docker")
    with sandbox.open(Limits(memory_mb=512)) as session:
        program = "import numpy as np\ndef f(a):\n    return np.full(8_000_000, a[0])\n"
        kept = [run(session, program, np.full(1, float(k)), (8_000_000,)) for k in range(10)]
    assert {result.status for result in kept} == {"ok"}
    assert [result.outputs["y"][[0, -1]].tolist() for result in kept] == [[k, k] for k in map(float, range(10))]
    sandbox.close()


def test_nobody_else_of_this_machine_reaches_the_socket(monkeypatch):
    seen = []
    whole = docker.DockerSandbox._begin

    def looked_at(self, *words, mounts, **more):
        seen.append(Path(mounts[0]["Source"]).parent.stat().st_mode & 0o777)
        return whole(self, *words, mounts=mounts, **more)

    monkeypatch.setattr(docker.DockerSandbox, "_begin", looked_at)
    sandbox = choose("docker")
    with sandbox.open(LIMITS) as session:
        assert run(session, DOUBLE).status == "ok"
    sandbox.close()
    assert seen == [0o700]


def test_what_the_engine_lacks_is_named():
    with pytest.raises(MissingPart, match="has no runtime 'runsc-nowhere'; it has"):
        choose("docker", runtime="runsc-nowhere")
    for more in ({"gpus": "all"}, {"runtime": "runsc"}):
        with pytest.raises(InputError, match="goes with docker, not with bubblewrap"):
            choose("bubblewrap", **more)


def test_gpus_are_asked_for_and_their_absence_is_named_before_a_run_begins():
    sandbox = docker.DockerSandbox("base", "", "all")
    (asked,) = sandbox._options("name", LIMITS, "-")["device_requests"]
    assert (asked["Count"], asked["Capabilities"]) == (-1, [["gpu"]])
    sandbox.close()
    if not Path("/dev/nvidiactl").exists():
        with pytest.raises(MissingPart, match="cannot give its containers a GPU"):
            choose("docker", gpus="all")


@pytest.mark.parametrize("name", ["long" * 40, "with a comma, and a = sign"])
def test_a_folder_of_any_name_holds_a_socket(name, tmp_path, monkeypatch):
    long = tmp_path / name
    long.mkdir()
    monkeypatch.setattr(owner.tempfile, "gettempdir", lambda: str(long))
    monkeypatch.setattr(owner.tempfile, "tempdir", str(long))
    sandbox = choose("docker")
    with sandbox.open(LIMITS) as session:
        assert run(session, DOUBLE).status == "ok"
    assert sandbox.transport() == "socket"
    sandbox.close()
    assert not [folder for folder in long.iterdir() if "cores" not in folder.name]
