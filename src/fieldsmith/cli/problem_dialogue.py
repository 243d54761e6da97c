"""What `fieldsmith problem new` asks in a terminal: each answer is checked at once, and what the whole has wrong brings its question back."""

import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import typer

from fieldsmith.cli.problem_new import Given, document
from fieldsmith.errors import InputError
from fieldsmith.problems import Fault, Problem, ProblemError
from fieldsmith.problems.algebra import names_in
from fieldsmith.problems.faults import Misread
from fieldsmith.problems.grammar import equation
from fieldsmith.problems.hints import better
from fieldsmith.problems.places import Places
from fieldsmith.problems.reading import read
from fieldsmith.problems.tables import Tables

QUESTIONS = {
    "equations": "Equation, such as u_t = nu*u_xx",
    "domain": "Interval, such as x = 0, 1 (t is the time; without it the problem is steady)",
    "parameters": "Parameter, such as nu = 0.1",
    "boundary": "Ends, such as x = periodic, or x: u = 0",
    "initial": "Value at the first time, such as u = sin(pi*x)",
}
NEEDED = {"equations": "At least one equation is needed.", "domain": "At least one interval is needed."}
LATER = "is not known here"
"""A name that a parameter may still give."""
OPTIONS = {"equations": "--equation", "unknowns": "--unknown", "domain": "--domain", "parameters": "--param", "boundary": "--boundary", "initial": "--initial"}  # fmt: skip
DROPPED = "-"


class Dialogue:
    """The answers so far, beginning with the options as they were typed."""

    def __init__(self, given: Given) -> None:
        self.given = given

    def begin(self) -> None:
        """Ask for whatever no option gives. Raises typer.Abort, as all that asks here, where the person ends it or the terminal does."""
        _say("A problem of your own. An empty answer ends a list; Ctrl-C writes nothing and says how to go on.")
        if self.given.title is None:
            self.given = replace(self.given, title=_ask("Title"))
        for part, question in QUESTIONS.items():
            if part == "parameters":
                self._parameters()
            elif not self.words(part):
                self._more(part, question)
            if part == "equations":
                self._complex()
            if part == "parameters":
                self._known()

    def problem(self) -> Problem:
        """The problem of the answers; questions come back until it has no fault."""
        while True:
            try:
                return Problem(**document(self.given))
            except ProblemError as error:
                if not any(_part(one) in QUESTIONS for one in error.faults):
                    raise
                self._again([one for one in error.faults if one.weight == "fault"])

    def words(self, part: str) -> Sequence[str]:
        return getattr(self.given, part)

    def command(self, file: Path) -> str:
        """The command that has the answers so far as its options."""
        found = ["fieldsmith", "problem", "new", str(file)]
        found += ["--title", self.given.title] if self.given.title else []
        for part, option in OPTIONS.items():
            found += [word for one in self.words(part) for word in (option, one)]
        found += ["--points", self.given.points] if self.given.points is not None else []
        found += ["--times", str(self.given.times)] if self.given.times is not None else []
        found += ["--accuracy", f"{self.given.accuracy:g}"] if self.given.accuracy is not None else []
        return shlex.join(found)

    def _set(self, part: str, words: Iterable[str]) -> None:
        self.given = replace(self.given, **{part: [*words]})

    def _more(self, part: str, question: str) -> None:
        while True:
            if answer := _ask(question):
                self._take(part, len(self.words(part)), answer)
            elif self.words(part) or part not in NEEDED:
                return
            else:
                _say(f"  {NEEDED[part]}")
                continue
            question = "  another" if self.words(part) else question

    def _take(self, part: str, place: int, answer: str) -> bool:
        """Keep an answer, unless something is wrong with it, which is said."""
        before = self.words(part)
        self._set(part, [*before[:place], answer, *before[place + 1 :]])
        if why := _wrong(part, place, self.given):
            self._set(part, before)
            _say(f"  {why}")
        return not why

    def _complex(self) -> None:
        """Ask which unknown is complex where an equation holds I."""
        trees = [tree for text in self.words("equations") for tree in equation(text)]
        while not self.words("unknowns") and any("I" in names_in(tree) for tree in trees):
            names = [name for name in re.split(r"[\s,]+", _ask("Unknowns that are complex, as there is I")) if name]
            if bad := [name for name in names if not name.isidentifier()]:
                _say(f"  {bad[0]!r} is no name.")
            elif names:
                self._set("unknowns", [f"{name}=complex" for name in names])
            else:
                return

    def _parameters(self) -> None:
        """Ask for what the equations hold and nothing explains, by name, and for more."""
        asked, lost = False, _unexplained(self.given)
        for name in lost:
            while answer := _ask(f"{name} = (a number, or value, low, high)"):
                asked = True
                if self._take(
                    "parameters", len(self.words("parameters")), answer if "=" in answer else f"{name} = {answer}"
                ):
                    break
            if not answer:
                return  # the equation is looked at again
        if asked or not self.words("parameters"):
            self._more("parameters", "  another" if asked else QUESTIONS["parameters"])

    def _known(self) -> None:
        """Ask again for names that the equations hold and nothing explains, before the rest is asked."""
        while lost := [one for one in _read(self.given) if _part(one) == "equations" and LATER in one.what]:
            self._again(lost)

    def _again(self, faults: Sequence[Fault]) -> None:
        about: dict[str, set[str]] = {}
        for one in faults:
            _say(one.told())
            if _part(one) in QUESTIONS:
                about.setdefault(_part(one), set()).add(one.spot.field)
            if LATER in one.what:
                about.setdefault("parameters", set())
        for part in (part for part in QUESTIONS if part in about):
            places = self._meant(part, about[part])
            for place in reversed(places):
                self._change(part, place)
            if not places or part not in NEEDED:
                self._more(part, QUESTIONS[part])

    def _meant(self, part: str, fields: set[str]) -> list[int]:
        """The answers that faults in those fields are about; all of them where it is their number that is wrong."""
        keys = _keys(part, self.words(part))
        found = [k for k, key in enumerate(keys) if any(_names(one, key) for one in fields)]
        return found if found or part not in NEEDED else [*range(len(keys))]

    def _change(self, part: str, place: int) -> None:
        """One answer anew: an empty one keeps it."""
        old = self.words(part)[place]
        while (
            answer := _ask(f"  in place of “{old}” (empty keeps it, {DROPPED} leaves it out)")
        ) and answer != DROPPED:
            if self._take(part, place, answer):
                return
        if answer == DROPPED:
            self._set(part, [*self.words(part)[:place], *self.words(part)[place + 1 :]])


def _part(one: Fault) -> str:
    return re.split(r"\W", one.spot.field, maxsplit=1)[0]


def _keys(part: str, words: Sequence[str]) -> list[str]:
    """The field that each answer of a part is."""
    if part == "equations":
        return [f"equations[{k}]" for k in range(len(words))]
    mark = ":" if part == "boundary" else "="
    return [f"{part}.{word.partition(mark if mark in word else '=')[0].strip()}" for word in words]


def _wrong(part: str, place: int, given: Given) -> str:
    """What is wrong with an answer, as far as the answers so far tell; empty where nothing is."""
    keys = _keys(part, getattr(given, part))
    if part not in ("equations", "boundary") and keys[place] in keys[:place]:
        return f"{keys[place].partition('.')[2]} is there already."
    try:
        if part == "equations":
            equation(given.equations[place])
        found = _read(given)
    except Misread as misread:
        told = better(given.equations[place], misread, [])
        return f"{told.what} {told.mend}".strip()
    except InputError as error:
        return re.sub(r"--[a-z]+ ", "", str(error))
    for one in found:
        if _names(one.spot.field, keys[place]) and (part in ("domain", "parameters") or LATER not in one.what):
            return f"{one.what} {one.mend}".strip()
    return ""


def _unexplained(given: Given) -> list[str]:
    """Names in the equations that are to be parameters, in the order in which they are met."""
    found: list[str] = []
    while words := [one.what for one in _read(given) if _part(one) == "equations" and LATER in one.what]:
        found.append(words[0].split()[0])
        if not found[-1].isidentifier() or found.count(found[-1]) > 1:
            return found[:-1]
        given = replace(given, parameters=[*given.parameters, f"{found[-1]} = 1"])
    return found


def _read(given: Given) -> list[Fault]:
    """The faults that show before the whole is judged."""
    told = Tables(document(given), Places())
    read(told, Path())
    return [one for one in told.findings.found if one.weight == "fault"]


def _names(field: str, key: str) -> bool:
    """Whether a field is that of an answer, or in it."""
    return re.fullmatch(rf"{re.escape(key)}(\W.*)?", field) is not None


def _ask(words: str) -> str:
    return str(typer.prompt(words, default="", show_default=False, err=True)).strip()


def _say(words: str) -> None:
    typer.echo(words, err=True)
