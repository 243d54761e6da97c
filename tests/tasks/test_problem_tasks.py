"""Problems of one's own as tasks: their calls, references, statement and files, and the estimate where there is no reference."""

import re
import tomllib
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldsmith import sandboxes, tasks
from fieldsmith.boxes.form import Form
from fieldsmith.boxes.samples import grid
from fieldsmith.equations.expressions import Unsuited
from fieldsmith.errors import InputError
from fieldsmith.evaluation import evaluate
from fieldsmith.problems import Problem, ProblemError
from fieldsmith.tasks.own import arrays, estimate, files, reference
from fieldsmith.tasks.own.draws import Draw, draws, gathered, study, together
from fieldsmith.tasks.own.problem_task import ProblemTask
from fieldsmith.tasks.task import NRMSE
from small_box_methods import HEAT, PROGRAM

EXAMPLES = Path(__file__).parents[2] / "examples" / "problems"
WITH_EXACT = ("drum", "beam", "soliton", "oscillator", "option")
ROD = HEAT.split("[exact]")[0]
RANGE = next(line for line in HEAT.splitlines() if line.startswith("D = {"))
DRAWN = """equations = ["u_t = div(a*grad(u)) + v", "v_t = -v"]
[domain]
x = [0, 1]
y = [0, 2]
t = [0, 1]
[boundary]
x = "periodic"
y = "periodic"
[initial]
u = { family = "fourier" }
v = { family = "fourier" }
[coefficients]
a = { family = "two-valued", low = 1, high = 2, length = 0.3 }
[output]
points = 24
times = 5
"""


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """No method gives a reference, and what was made before is forgotten."""
    monkeypatch.setenv("FIELDSMITH_HOME", str(tmp_path / "home"))

    def refused(*_args, **_options):
        raise Unsuited("No method suits.")

    monkeypatch.setattr(reference, "trusted", refused)


def example(name: str) -> ProblemTask:
    task = tasks.load(str(EXAMPLES / f"{name}.toml"))
    assert isinstance(task, ProblemTask)
    return task


def of(text: str) -> ProblemTask:
    return ProblemTask(Problem.from_text(text), "p")


@pytest.mark.parametrize("name", WITH_EXACT)
def test_calls_have_the_shapes_of_the_signature_and_the_exact_solution_as_reference(name):
    task = example(name)
    assert (task.metric, task.judged_by) == (NRMSE, "the exact solution that the problem gives")
    assert task.compared_with == "exact"
    for case in (*task.split("dev"), *task.split("test"), *task.refinement()):
        shapes = task.signature.shapes(case.inputs)
        assert {name: array.shape for name, array in case.reference.items()} == shapes
        assert list(case.inputs) == [argument.name for argument in task.signature.arguments]
        assert case.reference_errors is not None
        assert not case.reference_errors.any()
        starts = {a.of: a.name for a in task.signature.arguments if a.role == "initial"}
        for result in task.signature.results:
            np.testing.assert_allclose(case.reference[result.name][:, 0], case.inputs[starts[result.of]], atol=1e-9)


def test_the_problem_as_it_is_asked_is_the_first_call_of_the_test_split():
    task = example("drum")
    dev, test = task.split("dev"), task.split("test")
    output = task.problem.system.output
    np.testing.assert_array_equal(test[0].inputs["t_coordinate"], output.times)
    assert (np.shape(test[0].inputs["x"]), test[0].inputs["c"]) == ((64,), 1.0)
    assert [case.kinds for case in test] == [("as asked",), ("other values",)]
    assert dev[0].inputs["c"] == 1.0
    assert {np.shape(case.inputs["x"]) for case in dev} & {np.shape(case.inputs["x"]) for case in test} == set()
    drawn = [case.inputs["c"] for case in (*dev[1:], *test[1:])]
    assert len(set(drawn)) == 2
    assert all(0.5 <= value <= 2.0 for value in drawn)


def test_a_problem_with_nothing_to_draw_is_tested_on_other_points_too():
    task = example("soliton")
    assert len(task.split("dev")) == 1
    asked, other = task.split("test")
    assert (asked.kinds, other.kinds) == (("as asked",), ("other points",))
    assert np.shape(asked.inputs["x"]) == (512,)
    assert np.shape(other.inputs["x"]) == (614,)


def test_families_give_a_batch_of_draws_that_no_other_call_has():
    form = Form(Problem.from_text(DRAWN))
    made = [arrays.inputs(form, draw) for split in ("dev", "test") for draw in draws(form, split)]
    assert np.shape(made[0]["u0"]) == (3, 18, 18)
    first = made[0]
    assert not np.allclose(first["u0"], first["v0"])  # one seed, two fields
    assert set(np.unique(np.asarray(first["a"]))) == {1.0, 2.0}
    corners = [float(np.asarray(one["u0"])[k, 0, 0]) for one in made for k in range(3)]
    assert len(set(corners)) == len(corners) == 12


def test_calls_that_one_solution_answers_are_put_together():
    def groups(form: Form) -> list[list[tuple[str, int]]]:
        return [sorted(one) for one in gathered(form, calls_of(form))]

    asked = [("dev", 0), ("refinement", 0), ("refinement", 1), ("refinement", 2), ("test", 0)]
    assert sorted(groups(Form(Problem.from_text(ROD)))) == [asked, [("dev", 1)], [("test", 1)]]
    rod = ROD.replace(RANGE, "D = 1.0")
    assert groups(Form(Problem.from_text(rod))) == [sorted([*asked, ("test", 1)])]
    apart = groups(Form(Problem.from_text(DRAWN)))  # samples of fields: other draws, and points that are nested alone
    assert sorted(apart) == [asked[:-1], [("dev", 1)], [("test", 0)], [("test", 1)]]


@pytest.mark.parametrize("text", [ROD.replace(RANGE, "D = 1.0"), DRAWN])
def test_a_call_finds_its_own_points_and_times_among_those_of_all(text):
    form = Form(Problem.from_text(text))
    for group in gathered(form, calls_of(form)):
        calls = list(group.values())
        along, clock, views = together(form, calls)
        for draw, view in zip(calls, views, strict=True):
            for name, line in grid(form, draw.points).items():
                np.testing.assert_allclose(along[name][view[name]], line, atol=1e-12)
            np.testing.assert_allclose(clock[view["time"]], draw.times, atol=1e-12)
        assert all((np.diff(line) > 1e-9).all() for line in (*along.values(), clock))


def calls_of(form: Form) -> dict[tuple[str, int], Draw]:
    every = {"dev": draws(form, "dev"), "test": draws(form, "test"), "refinement": study(form)}
    return {(name, n): one for name, found in every.items() for n, one in enumerate(found)}


def test_an_open_end_of_the_times_is_made_up_for():
    task = of(HEAT.replace("times = 11", "times = [0.05, 0.1]"))
    np.testing.assert_allclose(task.split("test")[0].inputs["t_coordinate"], [0.0, 0.05, 0.1])
    assert task.brief().span == (0.0, 0.1)


@pytest.mark.parametrize("name", [path.stem for path in sorted(EXAMPLES.glob("*.toml"))])
def test_the_statement_says_all_but_the_exact_solution(name, nowhere):
    task = example(name)
    brief = task.brief(("numpy", "scipy"))
    for law in task.problem.system.laws:
        assert f"    {law.text}\n" in brief.statement
    for one in task.problem.exact.values():
        assert one not in brief.statement
    for one in task.problem.system.parameters:
        assert f"`{one.name}` = {one.value:g}" in brief.statement or f"`{one.name}` = {one.value!r}" in brief.statement
    for condition in task.problem.system.conditions:
        assert condition.kind == "open" or f"`{condition.text}`" in brief.statement
    assert f"A relative error of {task.accuracy:g} is wanted." in brief.statement
    assert brief.form is not None
    assert brief.form.problem.exact == brief.form.system.exact == {}
    assert all(one not in repr(brief) for one in task.problem.exact.values())
    compile(brief.stub, "stub", "exec")
    assert brief.stated


@pytest.mark.slow
def test_definitions_that_the_exact_solution_alone_uses_are_not_told():
    assert "d1" in example("option").problem.definitions
    assert "d1" not in example("option").brief().statement
    assert "`p = (gamma - 1)*(E - m**2/(2*rho))`" in example("shock").brief().statement


def test_a_parameter_takes_another_value_within_its_range_and_a_constant_any_that_is_well_posed(tmp_path):
    (tmp_path / "p.toml").write_text(HEAT.replace("D = {", 'a = "2*pi"\nD = {').replace("D*u_xx", "D*u_xx + 0*a"))
    name = str(tmp_path / "p.toml")
    task = tasks.load(name, {"D": "0.7", "a": 1.5})
    assert task.parameters == {"D": 0.7, "a": 1.5}
    assert task.split("test")[0].inputs["D"] == 0.7
    assert tasks.load(name, dict(tasks.load(name).parameters)).fingerprint == tasks.load(name).fingerprint
    assert len({one.fingerprint for one in (task, tasks.load(name), tasks.load(name, {"a": 1.5}))}) == 3
    for value in ("0.4", "inf", "much"):
        with pytest.raises(InputError, match=f"D={value}"):
            tasks.load(name, {"D": value})
    (tmp_path / "q.toml").write_text(ROD.replace("D = { value = 1.0, low = 0.5, high = 2.0,", "D = { value = 1.0,"))
    with pytest.raises(ProblemError, match=r"backward|ill-posed|grow"):
        tasks.load(str(tmp_path / "q.toml"), {"D": -1.0})


def test_a_fingerprint_is_that_of_what_the_file_says(tmp_path):
    first, second, third = (tmp_path / name for name in ("a.toml", "b.toml", "c.toml"))
    first.write_text(HEAT)
    second.write_text("# said again\n" + HEAT.replace("points = 65\ntimes = 11", "times = 11\npoints = 65"))
    third.write_text(HEAT.replace("times = 11", "times = 12"))
    prints = [tasks.load(str(file)).fingerprint for file in (first, second, third)]
    assert prints[0] == prints[1] != prints[2]


def test_a_copy_has_the_arrays_that_the_problem_names(tmp_path):
    home = tmp_path / "home" / "problems"
    home.mkdir(parents=True)
    np.savez(home.parent / "far.npz", u=np.sin(np.pi * np.linspace(0, 1, 33)))
    np.savez(home / "near.npz", u=np.sin(np.pi * np.linspace(0, 1, 33)))
    for place in ("../far.npz", "near.npz", str(home / "near.npz")):
        text = ROD.replace('u = "sin(pi*x) + 0.5*sin(9*pi*x)"', f'u = {{ file = "{place}", name = "u" }}')
        (home / "rod.toml").write_text(text)
        problem, written = files.read(str(home / "rod.toml"))
        copy = files.keep(problem, written, "rod", tmp_path / f"copy-{len(list(tmp_path.iterdir()))}")
        again = Problem.from_toml(copy)
        assert not Path(again.document["initial"]["u"]["file"]).is_absolute()
        assert (copy.parent / again.document["initial"]["u"]["file"]).resolve().is_relative_to(copy.parent.resolve())
        np.testing.assert_array_equal(again.field("u", {"x": [0.3]}), problem.field("u", {"x": [0.3]}))
    before = files.content_of(problem)
    np.savez(home / "near.npz", u=np.zeros(33))
    assert files.content_of(Problem.from_toml(home / "rod.toml")) != before


def answered(task: ProblemTask, draw: Draw) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    watched = estimate.watched(task.form, draw)
    return arrays.inputs(task.form, watched), arrays.exact(task.form, watched)


@pytest.mark.parametrize(("name", "least"), [("drum", 1e-6), ("beam", 1e-4), ("soliton", 1e-4), ("oscillator", 1e-6)])
def test_an_exact_solution_leaves_next_to_nothing_over_and_a_wrong_one_much(name, least):
    task = example(name)
    inputs, outputs = answered(task, draws(task.form, "test")[0])
    found = estimate.residuals(task.form, inputs, outputs)
    assert found["estimated error"] == max(found.values()) < least
    wrong = {key: array * np.linspace(1.0, 1.1, array.shape[-1]) for key, array in outputs.items()}
    assert estimate.residuals(task.form, inputs, wrong)["estimated error"] > 1e-3


def test_derivatives_of_the_estimate_are_of_sixth_order():
    for order, length in ((1, 0.0), (2, 0.0), (3, 0.0), (4, 0.0), (1, 2.0), (2, 2.0)):
        errors = []
        for count in (40, 80):
            line = np.linspace(0.0, 2.0, count, endpoint=not length)
            wave = np.exp(1j * np.pi * line)
            found = estimate._matrix(tuple(line.tolist()), order, length) @ wave
            inner = slice(None) if length else slice(8, -8)
            errors.append(np.abs(found - (1j * np.pi) ** order * wave)[inner].max())
        assert np.log2(errors[0] / errors[1]) == pytest.approx(6.0, abs=0.3), (order, length)


def test_without_a_reference_programs_are_judged_by_an_estimate_that_is_called_one(nowhere):
    task = of(ROD)
    assert task.metric.name == "estimated error"
    assert task.judged_by.startswith("an estimate, as there is no reference")
    assert "an estimate, as no solution is known" in task.brief().statement
    assert task.refinement() == ()
    found = {}
    with sandboxes.choose("process") as place:
        for modes in (4, 16):
            outcome = evaluate(task, PROGRAM.format(modes=modes), place, splits=("dev", "test"))
            assert outcome.status == "ok"
            assert outcome.dev is not None
            found[modes] = outcome.dev.figure
            assert set(outcome.dev.measures) == {"equations", "conditions", "initial values"}
        broken = PROGRAM.format(modes=16).replace("np.sin(np.outer(waves, x))", "np.cos(np.outer(waves, x))")
        found["wrong"] = evaluate(task, broken, place).dev.figure  # pyright: ignore[reportOptionalMemberAccess]
    assert found[16] < 1e-6
    assert found[4] > 0.1 < found["wrong"]


def test_a_reference_that_methods_agree_on_is_taken_with_its_error(monkeypatch, tmp_path):
    """What methods give is stood in for by the exact solution, said to be off by another thousandth in each call that shares it."""
    monkeypatch.setenv("FIELDSMITH_HOME", str(tmp_path))
    known, asked = Form(Problem.from_text(HEAT)), []

    def trusted(form, inputs, accuracy, seconds, draw, views, told):
        asked.append((accuracy, seconds, draw("u", {"x": np.array([0.5])}).shape, len(views)))
        places = {"t": inputs["t_coordinate"][:, None], "x": inputs["x"]}
        values = {"u": known.problem.field("u", places, D=inputs["D"])[None]}
        errors = 1e-3 * np.arange(1, 1 + len(views))[:, None]
        return types.SimpleNamespace(values=values, errors=errors, words="Two agree.", methods=("a", "b"), climbs=())

    monkeypatch.setattr(reference, "trusted", trusted)
    task = of(ROD)
    assert (task.metric, task.judged_by) == (NRMSE, "a reference: Two agree.")
    assert task.compared_with == "two methods"
    assert asked == [(1e-3, 60.0, (1, 1), 5)]  # dev, test and three grids of the study
    cases = (*task.split("dev"), *task.split("test"), *task.refinement())
    assert [case.reference_error for case in cases] == pytest.approx([1e-3, 1e-3, 2e-3, 1e-3, 3e-3, 4e-3, 5e-3])
    for case in cases:
        x, t = np.asarray(case.inputs["x"]), np.asarray(case.inputs["t_coordinate"])
        exact = known.problem.field("u", {"t": t[:, None], "x": x}, D=float(case.inputs["D"]))[None]
        np.testing.assert_allclose(case.reference["u"], exact, atol=1e-10)
    coarse, _, fine = task.refinement()
    np.testing.assert_allclose(coarse.inputs["x"], np.asarray(fine.inputs["x"])[::4])
    assert len(asked) == 3  # one more for the values that each split draws
    again = of(ROD)  # from the cache
    again.split("test")
    assert len(asked) == 3


def test_problem_files_that_are_none_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"no\.toml is not there"):
        tasks.load(str(tmp_path / "no.toml"))
    (tmp_path / "p.toml").write_text(HEAT.replace("u_xx", "q"))
    with pytest.raises(ProblemError, match="q is not known here"):
        tasks.load(str(tmp_path / "p.toml"))


def test_names_are_made_of_files_and_titles():
    assert ProblemTask(Problem(**tomllib.loads(HEAT))).name == "Heat-in-a-rod"
    assert of(HEAT).name == "p"
    assert re.fullmatch(r"[\w.-]+", files.name_of("my heat: ü/2"))
    assert example("drum").name == "drum"
