"""Problem files as what operators learn from: samples of their own, calls of every shape, what is refused, and how they stand beside solvers."""

import csv
import json

import numpy as np
import pytest

from command_line import run
from fieldsmith import sandboxes, tasks
from fieldsmith.bench.coarser import levels
from fieldsmith.errors import InputError
from fieldsmith.operators.layout import Layout
from fieldsmith.operators.training.asked import Asked
from fieldsmith.operators.training.fit import fit
from fieldsmith.tasks.own import learning
from fieldsmith.tasks.training import HELD_OUT, block, held_out, solved_by

HEAT = """
equations = ["u_t = D*u_xx"]
[domain]
x = [0, "2*pi"]
t = [0, 1]
[parameters]
D = { value = 0.5, low = 0.1, high = 1.0 }
[boundary]
x = "periodic"
[initial]
u = { family = "fourier", modes = 3, amplitude = 1.0 }
[output]
points = 16
times = 5
accuracy = 1e-2
"""
WAVE = """
equations = ["u_tt = c**2*u_xx"]
[domain]
x = [0, 1]
t = [0, 1]
[parameters]
c = { value = 1, low = 0.5, high = 2 }
[boundary]
x = "u = 0"
[initial]
u = "sin(pi*x)"
u_t = "0"
[exact]
u = "cos(c*pi*t)*sin(pi*x)"
[output]
points = 17
times = 5
"""
WHIRL = """
equations = ["w_t + psi_y*w_x - psi_x*w_y = nu*laplace(w)", "laplace(psi) = -w"]
[domain]
x = [0, "2*pi"]
y = [0, "2*pi"]
t = [0, 1]
[parameters]
nu = 0.1
A = { value = 1, low = 0.5, high = 2 }
[boundary]
x = "periodic"
y = "periodic"
[initial]
w = "2*A*sin(x)*sin(y)"
[exact]
w = "2*A*exp(-2*nu*t)*sin(x)*sin(y)"
psi = "A*exp(-2*nu*t)*sin(x)*sin(y)"
[output]
points = 16
times = 5
"""
QUANTUM = """
equations = ["I*psi_t = -psi_xx"]
[unknowns]
psi = { meaning = "wave function", complex = true }
[domain]
x = [0, "2*pi"]
t = [0, 1]
[parameters]
A = { value = 1, low = 0.5, high = 2 }
[boundary]
x = "periodic"
[initial]
psi = "A*exp(I*x)"
[exact]
psi = "A*exp(I*x - I*t)"
[output]
points = 16
times = 5
"""
STEADY = """
equations = ["u_xx = -a*sin(pi*x)"]
[domain]
x = [0, 1]
[parameters]
a = { value = 1, low = 0.5, high = 20 }
[boundary]
x = "u = 0"
[exact]
u = "a*sin(pi*x)/pi**2"
[output]
points = 17
"""
FLOW = """
equations = ["d(a*u_x, x) = -1"]
[domain]
x = [0, 1]
[coefficients]
a = { family = "gaussian", length = 0.5, amplitude = 0.3, mean = 3.0 }
[boundary]
x = "u = 0"
[output]
points = 17
accuracy = 1e-2
"""
TEXTS = {"heat": HEAT, "wave": WAVE, "whirl": WHIRL, "quantum": QUANTUM, "steady": STEADY, "flow": FLOW}
SMALL = {"modes": 6, "width": 8, "depth": 2}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stated")
    for name, text in TEXTS.items():
        (folder / f"{name}.toml").write_text(f'title = "{name.title()}"\n{text}')
    return folder


@pytest.fixture(scope="module")
def heat(place):
    return tasks.load(str(place / "heat.toml"))


@pytest.mark.slow
def test_samples_are_none_that_is_judged_on_and_vary_in_all_that_varies(heat):
    judged = [np.asarray(case.inputs["u0"]) for name in ("dev", "test") for case in heat.split(name)]
    held = held_out(heat)
    rows = [np.fft.rfft(one)[:, :4] / one.shape[1] for one in [*judged, block(heat, 0).inputs["u0"], held.inputs["u0"]]]
    together = np.concatenate(rows)
    assert len(np.unique(together.round(9), axis=0)) == len(together) == 12 + 64 + HELD_OUT
    values = block(heat, 0).inputs["D"]
    assert len(np.unique(values)) == 64
    assert 0.1 <= values.min() < 0.2 < 0.9 < values.max() <= 1.0


def test_samples_are_solutions_by_a_method_whose_error_is_told(heat):
    part, told = block(heat, 0), solved_by(heat)
    assert told["method"].startswith("fourier")
    assert told["dev_error"] <= heat.accuracy
    spectrum = np.fft.rfft(part.inputs["u0"])
    times, waves = part.inputs["t_coordinate"], np.arange(9)
    decay = np.exp(-part.inputs["D"][:, None, None] * times[:, None] * waves**2)
    wanted = np.fft.irfft(spectrum[:, None] * decay, 16)
    assert np.linalg.norm(part.solutions["u"] - wanted) / np.linalg.norm(wanted) < 1e-3
    assert part.seconds > 0


@pytest.mark.slow
def test_what_is_written_as_an_expression_is_sampled_with_its_parameters(place):
    task = tasks.load(str(place / "whirl.toml"))
    part, (x,) = block(task, 0), [np.arange(16) * np.pi / 8]
    shape = 2 * np.outer(np.sin(x), np.sin(x))
    assert np.allclose(part.inputs["w0"], part.inputs["A"][:, None, None] * shape)
    assert np.allclose(part.solutions["psi"][:, 0], part.inputs["w0"] / 2)


SHAPES = {
    "wave": (("u0", "u_t0"), ("c",), 4, False),
    "whirl": (("w0",), ("A",), 5, True),
    "quantum": (("psi0_real", "psi0_imag"), ("A",), 4, False),
    "steady": ((), ("a",), 1, False),
    "flow": (("a",), (), 1, False),
}


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.slow
def test_calls_of_every_shape_are_learned_and_judged(place, name, tmp_path):
    task = tasks.load(str(place / f"{name}.toml"))
    layout = Layout.of(task)
    assert (layout.fields, layout.scalars, layout.frames, layout.begins) == SHAPES[name]
    solver = fit(task, Asked("fno", SMALL, samples=12, epochs=1, batch=8), tmp_path / name, "cpu").as_solver()
    for case in (*task.split("dev"), *task.split("test")):
        found = solver(*(case.inputs[argument] for argument in layout.arguments))
        arrays = dict(zip(layout.results, found if isinstance(found, tuple) else (found,), strict=True))
        assert {key: one.shape for key, one in arrays.items()} == {
            key: one.shape for key, one in case.reference.items()
        }
        assert all(np.isfinite(one).all() for one in arrays.values())
        for result, start in zip(layout.results, layout.starts, strict=bool(layout.starts)):
            assert not start or np.array_equal(arrays[result][:, 0], case.inputs[start])


@pytest.mark.slow
def test_it_learns(heat, tmp_path):
    done = fit(heat, Asked("fno", SMALL, samples=48, epochs=30, batch=8, rate=4e-3), tmp_path / "heat", "cpu")
    assert done.card["course"]["best"] < 0.5


@pytest.mark.parametrize(
    ("name", "why"),
    [("wave", "the rate of u is none of its results"), ("whirl", "psi has no initial value")],
)
def test_what_does_not_follow_from_the_frame_before_is_not_learned_frame_by_frame(place, name, why, tmp_path):
    task = tasks.load(str(place / f"{name}.toml"))
    with pytest.raises(InputError, match=f"{name} cannot be learned frame by frame: {why}"):
        fit(task, Asked("fno", {"rollout": "autoregressive"}, samples=8, epochs=1), tmp_path / "no", "cpu")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            [("D = { value = 0.5, low = 0.1, high = 1.0 }", "D = 0.5"), ('{ family = "fourier", modes = 3, amplitude = 1.0 }', '"sin(x)"')],
            "bare has nothing that varies, so there is nothing to learn. Give an initial value or a coefficient as a family",
        ),
        (
            [('t = [0, 1]', 'y = [0, 1]\nz = [0, 1]\nt = [0, 1]'), ('x = "periodic"', 'x = "periodic"\ny = "periodic"\nz = "periodic"')],
            "bare has 3 axes of space. Operators here are for one or two.",
        ),
    ],
    ids=["nothing varies", "a box"],
)  # fmt: skip
@pytest.mark.slow
def test_what_operators_cannot_learn_is_said_in_a_sentence(tmp_path, changes, said):
    text = HEAT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "bare.toml").write_text(text)
    done = run("operators", "train", "bare.toml", "--samples", "8", "--epochs", "1", cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr.strip().splitlines()[-1]


def test_points_that_are_not_even_are_refused(heat):
    case = heat.split("test")[0]
    uneven = {**case.inputs, "x": np.asarray(case.inputs["x"]) ** 1.1}
    with pytest.raises(InputError, match="points along x are not evenly spread"):
        Layout.of(heat).encoded(uneven)


def test_a_method_that_fails_on_a_sample_says_on_which(heat, monkeypatch):
    def stiff(*_arguments):
        raise ValueError("too stiff")

    monkeypatch.setattr(learning, "_function", lambda _text: stiff)
    with pytest.raises(InputError, match=r"samples of heat, fourier .*, raises ValueError: too stiff at D=0\.\d+"):
        learning._solved(heat.form, learning.method(heat), "heat", learning.learned(heat.form, 0, 1))


@pytest.mark.slow
def test_a_program_of_a_problem_is_made_cheaper_by_its_own_numbers(heat):
    source = learning.method(heat).text
    case = heat.split("test")[0]
    with sandboxes.choose("process") as place:
        found = list(levels(heat, source, place, case))
    assert [one.share for one in found] == sorted((one.share for one in found), reverse=True)
    assert len({one.share for one in found}) > 2
    assert found[0].error < heat.accuracy
    assert all(one.bins.shape == (4, 3) and one.seconds > 0 for one in found)


@pytest.mark.slow
def test_the_commands_on_a_problem_file(place):
    small = [word for name, value in SMALL.items() for word in ("--set", f"{name}={value}")]
    words = ("operators", "train", "heat.toml", "--samples", "16", "--epochs", "2", *small, "--device", "cpu")
    trained = run(*words, "--out", "operator", cwd=place)
    assert trained.returncode == 0, trained.stderr
    assert "by fourier (" in trained.stdout
    assert "on dev" in trained.stdout
    card = json.loads((place / "operator" / "card.json").read_text())
    assert card["task"]["name"] == "heat"
    assert card["task"]["place"] == "problem/heat.toml"
    (place / "gone").mkdir()
    (place / "heat.toml").rename(place / "gone" / "heat.toml")
    judged = run("operators", "evaluate", "operator", "--json", cwd=place)
    (place / "gone" / "heat.toml").rename(place / "heat.toml")
    told = json.loads(judged.stdout.splitlines()[-1])
    assert len(told["test"]["bins"]) == 4
    solved = run("solve", "heat.toml", "--candidates", "1", "--sandbox", "process", "--run-dir", "run", cwd=place)
    assert solved.returncode == 0, solved.stderr
    beside = ("operator", "run", "--sandbox", "process", "--csv", "table.csv", "--figures", "plots", "--json")
    ranked = run("operators", "rank", "heat.toml", *beside, cwd=place)
    assert ranked.returncode == 0, ranked.stderr
    first, second = json.loads(ranked.stdout.splitlines()[-1])["entries"]
    assert (first["kind"], second["kind"]) == ("solver", "operator")
    with open(place / "table.csv", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [float(rows[1][f"nrmse_{n}_of_4"]) for n in (1, 2, 3, 4)] == second["bins"]
    held = ("breakeven", "heat.toml", "operator", "--against", "run", "--sandbox", "process", "--json")
    even = json.loads(run("operators", *held, cwd=place).stdout.splitlines()[-1])
    assert [row["span"] for row in even["spans"]] == ["1 of 4", "2 of 4", "3 of 4", "4 of 4"]
    assert {one["share"] for one in even["curve"]} >= {1.0, 0.5}
    other = run("operators", "rank", "heat.toml", "operator", "--param", "D=0.7", cwd=place)
    assert other.returncode == 2
    assert "was trained on other data than heat's" in other.stderr
