"""Fourier pseudo-spectral methods for periodic equations in one dimension, scalar or systems."""

from collections.abc import Mapping, Sequence

import sympy as sp

from fieldsmith.equations.analysis import Analysis
from fieldsmith.equations.fourier import symbol_code
from fieldsmith.equations.printing import named_derivatives, numpy_code, timed_factors
from fieldsmith.numerics.code import call_values, equation_values
from fieldsmith.numerics.family import Variant, periodic_line, render
from fieldsmith.numerics.plan import Plan
from fieldsmith.tasks.task import Brief

VALUES_A_SECOND = 1.2e8
"""Values that a core of our day transforms a second, everything around it included (1.1 to 1.6e8 on an AMD EPYC)."""
WORK_SHARE, PATIENCE_SHARE = 0.25, 0.8
"""Of the time limit: what the counted work should take, and what must not be exceeded whatever the machine."""


class Spectral:
    """Exact exponentials for linear equations, ETDRK4 with 2/3 dealiasing for the others.

    Resolution is controlled at run time: grid and steps are refined until two answers agree.
    """

    name = "spectral"

    def suits(self, analysis: Analysis) -> float:
        periodic_line(analysis)
        return 1.0 if analysis.linear or all(map(analysis.damped, range(len(analysis.unknowns)))) else 0.6

    def variants(self, analysis: Analysis, brief: Brief) -> Sequence[Variant]:
        if analysis.linear:
            return (Variant("exact in time", {}, 1, 9),)

        def variant(name: str, accuracy: int, cost: float, steps: int = 1, **settings: float) -> Variant:
            return Variant(name, {"steps": steps, **settings}, cost, accuracy, again=steps > 1)

        return (
            variant("one pass on the given grid", 1, 4, courant=1.0, levels=1, tolerance=1e-4, oversampling=1.0),
            variant("refined to 1e-5", 3, 40, courant=1.0, levels=4, tolerance=1e-5, oversampling=1.5),
            variant("refined to 1e-9", 5, 120, courant=1.0, levels=6, tolerance=1e-9, oversampling=1.5),
            variant("refined to 1e-11", 7, 200, courant=0.7, levels=7, tolerance=1e-11, oversampling=1.5),
            variant("one coarse pass", 0, 1, courant=2.0, levels=1, tolerance=1e-2, oversampling=0.75),
            variant("steps four times smaller", 4, 160, 4, courant=0.25, levels=4, tolerance=1e-6, oversampling=1.5),
        )

    def plan(self, analysis: Analysis, variant: Variant) -> Plan:
        if analysis.linear:
            return Plan(
                "Fourier, all modes of the samples",
                f"exact exponential of the linear {'matrix' if analysis.coupled else 'symbol'}",
                "none needed",
                None,
                "Every Fourier mode is multiplied by the exponential of its symbol: exact for the interpolant.",
            )
        once = variant.settings["levels"] == 1
        return Plan(
            "Fourier pseudo-spectral, 2/3 dealiasing, inner grid by trigonometric interpolation",
            "ETDRK4, linear part exact" + (" with a constant-diffusivity majorant" if _majorants(analysis) else ""),
            f"{variant.name}: "
            + (
                "steps by the Courant condition, no refinement"
                if once
                else f"grid and steps doubled until two answers agree to {variant.settings['tolerance']:g}"
            ),
            None,
            f"Spectral in space, fourth order in time; {variant.name}.",
        )

    def source(self, analysis: Analysis, brief: Brief, variant: Variant) -> str:
        values = {**call_values(brief), **equation_values(analysis, brief), **_linear_values(analysis, brief)}
        if not analysis.linear:
            values |= _remaining_values(analysis)
        return render(
            "spectral.py.jinja",
            **values,
            scheme="exact in time" if analysis.linear else "exponential time differencing (ETDRK4)",
            exact=analysis.linear,
            method_text=_method_text(analysis, variant),
            settings=variant.settings,
            work=WORK_SHARE * brief.time_limit * VALUES_A_SECOND / max(1, brief.sizes.get("batch", 1)),
            patience=round(PATIENCE_SHARE * brief.time_limit, 1),
        )


def _linear_values(analysis: Analysis, brief: Brief) -> dict[str, object]:
    """What the template needs of the part that is taken exactly."""
    size = range(len(analysis.unknowns))
    passed = call_values(brief)["passed"]
    assert isinstance(passed, list)
    symbols = [symbol_code(terms.linear) for terms in analysis.terms]
    return {
        "coupled": analysis.coupled,
        "unpack": f"({', '.join(passed)},) = self.parameters" if passed else "",
        "symbols": symbols,
        "real_symbol": all("ik" not in symbol for symbol in symbols),
        "matrix": [[_matrix_symbol(analysis, i, j) for j in size] for i in size] if analysis.coupled else [],
        "outputs": [f"out_{w.name}" for w in analysis.unknowns],
    }


def _remaining_values(analysis: Analysis) -> dict[str, object]:
    """What the template needs of the terms that are not taken exactly."""
    index = {w.name: i for i, w in enumerate(analysis.unknowns)}
    majorants = [numpy_code(d) if _majorants(analysis) and d != 0 else "" for d in analysis.diffusion]
    fluxes, derivatives = _fluxes(analysis)
    speeds, transport = _speeds(analysis)
    explicit, timed = _explicit(analysis)
    stiffness, stiff = _stiffness(analysis)
    everything = [f for terms in analysis.terms for f in terms.fluxes.values()]
    uses_time = any(f.has(analysis.time) for f in everything)

    def listed(found: Mapping[str, tuple[str, int]]) -> list[tuple[str, int, int]]:
        return [(name, index[field], order) for name, (field, order) in sorted(found.items())]

    return {
        "majorants": majorants,
        "has_majorants": any(majorants),
        "majorants_too": ", majorants" if any(majorants) else "",
        "fluxes": fluxes,
        "derivatives": listed(derivatives),
        "transforms": len(index) + len(derivatives) + sum(map(len, fluxes)),
        "uses_coordinate": any(f.has(analysis.coordinates[0]) for f in everything),
        "uses_time": uses_time,
        "interval_too": f", {analysis.time.name}, interval" if uses_time else "",
        "speeds": speeds,
        "transport": transport,
        "reaction": [numpy_code(r) for r in analysis.reaction if r != 0],
        "explicit": explicit,
        "timed_derivatives": listed(timed),
        "stiffness": stiffness,
        "stiff_derivatives": listed(stiff),
    }


def _matrix_symbol(analysis: Analysis, i: int, j: int) -> str:
    terms, other = analysis.terms[i], analysis.unknowns[j]
    coupling = {counts: c for (unknown, counts), c in terms.coupling.items() if unknown == other}
    return symbol_code(terms.linear if i == j else coupling)


def _fluxes(analysis: Analysis) -> tuple[list[list[tuple[int, str]]], dict[str, tuple[str, int]]]:
    rows, derivatives = [], {}
    for terms in analysis.terms:
        row = []
        for (order,), flux in sorted(terms.fluxes.items()):
            plain, found = named_derivatives(flux)
            derivatives.update(found)
            code = numpy_code(sp.factor_terms(plain))
            if not any(plain.has(w) for w in analysis.unknowns) and not found:
                code = f"np.broadcast_to({code}, {analysis.unknowns[0]}.shape)"
            row.append((order, code))
        rows.append(row)
    return rows, derivatives


def _speeds(analysis: Analysis) -> tuple[str, object]:
    if analysis.transports[0].is_zero_matrix:
        return "none", ""
    if len(analysis.unknowns) == 1:
        return "scalar", numpy_code(analysis.transports[0][0, 0])
    size = range(len(analysis.unknowns))
    return "system", [[numpy_code(analysis.transports[0][i, j]) for j in size] for i in size]


def _explicit(analysis: Analysis) -> tuple[list[tuple[str, str]], dict[str, tuple[str, int]]]:
    """Factors that hold the time, each with its partial derivative along it, and the derivatives that they hold."""
    pairs, derivatives = [], {}
    fluxes = [flux for terms in analysis.terms for flux in terms.fluxes.values()]
    for factor, slope in timed_factors(fluxes, analysis.time):
        plain, found = named_derivatives(factor)
        derivatives.update(found)
        pairs.append((numpy_code(plain), numpy_code(named_derivatives(slope)[0])))
    return pairs, derivatives


def _stiffness(analysis: Analysis) -> tuple[list[tuple[int, int, int, str]], dict[str, tuple[str, int]]]:
    rows, derivatives = [], {}
    for (i, j), slopes in analysis.stiffness.items():
        for order, slope in sorted(slopes.items()):
            plain, found = named_derivatives(slope)
            derivatives.update(found)
            rows.append((i, j, order, numpy_code(plain)))
    return rows, derivatives


def _majorants(analysis: Analysis) -> bool:
    return not analysis.coupled and any(d != 0 for d in analysis.diffusion)


def _method_text(analysis: Analysis, variant: Variant) -> list[str]:
    if analysis.linear:
        return [
            "The equation is linear with constant coefficients: every Fourier mode of the samples is multiplied by the",
            f"exponential of its {'matrix' if analysis.coupled else 'symbol'}. This is exact for the trigonometric interpolant of the samples.",
        ]
    lines = [
        "Linear terms with constant coefficients are taken exactly in Fourier space, so that they put no limit on the step;",
        "products are formed on the grid and dealiased by the 2/3 rule. The samples are interpolated to an inner grid.",
    ]
    if variant.settings["levels"] > 1:
        lines.append("Grid and steps are refined until two answers agree.")
    if _majorants(analysis):
        lines += [
            "Diffusion with a variable coefficient is split into a constant one midway between the extremes, taken exactly,",
            "and the rest, which is then too small to limit the step.",
        ]
    return lines
