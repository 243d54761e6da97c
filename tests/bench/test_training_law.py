"""How a training budget is split: the law is found again in trainings that follow it, its best split is the best there is, and what the trainings leave open is said."""

import csv
import json

import numpy as np
import pytest

import small_burgers
from command_line import run
from fieldsmith.bench.training_law import Rates, Trial, best_split, far_out, fitted, rates_of
from fieldsmith.errors import InputError
from fieldsmith.reports.training_law import doubts, sentences

SAMPLES, EPOCHS = (32, 64, 128, 256), (5, 10, 20, 40)
RATES = Rates(0.1, 0.01, 0.05)


def true_error(kind, n, m):
    """A law with a floor, for arrays or numbers."""
    return 0.01 + 2.0 * n**-0.6 + (1.0 * m**-0.9 if kind == "epochs" else 20.0 * (n * m) ** -0.9)


def trials(kind="epochs", noise=0.0, samples=SAMPLES, epochs=EPOCHS, seed=1):
    rng = np.random.default_rng(seed)
    found = []
    for n in samples:
        for m in epochs:
            data, training = RATES.seconds(n, m)
            found.append(Trial(n, m, true_error(kind, n, m) * np.exp(noise * rng.standard_normal()), data, training))
    return found


@pytest.mark.parametrize("kind", ["epochs", "passes"])
def test_a_law_is_found_again(kind):
    known = fitted(trials(kind))
    assert known.law.kind == kind
    assert (known.law.alpha, known.law.beta) == (pytest.approx(0.6, rel=1e-3), pytest.approx(0.9, rel=1e-3))
    assert known.law.floor == pytest.approx(0.01, rel=0.02)
    assert float(known.law.error(1000, 100)) == pytest.approx(true_error(kind, 1000, 100), rel=1e-3)
    assert known.spread < 1e-6


@pytest.mark.parametrize("kind", ["epochs", "passes"])
def test_noise_of_trainings_widens_the_intervals_which_hold_the_truth(kind):
    known = fitted(trials(kind, noise=0.03, seed=5))
    assert known.law.kind == kind
    for name, truth in (("alpha", 0.6), ("beta", 0.9)):
        low, high = known.between(name)
        assert 0.6 * truth < low < 1.02 * truth
        assert 0.98 * truth < high < 1.6 * truth
        assert known.determined(name)
    assert 0.015 < known.spread < 0.045
    assert doubts(known) == []


def test_one_wild_training_does_not_decide():
    wild = trials(noise=0.02, seed=2)
    wild[9] = Trial(wild[9].samples, wild[9].epochs, 5 * wild[9].error, wild[9].data, wild[9].training)
    law = fitted(wild).law
    assert float(law.error(500, 60)) == pytest.approx(true_error("epochs", 500, 60), rel=0.15)


@pytest.mark.parametrize("kind", ["epochs", "passes"])
@pytest.mark.parametrize("budget", [20.0, 600.0])
def test_the_split_is_the_best_of_all(kind, budget):
    found = best_split(fitted(trials(kind)), rates_of(trials(kind)), budget)
    n = np.arange(1, int(budget / (RATES.sample + RATES.of_pass)))
    m = np.floor((budget - n * RATES.sample) / (n * RATES.of_pass + RATES.epoch))
    errors = true_error(kind, n[m >= 1].astype(float), m[m >= 1])
    assert true_error(kind, float(found.samples), float(found.epochs)) <= 1.01 * errors.min()
    assert found.data + found.training <= budget * (1 + 1e-9)
    assert found.determined


def test_dear_samples_are_fewer():
    known = fitted(trials())
    cheap, dear = (best_split(known, Rates(cost, 0.01, 0.05), 600.0) for cost in (0.01, 1.0))
    assert dear.samples < 0.6 * cheap.samples
    assert dear.epochs > cheap.epochs


def test_rates_are_those_of_the_trainings():
    found = rates_of(trials())
    assert (found.sample, found.of_pass, found.epoch) == pytest.approx((0.1, 0.01, 0.05), rel=1e-6)


def test_what_is_not_determined_is_said():
    few = trials(noise=0.3, samples=(32, 40, 48), epochs=(5, 6, 7), seed=3)
    known = fitted(few)
    assert not known.determined("alpha")
    told = " ".join(sentences(few, known, best_split(known, rates_of(few), 600.0)))
    assert "The exponent of samples is not determined by these trainings" in told
    assert "The split itself is not determined" in told


def test_what_lies_far_beyond_the_trainings_is_said():
    own = trials()
    told = far_out(best_split(fitted(own), RATES, 5000.0), own)
    assert any("samples are" in words and "times the most that were tried" in words for words in told)
    assert far_out(best_split(fitted(own), RATES, 100.0), own) == []


@pytest.mark.parametrize(
    ("samples", "epochs", "words"),
    [
        ((32, 64), EPOCHS, "No exponent can be told from 2 numbers of samples"),
        (SAMPLES, (5,), "from one number of epochs"),
    ],
)
def test_too_few_sizes_are_refused(samples, epochs, words):
    with pytest.raises(InputError, match=words):
        fitted(trials(samples=samples, epochs=epochs))


def test_a_budget_that_pays_for_nothing_is_refused():
    with pytest.raises(InputError, match="pays for no sample and epoch"):
        best_split(fitted(trials()), RATES, 0.1)


@pytest.mark.slow
def test_a_grid_of_trainings_is_fitted_and_goes_on(tmp_path):
    place = f"{small_burgers.__file__}:SmallBurgers"
    words = ["operators", "scaling", place, "--budget", "8", "--out", "grid", "--batch", "8", "--rate", "0.004"]
    words += ["--set", "modes=6", "--set", "width=8", "--set", "depth=1", "--device", "cpu"]
    for count in (16, 32, 64):
        words += ["--samples", str(count)]
    for count in (4, 8, 16):
        words += ["--epochs", str(count)]
    done = run(*words, "--csv", "law.csv", "--figures", "plots", "--train", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    by = {(one["samples"], one["epochs"]): one["error"] for one in told["trials"]}
    assert len(by) == 9
    assert by[64, 16] < 0.5 * by[16, 4], "more samples and epochs are worth something"
    split, reached = told["split"], told["reached"]
    assert (reached["samples"], reached["epochs"]) == (split["samples"], split["epochs"])
    assert split["data"] + split["training"] <= 8 * (1 + 1e-9)
    assert reached["error"] < min(by.values()), "the budget is a larger one than any of the trainings had"
    with open(tmp_path / "law.csv", encoding="utf-8") as stream:
        assert len(list(csv.DictReader(stream))) == 9
    assert {file.name for file in (tmp_path / "plots").iterdir()} == {"training-law.pdf", "training-law.png"}
    again = run(*words, cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    for error in by.values():
        assert f"{error:.3e}" in again.stdout, "nothing is trained a second time"
    assert f"fieldsmith operators train {place} --operator fno --samples {split['samples']} --epochs" in again.stdout
