"""Fixed points in place of depth: found, differentiated implicitly, in memory that does not grow with the steps that were taken."""

import json

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

import small_darcy
from command_line import run
from fieldsmith import tasks
from fieldsmith.errors import InputError
from fieldsmith.operators.layout import Layout
from fieldsmith.operators.networks.anderson import anderson
from fieldsmith.operators.networks.broyden import broyden
from fieldsmith.operators.networks.equilibrium import Equilibrium, EquilibriumNetwork, InjectedBlock, Unrolled
from fieldsmith.operators.trained import TrainedOperator, module_of
from fieldsmith.operators.training.asked import Asked
from fieldsmith.operators.training.fit import fit
from small_darcy import SmallDarcy

TO_ROUNDING = 1e-10


def contraction(size, radius=0.9):
    """A linear map [size, size] of that spectral radius, and a constant."""
    generator = torch.Generator().manual_seed(3)
    matrix = torch.randn(size, size, generator=generator, dtype=torch.double)
    matrix *= radius / torch.linalg.eigvals(matrix).abs().max()
    return matrix, torch.randn(4, size, generator=generator, dtype=torch.double)


def test_a_linear_contraction_comes_to_its_direct_solution():
    matrix, constant = contraction(30)
    found = anderson(lambda z: z @ matrix.T + constant, torch.zeros_like(constant), 300, 1e-13, memory=30)
    exact = torch.linalg.solve(torch.eye(30).double() - matrix, constant.T).T
    assert (found.point - exact).abs().max() < TO_ROUNDING * exact.abs().max()
    assert found.steps < 60, "as GMRES would; plain iterations take 300"


def test_differences_save_steps():
    matrix, constant = contraction(30, 0.95)

    def steps(memory):
        return anderson(lambda z: z @ matrix.T + constant, torch.zeros_like(constant), 900, 1e-9, memory).steps

    plain = np.log(1e-9) / np.log(0.95)
    assert steps(5) < 0.5 * steps(1) < 0.5 * plain


def test_broyden_comes_to_the_same_point():
    matrix, constant = contraction(30)

    def bent(z):
        return torch.tanh(z @ matrix.T) + constant

    start = torch.zeros_like(constant)
    one, other = (solver(bent, start, 400, 1e-13) for solver in (anderson, broyden))
    assert (one.residuals <= 1e-13).all()
    assert (other.residuals <= 1e-13).all()
    assert (one.point - other.point).abs().max() < TO_ROUNDING
    assert (one.point - bent(one.point)).abs().max() < TO_ROUNDING


def test_broyden_ends_on_a_linear_map_in_twice_as_many_steps_as_it_has_dimensions():
    matrix, constant = contraction(8, 0.95)
    found = broyden(lambda z: z @ matrix.T + constant, torch.zeros_like(constant), 100, 1e-12, memory=40)
    assert found.steps <= 2 * 8 + 4, (
        "2 n without rounding (Gay, SIAM J. Numer. Anal. 16, 1979); plain iterations take 540"
    )
    less = broyden(lambda z: z @ matrix.T + constant, torch.zeros_like(constant), 400, 1e-12, memory=4)
    assert found.steps < less.steps < 400


@pytest.mark.parametrize("solver", [anderson, broyden])
def test_a_sample_does_not_depend_on_those_beside_it(solver):
    matrix, constant = contraction(12)
    constant[1:] *= 1e-3
    constant[2] += 5.0

    def solve(part):
        return solver(lambda z: torch.tanh(z @ matrix.T) + part, torch.zeros_like(part), 200, 1e-6).point

    alone = torch.cat([solve(constant[n : n + 1]) for n in range(4)])
    assert (solve(constant) - alone).abs().max() < 1e-12


@pytest.mark.parametrize("solver", [anderson, broyden])
def test_what_has_no_fixed_point_ends_with_the_best(solver):
    found = solver(lambda z: z + 1.0, torch.zeros(2, 3).double(), 20, 1e-3)
    assert found.steps == 20
    assert (found.residuals > 1e-3).all()
    blown = solver(lambda z: 1.0 / z, torch.zeros(2, 3).double(), 20, 1e-3)
    assert blown.steps < 20
    assert torch.isfinite(blown.point).all()


@pytest.mark.parametrize(
    ("space", "depth", "solver"), [((17,), 1, anderson), ((8, 9), 2, anderson), ((17,), 1, broyden)]
)
def test_implicit_gradients_are_those_of_many_unrolled_steps(space, depth, solver):
    torch.manual_seed(0)
    block = InjectedBlock(5, (3,) * len(space), depth).double()
    x = torch.randn(3, 5, *space).double().requires_grad_()
    weight = torch.randn(3, 5, *space).double()
    asked = [x, *block.parameters()]
    found, wanted = (
        (y, torch.autograd.grad(y, asked, weight))
        for y in (Equilibrium(block, 300, 1e-14, solver)(x), Unrolled(block, 300)(x))
    )
    assert (found[0] - wanted[0]).abs().max() < TO_ROUNDING
    for one, other in zip(found[1], wanted[1], strict=True):
        assert (one - other).abs().max() < TO_ROUNDING * other.abs().max()


def test_weights_that_do_not_learn_are_left_alone():
    block = InjectedBlock(4, (3,), 1).double()
    block.layers[0].convolution.weight.requires_grad_(False)
    Equilibrium(block, 50, 1e-8)(torch.randn(2, 4, 16).double()).sum().backward()
    assert block.layers[0].convolution.weight.grad is None
    assert block.layers[0].map.map.weight.grad.abs().max() > 0


class Live(TorchDispatchMode):
    """Bytes of all storages that operations have made and that are not given back yet, and the most of them."""

    def __init__(self):
        super().__init__()
        self.now = self.most = 0
        self._known = {}

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        known = {key: one for key, one in self._known.items() if not one.expired()}
        for leaf in tree_leaves(out):
            if isinstance(leaf, torch.Tensor):
                storage = leaf.untyped_storage()
                known.setdefault(storage.data_ptr(), Watched(storage))
        self._known = known
        self.now = sum(one.bytes for one in known.values())
        self.most = max(self.most, self.now)
        return out


class Watched:
    def __init__(self, storage):
        self.bytes, self._weak = storage.nbytes(), torch.multiprocessing.reductions.StorageWeakRef(storage)

    def expired(self):
        return self._weak.expired()


def most_bytes(inner):
    """Of one pass forward and backward."""
    torch.manual_seed(0)
    network = EquilibriumNetwork(1, 1, 8, (True, True), inner)
    x = torch.randn(2, 1, 16, 16)
    network(x).square().mean().backward()
    network.zero_grad(set_to_none=True)
    with Live() as live:
        network(x).square().mean().backward()
    return live.most


@pytest.mark.slow
def test_memory_does_not_grow_with_the_steps_that_are_taken():
    block = InjectedBlock(8, (4, 4), 1)
    implicit, other = ([most_bytes(Equilibrium(block, steps, 0.0, solver)) for steps in (8, 16, 64)] for solver in (anderson, broyden))  # fmt: skip
    unrolled = [most_bytes(Unrolled(block, steps)) for steps in (8, 16, 64)]
    for flat in (implicit, other):
        assert max(flat) <= 1.1 * min(flat), flat
    assert unrolled[2] > 4 * unrolled[0], unrolled
    assert implicit[2] < unrolled[2] / 3


SMALL = {"modes": 8, "width": 8}


@pytest.fixture(scope="module")
def task():
    return SmallDarcy({})


@pytest.mark.slow
def test_it_learns_a_steady_task_and_opens_as_it_was(task, tmp_path):
    asked = Asked("fno-deq", SMALL, samples=64, epochs=15, batch=16, rate=8e-3)
    done = fit(task, asked, tmp_path / "deq", "cpu")
    history = done.card["course"]["history"]
    assert history[-1]["loss"] < 0.4 * history[0]["loss"]
    assert done.card["course"]["best"] < 0.3
    known = done.card["fixed_points"]
    assert known["found"]
    assert 0 < known["residual"] <= known["tolerance"] == 1e-3
    assert 1 < known["steps"] <= 24
    given = task.split("test")[0].inputs["a"]
    again = TrainedOperator.open(tmp_path / "deq", "cpu")
    assert np.array_equal(done.as_solver()(given), again.as_solver()(given))
    by_broyden = module_of("fno-deq", {**SMALL, "solver": "broyden", "tolerance": 1e-5, "steps": 60}, done.layout)
    by_anderson = module_of("fno-deq", {**SMALL, "tolerance": 1e-5, "steps": 60}, done.layout)
    answers = []
    for module in (by_broyden, by_anderson):
        module.load_state_dict(done.module.state_dict())
        answers.append(module.eval()(torch.from_numpy(done.layout.encoded({"a": given}))))
    assert (answers[0] - answers[1]).abs().max() < 1e-3 * answers[1].abs().max()
    one = again.as_solver()(given[2:3])
    assert np.allclose(one[0], done.as_solver()(given)[2], atol=1e-6)


@pytest.mark.slow
def test_fixed_points_that_are_not_found_are_told(tmp_path):
    words = ["--operator", "fno-deq", "--samples", "8", "--epochs", "1", "--device", "cpu", "--out", "deq"]
    words += ["--set", "modes=4", "--set", "width=4", "--set", "steps=2", "--set", "tolerance=1e-6"]
    place = f"{small_darcy.__file__}:SmallDarcy"
    done = run("operators", "train", place, *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "fixed points  not found on dev: the residual is" in " ".join(done.stdout.split(" ")).replace("   ", "  ")
    card = json.loads((tmp_path / "deq" / "card.json").read_text())
    assert not card["fixed_points"]["found"]
    told = run("operators", "evaluate", "deq", "--no-order", "--device", "cpu", cwd=tmp_path)
    assert "Its fixed points were not found on dev" in told.stderr


def test_the_unrolled_variant_is_a_setting(task):
    layout = Layout.of(task)
    module = module_of("fno-deq", {**SMALL, "representation": "unrolled", "steps": 4}, layout)
    given = torch.from_numpy(layout.encoded(task.split("dev")[0].inputs))
    assert module(given).shape == (8, 1, 1, 15, 15)
    with pytest.raises(InputError, match="solver=broyden is for the representation fixed-point, which is not chosen"):
        module_of("fno-deq", {"representation": "unrolled", "solver": "broyden"}, layout)
    with pytest.raises(InputError, match="tolerance is a number of the representation fixed-point"):
        module_of("fno-deq", {"representation": "unrolled", "tolerance": 1e-5}, layout)


def test_tasks_in_time_are_refused():
    with pytest.raises(InputError, match="burgers changes in time, and fno-deq is for steady tasks, such as darcy"):
        module_of("fno-deq", {}, Layout.of(tasks.load("burgers")))
