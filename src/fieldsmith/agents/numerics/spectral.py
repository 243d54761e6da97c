"""Fourier pseudo-spectral methods for periodic equations in one dimension, scalar or systems."""

from collections.abc import Sequence

import sympy as sp

from fieldsmith.agents.author import Plan
from fieldsmith.agents.numerics.analysis import Analysis, code_name
from fieldsmith.agents.numerics.code import call_values, fixed_values, named_derivatives, numpy_code, safe_names
from fieldsmith.agents.numerics.family import Variant, render
from fieldsmith.tasks.task import Brief


class Spectral:
    """Exact exponentials for linear equations, ETDRK4 with 2/3 dealiasing for the others.

    Resolution is controlled at run time: grid and steps are refined until two answers agree.
    """

    name = "spectral"

    def suits(self, analysis: Analysis) -> float:
        if analysis.steady or analysis.dimensions != 1 or not analysis.periodic or not safe_names(analysis):
            return 0.0
        if analysis.axis.nodes == "endpoints" or analysis.equation.coefficients:
            return 0.0
        return 1.0 if all(_damped(analysis)) or analysis.linear else 0.6

    def variants(self, analysis: Analysis, brief: Brief) -> Sequence[Variant]:
        if analysis.linear:
            return (Variant("exact in time", {}, 0, 9),)

        def variant(name: str, accuracy: int, **settings: float) -> Variant:
            return Variant(name, settings, accuracy, accuracy)

        return (
            variant("one pass on the given grid", 1, courant=1.0, levels=1, tolerance=1e-4, oversampling=1.0),
            variant("refined to 1e-5", 3, courant=1.0, levels=4, tolerance=1e-5, oversampling=1.5),
            variant("refined to 1e-9", 5, courant=1.0, levels=6, tolerance=1e-9, oversampling=1.5),
            variant("refined to 1e-11", 7, courant=0.7, levels=7, tolerance=1e-11, oversampling=1.5),
            variant("one coarse pass", 0, courant=2.0, levels=1, tolerance=1e-2, oversampling=0.75),
        )

    def plan(self, analysis: Analysis, variant: Variant) -> Plan:
        if analysis.linear:
            return Plan(
                "Fourier, all modes of the samples",
                "exact exponential of the linear symbol",
                "none needed",
                None,
                "Every Fourier mode is multiplied by the exponential of its symbol: exact for the interpolant.",
            )
        return Plan(
            "Fourier pseudo-spectral, 2/3 dealiasing, inner grid by trigonometric interpolation",
            "ETDRK4, linear part exact" + (" with a constant-diffusivity majorant" if _majorants(analysis) else ""),
            f"{variant.name}: grid and steps doubled until two answers agree to {variant.settings['tolerance']:g}",
            None,
            f"Spectral in space, fourth order in time; {variant.name}.",
        )

    def source(self, analysis: Analysis, brief: Brief, variant: Variant) -> str:
        unknowns = [w.name for w in analysis.unknowns]
        majorants = [numpy_code(d) if d != 0 else "" for d in analysis.diffusion] if not analysis.linear else []
        fluxes, derivatives = _fluxes(analysis)
        passed = [code_name(a.of) for a in brief.signature.arguments if a.role == "parameter"]
        x, t = analysis.coordinates[0], analysis.time
        everything = [f for terms in analysis.terms for f in terms.fluxes.values()]
        symbols = [linear_symbol(analysis, i) for i in range(len(unknowns))]
        speeds, transport = _speeds(analysis)
        majorant_fields = (
            [w.name for w in analysis.unknowns if any(d.has(w) for d in analysis.diffusion)] if majorants else []
        )
        return render(
            "spectral.py.jinja",
            **call_values(brief),
            scheme="exact in time" if analysis.linear else "exponential time differencing (ETDRK4)",
            exact=analysis.linear,
            equation_text=[f"d({b.quantity})/dt = {b.rhs}" for b in analysis.equation.balances],
            method_text=_method_text(analysis),
            axis=x.name,
            low=analysis.axis.low,
            length=analysis.axis.length,
            nodes=analysis.axis.nodes,
            constants=fixed_values(analysis, brief),
            settings=variant.settings,
            budget=round(0.35 * brief.time_limit, 1),
            unknowns=unknowns,
            unpack=f"({', '.join(passed)},) = self.parameters" if passed else "",
            symbols=symbols,
            real_symbol=all("ik" not in symbol for symbol in symbols),
            majorants=majorants,
            has_majorants=any(majorants),
            majorants_too=", majorants" if any(majorants) else "",
            majorant_fields=majorant_fields,
            fluxes=fluxes,
            derivatives=[(name, unknowns.index(field), order) for name, (field, order) in sorted(derivatives.items())],
            uses_coordinate=any(f.has(x) for f in everything),
            uses_time=any(f.has(t) for f in everything),
            speeds=speeds,
            transport=transport,
            reaction=[numpy_code(r) for r in analysis.reaction if r != 0] if not analysis.linear else [],
            example_arguments=[(a.role, a.of, a.name) for a in brief.signature.arguments],
            parameters=dict(brief.parameters),
            span=brief.span,
            positive=analysis.equation.positive,
        )


def linear_symbol(analysis: Analysis, index: int, lowest: int = 0) -> str:
    """The linear symbol of one unknown in terms of k (even orders) and ik (odd orders), from order `lowest` on."""
    k, ik = sp.symbols("k ik")
    total = sp.Integer(0)
    for order, coefficient in sorted(analysis.terms[index].linear.items()):
        if order < lowest:
            continue
        power = (-1) ** (order // 2) * k**order if order % 2 == 0 else (-1) ** (order // 2) * ik * k ** (order - 1)
        total += coefficient * power
    return numpy_code(total) if total.has(k, ik) else f"{numpy_code(total)} + 0.0*k"


def _fluxes(analysis: Analysis) -> tuple[list[list[tuple[int, str]]], dict[str, tuple[str, int]]]:
    rows, derivatives = [], {}
    for terms in analysis.terms:
        row = []
        for order, flux in sorted(terms.fluxes.items()):
            plain, names = named_derivatives(flux)
            derivatives.update(names)
            code = numpy_code(sp.factor_terms(plain))
            if not any(plain.has(w) for w in analysis.unknowns) and not names:
                code = f"np.broadcast_to({code}, {analysis.unknowns[0]}.shape)"
            row.append((order, code))
        rows.append(row)
    return rows, derivatives


def _speeds(analysis: Analysis) -> tuple[str, object]:
    if analysis.linear or analysis.transport.is_zero_matrix:
        return "none", ""
    if len(analysis.unknowns) == 1:
        return "scalar", numpy_code(analysis.transport[0, 0])
    size = range(len(analysis.unknowns))
    return "system", [[numpy_code(analysis.transport[i, j]) for j in size] for i in size]


def _majorants(analysis: Analysis) -> bool:
    return any(d != 0 for d in analysis.diffusion)


def _damped(analysis: Analysis) -> list[bool]:
    """Whether each unknown is diffused."""
    linear = [any(order >= 2 and order % 2 == 0 for order in terms.linear) for terms in analysis.terms]
    return [a or d != 0 for a, d in zip(linear, analysis.diffusion, strict=True)]


def _method_text(analysis: Analysis) -> list[str]:
    if analysis.linear:
        return [
            "The equation is linear with constant coefficients: every Fourier mode of the samples is multiplied by the",
            "exponential of its symbol. This is exact for the trigonometric interpolant of the samples.",
        ]
    lines = [
        "Linear terms with constant coefficients are taken exactly in Fourier space, so that diffusion puts no limit on the",
        "step; products are formed on the grid and dealiased by the 2/3 rule. The samples are interpolated to a finer inner",
        "grid; grid and steps are refined until two answers agree.",
    ]
    if _majorants(analysis):
        lines += [
            "Diffusion with a variable coefficient is split into a constant one midway between the extremes, taken exactly,",
            "and the rest, which is then too small to limit the step.",
        ]
    return lines
