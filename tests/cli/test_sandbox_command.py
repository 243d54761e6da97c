"""What the commands say of sandboxes: images, engines that refuse, programs whose words are meant for a terminal."""

import os
import shutil
import subprocess
import sys

import pytest

COMMAND = [sys.executable, "-m", "fieldsmith.cli.main"]


def command(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words], capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )


@pytest.fixture
def refusing(tmp_path):
    """PATH with a docker that cannot start containers, and answers all else."""
    shim = tmp_path / "docker"
    shim.write_text(
        "#!/bin/sh\n"
        'case "$1" in run|create) echo "docker: Error: no space left on device" >&2; exit 125;; esac\n'
        f'exec {shutil.which("docker")} "$@"\n'
    )
    shim.chmod(0o755)
    return f"{tmp_path}:{os.environ['PATH']}"


@pytest.mark.needs("docker")
def test_doctor_tells_the_rest_when_no_container_starts(refusing):
    told = command("doctor", PATH=refusing)
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


@pytest.mark.needs("docker")
def test_a_user_who_may_not_use_the_engine_is_told_so(tmp_path):
    shim = tmp_path / "docker"
    shim.write_text(
        "#!/bin/sh\necho 'permission denied while trying to connect to unix:///var/run/docker.sock' >&2; exit 1\n"
    )
    shim.chmod(0o755)
    told = command("evaluate", "advection", __file__, "--sandbox", "docker", PATH=f"{tmp_path}:{os.environ['PATH']}")
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
