"""The package as a stranger gets it: built, installed into a fresh environment, run from another folder."""

import json
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

import fieldsmith

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)], check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def fresh(folder: Path, *wanted: str) -> Path:
    """The programs of a new environment that holds what is wanted. Nothing is compiled ahead: little of it is imported."""
    venv.create(folder, with_pip=False)
    install = [sys.executable, "-m", "pip", "--python", folder / "bin" / "python", "install", "--quiet", "--no-compile"]
    subprocess.run([*install, *wanted], check=True, capture_output=True)
    return folder / "bin"


@pytest.mark.slow
def test_the_wheel_holds_every_module_and_data_file(wheel):
    source = Path(fieldsmith.__file__).parent
    wanted = {
        f"fieldsmith/{p.relative_to(source).as_posix()}"
        for p in source.rglob("*")
        if p.is_file() and "__pycache__" not in p.parts
    }
    held = set(zipfile.ZipFile(wheel).namelist())
    assert wanted <= held
    assert {name.split("/")[0] for name in held if ".dist-info" not in name} == {"fieldsmith"}


@pytest.mark.slow
def test_the_installed_wheel_runs_from_another_folder(wheel, tmp_path):
    programs = fresh(tmp_path / "venv", str(wheel))
    python, command = programs / "python", programs / "fieldsmith"
    listed = subprocess.run([command, "tasks", "list", "--json"], cwd=tmp_path, capture_output=True, text=True)
    assert listed.returncode == 0, listed.stderr
    names = {task["name"] for task in json.loads(listed.stdout)["tasks"]}
    assert names >= {"advection", "burgers", "reacdiff1d", "cns1d", "darcy"}
    heavy = "('torch', 'ray', 'matplotlib', 'docker')"
    code = f"import sys, fieldsmith; print(fieldsmith.__file__, [m for m in {heavy} if m in sys.modules])"
    ran = subprocess.run([python, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert str(tmp_path) in ran.stdout
    assert ran.stdout.rstrip().endswith("[]")


@pytest.mark.slow
@pytest.mark.skipif(sys.version_info >= (3, 13), reason="the oldest versions have no wheels for this Python")
def test_the_oldest_versions_that_are_allowed_work(wheel, tmp_path):
    allowed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    oldest = [words.replace(">=", "==") for words in allowed]
    assert all("==" in words for words in oldest)
    programs = fresh(tmp_path / "venv", str(wheel), *oldest)
    python, command = programs / "python", programs / "fieldsmith"
    (tmp_path / "fieldsmith.toml").write_text('sandbox = "process"\ncandidates = 2\n')
    solved = subprocess.run(
        [command, "solve", "advection", "--run-dir", "here", "--json"], cwd=tmp_path, capture_output=True, text=True
    )
    assert solved.returncode == 0, solved.stderr
    assert json.loads(solved.stdout.splitlines()[-1])["best"]["test"]["nrmse"] < 1e-3
    assert "burgers" in subprocess.run([command, "tasks"], capture_output=True, text=True, check=True).stdout
    score = [command, "evaluate", "advection", "here/best/solver.py", "--no-order"]
    scored = subprocess.run(score, cwd=tmp_path, capture_output=True, text=True)
    assert scored.returncode == 0, scored.stderr
    code = "import fieldsmith.models.openai, fieldsmith.models.anthropic, fieldsmith.sandboxes.docker"
    subprocess.run([python, "-c", code], check=True)
