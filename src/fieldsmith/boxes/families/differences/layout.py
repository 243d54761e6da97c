"""A problem laid out for finite differences: fields, what holds at their points, and the code of its values and slopes.

On the grid every unknown is a field, and so is the rate of one that is of second order in time. The semi-discrete problem is
M y' = F(t, y): a row for each field and point, most with the law of that field; the outermost points at an end have the conditions
instead, as many as the field has there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import permutations

import sympy as sp

from fieldsmith.boxes.code import Code, jet_name
from fieldsmith.boxes.families.differences.ends import End, assigned
from fieldsmith.boxes.families.differences.fluxes import divided, kept_apart
from fieldsmith.boxes.form import Form
from fieldsmith.equations.expressions import Expression, Unsuited
from fieldsmith.problems.jets import Orders, partial

MOST_FIELDS = 6
Laid = tuple[int, Expression, str]
"""The field whose rows it has, an expression that is 0 or a rate there, and what it is in words."""


@dataclass(frozen=True)
class Holds:
    """Something that holds at points: code of its value, of what it reads, and of its slope in each of these.

    `reads` has the field, the orders along the axes (or the key of a flux) and the array's name of each derivative; `mirrored` are the slopes in their conjugates, of
    functions that are not holomorphic. `lines` are given fields as code, `given` names those that are arrays: coefficient, orders, array.
    """

    field: int
    words: str
    value: str
    reads: tuple[tuple[int, Orders | str, str], ...]
    slopes: tuple[str, ...]
    mirrored: tuple[str, ...]
    lines: tuple[tuple[str, str], ...]
    given: tuple[tuple[str, Orders, str], ...]
    end: End | None = None


@dataclass(frozen=True)
class Factor:
    """The factor a of a flux (a u_x)_x: where it is read from, and the code of its value."""

    key: str
    field: int
    axis: int
    factor: Holds


class Layout:
    """See above. Raises Unsuited for what cannot be laid out."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.system, self.canonical = kept_apart(form)
        self.code = Code(self.system)
        orders = self.canonical.orders
        self.fields = [(u.name, n) for u in self.system.unknowns for n in range(max(1, orders.get(u.name, 0)))]
        if len(self.fields) > MOST_FIELDS:
            raise Unsuited(f"There are {len(self.fields)} fields; finite differences are written for {MOST_FIELDS}.")
        self.rest = (0,) * len(self.system.coordinates)
        self.skip = int(self.system.timed)
        laid, masses = self._laid()
        self.laid = laid
        self.free = self._free_constants()
        ends = assigned(form, self.system.jets, self.fields, {field: law for field, law, _ in laid})
        self.expressions = [law for _, law, _ in laid] + [one for _, _, one in ends]
        self.factors: list[Factor] = []
        self.laws = tuple(self._law(field, law, words) for field, law, words in laid)
        self.conditions = tuple(self._holds(end.field, one, end.words, end) for end, _, one in ends)
        self.masses = tuple(self._holds(field, law, words) for field, law, words in masses)

    @property
    def evolving(self) -> tuple[bool, ...]:
        """Whether the rows of a field are of its rate."""
        return tuple(bool(self.canonical.orders.get(name, 0)) for name, _ in self.fields)

    @property
    def rates(self) -> tuple[tuple[int, int], ...]:
        """Fields that are rates of unknowns of second order in time, each with the field of the unknown."""
        return tuple((k, self.fields.index((name, 0))) for k, (name, order) in enumerate(self.fields) if order)

    @property
    def complex(self) -> bool:
        return self.system.complex

    @property
    def real(self) -> tuple[bool, ...]:
        """Of a problem with complex unknowns, which fields are real."""
        kinds = {u.name: u.complex for u in self.system.unknowns}
        return tuple(not kinds[name] for name, _ in self.fields)

    @property
    def paired(self) -> bool:
        """Whether real and imaginary parts are solved for apart, because conjugates have slopes of their own."""
        return any(code != "0" for one in (*self.laws, *self.conditions) for code in one.mirrored)

    @property
    def linear(self) -> bool:
        """Whether no slope depends on the state."""
        jets = self.system.jets
        return not any(self.system.jets.among(partial(one, jet)) for one in self.expressions for jet in jets.among(one))

    @property
    def moving(self) -> bool:
        """Whether anything depends on the time by itself."""
        return any(self._timed(one) for one in self.expressions)

    @property
    def held(self) -> bool:
        """Whether there are rows without a rate."""
        return bool(self.conditions or self.free) or not all(self.evolving)

    @property
    def explicit(self) -> bool:
        """Whether rates follow from the state by what needs no matrix, or one that stays as it is."""
        jets, laws = self.system.jets, self.laid
        held = [law for field, law, _ in laws if not self.evolving[field]]
        told = [*held, *self.expressions[len(laws) :]]
        slopes = [partial(one, jet) for one in told for jet in jets.among(one)]
        return not self.masses and not any(jets.among(slope) or self._timed(slope) for slope in slopes)

    @property
    def smoothing(self) -> float:
        """The speed of waves of first order, where ends would let short ones grow; else 0."""
        waves, canonical = self.form.seen.waves, self.canonical
        closed = all(name in self.system.periodic for name in self.form.space)
        if waves is None or waves.speeds is None or closed or waves.kinds != ("hyperbolic",) or canonical.order != 1:
            return 0.0
        return float(max(map(abs, waves.speeds)))

    @property
    def steady_slopes(self) -> bool:
        """Whether no slope depends on the time by itself."""
        jets = self.system.jets
        return not any(self._timed(partial(one, jet)) for one in self.expressions for jet in jets.among(one))

    def _timed(self, expression: Expression) -> bool:
        """Whether an expression changes in time though the state does not."""
        system, jets = self.system, self.system.jets
        if system.time is None:
            return False
        clock = system.symbols[system.time.name]
        given = {one.name: one.expression for one in system.coefficients if one.expression is not None}
        names = {jets.meanings[jet][0] for jet in jets.among(expression, given=True)}
        return clock in expression.free_symbols or any(
            self._timed(body) for name, body in given.items() if name in names
        )

    def _laid(self) -> tuple[list[Laid], list[Laid]]:
        """The law of each field and, where a law has several rates in it, what they are together (else they are the field's own)."""
        form, jets, canonical = self.form, self.system.jets, self.canonical
        laws: list[Laid] = []
        masses: list[Laid] = []
        for k, (name, order) in enumerate(self.fields):
            if order + 1 < canonical.orders.get(name, 0):
                rate = jets.field(name, (1, *self.rest[1:]))
                laws.append((k, rate, f"The rate of {name} is a field."))
            elif canonical.orders.get(name, 0) and canonical.rates is not None:
                laws.append((k, canonical.rates[name], f"The {'second ' * order}rate of {name}."))
        if canonical.rates is None:
            for k, law, words in self._implicit():
                laws.append((k, law, words))
                masses.append((k, self._mass[k], f"What the rates in the law of {self.fields[k][0]} come to."))
        if canonical.constraints:
            names = canonical.constrained if form.timed else tuple(u.name for u in self.system.unknowns)
            chosen = _paired_off(
                [[self._own_order(law.residual, name) for name in names] for law in canonical.constraints]
            )
            if chosen is None:
                raise Unsuited("No way is seen to give each unknown without a rate an equation that holds it.")
            for law, k in zip(canonical.constraints, chosen, strict=True):
                laws.append((self.fields.index((names[k], 0)), law.residual, f"{law.text}."))
        return sorted(laws, key=lambda one: one[0]), masses

    def _implicit(self) -> Iterator[Laid]:
        """Laws whose rates stand together: `_mass` is their part that holds the rates, and what is yielded the rest."""
        jets, orders = self.system.jets, self.canonical.orders
        moving = [name for name, order in orders.items() if order]
        laws = self.canonical.evolving
        self._mass: dict[int, Expression] = {}
        chosen = _paired_off([[self._own_order(law.residual, name, orders[name]) for name in moving] for law in laws])
        if chosen is None:
            raise Unsuited("No way is seen to give each unknown an equation that holds its rate.")
        for law, j in zip(laws, chosen, strict=True):
            name = moving[j]
            k = self.fields.index((name, orders[name] - 1))
            residual, mass = law.residual, sp.S.Zero
            for jet in jets.among(residual):
                other, along = jets.meanings[jet]
                if other in orders and along[0] == orders[other]:
                    factor = partial(law.residual, jet)
                    if jets.among(factor) or self._timed(factor):
                        raise Unsuited(f"What multiplies the rate of {other} changes with the unknowns or the time.")
                    mass += factor * jets.field(other, (orders[other] - 1, *along[1:]))
                    residual = residual.xreplace({jet: sp.S.Zero})
                elif other not in orders and along[0] == orders[jets.partners[other]]:
                    raise Unsuited(f"The conjugate of a rate stands in the equation {law.text}.")
            self._mass[k] = mass
            yield k, -residual, f"{law.text}, without its rates."

    def _own_order(self, law: Expression, name: str, time: int = 0) -> int:
        """The order in space of the highest derivative of an unknown in a law, -1 where it is not in it."""
        jets = self.system.jets
        found = [jets.meanings[jet][1] for jet in jets.among(law) if jets.meanings[jet][0] == name]
        return max((sum(along[self.skip :]) for along in found if not time or along[0] == time), default=-1)

    def _free_constants(self) -> tuple[int, ...]:
        """Fields of which only derivatives are asked: a constant may be added to them."""
        jets, found = self.system.jets, []
        told = [law.residual for law in self.system.laws] + [one.residual for one in self.system.conditions]
        for k, (name, _) in enumerate(self.fields):
            met = [jets.meanings[jet][1] for one in told for jet in jets.among(one) if jets.meanings[jet][0] == name]
            if not self.canonical.orders.get(name, 0) and not any(sum(along) == 0 for along in met):
                found.append(k)
        return tuple(found)

    def _law(self, field: int, law: Expression, words: str) -> Holds:
        """A law, with the fluxes of coefficients that jump as derivatives of their own."""
        rest, fluxes = divided(self.form, self.system, law)
        holds = self._holds(field, rest, words)
        for one in fluxes:
            of = self.fields.index((one.unknown, 0))
            key = f"flux_{len(self.factors) + 1}"
            self.factors.append(Factor(key, of, one.axis, self._holds(of, one.factor, f"What drives {key}.")))
            holds = replace(
                holds, value=f"{holds.value} + {key}", reads=(*holds.reads, (of, key, key)), slopes=(*holds.slopes, "1.0"),
                mirrored=(*holds.mirrored, "0"),
            )  # fmt: skip
        return holds

    def _holds(self, field: int, expression: Expression, words: str, end: End | None = None) -> Holds:
        jets, code = self.system.jets, self.code
        partners = {name for name in jets.partners if name not in {u.name for u in self.system.unknowns}}
        met = jets.among(expression)
        keys: dict[tuple[str, Orders], None] = {}
        for jet in met:
            name, orders = jets.meanings[jet]
            keys[jets.partners[name] if name in partners else name, orders] = None
        reads, slopes, mirrored = [], [], []
        for name, orders in keys:
            time = orders[0] if self.skip else 0
            if (name, time) not in self.fields:
                raise Unsuited(f"{jet_name(name, orders, self.system.coordinates)} stands where no rate may stand.")
            reads.append((self.fields.index((name, time)), orders[self.skip :], code.array(name, orders)))
            slopes.append(code.numpy(self._slope(expression, name, orders)))
            partner = jets.partners.get(name)
            mirrored.append(code.numpy(self._slope(expression, partner, orders)) if partner else "0")
        lines, given = self._given([expression, *(partial(expression, jet) for jet in met)])
        return Holds(
            field, words, code.numpy(expression), tuple(reads), tuple(slopes), tuple(mirrored), lines, given, end
        )

    def _slope(self, expression: Expression, name: str, orders: Orders) -> Expression:
        return partial(expression, self.system.jets.field(name, orders))

    def _given(
        self, expressions: Sequence[Expression]
    ) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, Orders, str], ...]]:
        """Lines of code for coefficients that are expressions, and what is read of sampled ones."""
        jets, code, form = self.system.jets, self.code, self.form
        bodies = {one.name: one.expression for one in self.system.coefficients}
        lines: dict[str, str] = {}
        given: dict[tuple[str, Orders, str], None] = {}
        places = [code.symbol(c) for c in (*self.system.coordinates, *(p.name for p in form.ranged))]

        def need(expression: Expression) -> None:
            for jet in jets.among(expression, given=True):
                name, orders = jets.meanings[jet]
                if name not in bodies:
                    continue
                array = code.array(name, orders)
                if bodies[name] is None:
                    if self.skip and orders[0]:
                        raise Unsuited(f"The coefficient {name} is differentiated along the time.")
                    given[name, orders[self.skip :], array] = None
                elif array not in lines:
                    body = bodies[name]
                    for k, n in enumerate(orders):
                        for _ in range(n):
                            body = jets.total(body, k)
                    need(body)
                    lines[array] = code.numpy(body) if sum(orders) else f"coefficient_{name}({', '.join(places)})"

        for expression in expressions:
            need(expression)
        return tuple(lines.items()), tuple(given)


def _paired_off(table: Sequence[Sequence[int]]) -> tuple[int, ...] | None:
    """A column for each row, all different and none below 0, so that the sum is largest; None where there is none."""
    best, found = -1, None
    for chosen in permutations(range(len(table[0])), len(table)):
        entries = [row[k] for row, k in zip(table, chosen, strict=True)]
        if min(entries) >= 0 and sum(entries) > best:
            best, found = sum(entries), chosen
    return found
