"""Learning an operator as a task: what is given and told, what is judged, and that a program with torch is run and held against the built-in operator."""

import numpy as np
import pytest

import command_line
import small_learning
from fieldsmith.operators.learning import LearnBurgers, LearnDarcy
from fieldsmith.orchestrator.record import load_run
from fieldsmith.tasks import load
from fieldsmith.tasks.check import examine
from fieldsmith.tasks.published import distances
from fieldsmith.tasks.training import block

REPLY = """```python
import time

import numpy as np
import torch


def learned(u0_train, u_train, u0_batch, t_coordinate, seconds):
    torch.manual_seed(0)
    x, y = torch.from_numpy(u0_train), torch.from_numpy(u_train)
    change = (y - x[:, None]).flatten(1)
    network = torch.nn.Linear(x.shape[1], change.shape[1]).double()
    steps = torch.optim.Adam(network.parameters(), 1e-2)
    for _ in range(300):
        if time.process_time() > seconds / 2:
            break
        steps.zero_grad()
        (network(x) - change).square().mean().backward()
        steps.step()
    asked = torch.from_numpy(u0_batch)
    found = network(asked).detach().unflatten(1, y.shape[1:])
    return asked[:, None] + found
```
"""


@pytest.fixture(scope="module")
def task():
    return load(small_learning.PLACE)


@pytest.mark.slow
def test_what_is_to_be_predicted_is_not_among_what_is_learned_from(task):
    (dev,), (test,) = task.split("dev"), task.split("test")
    assert dev.inputs["u_train"].shape == (96, 3, 16)
    assert dev.inputs["u0_batch"].shape == test.inputs["u0_batch"].shape == (64, 16)
    assert dev.reference["u_batch"].shape == (64, 3, 16)
    np.testing.assert_array_equal(dev.inputs["u_train"], test.inputs["u_train"])
    starts = [tuple(row) for case in (dev, test) for row in case.inputs["u0_batch"]]
    starts += [tuple(row) for row in dev.inputs["u0_train"]]
    assert len(set(starts)) == 96 + 64 + 64
    whole = block(task.base, 0)
    np.testing.assert_array_equal(dev.inputs["u_train"][:64], whole.solutions["u_batch"][:, ::5, ::4])
    np.testing.assert_array_equal(dev.reference["u_batch"][:, 0], dev.inputs["u0_batch"])


def test_the_law_is_not_told(task):
    for one in (task, LearnBurgers(), LearnDarcy()):
        told = one.brief().statement.lower()
        assert not any(
            word in told for word in ("burgers", "darcy", "viscosity", "nu ", "equation", "permeability", "flow")
        )
        assert one.brief().equation is None
    assert "u_train: float64 array [train, time, x], of the samples to learn from" in LearnBurgers().brief().stub
    assert "train = 128, batch = 64, x = 29, y = 29" in LearnDarcy().brief().statement


def test_it_is_sound(task):
    assert [finding.fault for finding in examine(task) if finding.fault] == []


@pytest.mark.slow
@pytest.mark.needs("bubblewrap")
def test_a_program_with_torch_is_judged_beside_the_built_in_operator(task, tmp_path):
    (tmp_path / "reply.md").write_text(REPLY)
    words = ["--model", f"command:cat {tmp_path / 'reply.md'}", "--sandbox", "bubblewrap", "--candidates", 1, "--quiet"]
    told = command_line.run("solve", small_learning.PLACE, *words, "--run-dir", "run", cwd=tmp_path)
    assert told.returncode == 0, told.stderr
    best = load_run(tmp_path / "run").best
    dev, test = (task.split(name)[0] for name in ("dev", "test"))
    answered = {"u_batch": np.repeat(test.inputs["u0_batch"][:, None], 3, axis=1)}
    assert best.candidate.evaluation.test.nrmse < 0.5 * distances(answered, test.reference).mean()
    assert (len(dev.trusted_errors), len(test.trusted_errors)) == (64, 64)
    assert 0 < test.trusted < 1
    assert best.candidate.evaluation.test.trusted == pytest.approx(test.trusted)
