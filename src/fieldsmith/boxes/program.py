"""What the frame of every program needs of a problem (`templates/program.py.jinja`), and source text from templates."""

import re
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from fieldsmith.boxes.code import Code
from fieldsmith.boxes.command_line import command
from fieldsmith.boxes.driven import zero_solves
from fieldsmith.boxes.form import FUNCTION, TIMES, Form
from fieldsmith.equations import names
from fieldsmith.equations.expressions import Unsuited

_templates = Environment(
    loader=PackageLoader("fieldsmith.boxes", "templates"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def render(template: str, form: Form, **values: Any) -> str:
    """Source text from a template that extends `program.py.jinja`: names settled, no more than two blank lines in a row."""
    asked = [FUNCTION, *(one.name for one in form.inputs)]
    return _spaced(names.settled(_templates.get_template(template).render({**frame(form), **values}), asked))


def _spaced(text: str) -> str:
    """No more than two blank lines in a row, none at the end."""
    while "\n\n\n\n" in text:
        text = text.replace("\n\n\n\n", "\n\n\n")
    return text.rstrip() + "\n"


def by_itself(source: str, form: Form) -> str:
    """A program of any author with a `main` of the frame's, which brings initial values along, so that it runs from the command line.

    As it is where an expression of the problem cannot be written.
    """
    try:
        values = frame(form)
    except Unsuited:
        return source
    ranged_too = "".join(f", {name}" for name in values["ranged"])
    main = _templates.get_template("main.py.jinja").render({**values, "own_initial": True, "ranged_too": ranged_too})
    taken = ["main"] if re.search(r"^(?:def|class) main\b|^main\b *=|\bimport .*\bmain\b", source, re.MULTILINE) else []
    text = names.settled(main, [FUNCTION, *(one.name for one in form.inputs), *taken])
    return f"{source.rstrip()}\n\n\n{_spaced(text)}"


def _starts(form: Form) -> bool:
    """Whether a start is given that is not 0."""
    return any(one.expression is None or one.expression != 0 for one in form.system.initial.values())


def frame(form: Form) -> dict[str, Any]:
    """Values of `program.py.jinja`. Raises Unsuited for what cannot be written.

    `initial` has for each state (as the initial value is called in the problem, `u` or `u_t`) the name of a function of the points and the
    parameters, and the code of its value; None where there are samples only. `given` the same for coefficients that are expressions, with the time among the arguments.
    """
    system, code = form.system, Code(form.system)
    points = [code.symbol(name) for name in form.space]
    clock = [code.symbol(system.time.name)] if system.time else []
    ranged = [code.symbol(p.name) for p in form.ranged]
    initial = {}
    for name, order in form.state:
        key = form.initial_key(name, order)
        value = system.initial[key].expression if key in system.initial else None
        plain = value is not None and not any(system.jets.field(one.name) in value.free_symbols for one in form.sampled)
        initial[key] = (f"initial_{key}", code.numpy(value)) if plain else None
    given = {
        one.name: (f"coefficient_{one.name}", code.numpy(one.expression))
        for one in system.coefficients
        if one.expression is not None
    }
    sources = [body for _, body in [*filter(None, initial.values()), *given.values()]]
    return {
        "title": form.problem.title.replace("\\", "\\\\").replace('"', "'") or "A problem of one's own",
        "equations": [law.text for law in system.laws],
        "points": points,
        "clock": clock,
        "ranged": ranged,
        "constants": {code.symbol(name): value for name, value in form.fixed.items()},
        "initial": initial,
        "given": given,
        "special": any("special." in body for body in sources),
        "function": names.function(FUNCTION),
        "arguments": [
            names.argument(one.name, one.of if one.role in ("points", "parameter") else "") for one in form.inputs
        ],
        "times": names.argument(TIMES, ""),
        "inputs": form.inputs,
        "results": form.results,
        "batched": form.batched,
        "timed": form.timed,
        "stops": form.stops,
        "zero_solves": zero_solves(system) and _starts(form),
        "periodic": [axis.name in system.periodic for axis in system.axes],
        "domain": [(axis.low, axis.high) for axis in system.axes],
        "span": (system.time.low, system.time.high) if system.time else None,
        "output": system.output,
        "command": command(form, {key: known[0] for key, known in initial.items() if known}),
        "own_initial": False,
    }
