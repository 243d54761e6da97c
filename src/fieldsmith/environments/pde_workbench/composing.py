"""Programs composed from named blocks: what there is to choose, and what the choices come to."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fieldsmith import numerics
from fieldsmith.environments.observation import Unfit
from fieldsmith.environments.pde_workbench.problem import Problem
from fieldsmith.environments.pde_workbench.state import Choices
from fieldsmith.errors import InputError
from fieldsmith.numerics.methods import family as family_named
from fieldsmith.numerics.writing import FITTING, Written
from fieldsmith.plugins import meant

LOOK = "`list_methods` shows what fits."
Course = Mapping[str, Any]
"""A family with its blocks and numbers, as `numerics.menu` tells of it."""


@dataclass(frozen=True)
class Setting:
    """What a family's own variants are: a name, and what is chosen otherwise than usual; `again` marks one for where another has blown up."""

    name: str
    chosen: Mapping[str, str | float]
    again: bool

    def __str__(self) -> str:
        told = ", ".join(f"{name}={_plain(value)}" for name, value in self.chosen.items()) or "all as usual"
        return f"{self.name}: {told}{' (where others have blown up)' if self.again else ''}"


def composed(problem: Problem, choices: Mapping[str, object]) -> tuple[Written, list[str]]:
    """The program for a family's name and what is chosen of it, and the names of choices that are none of this method's.

    These are left out: models like to fill in every argument that there is. Raises Unfit for what there is not in any family, and for what does
    not fit the equation or the other choices, with what would be right.
    """
    course = course_named(problem, str(choices.get("family", "")))
    kept, left = _own(problem, course, {name: value for name, value in choices.items() if name != "family"})
    idle = _idle(course, kept)
    kept = {name: value for name, value in kept.items() if name not in idle}
    try:
        written = numerics.write(problem.plain, {"family": course["family"], **kept})
    except InputError as error:
        raise Unfit(error.message, error.hint.replace(FITTING, LOOK)) from error
    return written, [*left, *idle]


def changed(problem: Problem, choices: Choices, changes: Mapping[str, object]) -> tuple[dict[str, object], list[str]]:
    """Choices with some of them changed, and the names of changes that are none of the family's.

    Numbers of blocks that are chosen no more go with them. Raises Unfit where nothing would change, and as `composed` does.
    """
    course = course_named(problem, str(choices["family"]))
    kept, left = _own(problem, course, changes)
    merged: dict[str, object] = {**choices, **kept}
    idle = _idle(course, merged)
    if not set(kept) - set(idle):
        names = ", ".join(changes)
        of = dict.fromkeys(f"{name} to {' or '.join(course['numbers'][name]['of'])}" for name in idle if name in kept)
        why = f"they belong: {'; '.join(of)}" if of else f"the family {course['family']!r} does not have them"
        raise Unfit(f"Nothing would change by {names}: {why}.", f"You may change {openings(course, choices)}.")
    return {name: value for name, value in merged.items() if name not in idle}, [*left, *(n for n in idle if n in kept)]


def _own(problem: Problem, course: Course, given: Mapping[str, object]) -> tuple[dict[str, object], list[str]]:
    """What of the choices is for the family to judge, and the names of those that are other families'."""
    left = [name for name, value in given.items() if _of_another(problem, course, name, value)]
    kept = {name: value for name, value in given.items() if name not in left}
    known = [*course["blocks"], *course["numbers"]]
    for name in kept:
        if name not in known:
            words = f"The family {course['family']!r} has no choice {name!r}.{meant(name, known)}"
            raise Unfit(words, f"It has {', '.join(known)}.")
    return kept, left


def _of_another(problem: Problem, course: Course, name: str, value: object) -> bool:
    """Whether another family has that choice, or that block of the kind, and this one has not."""
    others = [other for other in courses(problem) if other is not course]
    if name in course["blocks"]:
        return not _has(course, name, value) and any(_has(other, name, value) for other in others)
    known = name in course["numbers"]
    return not known and any(name in other["blocks"] or name in other["numbers"] for other in others)


def _has(course: Course, kind: str, value: object) -> bool:
    return any(block["name"] == value for block in course["blocks"].get(kind, ()))


def _idle(course: Course, choices: Mapping[str, object]) -> list[str]:
    """Numbers among the choices that belong to blocks which are not chosen."""
    whole = {**usual(course), **choices}
    chosen = {f"{kind} {whole.get(kind)}" for kind in course["blocks"]}
    of = {name: about["of"] for name, about in course["numbers"].items()}
    return [name for name in choices if of.get(name) and not chosen & set(of[name])]


def course_named(problem: Problem, name: str) -> Course:
    """A family that suits the equation. Raises Unfit for one that does not, or that there is not."""
    menu = courses(problem)
    suits = [course["family"] for course in menu if not course["why_not"]]
    right = f"For this equation there are: {', '.join(suits)}." if suits else "No family suits this equation: write the program yourself."  # fmt: skip
    wanted = " ".join(name.lower().replace("_", " ").replace("-", " ").split())
    found = next((course for course in menu if course["family"].lower() == wanted), None)
    if found is None:
        if not wanted:
            raise Unfit("No family is named.", right)
        close = difflib.get_close_matches(wanted, suits, 1, 0.5)
        raise Unfit(f"There is no family {name!r}.{f' Did you mean {close[0]!r}?' if close else ''}", right)
    if found["why_not"]:
        raise Unfit(f"The family {found['family']!r} does not suit this equation: {found['why_not']}", right)
    return found


def courses(problem: Problem) -> Sequence[Course]:
    """All families. Raises Unfit for a task that there is nothing to compose for."""
    if not problem.menu:
        raise Unfit(problem.no_menu, "Write the program yourself.")
    return problem.menu


def fitting(course: Course, kind: str) -> list[str]:
    """The blocks of a kind that fit, the usual one first."""
    return [block["name"] for block in course["blocks"][kind] if not block["why_not"]]


def settings(problem: Problem, course: Course) -> list[Setting]:
    """The settings that the family's author thinks sensible, coarse to fine."""
    from fieldsmith.equations.expressions import Unsuited
    from fieldsmith.numerics.code import analysed

    family = family_named(course["family"])
    try:
        variants = family.variants(analysed(problem.plain), problem.plain)
    except Unsuited:
        return []
    return [
        Setting(variant.name, differing(course, variant.choices.to_dict()), variant.again)
        for variant in sorted(variants, key=lambda variant: variant.accuracy)
    ]


def usual(course: Course) -> dict[str, object]:
    """What is chosen where nothing is said."""
    blocks = {kind: names[0] for kind in course["blocks"] if (names := fitting(course, kind))}
    return {**blocks, **{name: about["usual"] for name, about in course["numbers"].items()}}


def unusual(course: Course, choices: Mapping[str, object]) -> str:
    """What differs from that, in a line; empty if nothing does."""
    return ", ".join(f"{name}={_plain(value)}" for name, value in differing(course, choices).items())


def differing(course: Course, choices: Mapping[str, Any]) -> dict[str, Any]:
    """What differs from that."""
    known = usual(course)
    return {name: value for name, value in choices.items() if name != "family" and value != known.get(name)}


def finer(problem: Problem, course: Course, choices: Mapping[str, Any]) -> Setting | None:
    """The setting after the one that is chosen; the finest where it is none of them, None where it is the last."""
    known = [one for one in settings(problem, course) if not one.again]
    chosen = differing(course, choices)
    at = next((n for n, one in enumerate(known) if one.chosen == chosen), len(known) - 2)
    return known[at + 1] if 0 <= at + 1 < len(known) else None


def coarser(problem: Problem, course: Course, choices: Mapping[str, Any]) -> Setting | None:
    """The setting before the one that is chosen; the coarsest where it is none of them, None where it is the first."""
    known = [one for one in settings(problem, course) if not one.again]
    chosen = differing(course, choices)
    at = next((n for n, one in enumerate(known) if one.chosen == chosen), 1)
    return known[at - 1] if 0 < at <= len(known) else None


def refined(problem: Problem, course: Course) -> Mapping[str, str | float]:
    """The change to the family's finest setting: what is worth trying after the usual one."""
    return next((one.chosen for one in reversed(settings(problem, course)) if one.chosen and not one.again), {})


def about(course: Course) -> str:
    """What a family's methods are made of where there is nothing to choose, in a sentence."""
    fixed = [
        options[0]["title"] for kind, options in course["blocks"].items() if len(fitting(course, kind)) == 1
        for options in [[block for block in options if not block["why_not"]]]
    ]  # fmt: skip
    return f"Always with {', '.join(fixed)}." if fixed else "All of it can be chosen."


def openings(course: Course, choices: Mapping[str, object]) -> str:
    """What may be changed of a method, in a line: other blocks that fit, and the numbers in use."""
    parts = []
    for kind in course["blocks"]:
        others = [name for name in fitting(course, kind) if name != choices.get(kind)]
        if others:
            parts.append(f"{kind} ({choices.get(kind)}; or {', '.join(others)})")
    for name, about in course["numbers"].items():
        if name in choices:
            parts.append(f"{name} ({_plain(choices[name])}; {about['low']:g} to {about['high']:g})")
    return "; ".join(parts)


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)
