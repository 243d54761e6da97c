"""The problems whose solutions are known are sound, their solutions solve them, and the table of them tells what is true."""

import json
import math
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
from toy_methods import SINES, Toy

from fieldsmith.boxes import methods
from fieldsmith.problems import Problem
from fieldsmith.problems.numbers import evaluate

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
FILES = sorted((BENCHMARKS / "truth").rglob("*.toml"))
JUMPS = {"sod", "dam_break", "traffic", "buckley_leverett", "burgers_shock"}
COMPUTED = sorted(
    JUMPS | {
        "burgers_viscous", "heat_random", "advection_random", "tunnelling", "radiating_fin", "troesch", "gray_scott", "fitzhugh_nagumo",
        "kuramoto_sivashinsky", "cahn_hilliard", "swift_hohenberg", "ginzburg_landau",
    }
)  # fmt: skip
"""Problems whose solutions are no expressions."""
WIDTH = 4
"""Points on each side of one at which derivatives are taken."""
CENTRES = 40

pytestmark = pytest.mark.skipif(not FILES, reason="the benchmarks do not come along")


def named(name: str) -> Problem:
    return Problem.from_toml(BENCHMARKS / "truth" / f"{name}.toml")


@pytest.fixture
def table(monkeypatch):
    """The names of `benchmarks/truth.py`."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield runpy.run_path(str(BENCHMARKS / "truth.py"), run_name="imported")
    for name in [name for name in sys.modules if name.split(".")[0] == "known_solutions"]:
        del sys.modules[name]


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_a_file_is_read_without_faults_or_doubts_and_its_exact_solution_holds(file):
    problem = Problem.from_toml(file)
    assert [doubt for doubt in problem.doubts if "note:" not in doubt] == []
    assert problem.seen.exact_holds == bool(problem.system.exact)
    if problem.system.exact:
        without = Problem(**{name: value for name, value in problem.document.items() if name != "exact"})
        assert not without.system.exact
        assert [doubt for doubt in without.doubts if "Nothing uses" not in doubt and "note:" not in doubt] == []


@pytest.mark.slow
def test_every_problem_but_some_of_codepde_has_a_solution(table):
    missing = [name for name in table["names"]() if table["solution"](name, named(name)) is None]
    assert missing == [f"codepde/{name}" for name in ("burgers", "cns1d", "darcy", "reacdiff1d")]
    assert len(table["names"]()) >= 36 + 5


@pytest.mark.parametrize("name", COMPUTED)
@pytest.mark.slow
def test_a_computed_solution_satisfies_equations_conditions_and_initial_values(name, table):
    problem = named(name)
    found = table["solution"](name, problem, 1)
    off = residuals(problem, found)
    # Where a patch lies across a jump or a kink derivatives say nothing.
    assert np.quantile(off, 0.9 if name in JUMPS else 1.0) < 1e-4
    system, (axis,) = problem.system, problem.system.axes
    x = np.linspace(axis.low, axis.high, 41)
    if system.time:
        first = found({"x": x, "t": np.array([system.time.low])})
        for unknown in system.unknowns:
            start = problem.field(unknown.name, {"x": x}, 1)
            got = (
                first[f"{unknown.name}_real"] + 1j * first[f"{unknown.name}_imag"]
                if unknown.complex
                else first[unknown.name]
            )
            np.testing.assert_allclose(got[0], start, atol=1e-6)
    if axis.name in system.periodic:
        places = {"x": np.array([axis.low, axis.high]), "t": np.array([system.time.high])}
        for values in found(places).values():
            np.testing.assert_allclose(values[0, 0], values[0, 1], atol=1e-6)


@pytest.mark.parametrize(
    ("name", "flows"),
    [
        ("sod", {"rho": 0.0, "m": 0.9, "E": 0.0}), ("dam_break", {"h": 0.0, "q": 9.81 / 2 * (1 - 0.3**2)}),
        ("traffic", {"r": 0.9 * 0.1 - 0.2 * 0.8}), ("buckley_leverett", {"s": 1.0}), ("burgers_shock", {"u": 0.0}),
    ],
)  # fmt: skip
def test_jumps_run_as_fast_as_conservation_says(name, flows, table):
    """An integral grows by what flows in at the left less what flows out at the right."""
    problem = named(name)
    axis, time = problem.system.axes[0], problem.system.time
    x = axis.low + axis.length * (np.arange(40_000) + 0.5) / 40_000
    found = table["solution"](name, problem)({"x": x, "t": np.array([time.low, time.high])})
    for result, flow in flows.items():
        grown = np.diff(found[result].mean(axis=1))[0] * axis.length
        assert grown == pytest.approx(flow * time.length, abs=2e-4)


def residuals(problem: Problem, found) -> np.ndarray:
    """What the equations leave at random points beside their terms, derivatives from polynomials through patches of nine points an axis."""
    system, rng = problem.system, np.random.default_rng(3)
    lines = [*([system.time] if system.time else []), *system.axes]
    steps = {
        one.name: one.length / (400 if one is system.time else system.output.points[one.name]) / 2 for one in lines
    }
    worst = []
    for _ in range(CENTRES):
        centre = {o.name: rng.uniform(o.low + WIDTH * steps[o.name], o.high - WIDTH * steps[o.name]) for o in lines}
        patch = found({name: at + steps[name] * np.arange(-WIDTH, WIDTH + 1) for name, at in centre.items()})
        values = dict(system.values) | {system.symbols[name]: at for name, at in centre.items()}
        for law in system.laws:
            for jet in law.residual.free_symbols & system.jets.meanings.keys():
                name, orders = system.jets.meanings[jet]
                if any(one.name == name for one in system.coefficients):
                    values[jet] = problem.field(name, {axis.name: centre[axis.name] for axis in system.axes})
                    continue
                values[jet] = slope(system, patch, name, orders, [steps[one.name] for one in lines])
            terms = [complex(evaluate(term, values)) for term in law.residual.as_ordered_terms()]
            worst.append((abs(sum(terms)), sum(map(abs, terms))))
    total, sizes = np.array(worst).T
    return total / np.maximum(sizes, 0.01 * sizes.max())


def slope(system, patch, name, orders, steps) -> complex:
    """A derivative at the middle of a patch; of the partner of a complex unknown its conjugate."""
    unknown = next((u for u in system.unknowns if u.name == name), None)
    base = name if unknown else system.jets.partners[name]
    array = patch[base] if base in patch else patch[f"{base}_real"] + 1j * patch[f"{base}_imag"]
    for order, step in zip(orders, steps, strict=True):
        array = np.tensordot(weights(order) / step**order, array, 1)
    return complex(array) if unknown else complex(np.conj(array))


def weights(order: int) -> np.ndarray:
    """Of nine even points for a derivative at the middle one."""
    powers = np.vander(np.arange(-WIDTH, WIDTH + 1), increasing=True).T
    return np.linalg.solve(powers, math.factorial(order) * np.eye(2 * WIDTH + 1)[order])


@pytest.mark.slow
def test_the_table_has_what_is_stated_and_what_is_true(table, monkeypatch, tmp_path, capsys):
    sines = Toy("sines", "spectral", SINES, 2.0, diffusivity=0.2)
    monkeypatch.setattr(methods, "families", lambda: (sines, Toy("odd", "volumes", SINES, diffusivity=0.2002)))
    assert table["main"](["--only", "heat_fixed", "--json", str(tmp_path / "rows.json")]) == 0
    (row,) = json.loads((tmp_path / "rows.json").read_text())
    assert row["family"].startswith("sines (")
    assert row["true"] < 1e-12
    assert 1e-4 < row["stated"] < 2e-2  # what the two disagree by
    assert f"| heat_fixed | parabolic, linear | {row['family']} |" in capsys.readouterr().out


def test_a_faulty_family_is_a_row_with_its_sentence(table, monkeypatch, capsys):
    class Faulty(Toy):
        def suits(self, form):
            raise ZeroDivisionError("it divides by nothing")

    monkeypatch.setattr(methods, "families", lambda: (Faulty("faulty", "spectral", SINES),))
    assert table["main"](["--only", "heat_fixed", "bratu"]) == 0
    said = capsys.readouterr().out
    assert said.count("ZeroDivisionError: it divides by nothing") == 2
    assert "true error of the program below what was asked: 0 of 2" in said


@pytest.mark.slow
def test_measured_rows_are_kept_and_put_into_a_page(table, monkeypatch, tmp_path, capsys):
    rows, page = tmp_path / "rows.json", tmp_path / "page.md"
    page.write_text("before\n" + "\nold\n".join(table["MARKS"]) + "\nafter\n")
    sines = Toy("sines", "spectral", SINES, 2.0, diffusivity=0.2)
    monkeypatch.setattr(methods, "families", lambda: (sines, Toy("odd", "volumes", SINES, diffusivity=0.2002)))
    assert table["main"](["--only", "heat_fixed", "--json", str(rows)]) == 0
    monkeypatch.setattr(methods, "families", lambda: pytest.fail("measured again"))
    assert table["main"](["--only", "heat_fixed", "--json", str(rows), "--markdown", str(page)]) == 0
    text = page.read_text()
    assert "old" not in text
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "| heat_fixed | parabolic, linear | sines (" in text
    assert "below what was asked: 1 of 1" in text
    page.write_text("no place")
    with pytest.raises(SystemExit):
        table["main"](["--only", "heat_fixed", "--json", str(rows), "--markdown", str(page)])
    assert "has no place for the table" in capsys.readouterr().err


def test_a_problem_file_of_codepde_does_what_the_built_in_task_does(monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    codepde = runpy.run_path(str(BENCHMARKS / "codepde.py"), run_name="imported")
    assert codepde["main"](["advection", "--programs", "1"]) == 0
    cells = [cell.strip() for cell in capsys.readouterr().out.splitlines()[-1].strip("|").split("|")]
    name, _, _, built_in, _, by, own, _, program = cells
    assert (name, by.split()[0], program.split()[0]) == ("advection", "spectral", "fourier")
    assert max(float(built_in), float(own)) < 1e-13  # smooth samples
