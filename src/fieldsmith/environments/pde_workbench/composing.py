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


def composed(problem: Problem, choices: Mapping[str, object]) -> Written:
    """The program for a family's name and what is chosen of it.

    Raises Unfit for what there is not, or does not fit the equation or the other choices, with what would be right.
    """
    course = course_named(problem, str(choices.get("family", "")))
    given = {name: value for name, value in choices.items() if name != "family"}
    _check(course, given)
    try:
        return numerics.write(problem.plain, {"family": course["family"], **given})
    except InputError as error:
        raise Unfit(error.message, error.hint.replace(FITTING, LOOK)) from error


def changed(problem: Problem, choices: Choices, changes: Mapping[str, object]) -> dict[str, object]:
    """Choices with some of them changed; numbers of blocks that are chosen no more are left out.

    Raises Unfit for a name that the family does not have.
    """
    course = course_named(problem, str(choices["family"]))
    _check(course, changes)
    merged: dict[str, object] = {**choices, **changes}
    chosen = {f"{kind} {merged[kind]}" for kind in course["blocks"]}
    for name, about in course["numbers"].items():
        if name in merged and name not in changes and about["of"] and not chosen & set(about["of"]):
            del merged[name]
    return merged


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


def _check(course: Course, given: Mapping[str, object]) -> None:
    """Raises Unfit for a choice that the family does not have."""
    known = [*course["blocks"], *course["numbers"]]
    for name in given:
        if name not in known:
            words = f"The family {course['family']!r} has no choice {name!r}.{meant(name, known)}"
            raise Unfit(words, f"It has {', '.join(known)}.")


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)
