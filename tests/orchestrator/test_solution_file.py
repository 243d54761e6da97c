"""`best/solution.nc`: what xarray sees in it, and what it is copied to."""

from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray

import fieldsmith
from asked_problems import exact_outputs
from fieldsmith.boxes.asked import asked_inputs, is_asked
from fieldsmith.boxes.form import Form
from fieldsmith.boxes.samples import asked_points
from fieldsmith.errors import InputError
from fieldsmith.orchestrator.solution import (
    Trust,
    check_output,
    check_place,
    copy_solution,
    read_solution,
    solution_of,
    write_solution,
)
from fieldsmith.problems import Problem

EXAMPLES = Path(__file__).parents[2] / "examples" / "problems"
TRUST = Trust(2e-5, "exact", "ab" * 32, 3e-6)


def written(folder: Path, name: str, **output) -> tuple[Form, Path]:
    problem = Problem.from_toml(EXAMPLES / f"{name}.toml")
    form = Form(Problem(**{**problem.document, "output": {**problem.output, **output}}))
    file = folder / "best" / "solution.nc"
    write_solution(file, solution_of(form, asked_inputs(form), exact_outputs(form), TRUST))
    return form, file


def test_xarray_sees_coordinates_units_and_what_the_solution_is_of(tmp_path):
    form, file = written(tmp_path, "option", times=4, points=31)
    with xarray.open_dataset(file) as found:
        assert found.sizes == {"tau": 4, "S": 31}
        assert found.V.dims == ("tau", "S")
        assert found.V.attrs == {"long_name": "price of the option", "units": "USD"}
        assert {key: found.S.attrs[key] for key in ("long_name", "units")} == {
            "long_name": "price of the share",
            "units": "USD",
        }
        assert found.S.domain.tolist() == [0, 300]
        assert (found.tau.long_name, found.tau.units, found.tau.axis) == ("time to expiry", "a", "T")
        assert float(found.V.sel(tau=1.0, S=100.0)) == pytest.approx(
            10.4506, abs=1e-4
        )  # by the formula of Black and Scholes
        told = found.attrs
    assert told["Conventions"] == "CF-1.11"
    assert told["title"] == "The price of a European call option"
    assert told["equations"] == form.system.laws[0].text
    assert told["conditions"].splitlines() == ["S = 0: V = 0", "S = 300: V = S - K*exp(-r*tau)"]
    assert told["initial_values"] == "V = max(S - K, 0)"
    assert told["parameter_sigma"] == 0.2
    assert "K = 100" in told["parameters"]
    assert (told["error_stated"], told["error_measured_against"], told["accuracy_asked"]) == (2e-5, "exact", 1e-4)
    assert told["error_of_reference"] == 3e-6
    assert told["source"] == f"Fieldsmith {fieldsmith.__version__}"
    assert told["program_sha256"] == TRUST.program


def test_complex_unknowns_are_two_variables(tmp_path):
    _, file = written(tmp_path, "oscillator", times=3, points=33)
    with xarray.open_dataset(file) as found:
        assert set(found.data_vars) == {"psi_real", "psi_imag"}
        assert found.psi_imag.attrs == {"long_name": "wave function, imaginary part", "units": "1"}
        modulus = np.hypot(found.psi_real, found.psi_imag).sel(t=0.0)
        np.testing.assert_allclose(modulus, np.pi**-0.25 * np.exp(-((found.x - 2) ** 2) / 2), atol=1e-12)


def test_a_plane_lies_as_paraview_draws_it_and_texts_are_characters(tmp_path):
    form, file = written(tmp_path, "drum", times=3, points={"x": 9, "y": 7})
    with xarray.open_dataset(file) as found:
        assert found.u.dims == ("t", "y", "x")
        assert not {"axis"} & (found.x.attrs.keys() | found.y.attrs.keys())
        value = float(found.u.sel(t=0.0, x=0.25, y=1 / 6, method="nearest"))
        assert value == pytest.approx(np.sin(np.pi / 4) * np.sin(np.pi / 3))
    with h5py.File(file) as raw:
        assert not raw["t"].attrs.get_id("axis").get_type().is_variable_str()
    again = read_solution(file)
    np.testing.assert_array_equal(again.fields["u"], exact_outputs(form)["u"][0])
    assert again.ends == {"t": (0, 2), "x": (0, 1), "y": (0, 1)}
    assert (again.time, again.space, again.about["u"].meaning) == ("t", ("x", "y"), "displacement")


def test_a_steady_problem_has_no_time_and_an_unknown_error_is_not_stated(tmp_path):
    form = Form(Problem.from_toml(EXAMPLES / "fin.toml"))
    values = sum(np.meshgrid(*asked_points(form).values(), indexing="ij"))
    write_solution(
        tmp_path / "s.nc", solution_of(form, asked_inputs(form), {"T": values}, Trust(None, "estimate", "0"))
    )
    with xarray.open_dataset(tmp_path / "s.nc") as found:
        assert found["T"].dims == ("y", "x")
        assert found["T"].units == "K"
        assert "error_stated" not in found.attrs
        assert found.attrs["error_measured_against"] == "estimate"


def test_a_coefficient_that_was_drawn_is_in_the_file(tmp_path):
    form = Form(
        Problem(
            equations=["div(a*grad(u)) = -1"], domain={"x": (0, 1), "y": (0, 2)}, boundary={"x": "u = 0", "y": "u = 0"},
            coefficients={"a": {"family": "two-valued", "low": 3, "high": 12, "length": 0.3}}, output={"points": {"x": 9, "y": 13}},
        )
    )  # fmt: skip
    inputs = asked_inputs(form, seed=4)
    write_solution(tmp_path / "s.nc", solution_of(form, inputs, {"u": np.ones((1, 9, 13))}, TRUST))
    with xarray.open_dataset(tmp_path / "s.nc") as found:
        np.testing.assert_array_equal(found.a.transpose("x", "y"), inputs["a"][0])
    again = read_solution(tmp_path / "s.nc")
    assert set(again.fields) == {"u"}
    np.testing.assert_array_equal(again.given["a"], inputs["a"][0])


def test_the_call_that_was_asked_is_told_from_others():
    form = Form(Problem.from_toml(EXAMPLES / "pattern.toml"))
    inputs = asked_inputs(form)
    assert inputs["u0"].shape == (1, 80, 80)
    assert inputs["x"][-1] == pytest.approx(79 / 80)
    assert is_asked(form, inputs)
    assert not is_asked(form, {**inputs, "F": 0.05})
    assert not is_asked(form, {**inputs, "x": np.linspace(0, 1, 80)})
    assert not is_asked(form, {**inputs, "t_coordinate": np.linspace(0, 1200, 11)})


def test_a_solution_is_copied_to_what_the_ending_says(tmp_path):
    form, file = written(tmp_path, "soliton", times=3, points=16)
    copy_solution(tmp_path, tmp_path / "a.nc")
    assert (tmp_path / "a.nc").read_bytes() == file.read_bytes()
    copy_solution(tmp_path, tmp_path / "a.npz")
    expected = exact_outputs(form)["u"][0]
    with np.load(tmp_path / "a.npz") as arrays:
        np.testing.assert_array_equal(arrays["u"], expected)
    copy_solution(tmp_path, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text().startswith("t,x,u\n")
    table = np.loadtxt(tmp_path / "a.csv", delimiter=",", skiprows=1)
    np.testing.assert_array_equal(table[:, 2].reshape(3, 16), expected)


@pytest.mark.parametrize(
    ("name", "problem", "words"),
    [
        ("a.mat", "soliton", "no ending that is known"),
        ("a.csv", "drum", "with one axis, and this one has 2"),
        ("not/there/a.nc", "drum", "folder of .* is not there"),
        ("a.nc", "", "Only the solution of a problem file"),
    ],
)
def test_a_file_that_cannot_be_is_refused_in_a_sentence(tmp_path, name, problem, words):
    form = Form(Problem.from_toml(EXAMPLES / f"{problem}.toml")) if problem else None

    def check(path):
        check_place(path)
        check_output(path, form)

    with pytest.raises(InputError, match=words):
        check(tmp_path / name)


def test_a_file_without_a_solution_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "s.nc").write_bytes(b"nothing")
    for file in (tmp_path / "s.nc", tmp_path / "gone.nc"):
        with pytest.raises(InputError, match="holds no solution"):
            read_solution(file)
