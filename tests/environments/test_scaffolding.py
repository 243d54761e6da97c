"""`env new`: what it refuses, and the package that it writes, in a process that finds it as an installed one."""

import json
import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest

import fieldsmith
from fieldsmith.environments import Call, kind_of
from fieldsmith.environments.scaffolding import write
from fieldsmith.errors import InputError


@pytest.mark.parametrize(
    "name", ["", "x", "My_Tool", "2_tools", "my tool", "a__b", "tool_", "class", "json", "fieldsmith", "../up", "é" * 3]
)
def test_names_that_no_package_can_have(tmp_path, name):
    with pytest.raises(InputError, match=r"cannot be the name of a package\. Use small letters"):
        write(name, tmp_path / "package")
    assert list(tmp_path.iterdir()) == []


def test_a_package_does_not_hide_one_that_is_installed(tmp_path):
    with pytest.raises(InputError, match=r"numpy is already the name of a package, of numpy, .* such as numpy_tool"):
        write("numpy", tmp_path / "package")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_stays_as_it_is(tmp_path):
    (tmp_path / "my_tool").mkdir()
    with pytest.raises(InputError, match="my_tool is there already"):
        write("my_tool", tmp_path / "my_tool")
    assert list((tmp_path / "my_tool").iterdir()) == []


@pytest.mark.slow
def test_the_names_in_the_package_follow_from_its_own(tmp_path):
    assert write("thermal-probe", tmp_path / "here" / "probe") == "my/thermal-probe-v1"
    folder = tmp_path / "here" / "probe"
    assert '"my/thermal-probe-v1" = "thermal_probe.environment:ThermalProbe"' in (folder / "pyproject.toml").read_text()
    assert {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()} == {
        "README.md", "pyproject.toml", "src/thermal_probe/__init__.py", "src/thermal_probe/environment.py",
        "src/thermal_probe/docs/propose.md", "src/thermal_probe/docs/sample.md", "src/thermal_probe/gold/fast.jsonl",
        "src/thermal_probe/gold/slow.jsonl", "tests/test_environment.py",
    }  # fmt: skip
    kind = kind_of(str(folder))
    assert (kind.name, kind.__name__) == ("my/thermal-probe-v1", "ThermalProbe")
    env = kind()
    env.reset()
    assert env.step(Call("sample", {"times": [1.0]})).status == "success"


@pytest.mark.slow
def test_of_two_packages_of_one_name_the_second_is_refused(tmp_path):
    for place in ("one", "two"):
        write("twin_probe", tmp_path / place)
    assert kind_of(str(tmp_path / "one")) is kind_of(str(tmp_path / "one"))
    with pytest.raises(InputError, match=r"Another package twin_probe was loaded before, from .*one/src/twin_probe"):
        kind_of(str(tmp_path / "two"))


@pytest.mark.parametrize("name", ["reaction", "sample", "tools", "environment"])
@pytest.mark.slow
def test_a_name_that_the_frame_has_for_something_else_does_not_break_it(tmp_path, name):
    write(name, tmp_path / "package")
    env = kind_of(str(tmp_path / "package"))()
    env.reset()
    assert env.step(Call("sample", {"times": [1.0]})).status == "success"


@pytest.mark.slow
def test_the_package_is_checked_and_tested_by_its_name_once_it_is_installed(tmp_path):
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv" / "bin" / "python"
    site = next((tmp_path / "venv" / "lib").glob("python*")) / "site-packages"
    here = Path(fieldsmith.__file__).parents[1]
    (site / "parts.pth").write_text(
        "\n".join([str(here), *(path for path in sys.path if path.endswith("-packages"))]) + "\n"
    )
    command = [str(python), "-m", "fieldsmith.cli.main"]

    def run(*words: object, expected: int = 0) -> str:
        ran = subprocess.run([*map(str, words)], cwd=tmp_path, capture_output=True, text=True)
        assert ran.returncode == expected, ran.stdout + ran.stderr
        return ran.stdout

    run(*command, "env", "new", "my_tool")
    run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "-e", "my_tool")
    result = json.loads(run(*command, "env", "check", "my/my-tool-v1", "--json").splitlines()[-1])
    assert (result["event"], result["ok"], result["environment"]) == ("result", True, "my/my-tool-v1")
    assert re.search(r"^my/my-tool-v1 +My tool$", run(*command, "env", "list"), re.MULTILINE)
    assert " passed" in run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "my_tool/tests")
