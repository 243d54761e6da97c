"""Networks as tasks need them: shapes of every kind, ends, frames."""

import numpy as np
import pytest
import torch

from fieldsmith import tasks
from fieldsmith.errors import InputError
from fieldsmith.operators import Shape, names, open_operator
from fieldsmith.operators.layout import Layout
from fieldsmith.operators.networks.normalised import Normalised
from fieldsmith.operators.networks.rollout import Stepwise
from fieldsmith.operators.trained import module_of

SMALL = {
    "fno": {"modes": 4, "width": 8, "depth": 2},
    "f-fno": {"modes": 4, "width": 8, "depth": 2},
    "unet": {"features": 4},
    "fno-deq": {"modes": 4, "width": 8},
}


def small(name):
    kind = open_operator(name)
    return kind, kind.settings.from_dict(SMALL[name])


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("space", [(33,), (20, 27)])
def test_any_number_of_points_is_served(name, space):
    kind, settings = small(name)
    network = kind.network(Shape(3, 2, (True, False)[: len(space)]), settings)
    assert network(torch.randn(2, 3, *space)).shape == (2, 2, *space)


@pytest.mark.parametrize("name", ["fno", "f-fno", "fno-deq"])
def test_shifts_of_periodic_fields_go_through(name):
    kind, settings = small(name)
    network = kind.network(Shape(1, 1, (True,)), settings).double()
    x = torch.randn(1, 1, 32).double()
    assert (network(x.roll(5, -1)) - network(x).roll(5, -1)).abs().max() < 1e-12


def test_a_unet_wraps_around_a_periodic_axis():
    kind, settings = small("unet")
    network = kind.network(Shape(1, 1, (True,)), settings).double().eval()
    x = torch.randn(1, 1, 32).double()
    assert (network(x.roll(16, -1)) - network(x).roll(16, -1)).abs().max() < 1e-12


def test_every_operator_of_the_list_was_tried():
    assert set(SMALL) <= set(names())


def test_steps_go_on_from_what_they_gave():
    class Tenth(torch.nn.Module):
        def forward(self, x):
            return 0.1 * x[:, 1:2] + x[:, :1]

    x = torch.tensor([[[2.0, 2.0], [1.0, 3.0]]])  # what stays as it is, then the first frame
    found = Stepwise(Tenth(), [1], 3)(x)
    assert torch.allclose(found[0, :, 0, 0], torch.tensor([3.1, 5.41, 7.951]))
    assert found.shape == (1, 3, 1, 2)


def test_units_are_taken_off_and_put_back():
    given = np.random.default_rng(0).normal(5.0, 3.0, (50, 2, 8)).astype(np.float32)
    given[:, 1] = 7.0  # a number that is the same in all samples
    solved = np.random.default_rng(1).normal(-2.0, 4.0, (50, 3, 1, 8)).astype(np.float32)
    module = Normalised(torch.nn.Identity(), 2, 1)
    module.fit(given, solved, [0])
    scaled = module.scaled(torch.from_numpy(given))
    as_the_result = (given[:, 0] - solved.mean()) / solved.std()  # that it is the first frame of
    assert np.allclose(scaled[:, 0], as_the_result, atol=1e-4)
    assert scaled[:, 1].abs().max() < 1e-6


def test_a_task_is_read_as_channels():
    gas, flow = Layout.of(tasks.load("cns1d")), Layout.of(tasks.load("darcy"))
    assert gas.fields == ("Vx0", "density0", "pressure0")
    assert gas.scalars == ("eta", "zeta")
    assert (gas.channels, gas.frames, gas.results) == (5, 50, ("Vx", "density", "pressure"))
    assert (flow.channels, flow.frames, flow.timed) == (3, 1, False)  # the coefficient and both places
    assert Layout.from_dict(flow.asdict()) == flow


def test_first_frames_are_given_and_other_times_lie_between():
    task = tasks.load("reacdiff1d")
    layout = Layout.of(task)
    case = task.split("dev")[0]
    frames = layout.solved(case.reference)
    again = layout.decoded(frames, case.inputs)["u_batch"]
    assert np.allclose(again, case.reference["u_batch"], atol=1e-6)
    half = {**case.inputs, "t_coordinate": np.array([0.0, *(np.array(layout.times)[:-1] + np.diff(layout.times) / 2)])}
    between = layout.decoded(frames, half)["u_batch"]
    smooth = 0.5 * (again[:, 20:40] + again[:, 21:41])
    assert np.abs(between[:, 21:41] - smooth).max() < 2e-3
    with pytest.raises(InputError, match="was trained from 0 to 1"):
        layout.decoded(frames, {**case.inputs, "t_coordinate": np.array([0.0, 2.0])})


def test_what_an_operator_does_not_know_is_refused():
    layout = Layout.of(tasks.load("advection"))
    with pytest.raises(InputError, match="Did you mean 'modes'"):
        module_of("fno", {"mode": 3}, layout)
    with pytest.raises(InputError, match="Did you mean 'f-fno'"):
        module_of("ffno", {}, layout)
