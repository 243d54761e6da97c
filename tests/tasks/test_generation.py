"""References are made by processes that end with their owner, hold nothing of it, and whose finished work is kept."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fieldsmith.errors import MissingPart
from fieldsmith.tasks import processes

PARTS, KILLS = 8, 5
MOMENTS = random.Random(15)
SLOW = """
import os, time
from fieldsmith.tasks.advection import Advection

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = open(__file__)

class Slow(Advection):
    name, title, samples_a_process = "slow", "Advection, slowly", 1

    def reference(self, fields, points, level):
        with open(HERE + "/begun", "a") as file:
            file.write("x")
        with open(HERE + f"/open-{os.getpid()}", "w") as file:
            file.write("\\n".join(os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{n}")))
        time.sleep(SECONDS)
        return super().reference(fields, points, level)
"""


def hearing() -> None:
    """A suite that runs in the background ignores some signals, and so would its children."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)


class Making:
    """A command that makes references of a slow task."""

    def __init__(self, folder: Path, seconds: float) -> None:
        self.folder, self.home = folder, folder / "home"
        self.data = self.home / "cache" / "data"
        (folder / "slow.py").write_text(SLOW.replace("SECONDS", str(seconds)))

    def start(self, before: str = "") -> "subprocess.Popen[str]":
        code = f"{before}\nfrom fieldsmith.cli.main import main; main()"
        words = ["solve", "slow.py", "--sandbox", "process", "--candidates", "1", "--run-dir", "run"]
        environment = {**os.environ, "FIELDSMITH_HOME": str(self.home), "TMPDIR": str(self.folder)}
        return subprocess.Popen(
            [sys.executable, "-c", code, *words],
            cwd=self.folder,
            env=environment,
            text=True,
            stderr=subprocess.PIPE,
            preexec_fn=hearing,
        )

    def begun(self) -> int:
        """How many references were begun, two a sample and one more for smooth data."""
        file = self.folder / "begun"
        return len(file.read_text()) if file.exists() else 0

    def kept(self) -> list[str]:
        return sorted(file.name for file in self.data.glob("*.part"))

    def processes(self) -> list[int]:
        """Processes that belong to this, whatever they were forked from."""
        mark, found = f"FIELDSMITH_HOME={self.home}".encode(), []
        for pid in map(int, filter(str.isdecimal, os.listdir("/proc"))):
            with contextlib.suppress(OSError):
                if mark in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                    found.append(pid)
        return found

    def gone(self) -> bool:
        end = time.monotonic() + 20.0
        while self.processes() and time.monotonic() < end:
            time.sleep(0.05)
        return not self.processes()


def wait_for(condition, process: "subprocess.Popen[str]") -> None:
    while not condition():
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.02)


@pytest.mark.slow
def test_after_kills_the_next_command_leaves_nothing_and_computes_nothing_twice(tmp_path):
    making = Making(tmp_path, 0.2)
    kept = making.kept()
    for _ in range(KILLS):
        process, begun = making.start(), making.begun()
        wait_for(lambda begun=begun: making.begun() > begun, process)
        time.sleep(MOMENTS.uniform(0.0, 0.6))
        process.kill()
        process.wait()
        assert making.gone()
        lost = set(kept) - set(making.kept())
        assert all((making.data / f"{name.partition('.')[0]}.bin").exists() for name in lost), lost
        kept = making.kept()
    last = making.start()
    assert last.wait() == 0, last.communicate()[1]
    assert making.gone()
    assert {file.suffix for file in making.data.iterdir()} == {".bin"}
    assert not list(tmp_path.glob("fieldsmith-*"))
    assert not list(tmp_path.glob("run/**/.*"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT], ids=lambda number: number.name)
@pytest.mark.slow
def test_a_signal_ends_it_at_once_and_what_was_finished_is_kept(tmp_path, number):
    making = Making(tmp_path, 600.0)
    process = making.start()
    wait_for(making.begun, process)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "The same command resumes" in said
    assert making.gone()


@pytest.mark.slow
def test_what_was_finished_is_not_computed_again(tmp_path):
    making = Making(tmp_path, 0.1)
    process = making.start()
    wait_for(lambda: len(making.kept()) >= 3, process)
    process.kill()
    process.wait()
    kept, begun = making.kept(), making.begun()
    again = making.start()
    assert again.wait() == 0, again.communicate()[1]
    splits, smooth = 2 * 2 * PARTS, 2 * 3
    assert making.begun() - begun <= splits + smooth - 2 * len(kept)


@pytest.mark.slow
def test_they_have_nothing_open_but_what_the_task_reads(tmp_path):
    making = Making(tmp_path, 0.0)
    process = making.start()
    assert process.wait() == 0, process.communicate()[1]
    seen = [
        set(file.read_text().splitlines()) for file in tmp_path.glob("open-*") if file.name != f"open-{process.pid}"
    ]
    assert len(seen) >= PARTS
    for opened in seen:
        files = {name for name in opened if name.startswith("/") and not name.startswith(str(tmp_path / "open-"))}
        assert files <= {"/dev/null", str(tmp_path / "slow.py"), str(tmp_path / "begun")}
        assert str(tmp_path / "slow.py") in files


@pytest.mark.slow
def test_where_the_kernel_does_not_end_them_they_end_by_themselves(tmp_path):
    making = Making(tmp_path, 600.0)
    process = making.start("import fieldsmith.tasks.processes as p; p._ended_by_the_kernel = lambda libc: False")
    wait_for(making.begun, process)
    process.kill()
    process.wait()
    assert making.gone()


def test_what_a_work_raises_is_raised_here_and_what_it_prints_is_printed(capsys):
    def work():
        print("half way")
        raise ValueError("no such flux")

    with pytest.raises(ValueError, match="no such flux"):
        list(processes.run([work], 1))
    assert capsys.readouterr().err == "half way\n"
    assert not capsys.readouterr().out


def test_a_work_that_is_ended_from_outside_is_told(tmp_path):
    def work():
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(MissingPart, match=r"ended by SIGKILL.*memory"):
        list(processes.run([work, lambda: time.sleep(600)], 2))
