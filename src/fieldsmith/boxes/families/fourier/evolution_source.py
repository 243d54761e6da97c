"""Values of `fourier_evolution.py.jinja`."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sympy as sp

from fieldsmith.boxes.families.fourier.source import Grid, Source, unpacked
from fieldsmith.boxes.families.fourier.split import Orders, Parts, derived, kept
from fieldsmith.boxes.form import TIMES
from fieldsmith.equations import names
from fieldsmith.problems.jets import partial

REMEMBERED = 1.5e9
"""Bytes that phi functions of steps met before may take."""


@dataclass(frozen=True)
class Evolution:
    """An evolution as source text."""

    source: Source
    parts: Parts
    grid: Grid

    @property
    def values(self) -> dict[str, Any]:
        return {
            **self.source.common(self.grid),
            **self._kind,
            **self._matrices,
            **self._grid_terms,
            **self._calls,
            **self._reading,
        }

    @property
    def count(self) -> int:
        return len(self.parts.states)

    @property
    def held(self) -> int:
        return len(self.parts.constrained)

    @property
    def implicit(self) -> bool:
        return self.parts.mass is not None

    @cached_property
    def coupled(self) -> bool:
        """Whether waves of different fields act on each other linearly."""
        places = [*self.parts.linear, *(self.parts.mass or {}), *((row, column) for row, column, _, _ in self.stiff)]
        return bool(self.held) or any(row != column for row, column in places)

    @property
    def sources(self) -> bool:
        return any(source != 0 for source in self.parts.sources)

    @property
    def entering(self) -> bool:
        """Whether the rest enters the rates through a matrix, while no constraint is hidden."""
        return (self.implicit or self.sources) and not self.parts.hidden

    @property
    def gridded(self) -> list[Any]:
        """The rows of the rest, of hidden constraints also their companions' sources."""
        return [*self.parts.rest, *(self.parts.sources if self.parts.hidden and self.sources else ())]

    @property
    def rows(self) -> list[int]:
        return [row for row, value in enumerate(self.gridded) if value != 0]

    @property
    def has_rest(self) -> bool:
        return bool(self.rows) or (self.sources and not self.parts.hidden)

    @cached_property
    def driven(self) -> bool:
        """Whether the rest changes in time by itself."""
        system, source = self.source.system, self.source
        symbols = {s for e in self.parts.nonlinear for s in e.free_symbols}
        for jet in symbols & system.jets.meanings.keys():
            name, orders = system.jets.meanings[jet]
            if name in source.bodies and kept(system, source.bodies[name]):
                symbols = symbols | derived(system, source.bodies[name], orders).free_symbols
        return bool(system.time and system.symbols[system.time.name] in symbols)

    @cached_property
    def moving(self) -> bool:
        """Whether the rest changes in time at all."""
        jets = self.source.system.jets
        return self.driven or any(jets.among(expression) for expression in self.parts.nonlinear)

    @cached_property
    def stiff(self) -> list[tuple[int, int, Orders, Any]]:
        """Terms of the rest with derivatives of as high an order as the linear part has: row, column, orders, slope."""
        return stiff(self.source, self.parts)

    @property
    def slopes(self) -> list[Any]:
        return list(dict.fromkeys(slope for *_, slope in self.stiff))

    @property
    def _averaged(self) -> list[tuple[int, int, str, str]]:
        """Row, column, averaged factor, and the derivatives that it belongs to."""
        together: dict[tuple[int, int, Any], dict[Orders, Any]] = {}
        for row, column, orders, slope in self.stiff:
            together.setdefault((row, column, slope), {})[orders] = sp.S.One
        found = []
        for (row, column, slope), polynomial in together.items():
            factor = self.source.polynomial(polynomial)
            found.append(
                (row, column, f"averages[{self.slopes.index(slope)}]", f"({factor})" if len(polynomial) > 1 else factor)
            )
        return found

    @property
    def arguments(self) -> list[str]:
        return [*self.source.sampled, *self.source.ranged]

    @property
    def clock(self) -> str:
        return self.source.clock[0]

    def _states(self, expressions: list[Any]) -> list[str]:
        """A line that names the waves of the states, where expressions hold any."""
        shown = [self.source.hat(*state) for state in self.parts.states]
        return [unpacked(shown, "fields")] if self.source.holds(expressions, [n for n, _ in self.parts.states]) else []

    def _constraints(self, expressions: list[Any]) -> list[str]:
        """The same for what is constrained."""
        if self.parts.hidden or not self.source.holds(expressions, self.parts.constrained):
            return []
        return [unpacked([self.source.hat(name, 0) for name in self.parts.constrained], self._constrained(self.clock))]

    def _constrained(self, clock: str) -> str:
        return f"constrained({', '.join(['fields', clock, 'found', *self.arguments])})"

    def _rest(self, fields: str, clock: str) -> str:
        return f"rest({', '.join([fields, clock, *self._operators, *self.arguments])})"

    @property
    def _operators(self) -> list[str]:
        """What `rest` is given of the operators."""
        found = self.held and not self.parts.hidden
        return ["entering"] * self.entering + ["found"] * bool(found) + ["averages"] * bool(self.stiff)

    @property
    def _kind(self) -> dict[str, Any]:
        parts = self.parts
        return {
            "states": [self.source.form.initial_key(*state) for state in parts.states], "constrained": list(parts.constrained),
            "count": self.count, "held": self.held, "hidden": parts.hidden, "plain": self.held - parts.hidden, "implicit": self.implicit,
            "coupled": self.coupled, "eliminated": bool(self.held) or (self.implicit and self.coupled), "entering": self.entering,
            "sources": self.sources, "moving": self.moving, "has_rest": self.has_rest, "stiff": bool(self.stiff),
            "tolerance_of": "of all steps together, relative to the fields" * self.moving, "moment": self.clock,
        }  # fmt: skip

    @property
    def _matrices(self) -> dict[str, Any]:
        source, parts = self.source, self.parts
        rows = [source.form.initial_key(*state) for state in parts.states]
        columns = [*rows, *parts.constrained]
        names_ = [
            "linear",
            *["entering"] * (self.entering or bool(parts.hidden)),
            *["found"] * bool(self.held),
            *["admissible"] * bool(parts.hidden),
        ]
        size = 112 * self.count ** (2 if self.coupled else 1) * _waves(self.grid, not source.complex)
        return {
            "linear": source.entries(parts.linear, rows, columns), "mass": source.entries(parts.mass or {}, [], []),
            "algebra": source.entries(parts.algebra, [], []), "operator_names": ", ".join(names_),
            "operator_arguments": [*source.ranged, *["averages"] * bool(self.stiff)],
            "remembered": int(max(4, min(24, REMEMBERED / size))),
            "averaged": self._averaged, "slopes": [source.code.numpy(slope) for slope in self.slopes],
        }  # fmt: skip

    @property
    def _grid_terms(self) -> dict[str, Any]:
        source, parts, rest = self.source, self.parts, self.gridded
        slopes = self.slopes
        return {
            "rest_rows": self.rows, "rest_count": len(rest), "rest_values": [source.code.numpy(rest[row]) for row in self.rows],
            "rest_lines": [*self._states(rest), *self._constraints(rest), *source.fields(rest)],
            "rest_arguments": ["fields", self.clock, *self._operators, *self.arguments],
            "source_arguments": ["fields", self.clock, *self.arguments],
            "source_values": [source.code.numpy(value) for value in parts.sources],
            "source_lines": [*self._states(list(parts.sources)), *source.fields(parts.sources)],
            "slope_lines": [*self._states(slopes), *source.fields(slopes)],
        }  # fmt: skip

    @property
    def _calls(self) -> dict[str, Any]:
        times = names.argument(TIMES, "")
        rate = self._rest("fields", self.clock) if self.moving else self._rest("start", f"{times}[0]")
        held = self._constrained(f"{times}[frame]")
        if self.parts.hidden:
            rate = f"apply(entering, {rate})"
            now = self._rest("fields", f"{times}[frame]")
            held = (
                f"apply(found, np.concatenate([fields, {now}]))"
                if self.rows
                else f"apply(found[..., :{self.count}], fields)"
            )
        return {
            "rate_call": rate,
            "held_call": held,
            "average_call": f"averaged({', '.join(['start', f'{times}[0]', *self.arguments])})",
        }

    @property
    def _reading(self) -> dict[str, Any]:
        source, parts = self.source, self.parts
        form = source.form
        waves = {name: f"fields[{row}]" for row, (name, order) in enumerate(parts.states) if not order}
        waves |= {name: f"held[{row}]" for row, name in enumerate(parts.constrained)}
        given = {(one.of, one.part): one for one in form.inputs if one.role == "initial"}
        first = [(k, given[one.of, one.part]) for k, one in enumerate(form.results) if (one.of, one.part) in given]
        start, resampled = self._start()
        common = source.common(self.grid)
        return {
            "read_lines": source.read(waves, ", case, frame"), "returned": source.returned(), "start_values": start,
            "first_lines": [f"solution[{place}, :, 0] = {names.argument(one.name, '')}" for place, one in first],
            "resampled": common["resampled"] or bool(resampled), "resampled_lines": [*common["resampled_lines"], *resampled],
        }  # fmt: skip

    def _start(self) -> tuple[list[str], list[tuple[str, str]]]:
        """Initial values on the grid, and what is resampled for them."""
        form, system = self.source.form, self.source.system
        sampled = {system.jets.field(one.name) for one in form.sampled}
        values, resampled = [], []
        for name, order in form.state:
            key = form.initial_key(name, order)
            given = system.initial[key].expression
            if given is not None and not given.free_symbols & sampled:
                values.append(f"initial_{key}({', '.join(['*GRID', *self.source.ranged])})")
                continue
            mine = [names.argument(one.name, "") for one in form.inputs if one.role == "initial" and one.of == key]
            resampled.append((f"start_{key}", mine[0] if len(mine) == 1 else f"{mine[0]} + 1j*{mine[1]}"))
            values.append(f"start_{key}[case]")
        return values, resampled


def stiff(source: Source, parts: Parts) -> list[tuple[int, int, Orders, Any]]:
    """Terms of the rest with derivatives of second order or more, and of as high an order as the linear part has for that state."""
    jets, found = source.system.jets, []
    for row, expression in enumerate(parts.rest):
        highest = max((sum(o) for (r, _), entry in parts.linear.items() if r == row for o in entry), default=0)
        for jet in jets.among(expression):
            name, orders = jets.meanings[jet]
            state = (name, orders[0])
            if state in parts.states and sum(orders[1:]) >= max(2, highest):
                found.append((row, parts.states.index(state), orders[1:], partial(expression, jet)))
    return found


def _waves(grid: Grid, real: bool) -> float:
    count = 0.5 if real else 1.0
    for points in grid.points:
        count *= points * grid.kept
    return count
