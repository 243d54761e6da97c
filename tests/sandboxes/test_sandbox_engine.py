"""An engine that goes away in the middle of a run, loses its image or has no room left, and comes back."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fieldsmith.orchestrator.record import load_run
from fieldsmith.sandboxes import images
from sandbox_calls import wait_until

AUTHOR = """import pathlib
import time

reply = pathlib.Path(__file__).with_name("reply.md").read_text()
print(reply.replace("NUMBER", str(time.time_ns() % 1000000)))
"""
PROGRAM = """```python
import time
import numpy as np

def solver(u0_batch, t_coordinate, beta):
    time.sleep(0.5 + 1e-9 * NUMBER)
    return np.repeat(np.asarray(u0_batch)[:, None], len(t_coordinate), axis=1)
```
"""
CANDIDATES = 6
KEPT = "kept"
"""Another name of the image, which Fieldsmith does not look for."""


class Engine:
    """A Docker engine of the test's own, with the image in it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.socket = folder, folder / "docker.sock"
        self.environment = {**os.environ, "DOCKER_HOST": f"unix://{self.socket}"}
        self.start()
        self._load()

    def _load(self) -> None:
        """The image, from the engine that the suite uses."""
        whole = ["docker", "save", images.tag("base")]
        with subprocess.Popen(whole, stdout=subprocess.PIPE) as saved:
            load = ["docker", "load", "--quiet"]
            subprocess.run(load, stdin=saved.stdout, env=self.environment, check=True, capture_output=True)

    def start(self) -> None:
        places = {name: str(self.folder / name) for name in ("data", "exec")}
        # In a network of its own: without a bridge an engine takes away the bridge of the others.
        words = [
            "unshare",
            "--net",
            "dockerd",
            "--data-root",
            places["data"],
            "--exec-root",
            places["exec"],
            "--bridge",
            "none",
        ]
        words += ["--iptables=false", "--host", f"unix://{self.socket}", "--pidfile", str(self.folder / "pid")]
        self.log = (self.folder / "log").open("ab")
        self.process = subprocess.Popen(words, stdout=self.log, stderr=self.log, start_new_session=True)
        wait_until(lambda: self.ask("info").returncode == 0, 60.0)

    def ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["docker", *words], env=self.environment, capture_output=True, text=True, check=False)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def left(self) -> list[str]:
        """Containers that are there when the next command has run."""
        doctor = [sys.executable, "-m", "fieldsmith.cli.main", "doctor"]
        subprocess.run(doctor, env=self.environment, check=False, capture_output=True)
        return self.ask("ps", "--all", "--filter", "label=fieldsmith.owner", "--quiet").stdout.split()

    def close(self) -> None:
        self.ask("rm", "--force", *self.ask("ps", "--all", "--quiet").stdout.split())
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        self.log.close()


@pytest.fixture(scope="module")
def engine():
    folder = Path("/tmp") / f"engine-{os.getpid()}"  # a socket's path must be short
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3g", "tmpfs", folder], check=True)
    started = Engine(folder)
    yield started
    started.close()
    subprocess.run(["umount", "--lazy", folder], check=True)
    folder.rmdir()


class Run:
    """A run of the test's own engine, in a folder that stays."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        (folder / "reply.md").write_text(PROGRAM)
        (folder / "author.py").write_text(AUTHOR)  # a program that was evaluated before is not run again
        command = [sys.executable, "-m", "fieldsmith.cli.main", "solve", "advection", "--sandbox", "docker", "--quiet"]
        command += [
            "--model",
            f"command:{sys.executable} {folder / 'author.py'}",
            "--strategy",
            "best-of-n",
            "--in-flight",
            "2",
        ]
        self.command = [*command, "--candidates", str(CANDIDATES), "--run-dir", "run"]
        self.engine, self.place, self.folder = engine, folder, folder / "run"

    def begin(self) -> "subprocess.Popen[str]":
        """Start the command; returns when a candidate has been evaluated."""
        pipe = subprocess.PIPE
        running = subprocess.Popen(
            self.command, cwd=self.place, env=self.engine.environment, stdout=pipe, stderr=pipe, text=True
        )
        wait_until(lambda: running.poll() is not None or self.evaluated(), 120.0)
        return running

    def evaluated(self) -> int:
        if not (self.folder / "run.sqlite").exists():
            return 0
        return sum(c.evaluation is not None for c in load_run(self.folder).candidates)

    def is_whole(self) -> None:
        run = load_run(self.folder)
        assert len(run.candidates) == CANDIDATES
        assert {c.evaluation.status for c in run.candidates} == {"ok"}, [
            c.evaluation.error_message for c in run.candidates
        ]
        assert self.engine.left() == []


pytestmark = [
    pytest.mark.needs("docker"),
    pytest.mark.slow,
    pytest.mark.skipif(os.getuid() != 0, reason="only root starts an engine"),
]


def test_a_run_goes_on_when_the_engine_is_killed_and_started_again(engine, tmp_path):
    run = Run(engine, tmp_path)
    running = run.begin()
    engine.kill()
    time.sleep(3.0)
    engine.start()
    _, err = running.communicate(timeout=300)
    assert running.returncode == 0, err
    run.is_whole()


def test_a_run_whose_image_is_deleted_says_so_and_resumes(engine, tmp_path):
    run = Run(engine, tmp_path)
    running = run.begin()
    engine.ask("tag", images.tag("base"), KEPT)  # to load it again would take long
    engine.ask("rmi", "--force", images.tag("base"))
    _, err = running.communicate(timeout=300)
    assert running.returncode == 3, err
    assert "image is no longer here" in err
    assert "fieldsmith sandbox build" in err
    assert run.evaluated() < CANDIDATES
    engine.ask("tag", KEPT, images.tag("base"))
    again = run.begin()
    _, err = again.communicate(timeout=300)
    assert again.returncode == 0, err
    run.is_whole()


def take_all_room(file: Path) -> None:
    """At once, while a run still has candidates to make."""
    size = 0
    with file.open("wb") as stream:
        for step in (1 << 26, 1 << 20, 1 << 12):
            with contextlib.suppress(OSError):
                while True:
                    os.posix_fallocate(stream.fileno(), size, step)
                    size += step


def test_a_run_whose_engine_has_no_room_left_says_so_and_resumes(engine, tmp_path):
    run = Run(engine, tmp_path)
    running = run.begin()
    fill = engine.folder / "fill"
    take_all_room(fill)
    try:
        _, err = running.communicate(timeout=300)
    finally:
        fill.unlink()
    assert running.returncode == 3, err
    assert "disk is full" in err
    again = run.begin()
    _, err = again.communicate(timeout=300)
    assert again.returncode == 0, err
    run.is_whole()
