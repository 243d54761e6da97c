"""Two processes that train one operator: as one would with the doubled batch, exactly again after a kill, and never without end."""

import json
import multiprocessing
import os
import signal

import pytest
import torch
from safetensors.torch import load_file

import small_heat
from fieldsmith import tasks
from fieldsmith.errors import FieldsmithError, InputError, MissingPart
from fieldsmith.operators.training import fit as fitting
from fieldsmith.operators.training import parallel, trainer
from fieldsmith.operators.training.asked import Asked
from fieldsmith.operators.training.fit import _member, fit
from fieldsmith.operators.training.retrofit import Retrofit

TASK = f"{small_heat.__file__}:SmallHeat"
SMALL = {"modes": 8, "width": 12, "depth": 2}
ODD = 23
"""Samples: the last batch of an epoch is small and does not fall into two equal parts."""


@pytest.fixture(scope="module")
def task():
    return tasks.load(TASK)


def asked(processes, **changed):
    words = {"samples": ODD, "epochs": 3, "batch": 8 // processes, "rate": 4e-3, **changed}
    return Asked("fno", SMALL, **words, processes=processes)


def close(one, other):
    return all(torch.allclose(one[name], other[name], atol=1e-5) for name in one)


def eager(*given):
    """What a process does, its state stored after every step."""
    trainer.KEEP_SECONDS = 0.0
    _member(*given)


def broken(*given):
    """The same of one whose third loss is not finite, in the second process alone."""
    team, losses = given[-2], []

    def errors(found, wanted, norms=None):
        losses.append(1)
        return true(found, wanted, norms) * (float("nan") if team.rank == 1 and len(losses) == 3 else 1.0)

    true, trainer.relative_errors = trainer.relative_errors, errors
    _member(*given)


@pytest.mark.slow
def test_two_take_the_steps_of_one_with_the_doubled_batch(task, tmp_path):
    alone = fit(task, asked(1), tmp_path / "alone", "cpu").card
    together = fit(task, asked(2, accumulated=2), tmp_path / "together", "cpu").card
    for one, other in zip(alone["course"]["history"], together["course"]["history"], strict=True):
        assert other == pytest.approx(one, rel=1e-4)
    assert close(*(load_file(tmp_path / name / "model.safetensors") for name in ("alone", "together")))
    assert together["asked"]["processes"] == 2
    assert together["finished"]


@pytest.mark.slow
def test_a_process_that_is_killed_ends_it_with_a_sentence_and_it_goes_on_to_the_bit(task, tmp_path, monkeypatch):
    monkeypatch.setattr(fitting, "_member", eager)
    wanted = asked(2, noise=0.05, epochs=4)
    fit(task, wanted, tmp_path / "whole", "cpu")

    def kill(course, left):
        if course.history[-1]["epoch"] == 2:
            os.kill(multiprocessing.active_children()[-1].pid, signal.SIGKILL)

    with pytest.raises(MissingPart, match=r"Process [12] of 2 that train together was ended by SIGKILL.*goes on"):
        fit(task, wanted, tmp_path / "killed", "cpu", tell=kill)
    assert multiprocessing.active_children() == []
    assert not json.loads((tmp_path / "killed" / "card.json").read_text())["finished"]
    done = fit(task, wanted, tmp_path / "killed", "cpu")
    assert done.card["course"]["sittings"] == 2
    one, other = (load_file(tmp_path / name / "model.safetensors") for name in ("whole", "killed"))
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.slow
def test_a_loss_that_is_not_finite_in_one_of_them_ends_all(task, tmp_path, monkeypatch):
    monkeypatch.setattr(fitting, "_member", broken)
    with pytest.raises(FieldsmithError, match="The loss is not finite at step 3"):
        fit(task, asked(2), tmp_path / "nan", "cpu")
    assert multiprocessing.active_children() == []


@pytest.mark.slow
def test_an_ensemble_is_made_by_two_as_well(task, tmp_path):
    fit(task, asked(1), tmp_path / "plain", "cpu")
    wanted = Retrofit.of(tmp_path / "plain", processes=2, epochs=2)
    done = fit(task, wanted, tmp_path / "ensemble", "cpu", backbone=tmp_path / "plain")
    assert done.count == 16
    history = done.card["course"]["history"]
    assert history[1]["loss"] < history[0]["loss"]


def test_more_processes_than_gpus_are_refused():
    with pytest.raises(InputError, match="--processes 3 needs as many GPUs"):
        parallel.run(print, 3, torch.device("mps"), print)
    with pytest.raises(InputError, match="--processes 0 is out of range"):
        Asked("fno", SMALL, processes=0)


def test_shares_of_a_batch_come_to_its_mean():
    values = torch.tensor([1.0, 5.0, 2.0, 8.0, 4.0])
    for count in (2, 3, 7):
        parts = [parallel.Team(rank, count).share(torch.arange(5)) for rank in range(count)]
        told = [float((values[items] * weight).sum()) for items, weight in parts]
        assert sum(told) / count == pytest.approx(float(values.mean()))
