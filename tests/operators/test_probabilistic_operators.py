"""Ensembles of operators: their score against closed forms, and a retrofit that begins as what it retrofits."""

import dataclasses
import itertools
import json
import math

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

import small_heat
from command_line import run
from fieldsmith import tasks
from fieldsmith.errors import InputError
from fieldsmith.evaluation.judge import evaluate
from fieldsmith.operators import Shape, open_operator
from fieldsmith.operators.ensembles import fair_crps, scores
from fieldsmith.operators.networks.probabilistic import Conditioned, Noisy, noise_of
from fieldsmith.operators.sandbox import OperatorSandbox
from fieldsmith.operators.trained import TrainedOperator
from fieldsmith.operators.training import trainer
from fieldsmith.operators.training.asked import Asked
from fieldsmith.operators.training.fit import fit
from fieldsmith.operators.training.retrofit import Retrofit
from fieldsmith.operators.training.samples import of_split

TASK = f"{small_heat.__file__}:SmallHeat"
SMALL = {"modes": 8, "width": 12, "depth": 2, "rollout": "autoregressive"}


def gaussian_crps(mean, spread, y):
    """Of a normal distribution (Gneiting and Raftery, J. Am. Stat. Assoc. 102, 2007, equation 21)."""
    w = (y - mean) / spread
    below, density = 0.5 * (1 + math.erf(w / math.sqrt(2))), math.exp(-0.5 * w * w) / math.sqrt(2 * math.pi)
    return spread * (w * (2 * below - 1) + 2 * density - 1 / math.sqrt(math.pi))


def pieces(*ends):
    """Gauss points and weights on the intervals between these ends, in order."""
    points, weights = np.polynomial.legendre.leggauss(60)
    sides = np.sort(ends)
    spans = [(0.5 * (b - a), 0.5 * (a + b)) for a, b in itertools.pairwise(sides)]
    return np.concatenate([half * points + middle for half, middle in spans]), np.concatenate([half * weights for half, _ in spans])  # fmt: skip


@pytest.mark.parametrize(("mean", "spread", "y"), [(0.0, 1.0, 0.3), (1.0, 0.5, -0.4), (-2.0, 3.0, 2.5)])
def test_two_members_score_what_their_distribution_does_on_average(mean, spread, y):
    """The expectation over both members, by quadrature between the kinks."""

    def density(x):
        return np.exp(-0.5 * ((x - mean) / spread) ** 2) / (spread * math.sqrt(2 * math.pi))

    low, high = mean - 9 * spread, mean + 9 * spread
    total = 0.0
    for first, weight in zip(*pieces(low, y, high), strict=True):
        second, weights = pieces(low, y, first, high)
        members = torch.from_numpy(np.stack([np.full_like(second, first), second]))
        score = fair_crps(members, torch.full((len(second),), y, dtype=torch.float64)).numpy()
        total += weight * density(first) * float(score @ (weights * density(second)))
    assert total == pytest.approx(gaussian_crps(mean, spread, y), abs=1e-10)


def test_the_score_is_the_one_that_is_written_out():
    rng = np.random.default_rng(0)
    members, truth = rng.standard_normal((5, 7)), rng.standard_normal(7)
    pairs = [abs(members[i] - members[j]) for i in range(5) for j in range(5) if i != j]
    wanted = abs(members - truth).mean(0) - 0.5 * np.mean(pairs, axis=0)
    assert np.abs(fair_crps(torch.from_numpy(members), torch.from_numpy(truth)).numpy() - wanted).max() < 1e-14
    alone = fair_crps(torch.from_numpy(members[:1]), torch.from_numpy(truth)).numpy()
    assert np.array_equal(alone, abs(members[0] - truth))


def test_many_members_come_to_the_closed_form():
    draws = torch.randn(4000, 50, generator=torch.Generator().manual_seed(0)).double()
    y = torch.linspace(-2, 2, 50).double()
    wanted = torch.tensor([gaussian_crps(0.0, 1.0, float(one)) for one in y]).double()
    assert (fair_crps(draws, y) - wanted).abs().max() < 5 * 1.0 / math.sqrt(4000)


def test_a_truth_like_any_member_has_as_much_spread_as_error():
    draw = torch.Generator().manual_seed(0)
    members, truth = torch.randn(8, 40, 2, 1, 200, generator=draw), torch.randn(40, 2, 1, 200, generator=draw)
    found = scores([(members[:, :20], truth[:20]), (members[:, 20:], truth[20:])], ["u"])
    assert found.spread_skill["u"] == pytest.approx(1.0, abs=0.02)
    assert found.crps["u"] == pytest.approx(1 / math.sqrt(math.pi), abs=0.01)
    assert found.relative["u"] == pytest.approx(found.crps["u"], rel=0.02)
    flat = truth.mean(-1, keepdim=True).expand_as(truth)[None]
    assert scores([(flat, truth)], ["u"]).vrmse["u"] == pytest.approx(1.0, abs=1e-4)
    assert scores([(flat, truth)], ["u"]).spread_skill["u"] is None


@pytest.mark.parametrize(
    ("name", "settings", "sites"),
    [
        ("fno", {"modes": 4, "width": 8, "depth": 3}, 4),
        ("f-fno", {"modes": 4, "width": 8, "depth": 2}, 4),
        ("unet", {"features": 4}, 18),
    ],
)
def test_noise_enters_before_every_activation_and_changes_nothing_at_first(name, settings, sites):
    torch.manual_seed(0)
    kind = open_operator(name)
    network = kind.network(Shape(2, 1, (True, False)), kind.settings.from_dict(settings)).eval()
    x = torch.randn(3, 2, 32, 20)
    before = network(x)
    noisy = Noisy(network, 2, 2, latent=5).eval()
    heads = [site.head for site in noisy.modules() if isinstance(site, Conditioned)]
    assert len(heads) == sites
    assert torch.equal(noisy(x), before)
    for head in heads:
        nn.init.normal_(head.weight, std=0.1)
    noisy.source = torch.Generator().manual_seed(3)
    first, second = noisy(x), noisy(x)
    noisy.source = torch.Generator().manual_seed(3)
    assert torch.equal(noisy(x), first)
    assert (first - second).abs().min() > 0
    one = noisy(x[:1].expand(3, -1, -1, -1))  # each row has numbers of its own
    assert (one[0] - one[1]).abs().max() > 1e-3


def test_a_network_that_noise_cannot_enter_is_refused():
    with pytest.raises(InputError, match="no activation among its modules"):
        Noisy(nn.Conv1d(1, 1, 3, padding=1), 1, 1, latent=4)


@pytest.fixture(scope="module")
def task():
    return tasks.load(TASK)


@pytest.fixture(scope="module")
def plain(task, tmp_path_factory):
    """The folder of a deterministic operator that goes frame by frame."""
    folder = tmp_path_factory.mktemp("plain") / "fno"
    fit(task, Asked("fno", SMALL, samples=16, epochs=3, batch=8, rate=4e-3), folder, "cpu")
    return folder


def asked_of(plain, **changed):
    return Retrofit.of(plain, **{"epochs": 2, "batch": 8, "rate": 4e-3, "unrolled": 3, "members": 3, **changed})


@pytest.mark.slow
def test_a_retrofit_is_judged_by_its_mean_and_scores_better_than_before(task, plain, tmp_path):
    dev = of_split(task, TrainedOperator.open(plain, "cpu").layout, "dev")
    before = TrainedOperator.open(plain, "cpu").scores(dev)
    done = fit(task, asked_of(plain, epochs=6), tmp_path / "noisy", "cpu", backbone=plain)
    after = done.scores(dev)
    assert (before.members, after.members) == (1, 16)
    assert after.crps["u"] < 0.8 * before.crps["u"]
    assert 0.01 < after.spread_skill["u"] < 5
    assert done.card["backbone"]["seconds"] == json.loads((plain / "card.json").read_text())["course"]["seconds"]
    again = TrainedOperator.open(tmp_path / "noisy", "cpu")
    inputs = task.split("dev")[0].inputs
    whole = np.concatenate([part.numpy() for part in again.members(dev.given)], axis=1)
    assert np.allclose(again.solve(inputs)["u"][:, 1:], whole.mean(0)[:, :, 0], atol=1e-6)
    outcome = evaluate(task, "", OperatorSandbox(tmp_path / "noisy", "cpu"), splits=("dev",), probing=False)
    apart = np.linalg.norm((whole.mean(0) - dev.solved).reshape(8, -1), axis=1) / dev.norms
    assert outcome.dev.nrmse == pytest.approx(apart.mean(), rel=1e-4)
    with pytest.raises(InputError, match="is an ensemble already"):
        fit(task, asked_of(tmp_path / "noisy"), tmp_path / "twice", "cpu", backbone=tmp_path / "noisy")


def test_one_member_is_the_training_without_noise(task, plain, tmp_path):
    done = fit(task, asked_of(plain, members=1), tmp_path / "tuned", "cpu", backbone=plain)
    assert noise_of(done.module) is None
    dev = of_split(task, done.layout, "dev")
    spread = float(done.module.get_buffer("solved_spread"))
    assert done.scores(dev).crps["u"] / spread == pytest.approx(done.card["course"]["best"], rel=1e-4)


def test_a_frozen_network_stays_as_it_was(task, plain, tmp_path):
    fit(task, asked_of(plain, frozen=True), tmp_path / "frozen", "cpu", backbone=plain)
    before, after = load_file(plain / "model.safetensors"), load_file(tmp_path / "frozen" / "model.safetensors")
    kept = {name.replace("inner.network.network", "inner.network"): value for name, value in after.items()}
    assert all(torch.equal(value, kept[name]) for name, value in before.items())
    assert any("head" in name and value.abs().max() > 0 for name, value in after.items())


def test_a_retrofit_that_was_broken_off_goes_on_to_the_bit(task, plain, tmp_path, monkeypatch):
    monkeypatch.setattr(trainer, "KEEP_SECONDS", 0.0)
    fit(task, asked_of(plain), tmp_path / "whole", "cpu", backbone=plain)
    step, left = trainer.Trainer._step, [5]

    def interrupted(self, items):
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return step(self, items)

    with monkeypatch.context() as patch:
        patch.setattr(trainer.Trainer, "_step", interrupted)
        with pytest.raises(KeyboardInterrupt):
            fit(task, asked_of(plain), tmp_path / "broken", "cpu", backbone=plain)
    fit(task, asked_of(plain), tmp_path / "broken", "cpu", backbone=plain)
    one, other = (load_file(tmp_path / name / "model.safetensors") for name in ("whole", "broken"))
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize(
    ("words", "said"),
    [({"members": 0}, "--members 0 is out of range"), ({"latent": 0}, "--latent 0"), ({"frozen": True, "members": 1}, "leaves nothing to learn")],
)  # fmt: skip
def test_what_cannot_be_retrofitted(plain, words, said):
    with pytest.raises(InputError, match=said):
        asked_of(plain, **words)
    assert dataclasses.replace(asked_of(plain), seed=1).digest != asked_of(plain).digest


@pytest.mark.slow
def test_the_command_makes_an_ensemble_and_the_judge_tells_its_scores(plain, tmp_path):
    words = ("operators", "retrofit", str(plain), "--epochs", "1", "--device", "cpu", "--out", "ensemble")
    done = run(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "dev CRPS" in done.stdout
    judged = run("operators", "evaluate", "ensemble", "--device", "cpu", "--json", "--no-order", cwd=tmp_path)
    told = json.loads(judged.stdout.splitlines()[-1])["test"]["ensemble"]
    assert told["members"] == 16
    assert set(told["crps"]) == {"u"}
    assert len(told["by_frame"]["u"]) == 5
    plainly = run("operators", "evaluate", str(plain), "--device", "cpu", "--no-order", cwd=tmp_path)
    assert "u: mean absolute error" in plainly.stdout
