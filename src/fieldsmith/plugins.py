"""Parts that other distributions bring: found by entry points, imported when they are asked for, refused in one sentence.

A room that can be added to has a `Group`: its own parts by name, and what a part must be. Its own parts keep their names,
and what is wrong with one plug-in is told to whoever asks for it, never to those who ask for something else.
"""

import contextlib
import difflib
import functools
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, distributions
from pathlib import Path
from typing import Generic, TypeVar

from fieldsmith.errors import FieldsmithError, InputError, MissingPart

PREFIX = "fieldsmith."
"""Begins the name of every entry-point group."""
INSTALLED = {"site-packages", "dist-packages"}
"""Folders of distributions."""
Part = TypeVar("Part")


@dataclass(frozen=True)
class PlugIn:
    """An entry point of a distribution that is installed; `target` is its `module:object`. Nothing of it is imported."""

    group: str
    name: str
    target: str
    distribution: str
    version: str

    def __str__(self) -> str:
        return f"{self.name!r} of {self.distribution} {self.version}"

    def load(self) -> object:
        """What it names. Raises whatever its import raises."""
        return EntryPoint(self.name, self.target, self.group).load()


@dataclass(frozen=True)
class Refused:
    """A plug-in that cannot be used, and why in one sentence."""

    plug_in: PlugIn
    why: str


def installed() -> list[PlugIn]:
    """All plug-ins of this environment, of groups that nobody knows too; each distribution once, as Python finds it first."""
    found: dict[str, list[PlugIn]] = {}
    for distribution in distributions():
        points = [point for point in distribution.entry_points if point.group.startswith(PREFIX)]
        if points:
            name, version = distribution.name, distribution.version
            found.setdefault(name, [PlugIn(p.group, p.name, p.value, name, version) for p in points])
    return [plug_in for listed in found.values() for plug_in in listed]


@dataclass(frozen=True)
class Group(Generic[Part]):
    """The parts of one kind by name: a room's own, and those of the entry-point group `name`.

    `built_ins` gives the room's own; `fault` gets a plug-in's name and what it has brought, and says what is wrong with
    that, or nothing: "it is not a class derived from fieldsmith.tasks.Task".
    """

    name: str
    kind: str
    """What one part is called: task."""
    built_ins: Callable[[], Mapping[str, Part]]
    fault: Callable[[str, object], str]

    def plug_ins(self) -> list[PlugIn]:
        """Those of this group, whatever is wrong with them."""
        return [plug_in for plug_in in installed() if plug_in.group == self.name]

    def names(self) -> list[str]:
        """Every name that can be asked for; no plug-in is imported."""
        return list(dict.fromkeys([*self.built_ins(), *(plug_in.name for plug_in in self.plug_ins())]))

    def get(self, name: str) -> Part:
        """The part of that name. Only a plug-in that is asked for is imported.

        Raises InputError for a name that nobody has, or several plug-ins, MissingPart for a plug-in that cannot be used.
        """
        own = self.built_ins()
        asked = [plug_in for plug_in in self.plug_ins() if plug_in.name == name]
        if name in own:
            for plug_in in asked:
                warn_once(str(self._refusal(plug_in)))
            return own[name]
        if not asked:
            known = self.names()
            words = f"There is no {self.kind} {name!r}.{meant(name, known)}"
            raise InputError(words, f"Known: {', '.join(known)}.")
        return self._part(asked[0])

    @contextlib.contextmanager
    def calling(self, name: str) -> Iterator[None]:
        """While the part of that name is called: what it raises, if it is a plug-in's, becomes MissingPart.

        Errors that are meant for a person, FieldsmithError, stay what they are.
        """
        try:
            yield
        except FieldsmithError:
            raise
        except (Exception, SystemExit) as error:
            asked = [plug_in for plug_in in self.plug_ins() if plug_in.name == name]
            if name in self.built_ins() or not asked:
                raise
            words = f"The {self.kind} {asked[0]} fails in {asked[0].target}: {_words(error)}."
            raise MissingPart(words, _mend(asked[0])) from error

    def everything(self) -> tuple[dict[str, Part], list[Refused]]:
        """All parts that can be used, the room's own first, and the plug-ins that cannot. Imports every plug-in."""
        parts, refused = dict(self.built_ins()), []
        for plug_in in self.plug_ins():
            try:
                parts[plug_in.name] = self._part(plug_in)
            except FieldsmithError as error:
                refused.append(Refused(plug_in, error.message))
        return parts, refused

    def _part(self, plug_in: PlugIn) -> Part:
        if clash := self._refusal(plug_in):
            raise clash
        try:
            part = plug_in.load()
        except (Exception, SystemExit) as error:
            words = f"The {self.kind} {plug_in} cannot be loaded from {plug_in.target}: {_words(error)}."
            raise MissingPart(words, _mend(plug_in)) from error
        if fault := self.fault(plug_in.name, part):
            raise MissingPart(f"The {self.kind} {plug_in} cannot be used: {fault} ({plug_in.target}).", _mend(plug_in))
        return part  # type: ignore[return-value]  # as `fault` has found

    def _refusal(self, plug_in: PlugIn) -> InputError | None:
        """Why a plug-in does not get its name, if it does not."""
        if plug_in.name in self.built_ins():
            words = f"The {self.kind} {plug_in} is not used: the built-in {self.kind} keeps this name."
            return InputError(words, "Its entry point needs another name.")
        same = [str(other) for other in self.plug_ins() if other.name == plug_in.name]
        if len(same) > 1:
            words = f"Several plug-ins bring a {self.kind} of one name: {', '.join(same)}."
            return InputError(words, "Uninstall all but one of them.")
        return None


def fault_of_others(error: BaseException) -> FieldsmithError | None:
    """An error that was raised in a plug-in, or in a file of the person's such as a task's, in one sentence; None where it
    was raised here. Libraries that either has called are not to blame.
    """
    here = Path(__file__).parent
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        file = Path(frame.filename)
        if file.is_relative_to(here):
            return None
        if plug_in := _owner(file):
            return MissingPart(f"{plug_in.distribution} {plug_in.version} fails: {_words(error)}.", _mend(plug_in))
        if file.is_file() and not _of_a_library(file):
            text = " ".join(str(error).split()).rstrip(".")
            return InputError(f"{file} fails in line {frame.lineno}: {type(error).__name__}: {text}.", "Mend the file.")
    return None


def _of_a_library(file: Path) -> bool:
    return file.is_relative_to(sysconfig.get_path("stdlib")) or not INSTALLED.isdisjoint(file.parts)


def _owner(file: Path) -> PlugIn | None:
    """A plug-in whose package, or single module, the file belongs to."""
    for plug_in in installed():
        module = sys.modules.get(plug_in.target.partition(":")[0].partition(".")[0])
        places = [*getattr(module, "__path__", ()), getattr(module, "__file__", None) or ""]
        if any(place and file.is_relative_to(place) for place in places):
            return plug_in
    return None


def meant(name: str, known: Iterable[str]) -> str:
    """` Did you mean 'burgers'?` where a known name is like the one that was given, else nothing."""
    close = difflib.get_close_matches(name, list(known), 1, 0.5)
    return f" Did you mean {close[0]!r}?" if close else ""


def _mend(plug_in: PlugIn) -> str:
    return f"Mend or uninstall {plug_in.distribution}; `fieldsmith doctor` lists all plug-ins."


def _words(error: BaseException) -> str:
    """The error's type and text on one line, and the line of the plug-in's code at which it was raised."""
    text = " ".join(str(error).split()).rstrip(".")
    frames = traceback.extract_tb(error.__traceback__)
    here = Path(__file__).parent
    own = [f for f in frames if not Path(f.filename).is_relative_to(here) and "importlib" not in f.filename]
    place = f" ({own[-1].filename}, line {own[-1].lineno})" if own else ""
    return f"{type(error).__name__}{': ' if text else ''}{text}{place}"


@functools.cache
def warn_once(words: str) -> None:
    """One line on standard error, the first time only, unless whoever uses this as a library has other plans for it."""
    import logging

    logging.getLogger("fieldsmith").warning(words)
