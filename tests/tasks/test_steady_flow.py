"""The steady flow task: its reference against manufactured flows, how fast it converges, and that it stays on the branch from rest."""

import numpy as np
import pytest

from fieldsmith.errors import FieldsmithError
from fieldsmith.tasks import load, steady_vorticity
from fieldsmith.tasks.check import examine
from fieldsmith.tasks.steady_vorticity import SteadyFlow, Torus, resized, sampled
from fieldsmith.tasks.steady_vorticity import steady_vorticity as solved

NU = 0.05


def made(n, profile):
    """Spectra of a vorticity of mean 0 and of the forcing that it solves the equation for, on so many points that nothing of either is lost."""
    torus = Torus(n)
    x = 2.0 * np.pi * np.arange(n) / n
    w = torus.spectrum(profile(x[:, None], x[None, :])) * torus.kept
    u, v = torus.velocity(w)
    kx, ky = np.fft.fftfreq(n, 1.0 / n)[:, None], np.arange(n // 2 + 1)
    transport = torus.spectrum(u * torus.values(1j * kx * w) + v * torus.values(1j * ky * w))
    return w, transport + NU * torus.squared * w


def waves(x, y):
    """A few waves: their forcing is one of a few, too."""
    return 0.3 * (np.sin(x + 2 * y) + 0.7 * np.cos(2 * x) * np.sin(y) + 0.4 * np.cos(3 * y - x))


def eddies(x, y):
    """Analytic, of all wave numbers: amplitudes fall like 0.52^k."""
    return 0.02 / ((1.22 - np.cos(x)) * (1.22 - np.sin(y - 1.0)))


def distance(found, w):
    n = max(len(found), len(w))
    return np.linalg.norm(resized(found, n) - resized(w, n)) / np.linalg.norm(w)


def test_the_reference_is_a_manufactured_flow():
    w, f = made(48, waves)
    assert distance(solved(f, NU, 1e-10), w) < 1e-10
    without_transport = f * Torus(48).inverse / NU
    assert distance(without_transport, w) > 0.1, "transport counts"


def test_its_error_falls_geometrically_with_the_modes():
    w, f = made(192, eddies)
    errors = []
    for n in (18, 30, 42, 54):
        flow = SteadyFlow(Torus(n), NU, resized(f, n))
        errors.append(distance(flow.spectrum(flow.settled(flow.followed())), w))
    rates = np.array(errors[:-1]) / errors[1:]
    # Four modes more a grid, each of half the one before: the error of the best approximation falls by 2^4.
    assert ((rates > 6.0) & (rates < 60.0)).all(), errors
    assert distance(solved(f, NU, 1e-9), w) < 1e-7


@pytest.mark.slow
def test_the_task_is_sound():
    found = list(examine(load("navier-stokes-steady-2d", {"nu": 0.1})))
    assert [one.fault for one in found if one.fault] == []
    notes = {one.check: one.note for one in found}
    assert "agree within" in notes["levels"]


def test_velocities_are_without_divergence_and_mean():
    task = load("navier-stokes-steady-2d")
    fields = task.initial_fields(np.random.default_rng(0), 1, smooth=False)
    solution = task.reference(fields, 64, 0)
    torus = Torus(64)
    u, v = (torus.spectrum(solution[name][0]) for name in ("u", "v"))
    kx, ky = np.fft.fftfreq(64, 1.0 / 64)[:, None], np.arange(33)
    assert abs(u[0, 0]) + abs(v[0, 0]) < 1e-15
    inside = torus.largest < 32
    assert np.abs((kx * u + ky * v)[inside]).max() < 1e-12 * np.abs(u).max()


@pytest.mark.parametrize("points", [22, 32, 45])
def test_few_points_carry_all_of_the_forcing(points):
    task = load("navier-stokes-steady-2d")
    fields = task.initial_fields(np.random.default_rng(1), 2, smooth=False)
    given = task.inputs(fields, points)["f"]
    again = sampled(Torus(points).spectrum(given[1]), 64)
    assert np.abs(again - fields(64)[1]).max() < 1e-12 * np.abs(again).max()
    many = task.initial_fields(np.random.default_rng(2), 400, smooth=False)(24)
    assert np.sqrt((many**2).mean()) == pytest.approx(0.2 * 0.01, rel=0.05)


@pytest.mark.slow
def test_steps_along_the_branch_are_short_enough_to_stay_on_it(monkeypatch):
    task = load("navier-stokes-steady-2d", {"nu": 0.001})
    f = resized(task.initial_fields(np.random.default_rng(7), 12, smooth=False).spectra[11], 48)

    def end(bends):
        monkeypatch.setattr(steady_vorticity, "BENDS", bends)
        return SteadyFlow(Torus(48), 0.001, f).followed()

    usual, short, long = end(steady_vorticity.BENDS), end(0.03), end(0.3)
    assert np.linalg.norm(usual - short) < 1e-6 * np.linalg.norm(short)
    assert np.linalg.norm(long - short) > 0.1 * np.linalg.norm(short), "there is another flow close by"


def test_what_cannot_be_followed_is_said(monkeypatch):
    monkeypatch.setattr(steady_vorticity, "LONGEST_WAY", 1)
    _, f = made(48, waves)
    with pytest.raises(
        FieldsmithError, match=r"cannot be followed beyond \d+ % of the forcing. Give a larger viscosity"
    ):
        solved(f, NU, 1e-6)
