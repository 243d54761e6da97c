"""Operators that see fields on few points and through noise: what they learn from, what they answer, what they are judged by."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import small_heat
from command_line import run
from fieldsmith import tasks
from fieldsmith.errors import InputError
from fieldsmith.evaluation.judge import evaluate
from fieldsmith.operators.layout import Layout
from fieldsmith.operators.observed import Observed, Seen
from fieldsmith.operators.sandbox import OperatorSandbox
from fieldsmith.operators.trained import module_of
from fieldsmith.operators.training.asked import Asked
from fieldsmith.operators.training.fit import fit
from fieldsmith.operators.training.samples import generated
from fieldsmith.operators.training.trainer import Trainer

TASK = f"{small_heat.__file__}:SmallHeat"
SMALL = {"modes": 6, "width": 8, "depth": 2}
ASKED = Asked("memno", SMALL, samples=32, epochs=8, batch=8, rate=4e-3, coarsened=2, observed_noise=0.1)


@pytest.fixture(scope="module")
def task():
    return tasks.load(TASK)


@pytest.fixture(scope="module")
def learned(task, tmp_path_factory):
    folder = tmp_path_factory.mktemp("observed") / "operator"
    return fit(task, ASKED, folder, "cpu"), folder


@pytest.mark.slow
def test_it_is_judged_by_what_it_sees(task, learned):
    """The judge counts all points; what is seen, after the first frame, errs as the training's own figure says."""
    done, folder = learned
    seen = Seen(done.card)
    outcome = evaluate(
        task, "", OperatorSandbox(folder, "cpu"), splits=("dev",), thorough=True, probing=False, on_outputs=seen
    )
    assert seen.words == "every 2nd point, noise 0.1"
    assert seen.errors["dev"] == pytest.approx(done.card["course"]["best"], rel=1e-4)
    assert outcome.dev is not None
    assert outcome.dev.nrmse > seen.errors["dev"]  # the first frame, too, is what it saw
    assert [point.resolution for point in outcome.convergence] == [8, 16, 32]


@pytest.mark.slow
def test_it_is_judged_through_another_noise(task, learned):
    done, folder = learned
    place = OperatorSandbox(folder, "cpu", 0.0)
    outcome = evaluate(
        task, "", place, splits=("dev",), refinement=False, probing=False, on_outputs=(seen := Seen(place.card))
    )
    assert seen.words == "every 2nd point"
    assert outcome.status == "ok"
    clear = replace(done, card=place.card).solve(task.split("dev")[0].inputs)
    assert seen.errors["dev"] == pytest.approx(seen.observed.error(clear, task.split("dev")[0].reference, done.layout))


def test_its_first_frame_is_what_it_saw(task, learned):
    done, _ = learned
    inputs = task.split("test")[0].inputs
    first, given = done.solve(inputs)["u"][:, 0], np.asarray(inputs["u0"])
    ratio = (first - given)[:, ::2].std() / done.module.spreads[0]
    assert 0.07 < ratio < 0.13
    assert np.array_equal(first, done.solve(inputs)["u"][:, 0])  # the same noise again


def test_without_noise_what_is_between_is_interpolated(task, learned):
    done, _ = learned
    card = {**done.card, "asked": {**done.card["asked"], "observed_noise": 0.0}}
    inputs = task.split("test")[0].inputs
    first = replace(done, card=card).solve(inputs)["u"][:, 0]
    assert np.abs(first[:, ::2] - np.asarray(inputs["u0"])[:, ::2]).max() < 1e-6
    assert 0 < np.abs(first - np.asarray(inputs["u0"])).max() < 0.2


def test_every_frame_that_is_learned_from_has_noise_of_its_own(task, tmp_path):
    layout, seen = Layout.of(task), Observed(2, 0.1)
    train = generated(task, layout, 32, seen)
    assert train.given.shape == (32, 2, 16)  # k is a channel, too
    module = module_of("memno", SMALL, layout)
    module.fit(train.given, train.solved, layout.state)
    learner = Trainer(ASKED, module, 1, train, train, torch.device("cpu"), tmp_path, lambda _: None)
    x, y = torch.from_numpy(train.given), torch.from_numpy(train.solved)
    before = learner._before(x, y, learner._drawn(0, 1))
    assert before is not None
    noise = before - torch.cat([x[:, None, :1], y[:, :-1]], 1)
    assert noise.std() == pytest.approx(0.1 * float(module.get_buffer("solved_spread")), rel=0.05)
    assert np.corrcoef(noise.flatten(2).transpose(0, 1).flatten(1).numpy())[np.triu_indices(5, 1)].max() < 0.2


def test_points_that_cannot_be_thinned_are_told(task):
    layout, field = Layout.of(task), np.zeros((1, 32))
    with pytest.raises(InputError, match="has 32 intervals along x, which --coarsened 3 does not divide"):
        Observed(3).thinned(field, layout)
    with pytest.raises(InputError, match="which --coarsened 16 does not divide into 4 or more"):
        Observed(16).thinned(field, layout)
    walls = replace(layout, axes=(replace(layout.axes[0], periodic=False, ends=False),))
    with pytest.raises(InputError, match="centres of cells between two ends"):
        Observed(2).thinned(field, walls)
    ends = replace(layout, axes=(replace(layout.axes[0], periodic=False, ends=True),))
    assert Observed(2).thinned(np.zeros((1, 33)), ends).shape == (1, 17)


def test_what_is_asked_is_checked():
    with pytest.raises(InputError, match="--observed-noise -1 is out of range"):
        Asked("memno", observed_noise=-1.0)
    with pytest.raises(InputError, match="--coarsened 0 is out of range"):
        Asked("memno", coarsened=0)


@pytest.mark.slow
def test_the_command_says_what_it_sees(tmp_path):
    words = ("--operator", "memno", "--coarsened", "2", "--observed-noise", "0.1", "--samples", "8", "--epochs", "1")
    trained = run("operators", "train", TASK, *words, "--device", "cpu", "--out", "own", cwd=tmp_path)
    assert trained.returncode == 0, trained.stderr
    judged = run("operators", "evaluate", "own", "--device", "cpu", cwd=tmp_path)
    assert "it sees every 2nd point, noise 0.1; where it sees, after the first frame, it errs by" in judged.stdout
    clear = run("operators", "evaluate", "own", "--device", "cpu", "--observed-noise", "0", cwd=tmp_path)
    assert "it sees every 2nd point; where it sees" in clear.stdout
    ranked = run("operators", "rank", TASK, "own", "--device", "cpu", cwd=tmp_path)
    assert "memno, 8 samples, sees every 2nd point, noise 0.1" in ranked.stdout
    refused = run("operators", "train", TASK, "--coarsened", "3", "--samples", "8", cwd=tmp_path)
    assert refused.returncode == 2
    assert "which --coarsened 3 does not divide" in refused.stderr
