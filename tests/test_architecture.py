"""The arrows between the rooms of the house: a room may use any room below it, never one above or beside."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import fieldsmith

ROOT = Path(fieldsmith.__file__).parent
WORKER = ROOT / "sandboxes" / "worker"
"""Modules that are handed to other interpreters as text, so they name each other by relative imports."""
LEVELS = [
    {"face"},
    {"cli"},
    {"bridges", "reports"},
    {"orchestrator"},
    {"agents"},
    {"environments", "operators"},
    {"evaluation", "numerics"},
    {"tasks", "sandboxes"},
    {"equations"},
]
FLOOR = {"errors", "folders", "plugins", "__version__"}
ROOMS = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}


def imported(file: Path) -> set[str]:
    """Rooms (or ground-floor modules) of fieldsmith that a file imports anywhere, inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if node.level == 1 and file.parent == WORKER:
                continue
            assert node.level == 0, f"{file}: relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names] if node.module else []
        else:
            continue
        found |= {name.split(".")[1] for name in names if name.startswith("fieldsmith.")}
    # What the package itself offers comes from the Python face.
    return {"face" if name in fieldsmith.__all__ else name for name in found}


def modules() -> list[Path]:
    return sorted(p for p in ROOT.rglob("*.py") if p.parent != ROOT)


@pytest.mark.parametrize("file", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_downwards(file):
    room = file.relative_to(ROOT).parts[0]
    for target in imported(file) - FLOOR - {room}:
        assert target in ROOMS, f"{target} is no room"
        assert ROOMS[target] > ROOMS[room], f"{room} must not import {target}"


def test_every_folder_is_a_room_of_the_plan():
    assert {p.name for p in ROOT.iterdir() if p.is_dir() and p.name != "__pycache__"} <= set(ROOMS)


def test_sandboxes_know_nothing_of_equations():
    files = (ROOT / "sandboxes").rglob("*.py")
    assert all("tasks" not in imported(file) for file in files)


def test_the_worker_needs_nothing_but_the_standard_library_and_numpy():
    for file in WORKER.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            assert {name.split(".")[0] for name in names} <= {*sys.stdlib_module_names, "numpy"}, file


def test_reports_import_neither_torch_nor_docker():
    for file in (ROOT / "reports").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.split(".")[0] for name in names} & {"torch", "docker", "matplotlib"}, file


def test_matplotlib_is_only_loaded_where_figures_are_written():
    words = "import sys, fieldsmith.cli.report, fieldsmith.reports.html, fieldsmith.reports.figures"
    ran = subprocess.run(
        [sys.executable, "-c", f"{words}; print('matplotlib' in sys.modules)"], capture_output=True, text=True
    )
    assert ran.stdout.strip() == "False", ran.stderr
