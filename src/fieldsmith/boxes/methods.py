"""The families of methods for problems on boxes, and what suits a problem in the order in which it is worth trying."""

import importlib
import inspect
import pkgutil
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from fieldsmith.blocks import Variant
from fieldsmith.boxes import families as home
from fieldsmith.boxes.family import BoxFamily
from fieldsmith.boxes.form import Form
from fieldsmith.equations.expressions import Unsuited

Suited = tuple[float, BoxFamily[Any], Sequence[Variant[Any]]]


@lru_cache(maxsize=1)
def families() -> tuple[BoxFamily[Any], ...]:
    """Every family, by name."""
    found: dict[str, BoxFamily[Any]] = {}
    for module in pkgutil.iter_modules(home.__path__, f"{home.__name__}."):
        for _, kind in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if issubclass(kind, BoxFamily) and hasattr(kind, "name") and not inspect.isabstract(kind):
                found[kind.name] = kind()
    return tuple(found[name] for name in sorted(found))


def suited(form: Form) -> list[Suited]:
    """The families that suit, each with how well and with its variants, the best first. Raises Unsuited if none does, with the reason that weighs most."""
    found: list[Suited] = []
    reasons: dict[str, str] = {}
    for family in families():
        try:
            score, variants = family.suits(form), seeing(form, family)
            family.text(form, variants[0].choices)  # some expressions cannot be written
            found.append((score, family, variants))
        except Unsuited as reason:
            reasons[family.name] = str(reason)
    if not found:
        raise Unsuited(decisive(form, reasons))
    return sorted(found, key=lambda one: -one[0])


def decisive(form: Form, reasons: Mapping[str, str]) -> str:
    """Of the reasons of all families, by name, that of the one which is made for such problems; all of them where it is not among these."""
    kind = form.problem.understood.kind or {}
    if "hyperbolic" in kind.get("types", ()) and kind["linearity"] in ("quasilinear", "fully nonlinear"):
        made = "volumes"
    else:
        made = "fourier" if all(axis.name in form.system.periodic for axis in form.system.axes) else "collocation"
    return reasons.get(made) or " ".join(dict.fromkeys(reasons.values())) or "There are none."


def seeing(form: Form, family: BoxFamily[Any]) -> Sequence[Variant[Any]]:
    """A family's variants whose points lie close enough to see all that is given. Raises Unsuited if there are none."""
    variants, found, missed = family.variants(form), list[Variant[Any]](), ""
    for variant in variants:
        places = family.places(form, variant.choices)
        lengths = {axis: form.narrow.unseen(axis, points) for axis, points in places.items()}
        if not any(lengths.values()):
            found.append(variant)
        else:
            axis = max(lengths, key=lambda name: len(places[name]) if lengths[name] else 0)
            missed = (
                f"What is given is as narrow as {form.narrow.length(axis):.2g} along {axis}, "
                f"which {len(places[axis])} points, its most, do not see."
            )
    if variants and not found:
        raise Unsuited(missed)
    return found


def verdicts(form: Form) -> list[tuple[BoxFamily[Any], str]]:
    """Every family with why it does not suit, empty where it does: those that suit first, the best of them first."""
    found: list[tuple[float, BoxFamily[Any], str]] = []
    for family in families():
        try:
            score = family.suits(form)
            seeing(form, family)
            found.append((score, family, ""))
        except Unsuited as reason:
            found.append((-1.0, family, str(reason)))
    return [(family, why) for _, family, why in sorted(found, key=lambda one: -one[0])]
