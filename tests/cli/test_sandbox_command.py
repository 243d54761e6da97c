"""What the commands say of sandboxes: images, engines that refuse, programs whose words are meant for a terminal."""

import ctypes
import os
import subprocess
import sys

import pytest

from engine_between import between

PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1
COMMAND = [sys.executable, "-m", "fieldsmith.cli.main"]


def command(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words], capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )


@pytest.mark.needs("docker")
def test_doctor_tells_the_rest_when_no_container_starts():
    with between(refused="POST /v1") as refusing:
        told = command("doctor", DOCKER_HOST=refusing.host)
    rows = told.stdout.splitlines()
    assert any(row.startswith("missing") and "docker blocks" in row and "disk is full" in row for row in rows), told
    assert any("disk" in row for row in rows)
    assert told.returncode == 0


@pytest.mark.needs("docker")
def test_another_base_is_not_taken_for_the_one_that_is_here():
    here = command("sandbox", "build")
    assert here.returncode == 0
    assert "is here, made from " in here.stdout
    other = command("sandbox", "build", "--base-image", "nowhere.invalid/python@sha256:" + 64 * "0", "--quiet")
    assert other.returncode == 3
    assert "was not built from nowhere.invalid/python@sha256:" in other.stderr
    assert command("sandbox", "build").stdout == here.stdout


@pytest.mark.slow
def test_a_user_who_may_not_use_the_engine_is_told_so():
    def another() -> None:
        """Somebody to whom the rights of a file apply, as they do not to root."""
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0)

    with between() as engine:
        engine.path.chmod(0)
        told = subprocess.run(
            [*COMMAND, "evaluate", "advection", __file__, "--sandbox", "docker"],
            env={**os.environ, "DOCKER_HOST": engine.host},
            preexec_fn=another,
            capture_output=True,
            text=True,
        )
    assert told.returncode == 3
    assert "this user may not use the Docker engine" in told.stderr


@pytest.mark.needs("bubblewrap")
def test_a_program_does_not_speak_to_the_terminal(tmp_path):
    file = tmp_path / "forge.py"
    file.write_text(
        'def solver(u0_batch, t_coordinate, beta):\n    raise type("\\x1b[2J", (Exception,), {})'
        '("\\x1b[1A\\r\\x1b[0Jforge.py: ok\\x1b[8m")\n'
    )
    told = command("evaluate", "advection", str(file), "--sandbox", "bubblewrap", "--no-order")
    assert told.returncode == 1
    assert "crashed" in told.stdout
    assert not set(told.stdout + told.stderr) & {"\x1b", "\r"}
