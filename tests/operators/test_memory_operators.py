"""Operators that remember: state spaces in both of their forms, whole sequences against steps, memory where something is hidden."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch

import small_heat
from fieldsmith import tasks
from fieldsmith.errors import InputError
from fieldsmith.operators import Shape, open_operator
from fieldsmith.operators.layout import Layout, Side
from fieldsmith.operators.networks import state_space
from fieldsmith.operators.networks.state_space import DiagonalStateSpace
from fieldsmith.operators.trained import TrainedOperator, module_of
from fieldsmith.operators.training.asked import Asked
from fieldsmith.operators.training.fit import fit
from fieldsmith.operators.training.samples import Samples
from fieldsmith.operators.training.trainer import Trainer

TASK = f"{small_heat.__file__}:SmallHeat"
VARIANTS = ["memory", "gated", "multi-input", "markovian"]
SMALL = {"modes": 6, "width": 8, "depth": 2}


def network(variant, channels=2, periodic=(True,), **settings):
    kind = open_operator("memno")
    torch.manual_seed(0)
    chosen = kind.settings.from_dict({**SMALL, "variant": variant, **settings})
    return kind.network(Shape(channels, 1, periodic), chosen).double()


def stepped(part, x):
    """One frame after the other, the state carried along."""
    told, state = [], None
    for now in x.unbind(1):
        y, state = part.step(now, state)
        told.append(y)
    return torch.stack(told, 1)


@pytest.mark.parametrize("few", [0, 256], ids=["by FFT", "by matrix"])
@pytest.mark.parametrize("space", [(5,), (3, 4)])
def test_a_state_space_by_convolution_is_what_its_recurrence_gives(space, few, monkeypatch):
    monkeypatch.setattr(state_space, "FEW", few)
    torch.manual_seed(0)
    past = DiagonalStateSpace(3, 6).double()
    u = torch.randn(2, 40, 3, *space).double().requires_grad_()
    assert (past(u) - stepped(past, u)).abs().max() < 1e-10
    whole = torch.autograd.grad(past(u).square().sum(), [u, *past.parameters()])
    steps = torch.autograd.grad(stepped(past, u).square().sum(), [u, *past.parameters()])
    assert all(torch.isfinite(one).all() for one in whole)
    assert all(torch.allclose(one, other, rtol=1e-9, atol=1e-9) for one, other in zip(whole, steps, strict=True))


def test_a_state_space_solves_its_equation():
    """One state driven by a constant from 0: s = (exp(A t) - 1)/A, exactly, as zero-order hold has it."""
    past = DiagonalStateSpace(1, 1).double()
    rate = complex(-torch.exp(past.log_decay).item(), past.frequency.item())
    t = torch.exp(past.log_step).item() * np.arange(1, 31)
    expected = 2 * (torch.view_as_complex(past.answer).item() * (np.exp(rate * t) - 1) / rate).real + past.direct.item()
    found = past(torch.ones(1, 30, 1, 1).double())[0, :, 0, 0]
    assert np.abs(found.detach().numpy() - expected).max() < 1e-10


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(("space", "periodic"), [((17,), (False,)), ((8, 12), (True, False))])
def test_a_whole_sequence_is_what_its_steps_give(variant, space, periodic):
    net = network(variant, periodic=periodic)
    x = torch.randn(2, 7, 2, *space).double()
    assert net(x).shape == (2, 7, 1, *space)
    assert (net(x) - stepped(net, x)).abs().max() < 1e-10


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_frame_knows_of_a_later_one_and_memory_of_earlier_ones(variant):
    net = network(variant)
    x = torch.randn(1, 7, 2, 16).double()
    other = x.clone()
    other[:, 3] += 1.0
    changed = (net(other) - net(x)).abs().amax((0, 2, 3)) > 1e-12
    reach = {"memory": 7, "gated": 7, "multi-input": 7, "markovian": 4}[variant]  # four inputs reach three frames on
    assert changed.tolist() == [3 <= n < reach for n in range(7)]


@pytest.mark.parametrize("variant", ["memory", "gated"])
def test_without_what_it_remembers_it_is_its_markovian_twin(variant):
    one, twin = network(variant), network("markovian")
    twin.load_state_dict({name: value for name, value in one.state_dict().items() if not name.startswith("memory.")})
    for value in one.memory.mixing.parameters():
        torch.nn.init.zeros_(value)
    x = torch.randn(2, 5, 2, 16).double()
    assert torch.equal(one(x), twin(x))


def test_a_gate_closes_on_finer_grids():
    gate = network("gated").memory.gate
    shares = [gate(torch.randn(1, 8, n).double()).mean().item() for n in (12, 24, 48, 96)]
    assert shares[0] == pytest.approx(0.7)
    assert all(one > other for one, other in itertools.pairwise(shares))


@pytest.mark.parametrize("variant", VARIANTS)
def test_taught_frames_are_its_steps_from_true_ones(variant):
    """What is learned in one pass is what each step does where the frames before it are the true ones."""
    layout = Layout.of(tasks.load(TASK))
    torch.manual_seed(1)
    module = module_of("memno", {**SMALL, "variant": variant}, layout).double()
    x = torch.randn(3, layout.channels, 32).double()
    own = module(x)
    assert own.shape == (3, layout.frames, 1, 32)
    before = torch.cat([x[:, layout.state].unsqueeze(1), own[:, :-1]], 1)
    assert (module(x, None, before) - own).abs().max() < 1e-10


@pytest.fixture(scope="module")
def task():
    return tasks.load(TASK)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.slow
def test_it_learns_and_is_opened_again(task, tmp_path, variant):
    asked = Asked("memno", {**SMALL, "variant": variant}, samples=32, epochs=12, batch=8, rate=4e-3)
    done = fit(task, asked, tmp_path / "own", "cpu")
    history = done.card["course"]["history"]
    assert history[-1]["loss"] < 0.4 * history[0]["loss"]
    assert done.card["course"]["best"] < 0.5 * history[0]["dev"]
    inputs = task.split("test")[0].inputs
    again = TrainedOperator.open(tmp_path / "own", "cpu")
    assert np.array_equal(done.solve(inputs)["u"], again.solve(inputs)["u"])


@pytest.mark.parametrize("operator", ["fno", "memno"])
@pytest.mark.slow
def test_half_precision_learns_too(task, tmp_path, operator):
    asked = Asked(operator, SMALL, samples=16, epochs=8, batch=4, rate=1e-2, precision="bfloat16")
    history = fit(task, asked, tmp_path / "half", "cpu").card["course"]["history"]
    assert history[-1]["loss"] < 0.8 * history[0]["loss"]


def test_what_it_is_not_for_is_refused(task, tmp_path):
    kind = open_operator("memno")
    with pytest.raises(InputError, match="darcy is steady, and memno remembers frames in time"):
        kind.check(Layout.of(tasks.load("darcy")))
    with pytest.raises(InputError, match=r"not evenly spread, from 0.1 to 0.9 apart"):
        kind.check(replace(Layout.of(task), times=(0.0, 0.1, 1.0)))
    with pytest.raises(InputError, match="--unrolled 2: memno learns all steps of a solution at once"):
        fit(task, Asked("memno", SMALL, samples=8, epochs=1, unrolled=2), tmp_path / "unrolled", "cpu")


PENDULUM = Layout(
    "pendulum", "solver", ("u0", "t"), (Side("x", True, False, False),), ("u0",), (), ("u",), ("u0",), "t", tuple(np.linspace(0.0, 6.0, 13)),
)  # fmt: skip


def swinging(count, seed):
    """Strings at rest that are let go, u_tt = -u: of displacement and velocity the first is seen alone, so that a frame does not tell the next."""
    rng = np.random.default_rng(seed)
    x = 2 * np.pi * np.arange(16) / 16
    waves = np.stack([f(k * x) for k in (1, 2, 3) for f in (np.sin, np.cos)])
    start = (rng.normal(size=(count, 6)) @ waves).astype(np.float32)
    whole = np.cos(np.array(PENDULUM.times, np.float32))[:, None, None] * start[:, None, None, :]
    return Samples(start[:, None], whole[:, 1:], np.linalg.norm(whole.reshape(count, -1), axis=1))


@pytest.mark.slow
def test_memory_tells_what_a_frame_hides(tmp_path):
    train, dev = swinging(64, 0), swinging(16, 1)
    best = {}
    for variant in ("memory", "markovian"):
        (tmp_path / variant).mkdir()
        torch.manual_seed(0)
        module = module_of("memno", {**SMALL, "modes": 5, "variant": variant}, PENDULUM)
        module.fit(train.given, train.solved, PENDULUM.state)
        asked = Asked("memno", epochs=25, batch=8, rate=1e-2)
        course = Trainer(
            asked, module, 1, train, dev, torch.device("cpu"), tmp_path / variant, lambda _: None
        ).run(lambda *_: None)  # fmt: skip
        best[variant] = course.best
    assert best["memory"] < 0.1
    assert best["markovian"] > 5 * best["memory"]
