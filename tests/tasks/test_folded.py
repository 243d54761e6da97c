"""Samples of |s| tell s: recovered exactly at any resolution, wherever zeros lie; coefficients of |s| are exact."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from fieldsmith.tasks import load
from fieldsmith.tasks.folded import Folded, unfold
from fieldsmith.tasks.scalar import cell_centres
from fieldsmith.tasks.waves import Waves, random_waves

FINE = cell_centres(5003)
RESOLUTIONS = st.sampled_from([100, 128, 256, 333, 1024])


def folded_waves(seed: int, scaled: bool) -> Waves:
    """Four kinked fields; with `scaled` they span [0, 1]."""
    fields = random_waves(np.random.default_rng(seed), 4, smooth=True)
    fields = Waves(**{**vars(fields), "folded": np.ones(4, bool)})
    return fields.scaled_to_unit() if scaled else fields


def about_zeros(distance: float, constant: float, waves: int) -> Folded:
    """A sum whose two zeros lie as near to one another as the distance says, at no place of a grid."""
    turn = np.exp(2j * np.pi * waves * 0.123)
    modes = np.zeros(waves + 1, complex)
    modes[0], modes[waves] = -1.0 + distance, 0.5 * turn
    return Folded(modes, constant, -1.0)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 2**32 - 1), RESOLUTIONS, st.booleans())
def test_a_kinked_field_is_recovered_from_its_samples(seed: int, points: int, scaled: bool) -> None:
    fields = folded_waves(seed, scaled)
    for samples, exact in zip(fields(cell_centres(points)), fields(FINE), strict=True):
        found = unfold(samples)
        assert found is not None
        # Recovered to rounding; to a little less where all zeros almost touch, since such kinks are weak.
        assert np.abs(found(FINE - 0.5 / points) - exact).max() < 1e-9 * np.abs(exact).max()


@settings(deadline=None, max_examples=15)
@given(st.floats(1e-12, 1e-2), st.floats(-3.0, 3.0), st.integers(1, 4), RESOLUTIONS)
def test_zeros_that_almost_touch_do_no_harm(distance: float, constant: float, waves: int, points: int) -> None:
    folded = about_zeros(distance, constant, waves)
    found = unfold(folded(np.arange(points) / points))
    if found is not None:  # kinks may be too weak to show
        assert np.abs(found(FINE) - folded(FINE)).max() < 1e-6


def test_most_fields_are_recovered_to_rounding() -> None:
    errors = []
    for seed in range(10):
        for scaled in (False, True):
            fields = folded_waves(seed, scaled)
            for samples, exact in zip(fields(cell_centres(256)), fields(FINE), strict=True):
                found = unfold(samples)
                assert found is not None
                errors.append(np.abs(found(FINE - 0.5 / 256) - exact).max() / np.abs(exact).max())
    assert np.median(errors) < 1e-14
    assert max(errors) < 1e-12


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_stored_precision_is_what_limits_the_recovery(precision: str) -> None:
    fields = folded_waves(3, scaled=False)
    samples, exact = fields(cell_centres(256)).astype(precision).astype(float), fields(FINE)
    for one, wanted in zip(samples, exact, strict=True):
        found = unfold(one)
        assert found is not None
        assert np.abs(found(FINE - 0.5 / 256) - wanted).max() < {"float64": 1e-12, "float32": 1e-6}[precision]


def test_only_folded_sums_are_taken_for_such() -> None:
    x, rng = cell_centres(256), np.random.default_rng(0)
    windowed = random_waves(rng, 40)
    others = [
        *windowed(x)[windowed.kinds == "windowed"],
        *random_waves(rng, 4, smooth=True)(x),
        np.zeros(256),
        np.ones(256),
        rng.standard_normal(256),
        np.where(x < 0.5, 1.0, -1.0),
        np.abs(x - 0.5),
        np.abs(np.sin(2 * np.pi * x)) ** 1.5,
        np.abs(np.sin(2 * np.pi * x)) + 1e-3 * rng.standard_normal(256),
    ]
    assert [unfold(one) for one in others] == [None] * len(others)


def test_few_samples_prove_nothing() -> None:
    rng = np.random.default_rng(0)
    for points in range(1, 60):
        assert unfold(np.ones(points)) is None
        for _ in range(5):
            assert unfold(rng.standard_normal(points)) is None
            assert unfold(np.abs(rng.standard_normal(points))) is None


@pytest.mark.parametrize("distance", [1e-9, 1e-5, 1e-2, 0.5])
@pytest.mark.parametrize("mode", [0, 1, 4, 37, 1000])
def test_coefficients_are_those_of_fine_quadrature(distance: float, mode: int) -> None:
    folded = about_zeros(distance, 0.3, 3)
    zeros = np.arccos(1.0 - distance) / (2 * np.pi * 3)
    zeros = np.sort(np.mod([s * zeros - 0.123 + n / 3 for s in (-1, 1) for n in range(3)], 1.0))
    ends = np.concatenate([[0.0], zeros, [1.0]])
    found = 0.0j
    for low, high in itertools.pairwise(ends):
        for weight, unit in (("cos", 1.0), ("sin", -1.0j)):
            value = quad(lambda y: float(folded(np.array(y))), low, high, weight=weight, wvar=2 * np.pi * mode)[0]
            found += unit * value
    assert abs(folded.coefficients(1001)[mode] - found) < 1e-12


def test_a_field_and_its_closed_form_are_the_same() -> None:
    for scaled in (False, True):
        fields = folded_waves(1, scaled)
        for n, exact in enumerate(fields(FINE)):
            folded = fields.folded_sum(n)
            assert folded is not None
            assert np.abs(folded(FINE) - exact).max() < 1e-13


@pytest.mark.parametrize("name", ["burgers", "reacdiff1d"])
def test_the_spectrum_of_a_kinked_reference_has_no_aliasing(name: str) -> None:
    """An average over many more samples comes close to it, in second order."""
    task = load(name)
    fields = folded_waves(2, scaled=name == "reacdiff1d")
    windows = np.full((4, 2), np.nan)
    windows[3] = 0.2, 0.7
    fields = Waves(**{**vars(fields), "windows": windows})
    kinked = np.arange(4)
    exact = task.exact_spectrum(fields, 768, 1)[0, kinked, :300] / 768
    gaps = []
    for more in (9, 45):
        dense = fields(cell_centres(768 * more))[kinked]
        turn = np.exp(1j * np.pi * np.arange(300) * (1 / 768 - 1 / (768 * more)))
        gaps.append(np.abs(np.fft.rfft(dense)[:, :300] / (768 * more) * turn - exact).max())
    assert gaps[0] < 1e-6
    assert gaps[1] < gaps[0] / 10


@pytest.mark.parametrize("name", ["advection", pytest.param("reacdiff1d", marks=pytest.mark.slow)])
def test_from_samples_alone_a_kinked_field_is_followed_as_well_as_a_smooth_one(name: str) -> None:
    task = load(name)
    case = task.split("dev")[0]
    assert case.trusted_errors is not None
    kinked = case.trusted_errors[np.array(case.kinds) == "kinked"]
    assert kinked.size
    assert kinked.max() < 1e-8  # 1e-3 for the trigonometric interpolant of the samples


def test_a_kinked_field_whose_window_is_resolved_is_recovered_too() -> None:
    fields = folded_waves(4, scaled=False)
    windows = np.array([[0.2, 0.7], [0.3, 0.6], [0.25, 0.8], [0.35, 0.9]])
    fields = Waves(**{**vars(fields), "windows": windows})
    assert set(fields.kinds) == {"kinked and windowed"}
    recovered = [unfold(one) for one in fields(cell_centres(1024))]
    for found, exact in zip(recovered, fields(cell_centres(2048)), strict=True):
        assert found is not None
        assert np.abs(found.on_grid(2048, np.array(0.25 / 1024 - 0.5 / 1024)) - exact).max() < 1e-8
    assert [unfold(one) for one in fields(cell_centres(128))] == [None] * 4
