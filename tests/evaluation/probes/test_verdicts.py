"""Strengths on two grids: what is said of a program's terms, and what is not."""

import numpy as np
import pytest
import sympy as sp

from fieldsmith.evaluation.probes.strengths import Strengths, Term
from fieldsmith.evaluation.probes.verdicts import verdicts

CONVECTION = Term("-d(u**2/2, x)", sp.Symbol("convection"), 1, "-d(u**2/2, x)")
DIFFUSION = Term("nu*u_xx", sp.Symbol("diffusion"), 2, "nu*u_xx")


def strengths(diffusion: float) -> Strengths:
    nothing = np.zeros(1)
    return Strengths((CONVECTION, DIFFUSION), (1.0, diffusion), (0.9, 0.3), 0.01, 1.0, nothing, nothing, nothing)


def told(fine: float, coarse: float) -> dict:
    return verdicts([strengths(fine)], [strengths(coarse)], 256)


@pytest.mark.parametrize(("fine", "coarse"), [(1.8, 4.2), (1.8, 2.6), (1.8, 9.0), (1.4, 0.5), (0.6, 1.5), (-0.5, -4.0)])
def test_what_falls_with_the_spacing_or_does_not_settle_is_no_fault_of_a_term(fine, coarse):
    assert told(fine, coarse)["terms"] == []


@pytest.mark.parametrize(("fine", "coarse"), [(1.8, 4.2), (1.8, 2.6), (-0.5, -0.4), (0.3, 0.35), (2.0, 2.5)])
def test_a_sign_is_told_only_as_it_was_measured(fine, coarse):
    assert all((term["kind"] == "sign") == (fine < 0.0) for term in told(fine, coarse)["terms"])


@pytest.mark.parametrize(("fine", "coarse", "elsewhere"), [(0.32, 0.33, None), (0.2, 0.4, 0.4), (3.0, 2.0, 2.0)])
def test_the_strength_on_half_as_many_points_is_told_where_it_is_another(fine, coarse, elsewhere):
    (term,) = told(fine, coarse)["terms"]
    assert (term["factor"], term["coarse"]) == (fine, elsewhere) or elsewhere is None


@pytest.mark.parametrize(("coarse", "power"), [(2.6, 1.0), (4.2, 2.0)])
def test_a_diffusion_of_the_scheme_is_told_with_the_power_that_it_falls_with(coarse, power):
    (smears,) = told(1.8, coarse)["smears"]
    assert smears["term"] == "nu*u_xx"
    assert smears["power"] == pytest.approx(power, abs=0.01)
