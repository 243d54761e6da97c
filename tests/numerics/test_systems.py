"""Systems that are coupled by higher derivatives, and what happens where nothing can be computed."""

import numpy as np
import pytest
from numerics_cases import POINTS, TIMES, Z, brief_of, fourier, line, references, relative, rungs, solve

from fieldsmith.equations.equation import Balance, Equation

STARTS = np.stack([0.5 * np.sin(Z), 0.3 + 0.4 * np.cos(2 * Z)])
UNIT = (line(0, 1),)
SOON = np.linspace(0.0, 0.1, 3)
"""For an equation that takes many small steps."""


def answers(equation, parameters, starts, times=TIMES, limit=8.0):
    """What each rung but the dearest computes in a short time."""
    brief = brief_of(equation, parameters, times, limit)
    for summary, source in rungs(brief).items():
        if "1e-11" not in summary and "5 times" not in summary:
            yield summary, solve(source, brief, starts, times)


def check(equation, parameters, starts, expected, tolerance=1e-6, times=TIMES, limit=8.0):
    for summary, ours in answers(equation, parameters, starts, times, limit):
        assert relative(ours, expected) < (tolerance if "pass" not in summary else 1e-2), summary


def test_waves():
    k, modes = 2 * np.pi * np.fft.rfftfreq(POINTS, 1 / POINTS), np.fft.rfft(STARTS)
    place = np.stack([np.fft.irfft(modes * np.cos(2 * k * t), POINTS) for t in TIMES], 1)
    speed = np.stack([np.fft.irfft(-2 * k * modes * np.sin(2 * k * t), POINTS) for t in TIMES], 1)
    equation = Equation(("u", "v"), UNIT, (Balance("u", "v"), Balance("v", "c**2*d(u, s, s)")), ("c",))
    check(equation, {"c": 2.0}, [STARTS, 0 * STARTS], [place, speed])


def test_schroedinger():
    k, modes = 2 * np.pi * np.fft.fftfreq(POINTS, 1 / POINTS), np.fft.fft(STARTS)
    psi = np.stack([np.fft.ifft(modes * np.exp(-0.1j * k**2 * t)) for t in TIMES], 1)
    equation = Equation(("a", "b"), UNIT, (Balance("a", "-e*d(b, s, s)"), Balance("b", "e*d(a, s, s)")), ("e",))
    check(equation, {"e": 0.1}, [STARTS, 0 * STARTS], [psi.real, psi.imag])


@pytest.mark.slow
def test_nonlinear_schroedinger_has_its_soliton():
    x = (np.arange(256) + 0.5) / 256 * 40 - 20
    soliton = [np.exp(0.5j * t) / np.cosh(x) for t in TIMES]
    psi = np.stack([np.stack(soliton)] * 2)
    balances = (
        Balance("a", "-d(b, s, s)/2 - (a**2 + b**2)*b"),
        Balance("b", "d(a, s, s)/2 + (a**2 + b**2)*a"),
    )
    equation = Equation(("a", "b"), (line(-20, 20),), balances)
    check(equation, {}, [psi[:, 0].real, psi[:, 0].imag], [psi.real, psi.imag])


@pytest.mark.slow
def test_a_nonlinear_string_with_variable_stiffness():
    second = fourier(POINTS, 1.0, 2)
    stiffness = 1 + 0.3 * np.sin(Z)

    def rhs(t, w):
        u, v = w[:POINTS], w[POINTS:]
        return np.concatenate([v, stiffness * (second @ u) - u**3])

    starts = [STARTS, 0 * STARTS]
    expected = references(rhs, starts, SOON, method="DOP853")
    balances = (Balance("u", "v"), Balance("v", "(1 + 3*sin(2*pi*s)/10)*d(u, s, s) - u**3"))
    check(Equation(("u", "v"), UNIT, balances), {}, starts, expected, 2e-5, SOON)


@pytest.mark.slow
def test_dispersion_with_a_variable_coefficient():
    third = fourier(POINTS, 1.0, 3)
    expected = references(lambda t, u: -1e-4 * (1 + 0.5 * np.sin(Z)) * (third @ u), [STARTS], method="DOP853")
    equation = Equation(("u",), UNIT, (Balance("u", "-e*(1 + sin(2*pi*s)/2)*d(u, s, s, s)"),), ("e",))
    check(equation, {"e": 1e-4}, [STARTS], expected, 2e-5)


@pytest.mark.slow
def test_diffusion_by_the_gradient_itself():
    first = fourier(POINTS, 1.0, 1)
    expected = references(lambda t, u: first @ ((first @ u) ** 3) * 1e-3 + 0.01 * first @ first @ u, [STARTS])
    equation = Equation(("u",), UNIT, (Balance("u", "d(d(u, s)**3, s)/1000 + d(u, s, s)/100"),))
    check(equation, {}, [STARTS], expected, 1e-4, limit=1.0)


def test_cross_diffusion():
    second = fourier(POINTS, 1.0, 2)
    other = 1 + STARTS[::-1]

    def rhs(t, w):
        a, b = w[:POINTS], w[POINTS:]
        return np.concatenate([second @ (0.05 * a + 0.02 * b), second @ (0.02 * a + 0.05 * b)])

    balances = (Balance("a", "d(5*d(a, s) + 2*d(b, s), s)/100"), Balance("b", "d(2*d(a, s) + 5*d(b, s), s)/100"))
    check(Equation(("a", "b"), UNIT, balances), {}, [STARTS, other], references(rhs, [STARTS, other]))


@pytest.mark.slow
@pytest.mark.parametrize(
    "rhs", ["u**2 + d(u, s, s)/1000", "-d(u, s, s)/100 - d(u**2/2, s)", "u**2 + d(u, s, s)/100 - d(u**2/2, s)"]
)
def test_what_blows_up_is_not_a_number_from_there_on(rhs, capsys):
    """Each sample for itself: the second one, small or constant, goes on."""
    times = np.linspace(0.0, 1.5, 4)
    calm = 0.01 * np.sin(Z) if "**2 +" in rhs else np.full(POINTS, 0.1)
    start = np.stack([1.5 + np.sin(Z), calm])
    for summary, (ours,) in answers(Equation(("u",), UNIT, (Balance("u", rhs),)), {}, [start], times, limit=3.0):
        printed = capsys.readouterr().out
        lost = np.isnan(ours).any(axis=2)
        assert (ours[:, 0] == start).all(), summary
        assert (np.diff(lost.astype(int), axis=1) >= 0).all(), summary
        assert not lost[1].any(), summary
        if "refined to" in summary or "steps four" in summary or "**2 +" in rhs:
            assert lost[0, -1], summary
            assert "NaN" in printed, summary
        kept = np.abs(ours[~np.isnan(ours)])
        assert kept.max() < 1e6, summary
