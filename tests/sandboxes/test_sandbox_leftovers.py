"""Nothing is left when a session, or the process that has opened it, has ended."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import command_line
from fieldsmith.sandboxes import choose, owner
from fieldsmith.sandboxes.sandbox import Limits
from sandbox_calls import ISOLATING, LIMITS, run, wait_until


@pytest.mark.needs("docker", "bubblewrap")
def test_nothing_is_left_behind():
    before = _containers() | _scratch()
    for name in ("process", *(p.values[0] for p in ISOLATING)):
        with choose(name, trusted=True) as sandbox, sandbox.open(Limits(seconds=1.0)) as session:
            run(session, "import os\ndef f(a):\n    if os.fork() == 0:\n        while True: pass\n    return a\n")
            run(session, "def f(a):\n    while True: pass\n")
    wait_until(lambda: _containers() | _scratch() <= before)


def test_starters_that_begin_together_light_one_beacon(tmp_path, monkeypatch):
    monkeypatch.setattr(owner.tempfile, "tempdir", str(tmp_path))
    for _ in range(50):
        beacon, together = owner.Beacon("test"), threading.Barrier(8)

        def light(beacon=beacon, together=together):
            together.wait()
            beacon.light()

        with ThreadPoolExecutor(8) as starters:
            for started in [starters.submit(light) for _ in range(8)]:
                started.result()
        assert len(list(tmp_path.iterdir())) == 1
        beacon.put_out()
        assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
@pytest.mark.parametrize("name", [*ISOLATING, "process"])
def test_nothing_of_a_run_is_left_when_the_next_command_has_run(name, number, tmp_path):
    left = f"left-{uuid.uuid4().hex[:8]}"
    (tmp_path / "reply.md").write_text(LEAVES.replace("NAME", left))
    solve = [
        "solve",
        "advection",
        "--sandbox",
        name,
        "--model",
        f"command:cat {tmp_path / 'reply.md'}",
        "--run-dir",
        "run",
        "--quiet",
    ]
    running = subprocess.Popen(
        [*command_line.COMMAND, *solve],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        # What is started in the background of a shell ignores Ctrl-C, and so does all that it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    wait_until(lambda: len(_named(left)) >= 2, 120.0)
    running.send_signal(number)
    running.communicate(timeout=120)
    command_line.run("tasks", "list")
    wait_until(lambda: not _named(left))
    wait_until(lambda: not _of(running.pid))
    assert f"fieldsmith-{running.pid}-" not in Path("/proc/self/mounts").read_text()


LEAVES = """```python
import ctypes, os, time

def solver(u0_batch, t_coordinate, beta):
    ctypes.CDLL(None).prctl(15, b"NAME", 0, 0, 0)  # PR_SET_NAME
    if os.fork() == 0:
        os.setsid()
    time.sleep(300)
```
"""


def _named(name: str) -> list[str]:
    """Processes of that name, in whatever container."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/comm").read_text(errors="replace").strip() == name:
                found.append(pid)
    return found


def _of(pid: int) -> list[str]:
    """Containers and folders of a process."""
    label = f"label=fieldsmith.owner={pid}"
    folders = [*map(str, Path("/tmp").glob(f"fieldsmith-{pid}-*"))]
    if not shutil.which("docker"):
        return folders
    listing = subprocess.run(["docker", "ps", "--all", "--quiet", "--filter", label], capture_output=True, text=True)
    return [*listing.stdout.split(), *folders]


@pytest.mark.slow
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


@pytest.mark.needs("docker")
def test_containers_of_dead_owners_are_removed():
    from fieldsmith.sandboxes import engine, images, owner

    dead = " ".join([*owner.origin().split(" ")[:3], "4194300", "1"])
    running = [
        "docker",
        "run",
        "--detach",
        "--network",
        "none",
        "--label",
        f"{engine.LABEL}=4194300",
        "--entrypoint",
        "sleep",
    ]
    for label in (dead, "elsewhere " + dead.partition(" ")[2]):
        command = [*running, "--label", f"{engine.ORIGIN}={label}", images.tag("base"), "600"]
        subprocess.run(command, check=True, capture_output=True)
    assert engine.remove_orphans() in (0, 1)  # a command beside this test may have removed it first
    listing = ["docker", "ps", "--quiet", "--filter", f"label={engine.LABEL}=4194300"]
    left = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split()
    subprocess.run(["docker", "rm", "--force", *left], check=True, capture_output=True)
    assert len(left) == 1, "another machine's stays"


@pytest.mark.needs("docker")
def test_only_containers_whose_owner_has_died_are_removed():
    from fieldsmith.sandboxes import owner

    ours = owner.origin().split(" ")
    assert not owner.abandoned(" ".join(ours))
    assert owner.abandoned(" ".join([*ours[:3], "4194300", "1"])), "no such process"
    assert owner.abandoned(" ".join([*ours[:4], "1"])), "the number belongs to another process now"
    assert owner.abandoned(" ".join([ours[0], "before", *ours[2:]])), "the machine was started again"
    assert not owner.abandoned(" ".join(["elsewhere", *ours[1:3], "4194300", "1"])), "another machine"
    assert not owner.abandoned(" ".join([*ours[:2], "1", "4194300", "1"])), "another process namespace"
    assert not owner.abandoned("31415"), "not a label of ours"


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
