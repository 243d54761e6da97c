"""Tasks named by the file or module in which they are written."""

import subprocess
import sys

import numpy as np
import pytest

from fieldsmith.errors import InputError
from fieldsmith.tasks import load
from fieldsmith.tasks.places import place_of
from small_task import SOURCE


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setenv("FIELDSMITH_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "mine.py"
    path.write_text(SOURCE)
    return path


def test_a_file_and_a_module_give_the_task_of_their_class(file) -> None:
    for name in (f"{file}:Twice", "mine.py", "mine:Twice"):
        task = load(name)
        assert task.name == "twice"
        assert load(place_of(type(task))).fingerprint == task.fingerprint


def test_an_edited_file_gives_another_fingerprint_and_other_data(file) -> None:
    before = load("mine.py")
    assert np.allclose(before.split("dev")[0].reference["y"], 2.0 * before.split("dev")[0].inputs["x"])
    file.write_text(SOURCE + "# a comment\n")
    assert load("mine.py").fingerprint == before.fingerprint
    file.write_text(SOURCE.replace("2.0 *", "3.0 *"))
    after = load("mine.py")
    assert after.fingerprint != before.fingerprint
    assert np.allclose(after.split("dev")[0].reference["y"], 3.0 * after.split("dev")[0].inputs["x"])


@pytest.mark.parametrize(
    ("name", "source", "words"),
    [
        ("none.py:A", "", r"none\.py cannot be read: No such file"),
        ("mine.py:Thrice", SOURCE, r"has no class 'Thrice'.*mine\.py:Twice"),
        ("mine.py:np", SOURCE, r"mine\.py:np is no task"),
        ("mine.py", "x = 1\n", r"mine\.py holds no tasks"),
        ("mine.py", "x = (\n", r"mine\.py cannot be imported: SyntaxError, line 1"),
        ("mine.py", SOURCE.replace("def inputs", "def imputs"), r"mine\.py holds no tasks\. Twice has no inputs"),
        ("mine.py:Twice", SOURCE.replace("def inputs", "def imputs"), r"The task mine\.py:Twice has no inputs"),
        ("no_such_module:A", "", r"cannot be imported: ModuleNotFoundError"),
    ],
)
def test_mistakes_are_one_sentence(file, name, source, words) -> None:
    file.write_text(source)
    with pytest.raises(InputError, match=words):
        load(name)


def test_a_scale_that_a_task_does_not_have_is_named(file) -> None:
    with pytest.raises(InputError, match=r"twice has no scale 'paper'\. Use demo\."):
        load("mine.py", scale="paper")


LEAN = """
from fieldsmith.tasks import Signature, SimpleTask, data, result
{imports}

class Scaled(SimpleTask):
    name, title = "scaled", "A factor that stands elsewhere"
    signature = Signature("f", (data("x", ("n",), "values"),), (result("y", ("n",), "values"),))

    def inputs(self, rng):
        return {{"x": rng.random(3)}}

    def reference(self, inputs):
        {inside}
        return {{"y": FACTOR * inputs["x"]}}
"""
NUMBER = """
from pathlib import Path
FACTOR = float((Path(__file__).parent / "data" / "factor.csv").read_text().split()[-1])
"""
FINGERPRINT = "import sys; from fieldsmith.tasks import load; print(load(sys.argv[1]).fingerprint)"


@pytest.mark.parametrize(
    ("module", "constants", "imports", "inside"),
    [
        ("own_part/tasks/scaled.py", "own_part/constants.py", "from own_part.constants import FACTOR", "pass"),
        ("own_part/scaled.py", "own_part/constants.py", "from .constants import FACTOR", "pass"),
        ("own_part/scaled.py", "own_part/constants.py", "", "from own_part.constants import FACTOR"),
        ("scaled.py", "constants.py", "from constants import FACTOR", "pass"),
        ("own_part/scaled.py", "own_part/data/factor.csv", NUMBER, "pass"),
    ],
)
@pytest.mark.slow
def test_an_edited_number_of_another_module_or_of_a_table_gives_another_fingerprint(
    tmp_path, module, constants, imports, inside
) -> None:
    for name, text in {module: LEAN.format(imports=imports, inside=inside), constants: "FACTOR = 2.0\n"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    def fingerprint() -> str:
        place = f"{module.removesuffix('.py').replace('/', '.')}:Scaled"
        asked = [sys.executable, "-B", "-c", FINGERPRINT, place]
        return subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, check=True).stdout

    before = fingerprint()
    (tmp_path / "unrelated.py").write_text("OTHER = 3.0\n")
    assert fingerprint() == before
    (tmp_path / constants).write_text("FACTOR = 2.5\n")
    assert fingerprint() != before
