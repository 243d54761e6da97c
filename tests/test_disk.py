"""A run whose disk is full says so, loses nothing and resumes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import small_burgers
from fieldsmith.orchestrator.record import load_run

pytestmark = [pytest.mark.skipif(os.getuid() != 0, reason="only root makes a small disk"), pytest.mark.slow]


@pytest.fixture
def disk(tmp_path):
    """A folder on a disk of its own with 300 kilobytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def solve(folder: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "fieldsmith.cli.main", "solve", small_burgers.PLACE, "--sandbox", "process"]
    return subprocess.run(
        [*command, "--candidates", "4", "--run-dir", folder / "run"], cwd=folder.parent, capture_output=True, text=True
    )


def test_a_full_disk_is_told_in_one_line_and_the_run_resumes(disk):
    full = solve(disk)
    assert full.returncode == 3, (full.returncode, full.stderr)
    assert "disk is full" in full.stderr
    assert "Traceback" not in full.stderr
    assert "resumes" in full.stderr
    subprocess.run(["mount", "-o", "remount,size=100m", disk], check=True)
    again = solve(disk)
    assert again.returncode == 0, again.stderr
    run = load_run(disk / "run")
    assert run.state == "done"
    assert len(run.candidates) > 1
    assert all(c.evaluation for c in run.candidates)
