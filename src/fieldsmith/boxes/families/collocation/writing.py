"""A problem's demands as source text for the templates."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import sympy as sp

from fieldsmith.boxes.code import Code
from fieldsmith.boxes.families.collocation.demands import Demand, Demands, Field
from fieldsmith.boxes.families.collocation.separable import Parts
from fieldsmith.boxes.form import Form
from fieldsmith.boxes.program import frame, render
from fieldsmith.equations import names
from fieldsmith.problems.jets import Orders

MANY = 4
"""Conditions along an axis from which on an equation is demanded at points of the second kind: at those of the first, vorticity with a stream
function that meets two conditions an end has modes that grow the faster the more points there are, as Chebyshev tau methods have them."""
_PARTS = {"": "", "real": ".real", "imag": ".imag"}


class Writing:
    """Source text of a problem's demands."""

    def __init__(self, form: Form, demands: Demands) -> None:
        self.form, self.demands, self.code = form, demands, Code(form.system)

    def dense(self, counts: tuple[int, ...], **values: Any) -> str:
        """A program with dense matrices. Raises Unsuited for expressions that cannot be written."""
        form, demands = self.form, self.demands
        closed = [axis.name in form.system.periodic for axis in form.system.axes]
        written = [self.written(demand) for demand in demands.all]
        return render(
            "collocation/dense.py.jinja", form, dense=True, given={}, counts=counts,
            initial=self.initial, special="special." in str([list(self.functions.values()), self.initial]),
            highest=tuple(demands.highest[axis.name] for axis in form.system.axes),
            fields=[{"key": self.key(f), "complex": f.complex} for f in demands.fields],
            complex=any(f.complex for f in demands.fields), has_ends=not all(closed), has_periods=any(closed), many=any(n >= MANY for n in demands.counts.values()),
            demands=written, functions=list(self.functions.values()), takes=self._signature(),
            mass_functions=any(f["mass_function"] for f in self.functions.values()), sampled=self.sampled, steady_slopes=demands.steady_slopes, linear=demands.linear,
            sampled_coefficients=[(one.name, self.arguments[one.name, ""]) for one in form.sampled],
            samples_of=next((names.argument(i.name, "") for i in form.inputs if i.role in ("initial", "coefficient")), ""),
            start=self.start(), rates=[(f.name, self.key(f)) for f in demands.fields if f.order], first=self.first(),
            returned=[{"key": one.of, "part": _PARTS[one.part]} for one in form.results], **values,
        )  # fmt: skip

    def separable(self, counts: tuple[int, ...], divided: Sequence[Parts], **values: Any) -> str:
        """A program that diagonalises axis by axis. Raises Unsuited for expressions that cannot be written."""
        form, demands = self.form, self.demands
        closed = [axis.name in form.system.periodic for axis in form.system.axes]
        written = [self._part(part) for part in divided]
        ends = [one for key, one in self.functions.items() if key[1] is True]
        unknowns = [self._unknown(field) for field in demands.fields]
        return render(
            "collocation/separable.py.jinja", form, dense=False, given={}, counts=counts, initial=self.initial,
            special="special." in str([ends, written, self.initial]),
            highest=tuple(demands.highest[axis.name] for axis in form.system.axes),
            fields=[{"key": self.key(f), "complex": f.complex} for f in demands.fields],
            complex=any(f.complex for f in demands.fields), has_ends=not all(closed), has_periods=any(closed), many=any(n >= MANY for n in demands.counts.values()),
            functions=ends, takes=self._signature(), parts=written, unknowns=unknowns, sampled=self.sampled,
            sampled_coefficients=[(one.name, self.arguments[one.name, ""]) for one in form.sampled],
            samples_of=next((names.argument(i.name, "") for i in form.inputs if i.role in ("initial", "coefficient")), ""),
            start=self.start("grid", "points")[:-1], first=self.first(), waves=any(part["order"] == 2 for part in written),
            ends_move=any(demands.timed(demand.value) for demand in demands.all if demand.across),
            returned=[{"key": one.of, "part": _PARTS[one.part]} for one in form.results], **values,
        )  # fmt: skip

    def _part(self, part: Parts) -> dict[str, Any]:
        system = self.form.system
        title = next(demand.title for demand in self.demands.all if not demand.across and demand.field == part.field)
        slopes = [factor for factors in part.linear for factor in factors.values()]
        met = set().union(*(factor.free_symbols for factor in slopes), set())
        return {
            "key": self.key(part.field),
            "whole": part.field.name,
            "title": title.replace("\\", "\\\\").replace('"', "'"),
            "order": self.form.canonical.orders[part.field.name],
            "coordinates": [f"{self.code.symbol(n)} = points[{k}]" for k, n in enumerate(self.form.space) if system.symbols[n] in met],
            "linear": [[(order, self.code.numpy(factor)) for order, factor in factors.items()] for factors in part.linear],
            "lines": self._lines([part.rest]),
            "rest": self.code.numpy(part.rest),
        }  # fmt: skip

    def _unknown(self, field: Field) -> dict[str, Any]:
        """What makes an `Unknown` of a field: the places of its equation, and of each axis' conditions."""
        own = [demand for demand in self.demands.all if demand.field == field]
        last = max((f for f in self.demands.fields if f.name == field.name), key=lambda f: f.order)
        ends = []
        for axis in self.form.space:
            here = [self.written(demand) for demand in own if demand.across == axis]
            ends.append([(one["function"], one["places"]) for one in here])
        inner = next(self.written(demand)["places"] for demand in own if not demand.across)
        return {"key": self.key(field), "part": self.key(last), "inner": inner, "conditions": ends}

    def key(self, field: Field) -> str:
        """What a field is called in the program: u, or u_t for the rate of one of second order in time."""
        return self.form.initial_key(field.name, field.order)

    @cached_property
    def arguments(self) -> Mapping[tuple[str, str], str]:
        """Names of arguments by what they carry and which part of it."""
        return {(i.of, i.part): names.argument(i.name, i.of if i.role in ("points", "parameter") else "") for i in self.form.inputs}  # fmt: skip

    @cached_property
    def initial(self) -> dict[str, Any]:
        """Functions of initial values as the frame prints them, those from which a steady problem sets out among them."""
        known = dict(frame(self.form)["initial"])
        for key, given in self.form.system.initial.items():
            if not self.form.timed and given.expression is not None:
                known[key] = (f"initial_{key}", self.code.numpy(given.expression))
        return known

    @property
    def sampled(self) -> bool:
        """Whether anything must be read off samples."""
        keys = (self.form.initial_key(name, order) for name, order in self.form.state)
        return bool(self.form.sampled) or not all(self.initial.get(key) for key in keys)

    def start(self, grid: str = "equations.grid.coordinates", points: str = "grid") -> list[str]:
        """Lines that make the fields and the state from which a program sets out."""
        lines = []
        ranged = [self.code.symbol(p.name) for p in self.form.ranged]
        for field in self.demands.fields:
            key = self.key(field)
            if known := self.initial.get(key):
                value = f"{known[0]}({', '.join([f'*{grid}', *ranged])})"
            elif (field.name, field.order) in self.form.state:
                parts = [self.arguments[key, part] for part in (("real", "imag") if field.complex else ("",))]
                value = " + 1j * ".join(f"resample({part}[sample], asked, {points}, lows, lengths, PERIODIC)" for part in parts)  # fmt: skip
            else:
                value = f"np.zeros({grid}[0].shape)"
            lines.append(f'start["{key}"] = {value}')
        return ["start = {}", *lines, "state = equations.state(start)"]

    def first(self) -> list[tuple[str, str]]:
        """Unknowns whose first frame is given, with its code."""
        found = []
        for unknown in self.form.system.unknowns:
            if (unknown.name, 0) in self.form.state:
                parts = [
                    self.arguments[unknown.name, part] for part in (("real", "imag") if unknown.complex else ("",))
                ]
                found.append((unknown.name, " + 1j * ".join(f"{part}[sample]" for part in parts)))
        return found

    @cached_property
    def functions(self) -> dict[tuple[Any, Field | bool], dict[str, Any]]:
        """A function for each equation, and one for the same condition at several ends; by value and whether it is a condition."""
        found: dict[tuple[Any, Field | bool], dict[str, Any]] = {}
        for demand in self.demands.all:
            key = demand.value, demand.across != "" or demand.field
            if not demand.across:
                found[key] = self._function(demand, f"equation_{self.key(demand.field)}")
            elif key not in found:
                found[key] = self._function(demand, f"condition_{sum(1 for _, known in found if known is True) + 1}")
        return found

    def _function(self, demand: Demand, name: str) -> dict[str, Any]:
        slopes = {k: s for k, s in self.demands.slopes(demand).items() if s != 0}
        return {
            "title": demand.title.replace("\\", "\\\\").replace('"', "'"),
            "function": name,
            "lines": self._lines([demand.value, *slopes.values()]),
            "value": self.code.numpy(demand.value),
            "slopes": [(self._slot(f, c, orders), self.code.numpy(slope)) for (f, c, orders), slope in slopes.items()],
            "mass_function": f"mass_{self.key(demand.field)}" if demand.mass and not self._plain(demand) else "",
            "mass_lines": self._lines(demand.mass.values()),
            "mass": [(self._slot(f, False, orders), self.code.numpy(s)) for (f, orders), s in demand.mass.items()],
        }

    def _signature(self) -> list[str]:
        time = self.form.system.time
        clock = self.code.symbol(time.name) if time else "moment"
        return [clock, "at", "fields", "given", *(self.code.symbol(p.name) for p in self.form.ranged)]

    def _plain(self, demand: Demand) -> bool:
        """Whether the equation gives a rate itself."""
        return demand.mass == {(demand.field, (0,) * len(self.form.space)): 1}

    def written(self, demand: Demand) -> dict[str, Any]:
        """One demand for the template: its function, its places, the factors of its rates."""
        function = self.functions[demand.value, demand.across != "" or demand.field]
        plain = f"{{{self._slot(demand.field, False, (0,) * len(self.form.space))}: 1.0}}"
        end = self.form.system.axis(demand.across).end(demand.side) if demand.across else 0.0
        return {
            "function": function["function"],
            "places": self._places(demand),
            "complex": demand.field.complex,
            "rates": function["mass_function"] or (plain if demand.mass else "{}"),
            "where": f"{demand.across} = {end:g}" if demand.across else "",
        }

    def _lines(self, expressions: Iterable[Any]) -> list[str]:
        """Assignments of the coordinates and arrays that the expressions hold."""
        jets, symbols = self.form.system.jets, self.form.system.symbols
        met: set[sp.Symbol] = set().union(*(sp.sympify(e).free_symbols for e in expressions), set())
        lines = []
        for k, axis in enumerate(self.form.space):
            if symbols[axis] in met:
                lines.append(f"{self.code.symbol(axis)} = at.coordinates[{k}]")
        seen = set()
        for jet in sorted((s for s in met if s in jets.meanings), key=lambda s: jets.meanings[s]):
            name, orders = jets.meanings[jet]
            along = orders[1:] if self.form.timed else orders
            if jets.unknown(jet):
                field, _, along = self.demands.meaning(jet)
                source, array = f'fields["{self.key(field)}"]', self._array(field, along)
            else:
                source, array = f'given["{name}"]', self.code.array(name, orders)
            if array not in seen:
                seen.add(array)
                lines.append(f"{array} = at({', '.join([source, *map(str, along)])})")
        return lines

    def _array(self, field: Field, along: Orders = ()) -> str:
        along = along or (0,) * len(self.form.space)
        return self.code.array(field.name, (field.order, *along) if self.form.timed else along)

    def _slot(self, field: Field, conjugate: bool, orders: Orders) -> str:
        name = f"conj {self.key(field)}" if conjugate else self.key(field)
        return f'("{name}", {", ".join(map(str, orders))})'

    def _places(self, demand: Demand) -> list[str]:
        """Code of the points along each axis at which a demand is made."""
        system, found, passed = self.form.system, list[str](), False
        for k, axis in enumerate(system.axes):
            if axis.name in system.periodic:
                found.append(f"points[{k}]")
            elif axis.name == demand.across:
                found.append(f"points[{k}][{':1' if demand.side == 'low' else '-1:'}]")
                passed = True
            else:
                fewer = self.demands.counts[demand.field.name, axis.name]
                count = f"POINTS[{k}] - {fewer}" if fewer else f"POINTS[{k}]"
                inner = "within" if fewer >= MANY else "between"
                found.append(f"points[{k}]" if passed else f"{inner}({count}, *DOMAIN[{k}])")
        return found
