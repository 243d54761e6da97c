"""Operators trained by the command, killed, resumed, and judged as programs are."""

import itertools
import json
import os
import signal
import subprocess
import sys
import time
import types
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import small_heat
from fieldsmith import tasks
from fieldsmith.errors import FieldsmithError, InputError, MissingPart
from fieldsmith.evaluation.judge import evaluate
from fieldsmith.operators.sandbox import OperatorSandbox
from fieldsmith.operators.trained import TrainedOperator
from fieldsmith.operators.training import trainer
from fieldsmith.operators.training.asked import Asked
from fieldsmith.operators.training.fit import fit
from fieldsmith.tasks.training import block

TASK = f"{Path(small_heat.__file__)}:SmallHeat"
SMALL = {"modes": 8, "width": 12, "depth": 2}
QUICK = Asked("fno", SMALL, samples=24, epochs=3, batch=8, rate=4e-3)


@pytest.fixture(scope="module")
def task():
    return tasks.load(TASK)


@pytest.fixture(scope="module")
def quick(task, tmp_path_factory):
    """A small operator, and its folder."""
    folder = tmp_path_factory.mktemp("trained") / "quick"
    return fit(task, QUICK, folder, "cpu"), folder


def weights(folder):
    return load_file(folder / "model.safetensors")


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_samples_to_learn_from_are_none_that_is_judged_on(task):
    rows = [np.asarray(part) for part in (block(task, 0).inputs["u0"], block(task, 1).inputs["u0"])]
    rows += [np.asarray(task.split(name)[0].inputs["u0"]) for name in ("dev", "test")]
    together = np.concatenate(rows)
    assert len(np.unique(together.round(9), axis=0)) == len(together) == 64 + 64 + 8 + 8


def test_solutions_to_learn_from_are_those_of_the_trusted_method(task):
    part = block(task, 0)
    again = task.from_samples({**part.inputs, "u0": part.inputs["u0"][:2]})["u"]
    assert np.abs(again - part.solutions["u"][:2]).max() < 1e-6


def test_it_learns(task, tmp_path):
    done = fit(task, Asked("fno", SMALL, samples=64, epochs=12, batch=8, rate=4e-3), tmp_path / "fno", "cpu")
    history = done.card["course"]["history"]
    assert history[-1]["loss"] < 0.2 * history[0]["loss"]
    start = task.split("dev")[0].reference["u"]
    idle = np.mean(np.linalg.norm(start - start[:, :1], axis=(1, 2)) / np.linalg.norm(start, axis=(1, 2)))
    assert done.card["course"]["best"] < 0.5 * idle


@pytest.mark.slow
def test_the_judge_of_programs_judges_it(task, quick):
    done, folder = quick
    outcome = evaluate(task, "", OperatorSandbox(folder, "cpu"), splits=("dev", "test"), thorough=True, probing=False)
    assert outcome.status == "ok"
    assert outcome.dev.nrmse == pytest.approx(done.card["course"]["best"], rel=1e-4)
    assert len(outcome.test.samples) == 8
    assert [point.resolution for point in outcome.convergence] == [8, 16, 32]
    case = task.split("test")[0]
    found = done.as_solver()(*(case.inputs[name] for name in done.layout.arguments))
    assert found.shape == case.reference["u"].shape
    assert np.array_equal(found[:, 0], case.inputs["u0"])


@pytest.mark.slow
def test_a_process_that_is_ended_is_a_crash(task, quick):
    with OperatorSandbox(quick[1], "cpu") as place, place.open(None) as session:
        session._process.send_signal(signal.SIGKILL)
        case = task.split("dev")[0]
        result = session.call("", "solver", case.inputs, {"u": case.reference["u"].shape})
        assert result.status == "crashed"
        assert session.closed


def test_the_same_is_not_done_twice_and_another_does_not_go_on(task, quick, monkeypatch):
    _, folder = quick
    monkeypatch.setattr(trainer.Trainer, "run", None)
    assert fit(task, QUICK, folder, "cpu").card["finished"]
    with pytest.raises(InputError, match="holds a training with samples = 24, and 32 is asked for"):
        fit(task, Asked("fno", SMALL, samples=32, epochs=3, batch=8, rate=4e-3), folder, "cpu")


@pytest.mark.parametrize("accumulated", [2, 3])
def test_parts_of_a_batch_come_to_the_whole(task, quick, tmp_path, accumulated):
    asked = Asked("fno", SMALL, samples=24, epochs=3, batch=8, rate=4e-3, accumulated=accumulated)
    fit(task, asked, tmp_path / "parts", "cpu")
    whole, parts = weights(quick[1]), weights(tmp_path / "parts")
    assert all(torch.allclose(whole[name], parts[name], atol=2e-4) for name in whole)


@pytest.mark.parametrize(
    "words",
    [{"unrolled": 2}, {"unrolled": 3, "pushforward": True, "noise": 0.01}],
    ids=["two steps", "pushed forward with noise"],
)
def test_frame_by_frame(task, tmp_path, words):
    asked = Asked("fno", {**SMALL, "rollout": "autoregressive"}, samples=8, epochs=2, batch=16, rate=4e-3, **words)
    done = fit(task, asked, tmp_path / "steps", "cpu")
    assert done.card["course"]["history"][1]["loss"] < done.card["course"]["history"][0]["loss"]


STEPS = Asked(
    "fno", {**SMALL, "rollout": "autoregressive"}, samples=12, epochs=3, batch=8, rate=4e-3, noise=0.05, unrolled=2
)


@pytest.mark.slow
def test_broken_off_and_called_again_it_takes_the_same_steps(task, tmp_path, monkeypatch):
    """Weights, optimiser, order and noise: to the bit."""
    monkeypatch.setattr(trainer, "KEEP_SECONDS", 0.0)
    step = trainer.Trainer._step
    for asked in (STEPS, QUICK):
        whole, broken = tmp_path / f"{asked.digest}-whole", tmp_path / f"{asked.digest}-broken"
        fit(task, asked, whole, "cpu")
        for limit in (1, 4):
            with monkeypatch.context() as patch:
                left = [limit]

                def interrupted(self, items, left=left):
                    left[0] -= 1
                    if left[0] < 0:
                        raise KeyboardInterrupt
                    return step(self, items)

                patch.setattr(trainer.Trainer, "_step", interrupted)
                with pytest.raises(KeyboardInterrupt):
                    fit(task, asked, broken, "cpu")
        done = fit(task, asked, broken, "cpu")
        assert same(weights(whole), weights(broken))
        assert done.card["course"]["sittings"] == 3
        assert done.card["course"]["history"] == json.loads((whole / "card.json").read_text())["course"]["history"]


def test_a_folder_in_which_nothing_was_learned_yet_is_free(task, tmp_path):
    wrong = replace(QUICK, unrolled=99, settings={**QUICK.settings, "rollout": "autoregressive"})
    with pytest.raises(FieldsmithError, match="--unrolled 99 is more than the"):
        fit(task, wrong, tmp_path / "again", "cpu")
    done = fit(task, QUICK, tmp_path / "again", "cpu")
    assert done.card["finished"]
    (tmp_path / "again" / "training.json").write_text("{")
    with pytest.raises(InputError, match=r"training\.json is damaged"):
        fit(task, QUICK, tmp_path / "again", "cpu")
    (tmp_path / "again" / "card.json").write_text('{"task": {}}')
    with pytest.raises(InputError, match="what it says of task is missing or not whole"):
        TrainedOperator.open(tmp_path / "again", "cpu")


@pytest.mark.slow
def test_killed_the_same_command_goes_on(tmp_path):
    words = [
        "operators",
        "train",
        TASK,
        "--samples",
        "12",
        "--epochs",
        "60",
        "--batch",
        "4",
        "--device",
        "cpu",
        "--out",
        str(tmp_path / "killed"),
    ]
    words += ["--set", "modes=8", "--set", "width=12", "--set", "depth=2"]
    code = f"from fieldsmith.operators.training import trainer; trainer.KEEP_SECONDS = 0.0; import sys; sys.argv = ['fieldsmith', *{words!r}]; from fieldsmith.cli.main import main; main()"
    command, environment = [sys.executable, "-c", code], {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    while process.poll() is None and not (tmp_path / "killed" / "card.json").exists():
        time.sleep(0.01)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert not json.loads((tmp_path / "killed" / "card.json").read_text())["finished"]
    done = subprocess.run([*command], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    course = json.loads((tmp_path / "killed" / "card.json").read_text())["course"]
    assert course["sittings"] == 2
    assert [row["epoch"] for row in course["history"]] == list(range(1, 61))
    assert not (tmp_path / "killed" / "state.safetensors").exists()


def test_a_loss_that_is_not_finite_ends_it_and_keeps_the_best(task, tmp_path, monkeypatch):
    steps = trainer.relative_errors

    def broken(found, wanted, norms=None):
        taken.append(found.requires_grad)
        return steps(found, wanted, norms) * (float("nan") if sum(taken) == 5 else 1.0)

    taken = []
    monkeypatch.setattr(trainer, "relative_errors", broken)
    with pytest.raises(
        FieldsmithError, match=r"not finite at step \d+, in epoch 2.*The weights after epoch 1 are kept"
    ):
        fit(task, QUICK, tmp_path / "nan", "cpu")
    assert TrainedOperator.open(tmp_path / "nan", "cpu").card["course"]["best_epoch"] == 1


def test_too_little_memory_is_told_with_the_batch_that_fits(task, tmp_path, monkeypatch):
    steps = trainer.relative_errors

    def crowded(found, wanted, norms=None):
        if found.requires_grad and len(found) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return steps(found, wanted, norms)

    monkeypatch.setattr(trainer, "relative_errors", crowded)
    with pytest.raises(MissingPart, match=r"no memory for 8 samples.*2 samples fits: --batch 2, or --accumulated 4"):
        fit(task, QUICK, tmp_path / "full", "cpu")


def test_patience_ends_it(task, tmp_path):
    asked = Asked("fno", SMALL, samples=8, epochs=50, batch=8, rate=1e-9, patience=3)
    done = fit(task, asked, tmp_path / "tired", "cpu")
    assert len(done.card["course"]["history"]) < 50


@pytest.mark.slow
def test_minutes_say_how_many_epochs(task, tmp_path, monkeypatch):
    clock = types.SimpleNamespace(monotonic=itertools.count(0.0, 0.5).__next__, process_time=time.process_time)
    monkeypatch.setattr(trainer, "time", clock)  # half a second from any look to the next
    done = fit(task, Asked("fno", SMALL, samples=16, minutes=0.1, batch=8), tmp_path / "brief", "cpu")
    seconds_of_an_epoch = 2 * 0.5 / trainer.TRIED
    assert len(done.card["course"]["history"]) == done.card["course"]["epochs"] == int(6 / seconds_of_an_epoch)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"samples": 0}, "--samples 0 is out of range"),
        ({"rate": 0.0}, "--rate 0 is out of range"),
        ({"precision": "float16"}, "--precision float16 is not known"),
        ({"pushforward": True}, "Give --unrolled 2 or more"),
        ({"accumulated": 99}, "more than the 16 samples of a batch"),
    ],
)
def test_what_cannot_be_asked(words, said):
    with pytest.raises(InputError) as error:
        Asked("fno", **words)
    assert said in str(error.value)


def test_damage_is_told(quick, tmp_path):
    done, folder = quick
    for name in ("card.json", "model.safetensors"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / "model.safetensors").write_bytes(b"x" * 100)
    with pytest.raises(InputError, match="cannot be read"):
        TrainedOperator.open(tmp_path, "cpu")
    with pytest.raises(InputError, match="There is no trained operator"):
        TrainedOperator.open(tmp_path / "nothing", "cpu")
    with pytest.raises(InputError, match="--device cuda:9 cannot be used"):
        TrainedOperator.open(folder, "cuda:9")
    assert done.card["device_type"] == "cpu"
