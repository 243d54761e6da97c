"""What a program needs to know to be run by itself from the command line (`templates/main.py.jinja`)."""

from typing import Any

import numpy as np

from fieldsmith.boxes.asked import described_coordinates, described_results
from fieldsmith.boxes.form import Form, Input
from fieldsmith.boxes.samples import asked_times

MOST_LISTED = 64
"""Output times that are no even spread are written into the program as a list if there are so few."""
OPTIONS = ("points", "times", "data", "out", "plot", "help")


def command(form: Form, functions: dict[str, str]) -> dict[str, Any]:
    """Values of the template; `functions` names those of initial values by the state's name in the problem, where there are any."""
    system, output, space = form.system, form.system.output, form.space
    points = ",".join(f"{name}={output.points[name]}" for name in space)
    first = [one for one in form.inputs if one.role in ("initial", "coefficient")]
    sampled = [one.name for one in first if one.role == "coefficient" or one.of not in functions]
    times = list(asked_times(form))
    clock = [system.time.name] if system.time else []
    plane, cut = _drawn(form)
    turned, told = [*clock, *reversed(space)], (*described_coordinates(form), *described_results(form))
    return {
        "title": repr(form.problem.title or "A problem of one's own"),
        "axes": [
            (axis.name, axis.low, axis.high, output.points[axis.name], axis.name in system.periodic)
            for axis in system.axes
        ],
        "points": points,
        "ranges": [
            (_free(p.name), p.value, p.low, p.high, repr((p.meaning or p.name).replace("%", "%%"))) for p in form.ranged
        ],
        "fixed": [p.name for p in system.parameters if p not in form.ranged],
        "sampled": sampled,
        "space": list(space),
        "clock": clock[0] if clock else "",
        "count": len(times),
        "span": f"{times[0]}, {times[-1]}" if times else "",
        "listed": "" if _even(times) or len(times) > MOST_LISTED else f"np.array({times})",
        "first": [_value(one, functions.get(one.of, ""), bool(form.ranged)) for one in first],
        "meshed": any(one.of in functions for one in first if one.role == "initial"),
        "names": [one.name for one in form.results],
        "about": [
            (one.name, repr(one.meaning), repr(one.unit)) for one in told if (one.meaning, one.unit) != (one.name, "1")
        ],
        "order": tuple(turned),
        "turned": "" if len(space) == 1 else ", ".join(str([*clock, *space].index(name)) for name in turned),
        "plane": plane,
        "cut": cut,
    }


def _value(one: Input, function: str, ranged: bool) -> str:
    """What the asked function is given first, as source text."""
    if one.role == "coefficient" or not function:
        return f'data["{one.name}"][None]'
    call = f"{function}(*mesh{', *numbers' if ranged else ''})[None]"
    return f"{call}.{one.part}" if one.part else call


def _even(times: list[float]) -> bool:
    return not times or np.allclose(
        times, np.linspace(times[0], times[-1], len(times)), rtol=0, atol=1e-12 * abs(times[-1])
    )


def _free(name: str) -> str:
    """The name of a parameter's option."""
    return f"{name}_" if name in OPTIONS else name


def _drawn(form: Form) -> tuple[list[str], str]:
    """The two coordinates of a map and which part of a field it shows, as source text; no coordinates for a line."""
    space, last = form.space, ["-1"] * form.timed
    if len(space) == 1:
        return ([form.system.time.name, space[0]], "") if form.system.time else ([], "")
    middle = [f'counts["{name}"] // 2' for name in space[2:]]
    index = [*last, *([":", ":"] if middle else []), *middle]
    return list(space[:2]), f"[{', '.join(index)}]" if index else ""
