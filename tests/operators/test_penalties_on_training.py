"""Penalties on micro-batches: what they come to on a small network, and that a training with them goes on to the bit."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

import small_heat
from fieldsmith import tasks
from fieldsmith.errors import InputError
from fieldsmith.operators.training import penalties, trainer
from fieldsmith.operators.training.asked import Asked
from fieldsmith.operators.training.fit import fit
from fieldsmith.operators.training.penalties import Answered, parsed, penalty

TASK = f"{Path(small_heat.__file__)}:SmallHeat"
SMALL = {"modes": 6, "width": 8, "depth": 1}
RESULTS, POINTS, SAMPLES = 2, 3, 5


@pytest.fixture
def tiny():
    """A network of 2 weights on [samples, 1, results, points], and the answers that it gives in double precision."""
    torch.manual_seed(3)
    module = nn.Sequential(nn.Linear(1, 1), nn.Tanh()).double()
    given = torch.randn(SAMPLES, 1, RESULTS, POINTS, 1, dtype=torch.double)
    wanted = torch.randn(SAMPLES, 1, RESULTS, POINTS, dtype=torch.double)
    return module, lambda rows: Answered(module(given[rows])[..., 0], wanted[rows])


def drawn():
    return torch.Generator().manual_seed(7)


def value(module, answers, kind, micro=2, draw=None):
    spread = torch.tensor([2.0, 0.5], dtype=torch.double)
    return penalty({kind: 1.0}, answers, module, torch.arange(SAMPLES), micro, spread, draw or drawn())


def differences(figure, module, step=1e-5):
    """The gradient of a number by central differences, as one list."""
    found = []
    for weight in module.parameters():
        for n in range(weight.numel()):
            ends = []
            for sign in (1, -1):
                weight.data.view(-1)[n] += sign * step
                ends.append(float(figure().detach()))
                weight.data.view(-1)[n] -= sign * step
            found.append((ends[0] - ends[1]) / (2 * step))
    return torch.tensor(found, dtype=torch.double)


def test_the_gradient_norm_is_the_mean_over_micro_batches(tiny):
    module, answers = tiny
    wanted = []
    for rows in torch.arange(SAMPLES).split(2):
        wanted.append(differences(lambda rows=rows: relative(answers(rows)), module).square().sum())
    assert float(value(module, answers, "gradient-norm").detach()) == pytest.approx(
        float(torch.stack(wanted).mean()), rel=1e-6
    )


def relative(told):
    apart = (told.found - told.wanted).flatten(1).norm(dim=1)
    return (apart / told.wanted.flatten(1).norm(dim=1)).mean()


def jacobians(module, answers, rows):
    """Of all answers by all weights, [samples, answers, weights]."""
    told = answers(rows).found.flatten(1)
    return torch.stack([
        torch.stack([
            torch.cat([one.flatten() for one in torch.autograd.grad(number, module.parameters(), retain_graph=True)]) for number in row
        ])
        for row in told
    ])  # fmt: skip


@pytest.mark.slow
def test_the_fisher_trace_is_right_on_the_mean(tiny):
    """A direction alike in all of n dimensions has a covariance of 1/n, so a sample's trace is |J|^2/(n |y|^2)."""
    module, answers = tiny
    rows = torch.arange(SAMPLES)
    jacobian, sizes = jacobians(module, answers, rows), answers(rows).wanted.flatten(1).norm(dim=1)
    wanted = (jacobian.square().sum((1, 2)) / jacobian.shape[1] / sizes**2).mean()
    draw = drawn()
    with_one = [float(value(module, answers, "fisher-trace", 1, draw).detach()) for _ in range(1000)]
    assert sum(with_one) / len(with_one) == pytest.approx(float(wanted), rel=0.1)


def test_the_jacobian_is_that_of_the_mean_answer(tiny):
    module, answers = tiny
    rows = torch.arange(SAMPLES)
    units = (
        torch.tensor([2.0, 0.5], dtype=torch.double).view(1, RESULTS, 1).expand(1, RESULTS, POINTS).reshape(1, -1, 1)
    )
    mean = (jacobians(module, answers, rows) / units).mean(0)
    draw = drawn()
    found = [float(value(module, answers, "jacobian", SAMPLES, draw).detach()) for _ in range(1000)]
    assert sum(found) / len(found) == pytest.approx(float(mean.square().sum() / len(mean)), rel=0.1)


@pytest.mark.parametrize("kind", penalties.KINDS)
def test_a_penalty_is_differentiated_itself(tiny, kind):
    module, answers = tiny
    value(module, answers, kind).backward()
    found = torch.cat([one.grad.flatten() for one in module.parameters()])
    wanted = differences(lambda: value(module, answers, kind), module)
    assert torch.allclose(found, wanted, rtol=1e-5, atol=1e-8)


@pytest.mark.slow
def test_with_penalties_a_training_broken_off_takes_the_same_steps(tmp_path, monkeypatch):
    task = tasks.load(TASK)
    weights = {"gradient-norm": 0.1, "fisher-trace": 0.1, "jacobian": 1e-4}
    asked = Asked("fno", SMALL, samples=12, epochs=3, batch=6, rate=4e-3, noise=0.05, penalties=weights, micro=3)
    monkeypatch.setattr(trainer, "KEEP_SECONDS", 0.0)
    whole = fit(task, asked, tmp_path / "whole", "cpu").card
    step, left = trainer.Trainer._step, [3]

    def interrupted(self, items):
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return step(self, items)

    with monkeypatch.context() as patch:
        patch.setattr(trainer.Trainer, "_step", interrupted)
        with pytest.raises(KeyboardInterrupt):
            fit(task, asked, tmp_path / "broken", "cpu")
    assert fit(task, asked, tmp_path / "broken", "cpu").card["course"]["history"] == whole["course"]["history"]
    one, other = (load_file(tmp_path / name / "model.safetensors") for name in ("whole", "broken"))
    assert all(torch.equal(one[name], other[name]) for name in one)
    plain = Asked("fno", SMALL, samples=12, epochs=3, batch=6, rate=4e-3, noise=0.05)
    with pytest.raises(InputError, match="holds a training with penalties = "):
        fit(task, plain, tmp_path / "whole", "cpu")
    without = fit(task, plain, tmp_path / "plain", "cpu").card
    assert without["course"]["history"][-1]["loss"] != whole["course"]["history"][-1]["loss"]
    assert json.loads((tmp_path / "whole" / "card.json").read_text())["asked"]["penalties"] == weights


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["gradient=0.1"], "There is no penalty 'gradient'"),
        (["gradient-norm"], "has no weight. Write --penalty gradient-norm=0.01"),
        (["jacobian=-1"], "--penalty jacobian=-1 is out of range"),
    ],
)
def test_penalties_that_cannot_be_asked_for(words, said):
    with pytest.raises(InputError) as error:
        Asked("fno", penalties=parsed(words))
    assert said in str(error.value)
    with pytest.raises(InputError, match="Leave one out"):
        Asked("fno", penalties={"jacobian": 1.0}, compiled=True)
