"""Initial fields are functions: the same on every grid, of the published kind."""

import numpy as np

from fieldsmith.tasks.scalar import cell_centres
from fieldsmith.tasks.waves import random_waves


def test_odd_refinement_contains_the_coarse_cell_centres() -> None:
    fields = random_waves(np.random.default_rng(3), 40)
    assert np.abs(fields(cell_centres(96 * 5))[:, 2::5] - fields(cell_centres(96))).max() < 1e-12


def test_fields_are_periodic() -> None:
    fields = random_waves(np.random.default_rng(3), 40)
    x = np.linspace(0.0, 0.9, 31)
    assert np.abs(fields(x) - fields(x + 3.0)).max() < 1e-9


def test_about_one_in_ten_is_folded_and_one_in_ten_windowed() -> None:
    fields = random_waves(np.random.default_rng(1), 20_000)
    assert 0.09 < fields.folded.mean() < 0.11
    assert 0.09 < np.isfinite(fields.windows[:, 0]).mean() < 0.11
    assert 0.47 < (fields.sign > 0).mean() < 0.53
    assert set(np.unique(fields.numbers)) == {1, 2, 3, 4}


def test_smooth_fields_have_neither_kinks_nor_windows() -> None:
    fields = random_waves(np.random.default_rng(1), 50, smooth=True)
    assert set(fields.kinds) == {"smooth"}
    spectrum = np.abs(np.fft.rfft(fields(cell_centres(64))))
    assert spectrum[:, 5:].max() < 1e-10


def test_scaling_is_a_property_of_the_function_not_of_the_grid() -> None:
    fields = random_waves(np.random.default_rng(2), 20).scaled_to_unit()
    fine, coarse = fields(cell_centres(999)), fields(cell_centres(333))
    assert np.abs(fine[:, 1::3] - coarse).max() < 1e-12
    assert fine.min() > -1e-6
    assert fine.max() < 1 + 1e-6
    assert fine.min(axis=1).max() < 0.01
    assert fine.max(axis=1).min() > 0.99
