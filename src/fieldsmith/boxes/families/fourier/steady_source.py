"""Values of `fourier_steady.py.jinja`."""

from typing import Any

from fieldsmith.boxes.families.fourier.source import Grid, Source, unpacked
from fieldsmith.boxes.families.fourier.split import Steady
from fieldsmith.problems.jets import partial


def steady_values(source: Source, found: Steady, grid: Grid) -> dict[str, Any]:
    """Values of `fourier_steady.py.jinja`."""
    form, system, jets = source.form, source.system, source.system.jets
    unknowns = [unknown.name for unknown in system.unknowns]
    shown = unpacked([source.hat(name, 0) for name in unknowns], "fields")
    values = found.residuals if found.newton else found.rest
    slopes = []
    for row, residual in enumerate(found.residuals if found.newton else ()):
        for jet in jets.among(residual):
            name, orders = jets.meanings[jet]
            slopes.append((row, unknowns.index(name), source.derivative(orders) or "1", partial(residual, jet)))
    given = [_guess(source, name) for name in unknowns]
    common = source.common(grid)
    at = ", case" if form.batched else ""
    return {
        **common, "unknowns": unknowns, "count": len(unknowns), "newton": found.newton, "free": found.free,
        "linear": source.entries(found.linear, [], []),
        "residual_lines": [*([shown] if source.holds(values, unknowns) else []), *source.fields(values)],
        "residual_values": [source.code.numpy(value) for value in values],
        "slope_lines": [*([shown] if source.holds([s for *_, s in slopes], unknowns) else []), *source.fields([s for *_, s in slopes])],
        "slopes": [(row, column, factor, source.code.numpy(slope)) for row, column, factor, slope in slopes],
        "guessed": any(guess != "0.0" for guess in given), "guesses": given, "places": ", ".join(source.places) + "," * (len(source.places) == 1),
        "free_guesses": [row for row, name in enumerate(unknowns) if name in found.free and given[row] != "0.0"],
        "still": "np.all([" + ", ".join(f"{f} == 0" for f in source.factors) + "], axis=0)",
        "read_lines": source.read({name: f"fields[{row}]" for row, name in enumerate(unknowns)}, at),
        "returned": source.returned(),
        "tolerance_of": "of Newton's method, relative to the fields" * found.newton,
    }  # fmt: skip


def _guess(source: Source, name: str) -> str:
    """Where an iteration starts."""
    given = source.system.initial.get(name)
    sampled = {source.system.jets.field(one.name) for one in source.form.sampled}
    if given is None or given.expression is None or given.expression.free_symbols & sampled:
        return "0.0"
    return source.code.numpy(given.expression)
