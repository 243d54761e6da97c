"""Values of the family's templates: matrices, rates and what is read off the waves, as source text."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fieldsmith.boxes.code import Code
from fieldsmith.boxes.families.fourier.split import Matrix, Polynomial, derived
from fieldsmith.boxes.form import Form
from fieldsmith.equations import names
from fieldsmith.problems.jets import Orders


@dataclass(frozen=True)
class Grid:
    """The grid of a program and what goes with it."""

    points: tuple[int, ...]
    kept: float
    tolerance: float
    halvings: int = 0


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
            "tolerance": f"{grid.tolerance:.3g}", "halvings": grid.halvings, "real": not self.complex,
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

    def holds(self, expressions: Iterable[Any], of: Iterable[str]) -> bool:
        """Whether one of these unknowns, or its conjugate, is in the expressions."""
        meanings, partners = self.system.jets.meanings, self.system.jets.partners
        met = {meanings[s][0] for e in expressions for s in e.free_symbols if s in meanings}
        return bool({partners.get(n, n) if n not in self.complex else n for n in met} & set(of))

    def returned(self) -> str:
        return ", ".join(f"solution[{place}]" for place in range(len(self.form.results)))


def _rank(name: str, orders: Orders) -> tuple[str, int, list[int]]:
    """Derivatives along the first axis come first."""
    return name, sum(orders), [-n for n in orders]


def unpacked(found: Sequence[str], value: str) -> str:
    """A line that takes the rows of an array."""
    return f"{', '.join(found)} = {value}" if len(found) > 1 else f"{found[0]} = {value}[0]"
