"""How a problem was understood, in words and signs: what `problem check` prints and a notebook shows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from fieldsmith.problems.examine import Seen
from fieldsmith.problems.faults import TooLarge
from fieldsmith.problems.kinds import kind_of
from fieldsmith.problems.system import Condition, Family, Given, Samples, System
from fieldsmith.problems.typeset import Latex, Unicode, tree_of

ORDINALS = ("zeroth", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
WIDTH = 11
STILL = 1e-8
"""Rate of an integral at the start, beside its terms, that counts as none."""
LONG = 400
"""Characters of a solved equation beyond which it helps nobody."""


@dataclass(frozen=True)
class Understanding:
    """All of it as plain values, for JSON and for people."""

    title: str
    equations: tuple[str, ...]
    latex: tuple[str, ...]
    rates: tuple[str, ...]
    unknowns: tuple[Mapping[str, Any], ...]
    parameters: tuple[Mapping[str, Any], ...]
    domain: Mapping[str, tuple[float, float]]
    time: str | None
    kind: Mapping[str, Any] | None
    conditions: tuple[Mapping[str, Any], ...]
    given: tuple[str, ...]
    definitions: tuple[str, ...]
    conserved: tuple[Mapping[str, Any], ...]
    reference: str
    output: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def lines(self) -> list[str]:
        """The same for people, a line each."""
        found = [self.title] if self.title else []
        found += [f"    {line}" for line in self.equations]
        rows = [("solved", line) for line in self.rates]
        rows += [("unknown", _described(one)) for one in self.unknowns]
        rows += [("parameter", _described(one)) for one in self.parameters]
        rows.append(("domain", ", ".join(f"{name} from {a:g} to {b:g}" for name, (a, b) in self.domain.items())))
        rows += [("kind", line) for line in _kind_lines(self.kind)]
        rows += [("ends", line) for line in _end_lines(self.conditions)]
        rows += [("defined", line) for line in self.definitions]
        rows += [("given", line) for line in self.given]
        rows += [("conserved", _kept(one)) for one in self.conserved]
        rows.append(("reference", self.reference))
        rows.append(("asked for", _asked(self.output)))
        last = ""
        for word, line in rows:
            found.append(f"  {word if word != last else '':{WIDTH}}{line}")
            last = word
        return found


def understood(title: str, seen: Seen) -> Understanding:
    """What is known of a problem without faults."""
    system = seen.system
    plain, latex = Unicode(system), Latex(system)
    kind = None
    if seen.form and seen.linear:
        try:
            with np.errstate(all="ignore"):
                kind = kind_of(system, seen.form, seen.linear, seen.waves, seen.rates)
        except TooLarge:
            kind = None
    return Understanding(
        title,
        tuple(plain.equation(law.left, law.right) for law in system.laws),
        tuple(latex.equation(law.left, law.right) for law in system.laws),
        tuple(_rates(seen, plain)),
        tuple({"name": plain.symbol(u.name), "meaning": u.meaning, "unit": u.unit, "complex": u.complex} for u in system.unknowns),
        tuple({"name": plain.symbol(p.name), "value": p.value, "low": p.low, "high": p.high, "meaning": p.meaning, "unit": p.unit} for p in system.parameters),
        {plain.symbol(one.name): (one.low, one.high) for one in (*system.axes, *((system.time,) if system.time else ()))},
        system.time.name if system.time else None,
        asdict(kind) if kind else None,
        tuple(_conditions(seen)),
        tuple(_givens(system, plain)),
        tuple(_definitions(system, plain)),
        tuple(_conserved(seen)),
        _reference(seen),
        {"points": dict(system.output.points), "times": len(system.output.times), "accuracy": system.output.accuracy, "seconds": system.output.seconds},
    )  # fmt: skip


def _rates(seen: Seen, plain: Unicode) -> Iterator[str]:
    """The equations solved for their rates, where they are not written so already."""
    system, form = seen.system, seen.form
    if form is None or not form.rates or not system.time:
        return
    written = {plain.text(law.left) for law in system.laws}
    for name, rate in form.rates.items():
        left = plain.derivative(plain.symbol(name), [system.time.name] * form.orders[name])[0]
        if left not in written:
            right = plain.text(tree_of(rate, system))
            if len(right) < LONG // 2:
                yield f"{left} = {right}"


def _conditions(seen: Seen) -> Iterator[dict[str, Any]]:
    system = seen.system
    for axis in system.axes:
        if axis.name in system.periodic:
            yield {"end": axis.name, "kinds": ["periodic"], "conditions": ["periodic"], "needed": None}
            continue
        for side in ("low", "high"):
            given = system.at(axis.name, side)
            need = seen.needs.get((axis.name, side))
            half = 2 if system.complex and all(u.complex for u in system.unknowns) else 1
            yield {
                "end": f"{axis.name}={axis.end(side):g}",
                "kinds": [_kind(system, one) for one in given],
                "conditions": [one.text for one in given],
                "needed": None if need is None else [need.fewest // half, need.most // half],
            }


def _kind(system: System, one: Condition) -> str:
    """The kind of a condition; of one on several unknowns, that it couples them."""
    jets = system.jets
    held = {jets.meanings[jet][0] for jet in jets.among(one.residual)}
    of = {min(name, jets.partners.get(name, name), key=len) for name in held}
    return "coupled" if len(of) > 1 and one.kind in ("dirichlet", "neumann", "robin") else one.kind


def _givens(system: System, plain: Unicode) -> Iterator[str]:
    for one in system.coefficients:
        yield f"{plain.symbol(one.name)} = {_value(one, system, plain)}"
    for name, one in system.initial.items():
        words = plain.name(_named(name))[0]
        where = f" at {plain.symbol(system.time.name)} = {system.time.low:g}" if system.time else " (a first guess)"
        yield f"{words} = {_value(one, system, plain)}{where}"


def _definitions(system: System, plain: Unicode) -> Iterator[str]:
    """What conditions and equations call by a name, as far as it is short enough to be looked at."""
    for name, body in system.definitions.items():
        words = plain.text(tree_of(body, system))
        if len(words) < LONG:
            yield f"{plain.name(_named(name))[0]} = {words}"


def _named(name: str) -> Any:
    from fieldsmith.problems.grammar import Node

    return Node("name", word=name)


def _value(one: Given, system: System, plain: Unicode) -> str:
    if isinstance(one.value, Family):
        return (
            f"drawn from the family {one.value.kind} ({', '.join(f'{k} {v:g}' for k, v in one.value.settings.items())})"
        )
    if isinstance(one.value, Samples):
        return f"{one.value.name or 'the array'} of {one.value.file}, {'x'.join(map(str, one.value.shape))}"
    words = plain.text(tree_of(one.value, system))
    return words if len(words) < LONG else one.text


def _conserved(seen: Seen) -> Iterator[dict[str, Any]]:
    for name, (verdict, rate, claimed) in seen.conserved.items():
        if claimed or verdict == "stays" or (verdict == "inside" and rate is not None and rate < STILL):
            given = seen.system.conserved.get(name)
            yield {
                "name": name,
                "density": given.text if given else name,
                "verdict": verdict,
                "claimed": claimed,
                "rate": rate,
            }


def _reference(seen: Seen) -> str:
    if seen.exact_holds:
        return "the exact solution that is given; it satisfies equations and conditions at points drawn at random"
    return "none is given"


def _described(one: Mapping[str, Any]) -> str:
    words = str(one["name"])
    if "value" in one:
        words += f" = {one['value']:g}"
    if one.get("unit"):
        words += f" {one['unit']}" if "value" in one else f" [{one['unit']}]"
    if one.get("low") is not None:
        words += f", from {one['low']:g} to {one['high']:g}"
    if one.get("complex"):
        words += ", complex"
    return f"{words}: {one['meaning']}" if one.get("meaning") else words


def _kind_lines(kind: Mapping[str, Any] | None) -> Iterator[str]:
    if kind is None:
        yield "not judged"
        return
    times = ORDINALS[kind["order_in_time"]] + " order in time" if kind["order_in_time"] else "steady"
    types = ", ".join(kind["types"]) or "of no type that could be told"
    yield f"{times}, {ORDINALS[kind['order_in_space']]} order in space, {kind['linearity']}; {_mixed(kind['types']) or types}"
    if kind["speeds"]:
        yield f"waves travel at {kind['speeds'][0]:.3g} to {kind['speeds'][1]:.3g} at the start"
    if kind["steps"] is not None:
        word = "stiff: " if kind["stiff"] else "not stiff: "
        yield f"{word}an explicit method needs some {kind['steps']:.0e} steps for stability on the points asked for"


def _mixed(types: Sequence[str]) -> str:
    return f"mixed: {' and '.join(types)}" if len(types) > 1 else ""


def _end_lines(conditions: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    said: dict[str, list[str]] = {}
    for one in conditions:
        if one["kinds"] == ["periodic"]:
            words = "periodic"
        elif one["conditions"]:
            pairs = zip(one["conditions"], one["kinds"], strict=True)
            words = ", ".join(text if kind == "open" else f"{text} ({kind})" for text, kind in pairs)
        else:
            words = "no condition, and none is needed"
        said.setdefault(words, []).append(one["end"])
    for words, ends in said.items():
        yield f"{', '.join(ends)}: {words}"


def _kept(one: Mapping[str, Any]) -> str:
    still = "; nothing does at the start" if one["rate"] is not None and one["rate"] < STILL else ""
    name = one["name"] if one["name"] == one["density"] else f"{one['name']}: {one['density']}"
    return (
        name
        + {
            "stays": ", its integral stays",
            "inside": f", its integral changes by what passes the ends alone{still}",
            "unknown": ", which is claimed; known only when the problem is solved",
            "changes": ", its integral changes",
        }[one["verdict"]]
    )


def _asked(output: Mapping[str, Any]) -> str:
    points = " x ".join(str(n) for n in output["points"].values())
    times = f" at {output['times']} times" if output["times"] else ""
    return f"{points} points{times}, relative error {output['accuracy']:g}, {output['seconds']:g} s a call"
