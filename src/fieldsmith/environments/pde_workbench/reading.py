"""Pages on numerical methods: written ones, and what is worked out for the equation of a task."""

from collections.abc import Iterator
from importlib.resources import files

from fieldsmith.environments.pde_workbench.problem import Problem
from fieldsmith.equations.facts import Methods


def page(problem: Problem, topic: str) -> str:
    """A page in Markdown, with what it means for this equation where that is known."""
    if topic == "equation":
        return "\n".join(_equation(problem))
    place = files("fieldsmith.environments.pde_workbench").joinpath("pages", f"{topic}.md")
    text = place.read_text(encoding="utf-8").strip()
    here = list(_here(problem, topic))
    return "\n\n".join([text, "\n".join(["## Here", "", *here])] if here else [text])


def _equation(problem: Problem) -> Iterator[str]:
    brief, facts = problem.plain, problem.methods
    yield f"# {brief.title}"
    yield ""
    if brief.form is not None:
        yield from brief.form.problem.understood.lines()
        return
    if brief.equation is None:
        yield "This task states no equation; all that is known stands in its statement."
        return
    for balance in brief.equation.balances:
        yield f"    {f'd({balance.quantity})/dt' if balance.quantity else '0'} = {balance.rhs}"
    yield ""
    if facts is None:
        yield "Nothing more could be worked out for it."
        return
    yield from _nature(facts)
    limits = list(_limits(facts))
    if limits:
        yield from ("", "## Limits of explicit steps", "", *limits)
    yield from ("", "## Built-in families of methods", "", *_families(problem))


def _nature(facts: Methods) -> Iterator[str]:
    yield f"- {'Steady' if facts.steady else 'In time'}, {'linear' if facts.linear else 'nonlinear'}, derivatives up to order {facts.order}, {'periodic' if facts.periodic else 'with boundaries'}."
    if facts.values:
        yield f"- {', '.join(f'{name} = {value:.6g}' for name, value in facts.values.items())}."
    for rate in facts.rates:
        if rate.diffusion:
            yield f"- Diffusion of `{rate.unknown}` with the coefficient `{rate.diffusion}`{', which varies' if rate.diffusion_varies else ''}."
        if rate.reaction:
            yield f"- `{rate.unknown}` changes in place by `{rate.reaction}`."
        if rate.exact_reaction:
            yield f"  Alone over a time dt it gives `{rate.exact_reaction}`."
    if facts.told_speeds:
        steepens = "; it depends on the solution, so that waves steepen" if facts.steepens else ""
        yield f"- Transport with the speed {', '.join(facts.told_speeds)}{steepens}."
    if facts.sharp:
        yield "- Fronts are thinner than the given grid can show: read the page `fronts`."
    if facts.thin and facts.front is not None:
        yield f"- Fronts of reaction and diffusion are about {facts.front:.1f} points wide on the given grid: read the page `fronts`."
    if facts.symbol and not facts.steady:
        yield f"- Linear with constant coefficients: a Fourier mode is multiplied by `exp(lam*t)`, `lam = {facts.symbol}`. No time steps are needed."
    if facts.conservative:
        yield "- It is a conservation law: write it with fluxes, so that totals are kept."
    if facts.positive:
        yield f"- {', '.join(facts.positive)} must stay positive."
    if facts.permeable:
        yield "- A given coefficient may jump inside a derivative: harmonic means at the faces."


def _limits(facts: Methods) -> Iterator[str]:
    for limit in facts.limits:
        value = (
            ""
            if limit.value is None
            else f", which is {limit.value:.2g} on the given grid{' for values of about 1' if limit.rough else ''}"
        )
        steps = (
            ""
            if limit.steps is None
            else f": at least {limit.steps} step{'s' if limit.steps != 1 else ''} between two output times"
        )
        yield f"- {limit.term}: `{limit.formula}`{value}{steps}{', which is stiff' if limit.stiff else ''}."


def _families(problem: Problem) -> Iterator[str]:
    if not problem.menu:
        yield f"- None: {problem.no_menu}"
    for course in problem.menu:
        yield f"- {course['family']}: {'suits' if not course['why_not'] else course['why_not']}"


def _here(problem: Problem, topic: str) -> Iterator[str]:
    """What a page comes to for the equation of the task."""
    facts = problem.methods
    if facts is None:
        return
    if topic == "time" and not facts.steady:
        if facts.symbol and not facts.forced:
            yield f"The equation is linear with constant coefficients: `exp(lam*t)` with `lam = {facts.symbol}` is exact."
            return
        yield from _limits(facts)
        if facts.stiff:
            yield "The stiff terms are to be taken exactly or implicitly."
    if topic == "space":
        yield (
            "Fourier methods fit."
            if facts.smooth and not facts.steady
            else "Fourier methods do not fit without an inner grid."
            if facts.periodic and not facts.steady
            else "Fourier methods do not fit."
        )
    if topic == "fronts" and not facts.steady:
        thin = facts.sharp or facts.kinks or facts.thin
        yield (
            "The given grid is too coarse for the fronts of this equation."
            if thin
            else "The given grid shows the fronts of this equation, if only just: an inner grid gains digits."
        )
    if topic == "samples" and problem.plain.equation is not None:
        for axis in problem.plain.equation.axes:
            yield f"- {axis.name} from {axis.low:g} to {axis.high:g}, {axis.nodes.replace('_', ' ')}, {'periodic' if axis.periodic else 'with boundaries'}."
