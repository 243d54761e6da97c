"""What templates need of a task's signature and of the values that go with its equation."""

import math
from collections.abc import Mapping
from typing import Any

from fieldsmith.equations import names
from fieldsmith.equations.analysis import Analysis
from fieldsmith.equations.expressions import Unsuited
from fieldsmith.equations.posedness import ill_posed
from fieldsmith.numerics.nodes import Samples
from fieldsmith.tasks.task import Argument, Brief


def analysed(brief: Brief) -> Analysis:
    """The brief's equation, understood.

    Raises Unsuited where there is none, where it or the signature cannot be used, and for an evolution that is ill-posed.
    """
    if brief.equation is None:
        raise Unsuited("This task states no equation.")
    analysis = Analysis(brief.equation, brief.parameters)
    check_signature(analysis, brief)
    for found in ill_posed(analysis):
        raise Unsuited(f"{found.sentence}. Check the sign, or add a term that damps them.")
    return analysis


def check_signature(analysis: Analysis, brief: Brief) -> None:
    """Raises Unsuited where the function is not given what the equation needs, or is asked for something else."""
    equation, signature = analysis.equation, brief.signature
    given = {(a.role, a.of) for a in signature.arguments}
    starts = () if analysis.steady else equation.unknowns
    wanted = [("initial", u) for u in starts] + [("coefficient", c) for c in equation.coefficients]
    for role, of in wanted:
        if (role, of) not in given:
            raise Unsuited(f"The function has no argument for the {role} values of {of}.")
    if not analysis.steady and not any(role == "times" for role, _ in given):
        raise Unsuited("The function has no argument for the output times.")
    for role, of in sorted(given):
        known = {"initial": starts, "parameter": equation.parameters, "coefficient": equation.coefficients}
        if role in known and of not in known[role]:
            raise Unsuited(f"The function takes {role} values of {of}, of which the equation has none.")
    for result in signature.results:
        if result.of not in equation.unknowns:
            raise Unsuited(f"The function is to return {result.of}, which is not an unknown.")
    values = {**{name: brief.parameters.get(name, math.nan) for name in equation.parameters}, **equation.constants}
    for name, value in values.items():
        if not math.isfinite(value):
            raise Unsuited(f"{name} has no finite value.")


def call_values(brief: Brief) -> dict[str, Any]:
    """What every template needs of the signature: names of arguments by role."""
    signature = brief.signature
    by_role: dict[str, list[Argument]] = {}
    for a in signature.arguments:
        by_role.setdefault(a.role, []).append(a)
    docstring = brief.stub.partition('"""')[2].partition('"""')[0].strip()
    return {
        "asked": [signature.function, *(a.name for a in signature.arguments)],
        "function": names.function(signature.function),
        "arguments": [_argument(a) for a in signature.arguments],
        "initial": {names.symbol(a.of): _argument(a) for a in by_role.get("initial", [])},
        "times": next(map(_argument, by_role.get("times", [])), ""),
        "parameter_arguments": {names.symbol(a.of): _argument(a) for a in by_role.get("parameter", [])},
        "coefficient_arguments": {names.symbol(a.of): _argument(a) for a in by_role.get("coefficient", [])},
        "results": [names.symbol(r.of) for r in signature.results],
        "passed": [names.symbol(a.of) for a in by_role.get("parameter", [])],
        "docstring": docstring,
        "title": brief.title.replace("\\", "\\\\").replace('"', "'"),
        "example_arguments": [(a.role, names.symbol(a.of), a.name) for a in signature.arguments],
        "example_times": next((a.name for a in by_role.get("times", [])), ""),
        "parameters": {names.symbol(name): value for name, value in brief.parameters.items()},
        "span": brief.span,
    }


def _argument(argument: Argument) -> str:
    return names.argument(argument.name, argument.of if argument.role != "times" else "")


def equation_values(analysis: Analysis, brief: Brief) -> dict[str, object]:
    """What every template for evolution in one dimension needs of the equation."""
    axis = analysis.axis
    return {
        "equation_text": [f"d({b.quantity})/dt = {b.rhs}" for b in analysis.equation.balances],
        "axis": analysis.coordinates[0].name,
        "t": analysis.time.name,
        "low": axis.low,
        "high": axis.high,
        "length": axis.length,
        "samples": Samples(axis.nodes),
        "constants": fixed_values(analysis, brief),
        "unknowns": [w.name for w in analysis.unknowns],
        "positive": analysis.positive,
    }


def fixed_values(analysis: Analysis, brief: Brief) -> dict[str, float]:
    """Constants of the equation, and parameters that are not arguments of the function, with their values."""
    passed = {a.of for a in brief.signature.arguments if a.role == "parameter"}
    values: Mapping[str, float] = brief.parameters
    fixed = {names.symbol(name): value for name, value in analysis.equation.constants.items()}
    fixed.update({names.symbol(n): float(values[n]) for n in analysis.equation.parameters if n not in passed})
    return fixed
