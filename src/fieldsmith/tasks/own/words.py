"""The statement of a problem of one's own: all that an author of programs is told, in Markdown. The exact solution is no part of it."""

from collections.abc import Iterator, Mapping, Sequence

from fieldsmith.boxes.form import TIMES, Form
from fieldsmith.boxes.samples import asked_times
from fieldsmith.problems.system import Family, Given, Interval, Samples, Side
from fieldsmith.tasks.own.draws import SAMPLES, drawn_from
from fieldsmith.tasks.statement import own_metric, page
from fieldsmith.tasks.task import NRMSE, Metric

OPERATORS = {
    "laplace": "`laplace(f)` is the sum of the second derivatives",
    "biharmonic": "`biharmonic(f)` is laplace(laplace(f))",
    "grad": "`grad(f)` is the list of the first derivatives",
    "div": "`div([f, g])` is the divergence",
    "dot": "`dot(a, b)` is the sum of products of components",
    "curl": "`curl([f, g])` is the rotation",
    "d(": "`d(f, x)` is the derivative of all of f along x",
    "dt(": "`dt(f)` is the derivative of all of f in time",
    "where": "`where(c, a, b)` is a where c holds and b elsewhere",
    "heaviside": "`heaviside(f)` is 1 above 0 and 0 below",
    "∇": "∇ acts in space",
}
FAMILIES = {
    "fourier": "a random sum of waves, up to {modes:g} along an axis, scaled to the largest value {amplitude:g}, around {mean:g}",
    "gaussian": "a smooth Gaussian random field with correlation length {length:g} and standard deviation {amplitude:g}, around {mean:g}",
    "two-valued": "a random pattern of the two values {low:g} and {high:g} that changes over lengths of about {length:g}",
}

UNDECIDED = (
    "Whether there is such a solution is found out before the problem is solved for the first time: by built-in methods that check each other. Where none\n"
    "gives one, what the answer leaves over in equations and conditions is measured instead, and this page says so then."
)


def problem_text(form: Form) -> str:
    """Equations, domain, conditions, what is given."""
    system = form.system
    unknowns = ", ".join(
        f"`{u.name}`" + (f" ({_said(u.meaning, u.unit, 'complex' if u.complex else '')})" if u.meaning or u.unit or u.complex else "")
        for u in system.unknowns
    )  # fmt: skip
    parts = [
        form.problem.description.strip(),
        f"Find {unknowns} such that",
        "\n".join(f"    {law.text}" for law in system.laws),
        " ".join(_reading(form)),
        "\n".join(_domain(form)),
        "\n".join(_given(form)),
        "\n".join(_parameters(form)),
    ]
    return "\n\n".join(filter(None, parts))


def statement(
    form: Form, title: str, problem: str, stub: str, metric: Metric, sizes: Mapping[str, int], limit: float, memory_mb: int, libraries: Sequence[str], undecided: str = "",
) -> str:  # fmt: skip
    """Markdown that stands alone. `undecided` follows on the metric where it is not known yet whether it is the one."""
    calls = "\n\n".join(filter(None, ("\n".join(_calls(form, sizes)), " ".join(_frames(form)))))
    named = ", ".join(libraries) if libraries else "numpy and scipy"
    return page(
        title,
        problem,
        stub,
        f"{calls}\n",
        "\n".join(filter(None, (_scored(form, metric), undecided))),
        limit,
        memory_mb,
        named,
    )


def _reading(form: Form) -> Iterator[str]:
    """How the equations are to be read: derivatives, and the operators that are used."""
    system = form.system
    texts = [
        *(law.text for law in system.laws), *(one.text for one in system.conditions), *map(str, form.problem.definitions.values()),
        *(one.text for one in (*system.coefficients, *system.initial.values())),
    ]  # fmt: skip
    unknown, axis = system.unknowns[0].name, system.axes[0].name
    clock = f", `{unknown}_{system.time.name}` in time" if system.time else ""
    yield f"`{unknown}_{axis}` is the derivative along {axis}, `{unknown}_{axis}{axis}` the second one{clock}."
    if used := [words for sign, words in OPERATORS.items() if any(sign in text for text in texts)]:
        yield "; ".join(used) + "."
    if form.problem.definitions:
        yield "Here " + ", ".join(f"`{name} = {text}`" for name, text in form.problem.definitions.items()) + "."
    if system.time:
        low, high = asked_times(form)[0], asked_times(form)[-1]
        about = f" ({_said(system.time.meaning, system.time.unit)})" if system.time.meaning or system.time.unit else ""
        yield f"The solution is asked for {system.time.name}{about} from {low:g} to {high:g}."


def _domain(form: Form) -> Iterator[str]:
    """A line for each axis with what holds at its ends."""
    system = form.system
    sides: tuple[Side, Side] = ("low", "high")
    for axis in system.axes:
        about = f" ({_said(axis.meaning, axis.unit)})" if axis.meaning or axis.unit else ""
        place = f"- {axis.name}{about} from {axis.low:g} to {axis.high:g}"
        if axis.name in system.periodic:
            yield f"{place}, periodic"
        else:
            ends = "; ".join(f"at {axis.name} = {axis.end(side):g} {_end(form, axis, side)}" for side in sides)
            yield f"{place}; {ends}"


def _end(form: Form, axis: Interval, side: Side) -> str:
    held = form.system.at(axis.name, side)
    if not held:
        return "nothing is prescribed, and nothing needs to be"
    return " and ".join("everything leaves and nothing enters" if one.kind == "open" else f"`{one.text}`" for one in held)  # fmt: skip


def _given(form: Form) -> Iterator[str]:
    system = form.system
    for one in system.coefficients:
        how = " (an argument, sampled at the points)" if one.expression is None else " (write it into the program)"
        yield f"- The coefficient `{one.name}` is {_value(one)}{how}."
    for name, order in form.state if form.timed else ():
        key = form.initial_key(name, order)
        at = f"at {system.time.name} = {system.time.low:g}" if system.time else ""
        yield f"- `{key}` {at} is {_value(system.initial[key])}; its values at the points are an argument."
    if not form.timed and system.initial:
        guesses = ", ".join(f"`{name}` = {_value(one)}" for name, one in system.initial.items())
        yield f"- An iteration may start from {guesses}."


def _value(one: Given) -> str:
    if isinstance(one.value, Family):
        return FAMILIES[one.value.kind].format(**one.value.settings)
    if isinstance(one.value, Samples):
        return f"given as an array of {' x '.join(map(str, one.value.shape))} values, with cubic splines between them"
    return f"`{one.text}`"


def _parameters(form: Form) -> Iterator[str]:
    for one in form.ranged:
        about = f": {_said(one.meaning, one.unit)}" if one.meaning or one.unit else ""
        yield f"- `{one.name}` = {one.value:g}, an argument that may be anything from {one.low:g} to {one.high:g}{about}"
    for one in form.system.parameters:
        if one.name in form.fixed:
            about = f": {_said(one.meaning, one.unit)}" if one.meaning or one.unit else ""
            yield f"- `{one.name}` = {one.value!r}, a constant{about}"


def _calls(form: Form, sizes: Mapping[str, int]) -> Iterator[str]:
    """What the function is called with."""
    shapes = ", ".join(f"{name} = {size}" for name, size in sizes.items())
    others = ["points", *(["output times"] if form.timed else []), *(["samples"] if form.batched else [])]
    if form.ranged:
        others.append(f"values of {', '.join(one.name for one in form.ranged)} within {'their ranges' if len(form.ranged) > 1 else 'its range'}")  # fmt: skip
    yield f"What is asked for has {shapes}. The function is also called with other numbers of {' and '.join([', '.join(others[:-1]), others[-1]] if len(others) > 1 else others)}: take all"
    yield "sizes and values from the arguments."
    periodic = [name for name in form.space if name in form.system.periodic]
    ends = [name for name in form.space if name not in form.system.periodic]
    where = filter(
        None,
        (
            f"along {', '.join(ends)} both ends are included" if ends else "",
            f"along {', '.join(periodic)} the upper end, which is the lower one again, is left out" if periodic else "",
        ),
    )
    yield f"The points of an axis ascend and are evenly spread; {'; '.join(where)}. They are where answers are wanted, and no grid to compute on:"
    yield "use as many points and steps inside as accuracy needs, and interpolate with high order."
    if names := drawn_from(form):
        yield f"A batch holds {SAMPLES} fields drawn at random for {', '.join(names)}."


def _frames(form: Form) -> Iterator[str]:
    if form.timed:
        first = asked_times(form)[0]
        yield f"The first frame is the initial state itself, frame n is the solution at `{TIMES}[n]`; `{TIMES}[0]` is {first:g}."
        yield "Output times are not internal time steps, and may lie anywhere, also close together."


def _scored(form: Form, metric: Metric) -> str:
    wanted = f"A relative error of {form.system.output.accuracy:g} is wanted."
    if metric != NRMSE:
        return f"{own_metric(metric)}\n{wanted}"
    over = " and ".join((["time"] if form.timed else []) + ["space"])
    mean = "mean over the batch of " if form.batched else ""
    stacked = " (all returned arrays stacked)" if len(form.results) > 1 else ""
    return (
        f"The error nRMSE = {mean}||u - u_ref||_2 / ||u_ref||_2, norms over {over}{stacked}, against a trusted\n"
        f"solution. {wanted} Lower is better. The processor time of the call is reported beside it."
    )


def _said(*words: str) -> str:
    return ", ".join(filter(None, words))
