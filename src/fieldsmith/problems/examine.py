"""A document looked at from all sides: read, solved for its rates, judged. What is seen is kept for whoever tells it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from fieldsmith.problems.canonical import Canonical, canonical
from fieldsmith.problems.claims import Claims, Verdict
from fieldsmith.problems.conditions import Conditions
from fieldsmith.problems.corners import corners_agree
from fieldsmith.problems.curvilinear import doubt_straightness
from fieldsmith.problems.degenerate import contradicted, degenerate_ends, with_degenerate
from fieldsmith.problems.determined import Determined
from fieldsmith.problems.ends import Need, needs
from fieldsmith.problems.faults import Findings, Misread, TooLarge
from fieldsmith.problems.growth import LARGEST, Waves, fastest, looked_at
from fieldsmith.problems.intervals import Wanted
from fieldsmith.problems.intervals import wanted as line_wants
from fieldsmith.problems.places import Places
from fieldsmith.problems.posed import Posed
from fieldsmith.problems.reading import read
from fieldsmith.problems.states import States
from fieldsmith.problems.symbol import Linearised
from fieldsmith.problems.system import Given, Side, System
from fieldsmith.problems.tables import Tables
from fieldsmith.problems.values import Values, families_fit


@dataclass
class Seen:
    """What was found out about a problem; parts that could not be are None."""

    system: System
    told: Findings
    form: Canonical | None = None
    linear: Linearised | None = None
    waves: Waves | None = None
    rates: complex | None = None
    wanted: Wanted | None = None
    """Conditions at both ends of a steady problem on an interval."""
    needs: Mapping[tuple[str, Side], Need] = field(default_factory=dict)
    exact_holds: bool = False
    conserved: dict[str, tuple[Verdict, float | None, bool]] = field(default_factory=dict)
    """By density: the verdict, the relative rate of change at the start, whether the problem claims it."""


def examine(document: Mapping[str, Any], places: Places, folder: Path) -> Seen:
    """Everything about a document. Raises nothing for what is wrong with it: `told` has it."""
    tables = Tables(document, places)
    seen = Seen(read(tables, folder), tables.findings)
    try:
        with np.errstate(all="ignore"):  # what is not finite is looked for, and told
            _judge(seen, tables)
    except (TooLarge, Misread):
        tables.findings.doubt(
            tables.spot("equations"),
            "The equations are too large to be judged whole.",
            "Whether they are well posed is not known.",
        )
    return seen


def _judge(seen: Seen, tables: Tables) -> None:
    system, told = seen.system, seen.told
    posed = Posed(system, tables)
    system.jets.work_anew()
    failed = told.stopping
    if not _complete(seen, tables) or not posed.unknowns():
        return
    seen.form = canonical(system, told, tables.spot("equations"))
    if seen.form is None:
        return
    posed.start(seen.form)
    doubt_straightness(system, told)
    if failed or not system.axes:
        return
    states = States(system)
    seen.linear = Linearised(system)
    values = Values(system, states, told)
    values.all()
    if len(system.fields) > LARGEST:
        what = f"Whether {len(system.fields)} unknowns are well posed is not judged."
        told.doubt(tables.spot("equations"), what, f"Up to {LARGEST} are, a complex one counted twice.")
    seen.waves = looked_at(system, seen.linear, states)
    posed.waves(seen.waves, seen.form)
    if seen.waves and seen.waves.growth:
        return
    degenerate = degenerate_ends(system, seen.form, seen.linear, states)
    off = partial(contradicted, system, seen.form, states)
    conditions = Conditions(system, tables, frozenset(values.poles), degenerate, off)
    wanted = None
    if system.steady_line:
        wanted = seen.wanted = line_wants(system, seen.linear, states)
        conditions.on_a_line(wanted, seen.linear)
    else:
        seen.needs = with_degenerate(needs(system, seen.linear, states), degenerate)
        conditions.ends(seen.needs, seen.linear, seen.form)
    if not told.stopping:
        Determined(system, seen.form, seen.linear, states, told).all(wanted)
        corners_agree(system, states, told)
    seen.rates = fastest(system, seen.linear, states)
    families_fit(system, told)
    _claims(seen, Claims(system, seen.form, states, told, values.broken))


def _complete(seen: Seen, tables: Tables) -> bool:
    """Whether every equation could be read: else counts of unknowns say nothing."""
    given = tables.document.get("equations")
    count = 1 if isinstance(given, str) else len(given) if isinstance(given, list | tuple) else 0
    return bool(count) and len(seen.system.laws) == count


def _claims(seen: Seen, claims: Claims) -> None:
    system, told = seen.system, seen.told
    seen.exact_holds = claims.exact()
    asked: dict[str, tuple[Any, Given | None, bool]] = {}
    asked |= {name: (one.value, one, True) for name, one in system.conserved.items()}
    if system.time and not told.stopping:
        for unknown in system.unknowns:
            whole = system.jets.field(unknown.name)
            square = whole * system.jets.conjugate(whole)
            for name, density in (
                (unknown.name, whole),
                (f"|{unknown.name}|²" if unknown.complex else f"{unknown.name}²", square),
            ):
                if all(density != given for given, _, _ in asked.values()):
                    asked[name] = (density, None, False)
    for name, (density, given, claimed) in asked.items():
        try:
            verdict: Verdict = claims.conserved(density)
        except (TooLarge, Misread):
            verdict = "unknown"
        rate = claims.at_the_start(density) if verdict == "inside" else None
        seen.conserved[name] = verdict, rate, claimed
        if not claimed or given is None:
            continue
        if verdict == "changes":
            told.fault(
                given.spot,
                f"The integral of {given.text} does not stay: its rate of change is no divergence.",
                "Correct it, or leave it out.",
            )
        elif rate is not None and rate > 1e-6:
            told.fault(
                given.spot,
                f"The integral of {given.text} changes by what passes the ends.",
                "Other conditions keep it, or it is not conserved.",
            )
        elif verdict == "unknown":
            told.note(
                given.spot, f"Whether the integral of {given.text} stays is not known before the problem is solved."
            )
