"""Programs for problems of one's own run by themselves from the command line, whoever wrote them."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.io import netcdf_file
from scipy.special import erf

from fieldsmith.boxes.form import Form
from fieldsmith.boxes.program import by_itself
from fieldsmith.problems import Problem
from toy_programs import toy

EXAMPLES = Path(__file__).parents[2] / "examples" / "problems"
HEAT = {
    "equations": ["u_t = u_xx"], "unknowns": {"u": {"meaning": "temperature", "unit": "°C"}}, "boundary": {"x": "u = 0"},
    "domain": {"x": {"low": 0, "high": 1, "unit": "m"}, "t": {"low": 0, "high": 0.1, "unit": "s"}},
    "initial": {"u": "a*sin(pi*x)"}, "parameters": {"a": {"value": 2, "low": 1, "high": 3, "meaning": "100 % of it"}},
    "output": {"points": 65, "times": 3},
}  # fmt: skip


@pytest.fixture(scope="module")
def heat():
    return toy(Problem(**HEAT))


def run(folder, text, *options):
    file = folder / "solver.py"
    file.write_text(text, encoding="utf-8")
    return subprocess.run([sys.executable, file, *options], capture_output=True, text=True, cwd=folder, timeout=120)


def test_a_program_solves_what_is_asked_and_writes_it(tmp_path):
    text = toy(Problem(**HEAT), "modes")
    ran = run(tmp_path, text, "--points", "33", "--times", "5", "--a", "1.5", "--out", "heat.nc")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("Solved on 33 points at 5 times, a = 1.5: ")
    assert "u: from " in ran.stdout
    with netcdf_file(tmp_path / "heat.nc", mmap=False) as file:
        t, x, u = (file.variables[name][:].copy() for name in ("t", "x", "u"))
        assert file.variables["u"].dimensions == ("t", "x")
        assert file.variables["u"].units.decode() == "°C"
        assert file.variables["x"].units == b"m"
        assert file.variables["t"].axis == b"T"
    np.testing.assert_allclose(t, np.linspace(0, 0.1, 5))
    np.testing.assert_allclose(x, np.linspace(0, 1, 33))
    np.testing.assert_allclose(u, 1.5 * np.exp(-(np.pi**2) * t)[:, None] * np.sin(np.pi * x), atol=1e-12)


@pytest.mark.parametrize(
    ("name", "template", "options", "shapes"),
    [
        ("pattern", "fading", ("--points", "x=16,y=12", "--times", "3"), {"x": (16,), "u": (3, 16, 12), "v": (3, 16, 12)}),
        ("fin", "sum", ("--points", "9", "--h", "0.2"), {"x": (9,), "y": (9,), "T": (9, 9)}),
        ("blob", "fading", ("--points", "8", "--times", "2"), {"u": (2, 8, 8, 8)}),
        ("oscillator", "fading", (), {"t": (41,), "psi_real": (41, 256), "psi_imag": (41, 256)}),
        ("option", "fading", (), {"tau": (11,), "S": (301,), "V": (11, 301)}),
    ],
)  # fmt: skip
def test_programs_of_every_kind_of_problem_run_by_themselves(tmp_path, name, template, options, shapes):
    ran = run(tmp_path, toy(Problem.from_toml(EXAMPLES / f"{name}.toml"), template), *options, "--out", "all.npz")
    assert ran.returncode == 0, ran.stderr
    with np.load(tmp_path / "all.npz") as file:
        assert {key: file[key].shape for key in shapes} == shapes
        if name == "pattern":  # periodic: the upper end is the lower one
            np.testing.assert_allclose(file["x"], np.arange(16) / 16)
        if name == "fin":
            np.testing.assert_allclose(file["T"], file["x"][:, None] + file["y"])


@pytest.mark.slow
def test_a_map_in_a_file_has_its_axes_in_the_order_of_paraview(tmp_path):
    text = toy(Problem.from_toml(EXAMPLES / "fin.toml"), "sum")
    assert run(tmp_path, text, "--points", "x=9,y=5", "--out", "fin.nc", "--plot", "fin.png").returncode == 0
    with netcdf_file(tmp_path / "fin.nc", mmap=False) as file:
        assert file.variables["T"].dimensions == ("y", "x")
        assert file.variables["T"][:][-1, 0] == 1.0
        assert file.title == b"A cooling fin"
    assert (tmp_path / "fin.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--points", "many"), "--points is a number from 5 on"),
        (("--points", "z=9"), "or one for each axis: x=65"),
        (("--points", "4"), "from 5 on"),
        (("--times", "1"), "--times is 2 or more"),
        (("--a", "7"), "--a is 7, and goes from 1 to 3."),
        (("--a", "nan"), "--a is nan"),
        (("--out", "u.hdf"), "u.hdf should end in .nc or .npz or .csv."),
        (("--plot", "u.gif"), "u.gif should end in .png."),
        (("--out", "not/there/u.nc"), "The folder of not/there/u.nc is not there."),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(heat, capsys, monkeypatch, options, words):
    monkeypatch.setattr(sys, "argv", ["solver.py", *options])
    with pytest.raises(SystemExit) as ended:
        exec(heat, {"__name__": "__main__"})
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


def test_help_names_the_parameters_with_their_ranges(heat, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["solver.py", "--help"])
    with pytest.raises(SystemExit):
        exec(heat, {"__name__": "__main__"})
    said = capsys.readouterr().out
    assert "100 % of it, 1 to 3" in said
    assert "--points" in said


def test_uneven_output_times_are_kept_and_the_start_is_put_first(tmp_path):
    problem = Problem(**{**HEAT, "output": {"points": 9, "times": [0.01, 0.02, 0.05]}})
    assert run(tmp_path, toy(problem), "--out", "a.npz").returncode == 0
    with np.load(tmp_path / "a.npz") as file:
        np.testing.assert_allclose(file["t"], [0, 0.01, 0.02, 0.05])
    assert run(tmp_path, toy(problem), "--out", "a.npz", "--times", "6").returncode == 0
    with np.load(tmp_path / "a.npz") as file:
        np.testing.assert_allclose(file["t"], np.linspace(0, 0.05, 6))


def test_samples_are_asked_for_and_read(tmp_path):
    problem = Problem(
        equations=["u_t = u_xx - c*u"], domain={"x": (0, 1), "t": (0, 1)}, boundary={"x": "periodic"}, output={"times": 2},
        initial={"u": {"family": "fourier"}}, coefficients={"c": {"family": "gaussian", "length": 0.2}},
    )  # fmt: skip
    ran = run(tmp_path, toy(problem))
    assert ran.returncode == 2
    assert "Samples are needed: --data FILE.npz, u0 and c over [x]." in ran.stderr
    np.savez(tmp_path / "given.npz", u0=np.arange(7.0), c=np.ones(7))
    ran = run(tmp_path, toy(problem), "--data", "given.npz", "--out", "u.npz")
    assert ran.returncode == 0, ran.stderr
    with np.load(tmp_path / "u.npz") as file:
        np.testing.assert_allclose(file["u"], np.exp([[0.0], [-1.0]]) * np.arange(7.0))
        np.testing.assert_allclose(file["x"], np.arange(7) / 7)
    np.savez(tmp_path / "given.npz", u0=np.arange(7.0), c=np.ones(8))
    assert "arrays of one shape over [x]" in run(tmp_path, toy(problem), "--data", "given.npz").stderr


def test_a_program_of_another_author_gets_the_same_command_line(tmp_path):
    theirs = (
        "import math as np\n\n\ndef main():\n    return 3\n\n\ndef solver(u0, x, t_coordinate, a):\n"
        "    import numpy\n    return u0[:, None] * numpy.exp(-t_coordinate)[:, None] * main() / np.sqrt(9)\n"
    )
    text = by_itself(theirs, Form(Problem(**HEAT)))
    assert text.startswith(theirs)
    ran = run(tmp_path, text, "--points", "9", "--times", "2", "--out", "u.npz")
    assert ran.returncode == 0, ran.stderr
    with np.load(tmp_path / "u.npz") as file:
        np.testing.assert_allclose(file["u"][0], 2 * np.sin(np.pi * file["x"]))


@pytest.mark.slow
def test_names_of_the_problem_do_not_collide_with_the_command_line(tmp_path):
    problem = Problem(
        equations=["file_t = options*d(file, name, 2) - file*values"], domain={"name": (0, 1), "t": (0, 1)},
        boundary={"name": "file = 0"}, initial={"file": "values*sin(pi*name)*erf(counts*name)*out"},
        parameters={
            "options": {"value": 1, "low": 1, "high": 2}, "values": {"value": 2, "low": 1, "high": 3},
            "counts": 3, "out": {"value": 1, "low": 0, "high": 2},
        },
    )  # fmt: skip
    theirs = "def solver(file0, name, t, options, values, out):\n    return file0[:, None] + 0 * t[:, None]\n"
    for source in (toy(problem), by_itself(theirs, Form(problem))):
        ran = run(tmp_path, source, "--values", "3", "--out_", "2", "--points", "9", "--out", "u.nc")
        assert ran.returncode == 0, ran.stderr
        with netcdf_file(tmp_path / "u.nc", mmap=False) as file:
            name, first = file.variables["name"][:].copy(), file.variables["file"][:][0].copy()
        np.testing.assert_allclose(first, 6 * np.sin(np.pi * name) * erf(3 * name), atol=1e-12)


def test_a_picture_without_matplotlib_is_refused_before_anything_is_solved(heat, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.setattr(sys, "argv", ["solver.py", "--plot", "u.png"])
    with pytest.raises(SystemExit):
        exec(heat, {"__name__": "__main__"})
    said = capsys.readouterr()
    assert "--plot needs matplotlib" in said.err
    assert said.out == ""


def test_of_one_axis_a_table_is_written_too(tmp_path):
    ran = run(tmp_path, toy(Problem(**HEAT), "modes"), "--points", "9", "--times", "3", "--out", "heat.csv")
    assert ran.returncode == 0, ran.stderr
    with open(tmp_path / "heat.csv", encoding="utf-8") as file:
        assert file.readline() == "t,x,u\n"
        t, x, u = np.loadtxt(file, delimiter=",", unpack=True)
    assert t.size == 27
    np.testing.assert_allclose(u, 2 * np.exp(-(np.pi**2) * t) * np.sin(np.pi * x), atol=1e-12)
    plane = run(tmp_path, toy(Problem.from_toml(EXAMPLES / "fin.toml"), "sum"), "--out", "fin.csv")
    assert "fin.csv should end in .nc or .npz" in plane.stderr


def test_a_constant_is_no_option_and_is_said_to_be_one(tmp_path):
    text = toy(
        Problem(**{**HEAT, "equations": ["u_t = D*u_xx"], "parameters": {**HEAT["parameters"], "D": 1}}), "modes"
    )
    for words in (["--D", "2"], ["--D=2"]):
        assert "D is a constant of this program; with a range in [parameters]" in run(tmp_path, text, *words).stderr
    assert "unrecognized arguments: --E 2" in run(tmp_path, text, "--E", "2").stderr
