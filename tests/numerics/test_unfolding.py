"""Programs recover kinked samples that are folded Fourier sums from the data alone, whatever the equation and the grid."""

import numpy as np
import pytest
from numerics_cases import brief_of, line, relative, solve

from fieldsmith import numerics
from fieldsmith.equations.equation import Balance, Equation
from fieldsmith.tasks.folded import unfold

POINTS, TIMES = 128, np.linspace(0.0, 0.4, 5)


def start(places: np.ndarray) -> np.ndarray:
    """A smooth sample and three kinked ones, [4, points], at places in periods."""
    s = np.sin(2 * np.pi * 2 * places + 0.4) + 0.6 * np.sin(2 * np.pi * 3 * places + 2.0)
    single = np.sin(2 * np.pi * places + 1.0)
    return np.stack([0.5 + 0.3 * s, np.abs(s), 0.9 - 0.5 * np.abs(s), 0.2 + 0.3 * np.abs(single)])


def exact_after(moved: float, grown: float) -> np.ndarray:
    """[sample, time, point] of a profile that moves so many periods and grows at that rate, on cell centres."""
    places = (np.arange(POINTS) + 0.5) / POINTS
    return np.stack([np.exp(grown * t) * start(places - moved * t) for t in TIMES], axis=1)


def answer(equation: Equation, parameters: dict, places: np.ndarray, interpolation: str, **more) -> np.ndarray:
    brief = brief_of(equation, parameters, TIMES)
    written = numerics.write(brief, {"family": "spectral", "interpolation": interpolation, **more})
    (found,) = solve(written.source, brief, [start(places)], TIMES)
    return found


def errors(found: np.ndarray, expected: np.ndarray) -> np.ndarray:
    return np.array([relative([one], [other]) for one, other in zip(found, expected, strict=True)])


@pytest.mark.parametrize(("speed", "rate"), [(0.7, 0.0), (-2.3, -0.4)])
def test_what_is_only_moved_keeps_its_kinks_exactly(speed, rate):
    right = "-c*d(w, s)" + (f" + ({rate})*w" if rate else "")
    equation = Equation(("w",), (line(-1, 3),), (Balance("w", right),), ("c",))
    places = (np.arange(POINTS) + 0.5) / POINTS
    expected = exact_after(speed / 4, rate)
    assert errors(answer(equation, {"c": speed}, places, "unfolded"), expected).max() < 1e-12
    plain = errors(answer(equation, {"c": speed}, places, "trigonometric"), expected)
    assert plain[0] < 1e-12
    assert plain[1:].min() > 1e-6


EQUATIONS = {
    "diffusion": ("k*d(w, s, s)", {}),
    "dispersion and diffusion": ("k*d(w, s, s) - d(w, s, s, s)/5000", {}),
    "fronts": ("-d(w**2/2, s) + k*d(w, s, s)", {"refinement": "one_pass", "steps": 40}),
}


@pytest.mark.slow
@pytest.mark.parametrize("nodes", ["cell_centres", "left_edges"])
@pytest.mark.parametrize("name", EQUATIONS)
def test_kinked_samples_are_followed_as_well_as_from_many_more_samples(name, nodes):
    right, more = EQUATIONS[name]
    inner = {"oversampling": 4.0} if more else {}  # about as many inner points from either
    equation = Equation(("w",), (line(0, 1, nodes=nodes),), (Balance("w", right),), ("k",))
    offset = 0.5 if nodes == "cell_centres" else 0.0
    places, dense = ((np.arange(n) + offset) / n for n in (POINTS, 9 * POINTS))
    middle = slice(4, None, 9) if nodes == "cell_centres" else slice(0, None, 9)
    fewer = {"oversampling": 0.5} if more else {}
    expected = answer(equation, {"k": 0.02}, dense, "unfolded", **more, **fewer)[:, :, middle]
    unfolded, plain = (
        errors(answer(equation, {"k": 0.02}, places, how, **more, **inner)[:, 1:], expected[:, 1:])
        for how in ("unfolded", "trigonometric")
    )
    assert unfolded.max() < 1e-7
    assert plain[1:].min() > 30 * unfolded[1:].max()


def test_a_split_reaction_starts_from_recovered_samples_too():
    equation = Equation(("w",), (line(0, 1),), (Balance("w", "d(w, s, s)/50 + 4*w*(1 - w)"),))
    brief = brief_of(equation, {}, TIMES)
    places, dense = ((np.arange(n) + 0.5) / n for n in (POINTS, 9 * POINTS))

    def split(where, interpolation):
        choices = {"family": "splitting", "steps": 32, "interpolation": interpolation}
        return solve(numerics.write(brief, choices).source, brief, [start(where)], TIMES)[0]

    expected = split(dense, "unfolded")[:, :, 4::9]
    unfolded, plain = (errors(split(places, how)[:, 1:], expected[:, 1:]) for how in ("unfolded", "trigonometric"))
    assert unfolded.max() < 1e-7
    assert plain[1:].min() > 30 * unfolded[1:].max()


def test_programs_recover_what_the_trusted_method_recovers():
    """Two texts of one rule; the program has no library to take it from."""
    equation = Equation(("w",), (line(0, 1),), (Balance("w", "-d(w**2/2, s) + d(w, s, s)/50"),))
    space: dict = {"__name__": "solver"}
    exec(numerics.write(brief_of(equation, {}), {"family": "spectral"}).source, space)
    places = np.arange(POINTS) / POINTS
    for sample in start(places):
        ours, trusted = space["unfolded"](sample), unfold(sample)
        assert (ours is None) == (trusted is None)
        if trusted is not None:
            assert np.abs(space["folded_values"](ours, 500, 0.3) - trusted(np.arange(500) / 500 + 0.3)).max() < 1e-14
            transform = space["folded_spectrum"](ours, 500, 0.0)[:200] / 500
            assert np.abs(transform - trusted.coefficients(200)).max() < 1e-14
