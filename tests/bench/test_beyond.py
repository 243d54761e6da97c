"""What an error does not say: a flow has no defect, however wrong it is, and what is none has the one that can be worked out."""

import numpy as np
import pytest

from fieldsmith.bench.beyond import Beyond, beyond, energy_departure, halves
from fieldsmith.sandboxes.sandbox import CallResult, Session
from fieldsmith.tasks import Balance, Equation, load
from small_darcy import SmallDarcy
from small_heat import SmallHeat

HEAT = """import numpy as np


def {name}({arguments}):
    waves = 2 * np.pi * np.fft.rfftfreq(u0.shape[1], 1 / u0.shape[1])
    decay = np.exp(-{rate} * k * waves**2 * (t_coordinate[:, None] - t_coordinate[0]))
    return np.fft.irfft(decay * np.fft.rfft(u0)[:, None], u0.shape[1])
"""
LINE = """import numpy as np


def {name}({arguments}):
    return u0[:, None] * (1 - t_coordinate / 2)[:, None]
"""


class Here(Session):
    """Calls in this process."""

    closed = False

    def call(self, program, function, inputs, results, seconds=None):
        scope = {}
        exec(compile(program, "solver.py", "exec"), scope)
        outputs = scope[function](**inputs)
        several = outputs if isinstance(outputs, tuple) else (outputs,)
        return CallResult("ok", dict(zip(results, several, strict=True)), 0.0)

    def close(self):
        pass


def measured(task, text, **values):
    signature = task.brief().signature
    arguments = ", ".join(one.name for one in signature.arguments)
    program = text.format(name=signature.function, arguments=arguments, **values)
    return beyond(task, program, Here(), task.split("test")[0])


@pytest.fixture(scope="module")
def heat():
    return SmallHeat({})


def test_an_exact_flow_has_no_defect(heat):
    found = measured(heat, HEAT, rate=1)
    assert found.semigroup < 1e-13
    assert found.energy < 1e-6
    assert found.coarser < 1e-6


def test_a_wrong_flow_is_a_flow_all_the_same(heat):
    found = measured(heat, HEAT, rate=2)
    assert found.semigroup < 1e-13
    assert found.energy > 1e-3
    assert found.coarser > 1e-2


def test_what_is_no_flow_has_its_defect(heat):
    # Frames at 0, 0.2, ... 1: after 0.8 it is 0.6 of the start, after 0.4 twice (0.8)^2.
    assert halves(np.linspace(0, 1, 6)) == (2, 4)
    assert measured(heat, LINE).semigroup == pytest.approx(abs(0.8**2 - 0.6) / 0.6, rel=1e-12)


def test_frames_that_are_not_twice_as_late_are_none():
    assert halves(np.array([0.0, 1.0, 3.0, 7.0])) is None
    assert halves(np.array([1.0, 2.0, 3.0, 7.0])) == (1, 2)


def test_energy_is_that_of_the_frame_and_result_that_depart_most():
    ones = np.ones((1, 3, 4))
    fading = np.array([1.0, 0.9, 0.5])[None, :, None] * np.ones(4)
    assert energy_departure({"u": fading, "v": ones}, {"u": ones, "v": ones}) == pytest.approx(0.75)
    assert energy_departure({"u": ones}, {"u": 2 * ones}) == pytest.approx(0.75)


def test_what_changes_in_time_by_itself_or_is_steady_is_no_flow(heat):
    class Fading(SmallHeat):
        name = "fading-heat"
        equation = Equation(("u",), SmallHeat.equation.axes, (Balance("u", "k*d(u, x, x)*exp(-t)"),), ("k",))

    found = measured(Fading({}), HEAT, rate=1)
    assert found.semigroup is None
    assert found.energy is not None
    steady = measured(SmallDarcy({}), "def {name}({arguments}):\n    return 0 * a\n")
    assert steady == Beyond(None, pytest.approx(1.0), pytest.approx(1.0))


def test_a_call_that_fails_has_no_figure():
    task = load("burgers")
    failed = Here()
    failed.call = lambda *_: CallResult("crashed")
    case = type("Case", (), {"inputs": {a.name: 0.0 for a in task.brief().signature.arguments}, "reference": {}})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fieldsmith.tasks.task.Signature.shapes", lambda *_: {})
        assert beyond(task, "", failed, case) == Beyond()
