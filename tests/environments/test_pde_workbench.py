"""The PDE workbench: programs written and composed, measured, looked at, changed, handed in; in a real sandbox."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

import small_box_methods
import small_burgers
import small_task
from fieldsmith.environments import Call, Host, load
from fieldsmith.environments.action import name_of, schema_of
from fieldsmith.environments.environment import AnyEnvironment
from fieldsmith.environments.pages import long_docs
from fieldsmith.environments.pde_workbench import looking, running
from fieldsmith.environments.pde_workbench.actions import RUNS, InspectErrors
from fieldsmith.environments.pde_workbench.environment import PDEWorkbench
from fieldsmith.environments.pde_workbench.problem import problem
from fieldsmith.environments.pde_workbench.scoring import error_score, score_of
from fieldsmith.environments.sampling import sampled
from fieldsmith.environments.tools import tools_for
from fieldsmith.errors import InputError
from fieldsmith.evaluation import Score

SMALL = small_burgers.PLACE
CENTRAL = '''"""Central differences and Runge-Kutta of order 4."""
import numpy as np


def solver(u0_batch, t_coordinate, nu):
    n = u0_batch.shape[1]
    h = 1.0 / n

    def rate(u):
        left, right = np.roll(u, 1, axis=-1), np.roll(u, -1, axis=-1)
        return -(right**2 - left**2) / (4 * h) + nu * (right - 2 * u + left) / h**2

    frames, u = [u0_batch], u0_batch
    for interval in np.diff(t_coordinate):
        steps = max(1, int(np.ceil(interval / (0.4 * min(h, h**2 / (2 * nu))))))
        dt = interval / steps
        for _ in range(steps):
            a = rate(u)
            b = rate(u + dt / 2 * a)
            c = rate(u + dt / 2 * b)
            d = rate(u + dt * c)
            u = u + dt / 6 * (a + 2 * b + 2 * c + d)
        frames.append(u)
    return np.stack(frames, axis=1)
'''
ZEROS = """import numpy as np


def solver(u0_batch, t_coordinate, nu):
    return np.zeros((len(u0_batch), len(t_coordinate), u0_batch.shape[1]))
"""


@pytest.fixture(scope="module")
def host():
    with Host(sandbox="process") as host:
        yield host


@pytest.fixture
def bench(host) -> PDEWorkbench:
    env = load("pde-workbench", host)
    assert isinstance(env, PDEWorkbench)
    env.reset(0, SMALL)
    return env


def do(env: AnyEnvironment, name: str, **arguments) -> str:
    """What is told of an action that is right."""
    step = env.step(Call(name, arguments))
    assert step.status == "success", step.observation.text
    return step.observation.text


def refused(env: AnyEnvironment, name: str, **arguments) -> str:
    """What is told of an action that is not: no step is used, nothing changes."""
    before = env.episode.last
    step = env.step(Call(name, arguments))
    assert (step.status, step.counted) == ("validation_error", False)
    assert env.episode.last.state == before.state
    return step.observation.text


@pytest.mark.slow
def test_a_method_of_the_usual_choices_solves_burgers(host):
    env = load("fieldsmith/pde-workbench-v1", host)
    beginning = env.reset(0, "burgers?mode=structured").text
    family = re.findall(r'\{"family": "([^"]+)"\}', beginning)[0]
    do(env, "choose_method", family=family)
    assert env.episode.last.metrics["nrmse"] < 1e-3
    assert "The episode is over" in do(env, "submit")
    assert env.episode.last.judged["test_nrmse"] < 1e-3
    assert env.episode.last.score > 0.5


@pytest.mark.slow
def test_a_composed_program_is_measured_at_once(bench):
    text = do(bench, "choose_method", family="spectral")
    assert "Version 1: spectral" in text
    assert "Method: Fourier" in text
    assert "change_method can change:" in text
    metrics = bench.episode.last.metrics
    assert metrics["nrmse"] < 1e-4
    assert {"score", "geometric", "max_error", "cpu_seconds", "drift", "order"} <= metrics.keys()
    finer = do(bench, "change_method", tolerance=1e-8, levels=6)
    assert "tolerance=1e-08" in finer
    assert bench.episode.last.metrics["nrmse"] < metrics["nrmse"]
    assert bench.state_of(bench.episode.last.state).choices["levels"] == 6


@pytest.mark.parametrize(
    ("arguments", "right"),
    [
        ({"family": "spectrall"}, "Did you mean 'spectral'?"),
        ({"family": "splitting"}, "does not suit this equation"),
        ({"family": "method of lines"}, "For this equation there are: spectral, finite volumes"),
        ({"family": "finite volumes", "reconstruction": "weno"}, "Did you mean 'weno5'?"),
        ({"family": "finite volumes", "flux": "hllc"}, "rusanov would be right"),
        ({"family": "finite volumes", "limiter": "minmod"}, "It has discretisation, reconstruction"),
        ({"family": "spectral", "courant": 40}, "Give from 0.01 to 4"),
        ({"family": "spectral", "tolerance": "small"}, "at least 1e-14"),
        ({"family": "spectral", "levels": [3]}, "levels"),
        ({}, "family is missing"),
    ],
    ids=str,
)
def test_a_wrong_choice_is_answered_with_what_would_be_right(bench, arguments, right):
    assert right in refused(bench, "choose_method", **arguments)


@pytest.mark.slow
def test_choices_of_other_methods_are_left_out_and_told(bench):
    text = do(
        bench, "choose_method", family="finite volumes", interpolation="unfolded", factor=5, levels=3, courant=0.4
    )
    assert "Left out, for they belong to other families or blocks: interpolation, levels, factor." in text
    assert "factor to refinement split_cells" in refused(bench, "change_method", factor=5)
    assert "does not have them" in refused(bench, "change_method", levels=5)
    do(bench, "change_method", factor=5, refinement="split_cells", tolerance=1e-6)
    assert bench.state_of(bench.episode.last.state).choices["factor"] == 5


@pytest.mark.slow
def test_families_are_understood_however_they_are_written(bench):
    do(bench, "choose_method", family="Finite_Volumes")


def test_the_schema_of_choices_names_what_fits_the_equation_alone(bench):
    kind = bench.kind_of("choose_method")
    assert kind is not None
    arguments = schema_of(kind)["properties"]
    assert arguments["family"]["enum"] == ["spectral", "finite volumes"]
    assert arguments["refinement"]["enum"] == ["doubling", "one_pass", "as_given", "split_cells"]
    assert not {"solver", "flux", "extrapolation", "fine"} & arguments.keys()


@pytest.mark.slow
def test_what_is_listed_can_be_chosen(bench):
    text = do(bench, "list_methods", family="finite volumes")
    assert "`van_leer`" in text
    settings = re.findall(r"^- [^:`]+: (\w+=.*)$", text, re.MULTILINE)
    assert settings
    for setting in settings:
        chosen = dict(pair.split("=") for pair in setting.partition(" (")[0].split(", "))
        numbers = {k: float(v) if re.fullmatch(r"[\d.e+-]+", v) else v for k, v in chosen.items()}
        do(bench, "choose_method", family="finite volumes", **numbers)


@pytest.mark.slow
def test_an_edit_that_does_not_match_shows_what_stands_there(bench):
    do(bench, "write_solver", source=CENTRAL)
    near = refused(bench, "edit_solver", old="        steps = max(1, int(np.ceil(interval / 0.4 * h)))", new="")
    assert "steps = max(1, int(np.ceil(interval / (0.4 * min(h" in near
    assert " 15 | " in near
    assert "occurs 2 times (from lines 19, 20)" in refused(bench, "edit_solver", old="u + dt / 2", new="u")
    assert "the spaces are others" in refused(bench, "edit_solver", old="  dt = interval / steps  ", new="")
    assert "line numbers" in refused(bench, "edit_solver", old="  17 |         dt = interval / steps", new="")
    assert "nothing would change" in refused(bench, "edit_solver", old="0.4", new="0.4")
    do(bench, "edit_solver", old="(0.4 * min", new="(0.2 * min")
    assert "0.2 * min" in do(bench, "look_at_solver", first_line=15, last_line=18)


@pytest.mark.slow
def test_a_composed_program_can_be_edited_and_then_has_no_method_to_change(bench):
    do(bench, "choose_method", family="finite volumes")
    line = next(row for row in do(bench, "look_at_solver").splitlines() if "0.45" in row).partition("| ")[2]
    do(bench, "edit_solver", old=line, new=line.replace("0.45", "0.3"))
    assert bench.state_of(bench.episode.last.state).choices is None
    assert "edited by hand" in refused(bench, "change_method", courant=0.2)
    do(bench, "restore_version", version=1)
    do(bench, "change_method", courant=0.2)
    table = do(bench, "compare_versions", first=1, second=2)
    assert "version 1 edited at line" in table
    assert "+" + line.replace("0.45", "0.3") in table


@pytest.mark.slow
def test_going_back_restores_the_program_and_its_figures(bench):
    do(bench, "write_solver", source=CENTRAL)
    before = bench.episode.last
    do(bench, "write_solver", source=ZEROS)
    do(bench, "go_back", step=1)
    assert (bench.episode.last.state, bench.episode.last.metrics) == (before.state, before.metrics)
    assert "Runge-Kutta" in do(bench, "look_at_solver")


@pytest.mark.slow
def test_an_episode_goes_on_from_json_on_another_host(bench, monkeypatch):
    do(bench, "choose_method", family="spectral")
    do(bench, "write_solver", source=CENTRAL)
    bench.state_of(bench.episode.last.state)
    known = {name: do(bench, name) for name in ("inspect_errors", "convergence_study", "compare_versions")}
    monkeypatch.setattr(running, "KNOWN", running.Known())  # as in another process
    with Host(sandbox="process") as host:
        other = load("pde-workbench", host)
        other.episode = bench.episode
        assert other.state_of(bench.episode.last.state).model_dump_json() == bench.episode.last.state
        for name, text in known.items():
            assert do(other, name).partition("steps are left")[0] == text.partition("steps are left")[0]
        do(other, "restore_version", version=1)
        assert other.episode.last.metrics == bench.episode.records[1].metrics


def test_of_an_error_its_size_is_told_to_two_digits_and_never_its_sign(bench):
    found = problem(SMALL)
    with tools_for(bench.host, RUNS, (0,)) as tools:
        (case, outputs), *_ = running.answers(found, CENTRAL, tools)
    reference = {name: 2.0 * outputs[name] - array for name, array in case.reference.items()}
    mirrored = replace(case, reference=reference)
    for sample in range(3):
        asked = InspectErrors(sample=sample, frame=5)
        text = looking.looked(found, [(case, outputs)], asked)
        other = looking.looked(found, [(mirrored, outputs)], asked)
        assert text.partition("|error|")[2] == other.partition("|error|")[2] != ""
        assert re.findall(r"\d\.\d\d+e", re.sub(r"solution from \S+ to \S+", "", text)) == []


@pytest.mark.parametrize("source", [CENTRAL, ZEROS], ids=["near", "zeros"])
def test_nothing_that_is_told_is_a_value_of_the_reference(bench, source):
    do(bench, "write_solver", source=source)
    for what in ("error", "residual", "solution"):
        do(bench, "inspect_errors", what=what, sample=1, frame=5)
    do(bench, "compare_versions")
    told = set(re.findall(r"[\d.]+(?:e[+-]\d+)?", " ".join(record.text for record in bench.episode.records)))
    values = np.abs(problem(SMALL).task.split("dev")[0].reference["u_batch"][:, 1:]).ravel()
    assert not told & {form.format(value) for value in values for form in ("{:.5g}", "{:.4e}", "{:.6g}")}


def test_errors_are_told_by_sample_time_and_place_in_sixty_columns(bench):
    do(bench, "write_solver", source=CENTRAL)
    text = do(bench, "inspect_errors")
    assert re.search(r"Sample \d.* has nRMSE .*: the worst", text)
    plots = [line for line in text.splitlines() if line.endswith("|")]
    assert len(plots) > 5
    assert max(map(len, plots)) <= 60
    assert "There are samples 0 to 2" in refused(bench, "inspect_errors", sample=3)
    assert "There are frames 0 to 10" in refused(bench, "inspect_errors", frame=11)
    assert "Did you mean 'u_batch'?" in refused(bench, "inspect_errors", field="u_bach")


@pytest.mark.slow
def test_the_residual_tells_of_a_wrong_coefficient(bench):
    do(bench, "write_solver", source=CENTRAL)
    right = _factor(do(bench, "inspect_errors", what="residual", sample=0))
    do(bench, "write_solver", source=CENTRAL.replace("+ nu *", "+ 2 * nu *"))
    wrong = _factor(do(bench, "inspect_errors", what="residual", sample=0))
    assert wrong / right == pytest.approx(2.0, rel=0.2)


def _factor(text: str) -> float:
    return float(re.findall(r"([\d.]+) \* \[nu\*d", text)[0])


def test_the_study_of_convergence_shows_the_order(bench):
    do(bench, "write_solver", source=CENTRAL)
    text = do(bench, "convergence_study")
    assert re.search(r"^\| 64 \| \d\.\d+e-\d+ \|", text, re.MULTILINE)
    assert float(re.findall(r"Fitted order: (\d\.\d+)", text)[0]) == pytest.approx(2.0, abs=0.3)


@pytest.mark.slow
def test_what_is_handed_in_is_judged_on_samples_that_the_agent_does_not_see(bench):
    do(bench, "write_solver", source=CENTRAL)
    step = bench.step(Call("submit"))
    record = bench.episode.last
    assert step.terminated
    assert record.judged["test_nrmse"] != pytest.approx(record.metrics["nrmse"], rel=1e-6)
    assert record.score == record.judged["test_score"]
    assert not any(name.startswith("test") for name in step.metrics)
    assert "test_" not in step.observation.text


def test_a_failing_program_is_kept_and_told_of_and_scores_nothing(bench):
    do(bench, "write_solver", source=CENTRAL)
    text = do(bench, "write_solver", source=CENTRAL.replace("interval / steps", "interval / step"))
    assert "NameError" in text
    assert "version 1 (nRMSE" in text
    assert re.search(r"^> +16 \| +dt = interval / step$", text, re.MULTILINE)
    assert "does not run" in refused(bench, "inspect_errors")
    assert bench.episode.last.metrics["nrmse"] is None
    do(bench, "submit")
    assert bench.episode.last.score == 0.0


@pytest.mark.slow
@pytest.mark.parametrize(
    "source", ["", "x = 1", ZEROS, ZEROS.replace("zeros", "ones")], ids=["none", "empty", "0", "1"]
)
def test_what_is_no_work_earns_nothing(bench, source):
    if source:
        do(bench, "write_solver", source=source)
    do(bench, "submit")
    assert bench.episode.last.score < 0.02


def test_a_program_that_differs_in_comments_alone_is_not_run_again(bench, monkeypatch):
    do(bench, "write_solver", source=f"```python\n{CENTRAL}\n```")
    figures = bench.episode.last.metrics
    monkeypatch.setattr(running, "evaluate", None)
    assert "not run again" in do(bench, "write_solver", source=CENTRAL.replace("h = 1.0 / n", "h = 1.0 / n  # spacing"))
    assert bench.episode.last.metrics == figures
    assert "version 1 to the letter" in do(bench, "write_solver", source=CENTRAL)


def test_modes_offer_one_way_or_the_other(host):
    def offered(mode: str) -> set[str]:
        env = load("pde-workbench", host)
        env.reset(0, f"{SMALL}?mode={mode}")
        return {name_of(kind) for kind in env.all_actions}

    writes, composes = {"write_solver", "edit_solver"}, {"list_methods", "choose_method", "change_method"}
    assert offered("both") >= writes | composes
    assert offered("free") & (writes | composes) == writes
    assert offered("structured") & (writes | composes) == composes


@pytest.mark.slow
def test_who_chooses_is_told_of_no_function_and_of_the_next_finer_setting(host):
    structured = load("pde-workbench", host)
    told = structured.reset(task=f"{SMALL}?mode=structured").text
    assert "nu u_xx" in told
    assert "def solver" not in told
    assert "def solver" in load("pde-workbench", host).reset(task=SMALL).text
    coarse = {"family": "spectral", "refinement": "one_pass", "courant": 2.0, "oversampling": 0.75, "tolerance": 0.01}
    text = structured.step(Call("choose_method", coarse)).observation.text
    (call,) = re.findall(r"A finer setting that is known to be good \(one pass.*\): choose_method (\{.*\})\.", text)
    before = structured.episode.last.metrics["nrmse"]
    assert structured.step(Call("choose_method", json.loads(call))).status == "success"
    assert structured.episode.last.metrics["nrmse"] < before


@pytest.mark.slow
def test_who_chooses_what_takes_too_long_is_told_of_less_work(host):
    structured = load("pde-workbench", host)
    structured.reset(task=f"{small_burgers.HASTY}?mode=structured")
    step = structured.step(Call("choose_method", {"family": "spectral", "steps": 100_000}))
    assert step.status == "success"
    text = step.observation.text
    assert "it takes too long" in text
    assert "choose fewer points or steps" in text
    (call,) = re.findall(
        r"A coarser setting that is known to be good \(one coarse pass\): choose_method (\{.*\})\.", text
    )
    structured.step(Call("choose_method", json.loads(call)))
    assert structured.episode.last.score > 0.0


def test_names_of_tasks_have_one_form_and_mistakes_are_told():
    env = PDEWorkbench()
    assert env.named_task("") == "burgers"
    assert env.named_task("burgers?mode=free&nu=1e-3,scale=demo") == "burgers?nu=0.001&mode=free"
    assert env.named_task("burgers?nu=0.01") == "burgers"
    for wrong, right in {
        "burger": "Did you mean 'burgers'?",
        "burgers?mu=1": "Did you mean 'nu'?",
        "burgers?scale=papr": "Use demo, paper or hard",
        "burgers?modes=free": "Did you mean 'mode'?",
        "burgers?mode=fre": "Did you mean 'free'?",
        "burgers?nu": "KEY=VALUE",
        "burgers?nu=99": "0.001 to 10",
    }.items():
        with pytest.raises(InputError) as raised:
            env.named_task(wrong)
        assert right in f"{raised.value.message} {raised.value.hint}"


@pytest.mark.slow
def test_a_task_without_an_equation_is_worked_on_freely(host, tmp_path):
    file = tmp_path / "twice.py"
    file.write_text(small_task.SOURCE, encoding="utf-8")
    env = load("pde-workbench", host)
    text = env.reset(0, f"{file}:Twice").text
    assert "choose_method" not in text
    do(env, "write_solver", source="def f(x):\n    return 2.001 * x\n")
    assert "n index" in do(env, "inspect_errors")
    assert "no equation" in refused(env, "inspect_errors", what="residual")
    assert "states no equation" in do(env, "read_page", topic="equation")
    do(env, "edit_solver", old="2.001", new="2.0")
    do(env, "submit")
    assert env.episode.last.score == 1.0
    with pytest.raises(InputError, match="mode=structured"):
        env.named_task(f"{file}:Twice?mode=structured")


def test_all_pages_are_there(bench):
    for kind in bench.actions:
        assert len(long_docs(kind, bench.folders)) > 200, name_of(kind)
    schema = next(kind for kind in bench.actions if name_of(kind) == "read_page").model_json_schema()
    for topic in schema["properties"]["topic"]["enum"]:
        assert do(bench, "read_page", topic=topic).startswith("# ")
    assert "at least" in do(bench, "read_page", topic="time")


@pytest.mark.slow
def test_valid_actions_by_chance_never_raise(host):
    env = load("pde-workbench", host)
    env.reset(5, SMALL, max_steps=100)
    rng = np.random.default_rng(5)
    kinds = [kind for kind in env.all_actions if name_of(kind) != "submit"]
    statuses = set()
    for _ in range(30):
        kind = kinds[int(rng.integers(len(kinds)))]
        step = env.step(Call(name_of(kind), json.dumps(sampled(kind, rng))))
        statuses.add(step.status)
    assert statuses <= {"success", "validation_error"}


def test_the_score_grows_with_every_digit():
    scores = [error_score(error, 1e-9) for error in (float("nan"), 2.0, 1.0, 0.9, 1e-3, 1e-6, 1e-9, 1e-12)]
    assert scores[:3] == [0.0] * 3
    assert scores == sorted(scores)
    assert scores[4:] == pytest.approx([1 / 3, 2 / 3, 1.0, 1.0])
    assert error_score(0.5, 3.0) < 0.5


@pytest.mark.parametrize(("lower", "values"), [(True, (1e6, 1.0, 1e-6, 0.0)), (False, (-1.0, 0.0, 0.5, 100.0))])
def test_a_metric_of_a_tasks_own_is_mapped_between_0_and_1(lower, values):
    scores = [
        score_of(Score(float("nan"), {}, None, None, 0.0, 0.0, metric="m", value=v, lower_is_better=lower))
        for v in values
    ]
    assert scores == sorted(scores)
    assert all(0.0 <= score <= 1.0 for score in scores)


@pytest.mark.slow
def test_a_problem_file_is_a_task_of_the_workbench(host, tmp_path):
    (tmp_path / "heat.toml").write_text(small_box_methods.HEAT)
    env = load("pde-workbench", host)
    begun = env.reset(0, f"{tmp_path / 'heat.toml'}?D=0.8").text
    assert "u_t = D*u_xx" in begun
    assert "0.8" in begun
    assert "exp(-81*pi**2" not in begun
    assert "parabolic" in do(env, "read_page", topic="equation")
    do(env, "write_solver", source=small_box_methods.PROGRAM.format(modes=4))
    assert 0.1 < env.episode.last.metrics["nrmse"] < 0.5
    assert "x" in do(env, "inspect_errors")
    do(env, "write_solver", source=small_box_methods.PROGRAM.format(modes=16))
    assert "The episode is over" in do(env, "submit")
    assert env.episode.last.judged["test_nrmse"] < 1e-12
