"""Shock-capturing finite volumes for periodic balance laws in one dimension, scalar or systems."""

from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp

from fieldsmith.agents.author import Plan
from fieldsmith.agents.numerics.analysis import Analysis, D, Expression, code_name
from fieldsmith.agents.numerics.code import call_values, fixed_values, named_derivatives, numpy_code, safe_names
from fieldsmith.agents.numerics.family import Variant, render
from fieldsmith.tasks.task import Brief


@dataclass(frozen=True)
class BalanceLaw:
    """dq/dt = -dF(w)/dx + dG(w, w_x)/dx + S(w); `inverse` gives the unknowns w from the quantities q."""

    fluxes: tuple[Expression, ...]
    viscous: tuple[Expression, ...]
    sources: tuple[Expression, ...]
    inverse: tuple[Expression, ...]


@dataclass(frozen=True)
class Gas:
    """Names of velocity, density and pressure, and the ratio of specific heats, where the law is that of an ideal gas."""

    velocity: str
    density: str
    pressure: str
    gamma: Expression


def balance_law(analysis: Analysis) -> BalanceLaw | None:
    """The equation in conservation form; None where it is not one or has derivatives of higher order."""
    fluxes, viscous, sources = [], [], []
    for side in analysis.right_hand_sides:
        flux, diffusive, source = sp.Integer(0), sp.Integer(0), sp.Integer(0)
        for term in sp.Add.make_args(sp.expand(side)):
            factor, rest = term.as_independent(*analysis.varying, D)
            if not isinstance(rest, D):
                if rest.has(D):
                    return None
                source += term
                continue
            inner = rest.args[0]
            if not inner.has(D):
                flux -= factor * inner
            elif any(atom.args[0] not in analysis.unknowns for atom in inner.atoms(D)):
                return None
            else:
                for part in sp.Add.make_args(sp.expand(inner)):
                    if part.has(D):
                        diffusive += factor * part
                    else:
                        flux -= factor * part
        fluxes.append(flux)
        viscous.append(diffusive)
        sources.append(source)
    names = tuple(sp.Symbol(f"q{n}", real=True) for n in range(len(analysis.quantities)))
    solved = sp.solve([q - n for q, n in zip(analysis.quantities, names, strict=True)], analysis.unknowns, dict=True)
    if len(solved) != 1:
        return None
    inverse = tuple(sp.simplify(solved[0][w]) for w in analysis.unknowns)
    return BalanceLaw(tuple(fluxes), tuple(viscous), tuple(sources), inverse)


def ideal_gas(analysis: Analysis, law: BalanceLaw) -> Gas | None:
    """Whether the fluxes are those of an ideal gas, and which unknown is which."""
    if len(analysis.unknowns) != 3 or len(analysis.positive) != 2:
        return None
    by_name = {w.name: w for w in analysis.unknowns}
    velocity = next(w for w in analysis.unknowns if w.name not in analysis.positive)
    for first in analysis.positive:
        density = by_name[first]
        pressure = by_name[next(n for n in analysis.positive if n != first)]
        if density not in analysis.quantities or density * velocity not in analysis.quantities:
            continue
        internal = [sp.expand(q - density * velocity**2 / 2) for q in analysis.quantities]
        energies = [n for n, e in enumerate(internal) if e.free_symbols & {pressure} and not e.has(density, velocity)]
        if len(energies) != 1:
            continue
        n = energies[0]
        gamma = sp.simplify(1 + pressure / internal[n])
        wanted = {density: density * velocity, density * velocity: density * velocity**2 + pressure}
        energy = analysis.quantities[n]
        wanted[energy] = (energy + pressure) * velocity
        if all(sp.simplify(f - wanted[q]) == 0 for f, q in zip(law.fluxes, analysis.quantities, strict=True)):
            return Gas(velocity.name, density.name, pressure.name, gamma)
    return None


class FiniteVolumes:
    """WENO reconstruction, HLLC for gases and Rusanov fluxes otherwise, SSP Runge-Kutta, super-time-stepped viscosity."""

    name = "finite volumes"

    def suits(self, analysis: Analysis) -> float:
        if analysis.steady or analysis.dimensions != 1 or not analysis.periodic or analysis.linear:
            return 0.0
        if analysis.axis.nodes == "endpoints" or analysis.equation.coefficients or not safe_names(analysis):
            return 0.0
        law = balance_law(analysis)
        if law is None or all(flux == 0 for flux in law.fluxes):
            return 0.0
        return 0.5

    def variants(self, analysis: Analysis, brief: Brief) -> Sequence[Variant]:
        def variant(name: str, accuracy: int, factor: int) -> Variant:
            return Variant(name, {"factor": factor, "courant": 0.45}, accuracy + 1, accuracy)

        return (
            variant("WENO on the given cells", 1, 1),
            variant("WENO on cells refined 3 times", 2, 3),
            variant("WENO on cells refined 5 times", 3, 5),
        )

    def plan(self, analysis: Analysis, variant: Variant) -> Plan:
        law = balance_law(analysis)
        assert law is not None
        solver = "HLLC" if ideal_gas(analysis, law) else "Rusanov"
        return Plan(
            f"conservative finite volumes, WENO of order 5, {solver} flux",
            "SSP Runge-Kutta of order 3, viscous part by Runge-Kutta-Legendre super-time-stepping in Strang splitting",
            variant.name,
            2.0,
        )

    def source(self, analysis: Analysis, brief: Brief, variant: Variant) -> str:
        law = balance_law(analysis)
        assert law is not None
        gas = ideal_gas(analysis, law)
        viscous, gradients = [], {}
        for flux in law.viscous:
            plain, names = named_derivatives(flux)
            gradients.update(names)
            viscous.append(numpy_code(sp.factor_terms(plain)))
        diffusivity = _diffusivities(analysis, law)
        return render(
            "finite_volumes.py.jinja",
            **call_values(brief),
            equation_text=[f"d({b.quantity})/dt = {b.rhs}" for b in analysis.equation.balances],
            axis=analysis.axis.name,
            low=analysis.axis.low,
            length=analysis.axis.length,
            nodes=analysis.axis.nodes,
            constants=fixed_values(analysis, brief),
            settings=variant.settings,
            unknowns=[w.name for w in analysis.unknowns],
            quantities=[numpy_code(q) for q in analysis.quantities],
            inverse=[numpy_code(w) for w in law.inverse],
            fluxes=[numpy_code(f) for f in law.fluxes],
            viscous=viscous,
            has_viscous=any(flux != 0 for flux in law.viscous),
            gradients=[(name, field) for name, (field, _) in sorted(gradients.items())],
            diffusivity=diffusivity,
            sources=[numpy_code(s) for s in law.sources],
            has_sources=any(s != 0 for s in law.sources),
            uses_coordinate=any(s.has(analysis.coordinates[0]) for s in law.sources),
            gas=gas,
            gamma=numpy_code(gas.gamma) if gas else "",
            speed=_speed(analysis, gas),
            positive=analysis.positive,
            passed=[code_name(a.of) for a in brief.signature.arguments if a.role == "parameter"],
            example_arguments=[(a.role, a.of, a.name) for a in brief.signature.arguments],
            parameters=dict(brief.parameters),
            span=brief.span,
        )


def _diffusivities(analysis: Analysis, law: BalanceLaw) -> list[str]:
    """Upper bounds of the diffusivities: derivatives of viscous fluxes by gradients, over derivatives of the quantities."""
    found = set()
    for flux, quantity in zip(law.viscous, analysis.quantities, strict=True):
        for gradient in flux.atoms(D):
            unknown = gradient.args[0]
            slope = sp.diff(quantity, unknown)
            if slope != 0:
                found.add(sp.simplify(sp.diff(flux.xreplace({gradient: sp.Symbol("g")}), sp.Symbol("g")) / slope))
    return [numpy_code(d) for d in sorted(found, key=str)]


def _speed(analysis: Analysis, gas: Gas | None) -> str:
    """Largest signal speed in terms of the unknowns."""
    if gas is not None:
        return f"np.abs({gas.velocity}) + np.sqrt(({numpy_code(gas.gamma)}) * {gas.pressure} / {gas.density})"
    matrix = analysis.transport
    if matrix.shape == (1, 1):
        return f"np.abs({numpy_code(matrix[0, 0])})"
    # Without symbolic eigenvalues the geometric mean of two norms bounds the spectral radius well enough.
    rows = [" + ".join(f"np.abs({numpy_code(entry)})" for entry in matrix.row(i)) for i in range(matrix.rows)]
    columns = [" + ".join(f"np.abs({numpy_code(entry)})" for entry in matrix.col(j)) for j in range(matrix.cols)]
    largest = "np.maximum.reduce(np.broadcast_arrays({}))"
    return f"np.sqrt({largest.format(', '.join(rows))} * {largest.format(', '.join(columns))})"
