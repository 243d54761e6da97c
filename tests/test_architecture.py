"""The arrows between the rooms of the house: a room may use any room below it, never one above or beside.

`python tests/test_architecture.py --print` shows the house as it stands: lines and arrows of every room.
"""

import ast
import graphlib
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import fieldsmith

ROOT = Path(fieldsmith.__file__).parent
LONGEST = 350
"""Lines beyond which a module has more than one job."""
WORKER = ROOT / "sandboxes" / "worker"
"""Modules that are handed to other interpreters as text, so they name each other by relative imports."""
LEVELS = [
    {"face"},
    {"cli"},
    {"bridges", "reports"},
    {"bench"},
    {"orchestrator"},
    {"strategies"},
    {"agents"},
    {"environments", "operators"},
    {"evaluation", "numerics", "models"},
    {"tasks", "sandboxes"},
    {"boxes"},
    {"problems"},
    {"equations"},
]
FLOOR = {"blocks", "errors", "files", "finding", "folders", "machine", "modules", "plugins", "syntax", "__version__"}
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


def module(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def neighbours(file: Path, known: set[str]) -> set[str]:
    """Modules of the same room that a file imports, for types alone too."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and (node.module or "").startswith("fieldsmith."):
            base = node.module.removeprefix("fieldsmith.")
            names = {f"{base}.{alias.name}" for alias in node.names}
            # A package gives its own names or its modules; what it gives of its own it has imported itself.
            found |= (names & known) or ({base} & known)
    room = module(file).split(".")[0]
    return {name for name in found if name.split(".")[0] == room} - {module(file)}


def circle(room: str) -> list[str]:
    """Modules of a room that need each other, in order; empty where there are none."""
    files = [file for file in modules() if module(file).split(".")[0] == room]
    known = {module(file) for file in files}
    sorter = graphlib.TopologicalSorter({module(file): neighbours(file, known) for file in files})
    try:
        sorter.prepare()
    except graphlib.CycleError as error:
        return error.args[1]
    return []


def lines() -> Counter[str]:
    """Lines of code, templates and pages in every room."""
    counted: Counter[str] = Counter()
    for file in ROOT.rglob("*"):
        if file.is_file() and file.suffix in {".py", ".jinja", ".js", ".css", ".html"} and file.parent != ROOT:
            counted[file.relative_to(ROOT).parts[0]] += len(file.read_text(encoding="utf-8").splitlines())
    return counted


def picture() -> str:
    """Every room with its lines and the rooms that it uses, from the top down."""
    counted, rows = lines(), []
    for room in sorted(counted, key=lambda name: ROOMS[name]):
        files = [file for file in modules() if module(file).split(".")[0] == room]
        used = set().union(*map(imported, files)) & ROOMS.keys() - {room}
        arrows = ", ".join(sorted(used, key=lambda name: ROOMS[name])) or "nothing"
        rows.append(
            f"{room:13} {counted[room]:6} lines -> {arrows}{'   circle: ' + ' -> '.join(circle(room)) if circle(room) else ''}"
        )
    return "\n".join(rows)


@pytest.mark.parametrize("file", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_downwards(file):
    room = file.relative_to(ROOT).parts[0]
    for target in imported(file) - FLOOR - {room}:
        assert target in ROOMS, f"{target} is no room"
        assert ROOMS[target] > ROOMS[room], f"{room} must not import {target}"


@pytest.mark.parametrize("room", sorted(lines()))
def test_no_room_has_a_circle_inside(room):
    assert circle(room) == []


@pytest.mark.parametrize("file", modules(), ids=module)
def test_no_module_is_long(file):
    assert len(file.read_text(encoding="utf-8").splitlines()) <= LONGEST


def test_every_folder_is_a_room_of_the_plan():
    assert {p.name for p in ROOT.iterdir() if p.is_dir() and p.name != "__pycache__"} <= set(ROOMS)


def test_the_plan_of_the_house_names_what_is_there():
    plan = (ROOT.parents[1] / "ARCHITECTURE.md").read_text(encoding="utf-8")
    ground = [p.name for p in ROOT.glob("*.py")]
    assert [name for name in ground if f"`{name}`" not in plan] == []
    there = {str(p.relative_to(ROOT)) for p in ROOT.rglob("*.py")} | {p.name for p in ROOT.rglob("*.py")}
    named = set(re.findall(r"`(?!tests/|best/)([\w/]+\.py)`", plan))
    assert named - there == set()


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


def test_docker_is_only_loaded_where_an_engine_is_asked():
    words = "import sys; from fieldsmith.sandboxes import choose; choose('process'); import fieldsmith.cli.sandbox"
    ran = subprocess.run(
        [sys.executable, "-c", f"{words}; print('docker' in sys.modules)"], capture_output=True, text=True
    )
    assert ran.stdout.strip() == "False", ran.stderr


def test_matplotlib_is_only_loaded_where_figures_are_written():
    words = "import sys, fieldsmith.cli.report, fieldsmith.reports.html, fieldsmith.reports.figures"
    ran = subprocess.run(
        [sys.executable, "-c", f"{words}; print('matplotlib' in sys.modules)"], capture_output=True, text=True
    )
    assert ran.stdout.strip() == "False", ran.stderr


@pytest.mark.parametrize(
    ("modules", "libraries"),
    [
        ("fieldsmith.cli.main", {"numpy", "pydantic", "scipy", "sympy"}),
        ("fieldsmith.orchestrator.listed", {"scipy", "sympy"}),
        ("fieldsmith.orchestrator.episodes.run, fieldsmith.agents.authors, fieldsmith.orchestrator.result", {"scipy", "sympy"}),
        ("fieldsmith.orchestrator.solve, fieldsmith.reports.html", {"scipy.optimize", "scipy.stats"}),
    ],
)  # fmt: skip
@pytest.mark.slow
def test_commands_do_not_wait_for_mathematics_that_they_do_not_need(modules, libraries):
    """Most of the time of a short command is what it imports."""
    words = f"import sys, {modules}; print(sorted({libraries} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True)
    assert ran.stdout.strip() == "[]", ran.stderr


if __name__ == "__main__":
    print(picture())
