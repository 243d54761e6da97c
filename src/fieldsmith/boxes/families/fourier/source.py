"""Values of the family's templates: matrices, rates and what is read off the waves, as source text."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fieldsmith.boxes.code import Code
from fieldsmith.boxes.families.fourier.split import Matrix, Parts, Polynomial, Steady, derived, kept
from fieldsmith.boxes.form import Form
from fieldsmith.equations import names
from fieldsmith.problems.jets import Orders, partial

REMEMBERED = 1.5e9
"""Bytes that phi functions of steps met before may take."""


@dataclass(frozen=True)
class Grid:
    """The grid of a program and what goes with it."""

    points: tuple[int, ...]
    kept: float
    tolerance: float


class Source:
    """Source text of the parts of a problem. `factors` are the names of derivatives along the axes, as factors of waves."""

    def __init__(self, form: Form) -> None:
        self.form, self.system, self.code = form, form.system, Code(form.system)
        self.factors = [f"d_{name}" for name in form.space]
        self.complex = {unknown.name for unknown in self.system.unknowns if unknown.complex}
        self.bodies = {one.name: one.expression for one in self.system.coefficients if one.expression is not None}

    def derivative(self, orders: Sequence[int]) -> str:
        """`d_x**2*d_y`, empty for no derivative."""
        return "*".join(f + f"**{n}" * (n > 1) for f, n in zip(self.factors, orders, strict=True) if n)

    def polynomial(self, polynomial: Polynomial) -> str:
        """Terms with the same factor are put together."""
        together: dict[Any, list[Orders]] = {}
        for orders in sorted(polynomial, key=lambda o: (-sum(o), [-n for n in o])):
            together.setdefault(polynomial[orders], []).append(orders)
        text = ""
        for factor, several in together.items():
            inner = " + ".join(self.derivative(orders) or "1" for orders in several)
            several_ = f"({inner})" if len(several) > 1 else inner
            code = self.code.numpy(factor)
            code = f"({code})" if factor.is_Add or code.startswith("-(") else code
            term = {"1": inner, "-1": f"-{several_}"}.get(code, code if inner == "1" else f"{code}*{several_}")
            text += (f" - {term[1:]}" if term.startswith("-") else f" + {term}") if text else term
        return text

    def entries(self, matrix: Matrix, rows: Sequence[str], columns: Sequence[str]) -> list[tuple[int, int, str, str]]:
        """Row, column, value and words of each entry."""
        return [
            (row, column, self.polynomial(polynomial), f"{columns[column]} in the rate of {rows[row]}" if rows else "")
            for (row, column), polynomial in sorted(matrix.items())
        ]

    def hat(self, name: str, order: int) -> str:
        """The waves of a state or an unknown."""
        return f"{names.original(self.code.array(name, self.whole(order)))}_hat"

    def whole(self, order: int = 0, along: Orders | None = None) -> Orders:
        """Orders as jets have them, the time first where there is one."""
        return (*((order,) * self.system.timed), *(along or (0,) * len(self.form.space)))

    def on_grid(self, name: str, orders: Orders) -> str:
        """Values on the grid of a derivative of an unknown from its waves."""
        timed = self.system.timed
        factor = self.derivative(orders[int(timed) :])
        hat = self.hat(name, orders[0] if timed else 0)
        value = f"to_grid({factor and factor + '*'}{hat})"
        return f"{value}.real" if self.complex and name not in self.complex else value

    def fields(self, expressions: Iterable[Any]) -> list[str]:
        """Lines that make every field of the expressions, and the coordinates, arrays on the grid."""
        system, jets, code = self.system, self.system.jets, self.code
        met = {s for e in expressions for s in e.free_symbols}
        lines: dict[str, str] = {}
        places = {system.symbols[name] for name in self.form.space}
        for jet in sorted(met & jets.meanings.keys(), key=lambda s: _rank(*jets.meanings[s])):
            name, orders = jets.meanings[jet]
            name = name if name in {u.name for u in system.unknowns} else jets.partners.get(name, name)
            array = code.array(name, orders)
            if jets.unknown(jet):
                lines[array] = self.on_grid(name, orders)
            elif name not in self.bodies:  # samples
                factor = self.derivative(orders[int(system.timed) :])
                if factor:
                    lines[array] = f"to_grid({factor}*to_waves({code.array(name, self.whole())})[0])"
            elif not any(orders):
                lines[array] = f"coefficient_{name}({', '.join([*self.clock, *self.places, *self.ranged])})"
                met |= places
            else:
                body = derived(system, self.bodies[name], orders)
                lines[array] = code.numpy(body)
                met |= body.free_symbols
        found = [f"{array} = {value}" for array, value in lines.items()]
        return [f"{', '.join(self.places)}{',' * (len(places) == 1)} = GRID", *found] if met & places else found

    @property
    def places(self) -> list[str]:
        return [self.code.symbol(name) for name in self.form.space]

    @property
    def clock(self) -> list[str]:
        return [self.code.symbol(self.system.time.name)] if self.system.time else []

    @property
    def ranged(self) -> list[str]:
        return [self.code.symbol(p.name) for p in self.form.ranged]

    @property
    def sampled(self) -> list[str]:
        return [self.code.array(one.name, self.whole()) for one in self.form.sampled]

    def common(self, grid: Grid) -> dict[str, Any]:
        """Values of what all programs of the family have."""
        form, system = self.form, self.system
        axes = [axis.name for axis in system.axes]
        resampled = [f"{name}_cases" for name in self.sampled]
        lines = [
            (f"{name}_cases", names.argument(one.name, ""))
            for name, one in zip(self.sampled, form.sampled, strict=True)
        ]
        return {
            "axes": axes, "wave_axes": [f"waves along {name}" for name in axes], "factors": self.factors,
            "grid_points": f"({grid.points[0]},)" if len(axes) == 1 else str(grid.points),
            "kept": {1.0: "1", 2 / 3: "2/3", 0.5: "1/2"}.get(grid.kept, repr(grid.kept)),
            "tolerance": f"{grid.tolerance:.3g}", "real": not self.complex,
            "dealiasing": {1.0: "", 2 / 3: ", so that no product of two aliases into them", 0.5: ", so that no product of three aliases into them"}.get(grid.kept, ""),
            "lows": [axis.low for axis in system.axes], "lengths": [axis.length for axis in system.axes],
            "point_arguments": [names.argument(name, name) for name in axes],
            "point_lengths": ", ".join(f"len({names.argument(name, name)})" for name in axes),
            "given_arguments": [*self.sampled, *self.ranged], "sampled_names": self.sampled,
            "resampled": bool(resampled), "resampled_lines": lines,
            "batch_of": f"len({names.argument(form.inputs[0].name, '')})" if form.batched else "1",
        }  # fmt: skip

    def read(self, rows: Mapping[str, str], at: str) -> list[str]:
        """Lines that put what is asked for into `solution`: by unknown its waves, `at` the place in the array."""
        lines = []
        for place, one in enumerate(self.form.results):
            part = {"": ".real" if self.complex else "", "real": ".real", "imag": ".imag"}[one.part]
            lines.append(f"solution[{place}{at}] = read({rows[one.of]}, at){part}")
        return lines

    def evolution(self, parts: Parts, grid: Grid) -> dict[str, Any]:
        """Values of `fourier_evolution.py.jinja`."""
        form, system = self.form, self.system
        count, held = len(parts.states), len(parts.constrained)
        states = [form.initial_key(*state) for state in parts.states]
        columns = [*states, *parts.constrained]
        diagonal = all(row == column for row, column in [*parts.linear, *(parts.mass or {})])
        coupled = bool(held) or not diagonal
        implicit = parts.mass is not None
        eliminated = bool(held) or (implicit and coupled)
        hidden, plain = parts.hidden, held - parts.hidden
        sources = any(source != 0 for source in parts.sources)
        valued = [*parts.rest, *(parts.sources if hidden and sources else ())]
        rows = [row for row, value in enumerate(valued) if value != 0]
        entering = implicit or bool(hidden) or sources
        shown = _unpacked([self.hat(*state) for state in parts.states], "fields")
        moving, driven = _moving(form, parts)
        arguments = [*self.sampled, *self.ranged]
        constrained_call = f"constrained({', '.join(['fields', *self.clock, 'found', *arguments])})"
        rest_lines = [shown] if self._needs(valued, [name for name, _ in parts.states]) else []
        if held and not hidden and self._needs(valued, parts.constrained):
            rest_lines.append(_unpacked([self.hat(name, 0) for name in parts.constrained], constrained_call))
        extra = [*(["entering"] if entering and not hidden else []), *(["found"] if held and not hidden else [])]
        rest_call = f"rest({', '.join(['fields', *self.clock, *extra, *arguments])})"
        has_rest = bool(rows) or (sources and not hidden)
        held_call = constrained_call
        if hidden:
            held_call = f"apply(found, np.concatenate([fields, {rest_call}]))" if rows else f"apply(found[..., :{count}], fields)"  # fmt: skip
        if not moving:
            rest_call = rest_call.replace("rest(fields", "rest(start")
            rest_call = rest_call.replace(f", {self.clock[0]}", f", {names.argument('t_coordinate', '')}[0]", 1)
        rate_call = f"apply(entering, {rest_call})" if hidden else rest_call
        held_line = f"held = {held_call}".replace(f", {self.clock[0]}", f", {names.argument('t_coordinate', '')}[frame]", 1)  # fmt: skip
        waves = {name: f"fields[{row}]" for row, (name, order) in enumerate(parts.states) if not order}
        waves |= {name: f"held[{row}]" for row, name in enumerate(parts.constrained)}
        start, resampled = self._start()
        return {
            **(common := self.common(grid)), "states": states, "constrained": list(parts.constrained), "count": count, "held": held,
            "hidden": hidden, "plain": plain, "implicit": implicit, "coupled": coupled, "eliminated": eliminated,
            "entering": entering and not hidden, "sources": sources, "moving": moving, "driven": driven,
            "linear": self.entries(parts.linear, states, columns), "mass": self.entries(parts.mass or {}, [], []),
            "algebra": self.entries(parts.algebra, [], []), "rest_rows": rows, "rest_count": len(valued),
            "rest_lines": [*rest_lines, *self.fields(valued)], "rest_values": [self.code.numpy(valued[row]) for row in rows], "has_rest": has_rest,
            "source_arguments": ["fields", *self.clock, *arguments], "source_values": [self.code.numpy(value) for value in parts.sources],
            "source_lines": [*([shown] if self._needs(parts.sources, [n for n, _ in parts.states]) else []), *self.fields(parts.sources)],
            "moment": self.clock[0], "rest_arguments": ["fields", *self.clock, *extra, *arguments], "rate_call": rate_call, "held_line": held_line,
            "operator_names": _operator_names(implicit, bool(held), hidden, entering), "no_imaginary_part": not coupled or not held,
            "remembered": int(max(4, min(24, REMEMBERED / (112 * count**(2 if coupled else 1) * _kept_waves(grid, not self.complex))))),
            "tolerance_of": "of a step, relative to the fields", "resampled": common["resampled"] or bool(resampled),
            "resampled_lines": [*common["resampled_lines"], *resampled], "start_values": start,
            "read_lines": self.read(waves, ", case, frame"),
            "first_lines": [f"solution[{place}, :, 0] = {names.argument(one.name, '')}" for place, one in self._first()],
            "returned": ", ".join(f"solution[{k}]" for k in range(len(form.results))),
        }  # fmt: skip

    def steady(self, found: Steady, grid: Grid) -> dict[str, Any]:
        """Values of `fourier_steady.py.jinja`."""
        form, system, jets = self.form, self.system, self.system.jets
        unknowns = [unknown.name for unknown in system.unknowns]
        shown = _unpacked([self.hat(name, 0) for name in unknowns], "fields")
        values = found.residuals if found.newton else found.rest
        slopes = []
        for row, residual in enumerate(found.residuals if found.newton else ()):
            for jet in jets.among(residual):
                name, orders = jets.meanings[jet]
                slopes.append((row, unknowns.index(name), self.derivative(orders) or "1", partial(residual, jet)))
        given = [self._guess(name) for name in unknowns]
        common = self.common(grid)
        at = ", case" if form.batched else ""
        return {
            **common, "unknowns": unknowns, "count": len(unknowns), "newton": found.newton, "free": found.free,
            "linear": self.entries(found.linear, [], []),
            "residual_lines": [*([shown] if self._needs(values, unknowns) else []), *self.fields(values)],
            "residual_values": [self.code.numpy(value) for value in values],
            "slope_lines": [*([shown] if self._needs([s for *_, s in slopes], unknowns) else []), *self.fields([s for *_, s in slopes])],
            "slopes": [(row, column, factor, self.code.numpy(slope)) for row, column, factor, slope in slopes],
            "guessed": any(guess != "0.0" for guess in given), "guesses": given, "places": ", ".join(self.places) + "," * (len(self.places) == 1),
            "free_guesses": [row for row, name in enumerate(unknowns) if name in found.free and given[row] != "0.0"],
            "still": "np.all([" + ", ".join(f"{f} == 0" for f in self.factors) + "], axis=0)",
            "read_lines": self.read({name: f"fields[{row}]" for row, name in enumerate(unknowns)}, at),
            "returned": ", ".join(f"solution[{k}]" for k in range(len(form.results))),
            "tolerance_of": "of Newton's method, relative to the fields",
        }  # fmt: skip

    def _guess(self, name: str) -> str:
        """Where an iteration starts."""
        given = self.system.initial.get(name)
        sampled = {self.system.jets.field(one.name) for one in self.form.sampled}
        if given is None or given.expression is None or given.expression.free_symbols & sampled:
            return "0.0"
        return self.code.numpy(given.expression)

    def _needs(self, expressions: Iterable[Any], of: Iterable[str]) -> bool:
        meanings, partners = self.system.jets.meanings, self.system.jets.partners
        met = {meanings[s][0] for e in expressions for s in e.free_symbols if s in meanings}
        return bool({partners.get(n, n) if n not in self.complex else n for n in met} & set(of))

    def _start(self) -> tuple[list[str], list[tuple[str, str]]]:
        """Initial values on the grid, and what is resampled for them."""
        form, system = self.form, self.system
        values, resampled = [], []
        for name, order in form.state:
            key = form.initial_key(name, order)
            given = system.initial[key]
            plain = given.expression is not None and not given.expression.free_symbols & {system.jets.field(one.name) for one in form.sampled}  # fmt: skip
            if plain:
                values.append(f"initial_{key}({', '.join(['*GRID', *self.ranged])})")
                continue
            mine = [names.argument(one.name, "") for one in form.inputs if one.role == "initial" and one.of == key]
            resampled.append((f"start_{key}", mine[0] if len(mine) == 1 else f"{mine[0]} + 1j*{mine[1]}"))
            values.append(f"start_{key}[case]")
        return values, resampled

    def _first(self) -> list[tuple[int, Any]]:
        """Results of which the first frame is an argument."""
        form = self.form
        given = {(one.of, one.part): one for one in form.inputs if one.role == "initial"}
        return [(k, given[one.of, one.part]) for k, one in enumerate(form.results) if (one.of, one.part) in given]


def _rank(name: str, orders: Orders) -> tuple[str, int, list[int]]:
    """Derivatives along the first axis come first."""
    return name, sum(orders), [-n for n in orders]


def _unpacked(found: Sequence[str], value: str) -> str:
    return f"{', '.join(found)} = {value}" if len(found) > 1 else f"{found[0]} = {value}[0]"


def _operator_names(implicit: bool, held: bool, hidden: int, entering: bool) -> str:
    if hidden:
        return "linear, entering, found, admissible"
    return ", ".join(["linear", *(["entering"] if entering else []), *(["found"] if held else [])])


def _kept_waves(grid: Grid, real: bool) -> float:
    count = 0.5 if real else 1.0
    for n in grid.points:
        count *= n * grid.kept
    return count


def _moving(form: Form, parts: Parts) -> tuple[bool, bool]:
    """Whether what is evaluated on the grid changes in time at all, and whether it does so by itself."""
    system = form.system
    bodies = {
        one.name: one.expression
        for one in system.coefficients
        if one.expression is not None and kept(system, one.expression)
    }
    symbols = {s for e in parts.nonlinear for s in e.free_symbols}
    for jet in symbols & system.jets.meanings.keys():
        name, orders = system.jets.meanings[jet]
        if name in bodies:
            symbols = symbols | derived(system, bodies[name], orders).free_symbols
    driven = bool(system.time and system.symbols[system.time.name] in symbols)
    return driven or any(system.jets.unknown(s) for s in symbols), driven
