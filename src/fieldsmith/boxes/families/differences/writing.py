"""What the template of finite differences is filled with."""

from dataclasses import dataclass, replace
from typing import Any

from fieldsmith.boxes.families.differences.ends import End
from fieldsmith.boxes.families.differences.layout import Holds, Layout
from fieldsmith.boxes.families.differences.smooth import rough
from fieldsmith.boxes.form import Form
from fieldsmith.boxes.program import frame
from fieldsmith.equations import names
from fieldsmith.problems.jets import Orders


@dataclass(frozen=True)
class Written:
    """Something that holds, as two functions and an entry of a table."""

    name: str
    words: str
    arguments: tuple[str, ...]
    said: str
    value: str
    slopes: tuple[str, ...]
    lines: tuple[tuple[str, str], ...]
    field: int
    reads: tuple[tuple[int, Orders | str], ...]
    given: tuple[tuple[int, Orders], ...]
    end: End | None
    new: bool = True


SUBPOINTS = {1: 32, 2: 8, 3: 4}
"""Points a cell along an axis at which a rough initial value is averaged, by dimension."""
SMOOTHING = 0.3


def values(form: Form, layout: Layout, order: int) -> dict[str, Any]:
    """All but the settings of a variant."""
    functions: dict[tuple[object, ...], Written] = {}

    def shared(holds: Holds, kind: str) -> Written:
        """Written as a function of its own, or by the name of one that is the same."""
        made = _written(layout, holds, kind)
        key = kind, made.arguments, made.value, made.slopes, made.lines
        if key in functions:
            return replace(made, name=functions[key].name, new=False)
        count = sum(one.name.startswith(kind) for one in functions.values())
        functions[key] = replace(made, name=f"{kind}_{count + 1}")
        return functions[key]

    masses: list[Written | None] = [None] * len(layout.fields)
    for one in layout.masses:
        masses[one.field] = _written(layout, one, f"mass_{one.field + 1}")
    coefficients = []
    for one in form.sampled:
        array = _sample(form, "coefficient", one.name)
        smooth = f"resample({array}, places, LINES, LOWS, LENGTHS, PERIODIC)"
        coefficients.append(f"nearest({array}, places)" if rough(form, one) else smooth)
    starts = _starts(form, layout)
    system = form.system
    return {
        "layout": layout,
        "laws": [shared(one, "law") for one in layout.laws],
        "conditions": [shared(one, "condition") for one in layout.conditions],
        "masses": masses if layout.masses else [],
        "factors": [
            (one.key, one.field, one.axis, _written(layout, one.factor, f"factor_{k}"))
            for k, one in enumerate(layout.factors, 1)
        ],
        "smoothing": SMOOTHING * layout.smoothing if order > 2 else 0.0,
        "said_fields": ", ".join(f"{k} {form.initial_key(name, n)}" for k, (name, n) in enumerate(layout.fields)),
        "lows": tuple(axis.low for axis in system.axes),
        "lengths": tuple(axis.length for axis in system.axes),
        "closed": tuple(axis.name in system.periodic for axis in system.axes),
        "places": [_array(form, "points", name) for name in form.space],
        "first": next(
            (names.argument(one.name, "") for one in form.inputs if one.role in ("initial", "coefficient")), ""
        ),
        "coefficients": coefficients,
        "resampled": any("resample(" in value for value in (*coefficients, *(value for _, value in starts))),
        "nearest": any("nearest(" in value for value in coefficients),
        "starts": starts,
        "samples": [
            (layout.fields.index((name, 0)), _sample(form, "initial", name)) for name, n in form.state if not n
        ],
        "uses_mesh": any("*mesh" in value for _, value in starts),
        "averages": any("averaged(" in value for _, value in starts),
        "guesses": _guesses(form, layout),
        "returned": [
            (
                layout.fields.index((one.of, 0)),
                {"": ".real" if layout.complex else "", "real": ".real", "imag": ".imag"}[one.part],
            )
            for one in form.results
        ],
    }


def _written(layout: Layout, one: Holds, name: str) -> Written:
    form = layout.form
    sampled = [given.name for given in form.sampled]
    arguments = [layout.code.symbol(c) for c in (*form.system.coordinates, *(p.name for p in form.ranged))]
    reads = [array for _, _, array in one.reads]
    slopes = one.slopes + (one.mirrored if layout.paired else ())
    return Written(
        name,
        one.words.replace("\\", "\\\\").replace('"', "'"),
        (*arguments, *reads, *(array for _, _, array in one.given)),
        ", ".join(reads) + (" and in their conjugates" if layout.paired else ""),
        one.value,
        slopes,
        one.lines,
        one.field,
        tuple((field, orders) for field, orders, _ in one.reads),
        tuple((sampled.index(name), orders) for name, orders, _ in one.given),
        one.end,
    )


def _array(form: Form, role: str, of: str, part: str = "") -> str:
    """What the argument is called that carries something."""
    one = next(one for one in form.inputs if (one.role, one.of, one.part) == (role, of, part))
    return names.argument(one.name, one.of if role == "points" else "")


def _sample(form: Form, role: str, of: str) -> str:
    """Code of a sample of initial or given values."""
    if any((one.role, one.of, one.part) == (role, of, "real") for one in form.inputs):
        return f"{_array(form, role, of, 'real')}[sample] + 1j * {_array(form, role, of, 'imag')}[sample]"
    return f"{_array(form, role, of)}[sample]"


def _starts(form: Form, layout: Layout) -> list[tuple[int, str]]:
    """The code of the initial values of each field that has some."""
    if not form.timed:
        return [(field, f"guess_{name}(*mesh, *parameters)") for field, name, _ in _guesses(form, layout)]
    known = frame(form)["initial"]
    pieces = SUBPOINTS[len(form.space)]
    found = []
    for name, n in form.state:
        key = form.initial_key(name, n)
        if known[key]:
            value = f"{known[key][0]}(*mesh, *parameters)"
            if rough(form, form.system.initial[key]):
                value = f"averaged({known[key][0]}, parameters, {pieces})"
        else:
            value = f"resample({_sample(form, 'initial', key)}, places, LINES, LOWS, LENGTHS, PERIODIC)"
        found.append((layout.fields.index((name, n)), value))
    return found


def _guesses(form: Form, layout: Layout) -> list[tuple[int, str, str]]:
    """First guesses of a steady problem: field, name, code."""
    if form.timed:
        return []
    given = {name: one.expression for name, one in form.system.initial.items() if one.expression is not None}
    return [(k, name, layout.code.numpy(given[name])) for k, (name, _) in enumerate(layout.fields) if name in given]
