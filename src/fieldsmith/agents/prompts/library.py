"""Prompt styles by name, their templates, and templates of a person's own in place of single ones."""

import contextlib
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined, TemplateError, TemplateSyntaxError, meta
from jinja2.nodes import Block

from fieldsmith.agents import moves
from fieldsmith.agents.author import Candidate, Move
from fieldsmith.agents.prompts.methods import methods_of
from fieldsmith.agents.prompts.quotes import unthought
from fieldsmith.agents.prompts.shapes import Shapes, worked_example
from fieldsmith.agents.prompts.skeleton import filling_of, gaps_of, operators_of, skeleton
from fieldsmith.agents.prompts.understood import Understood, understood
from fieldsmith.equations.facts import Methods
from fieldsmith.errors import InputError
from fieldsmith.evaluation.order import why_no_order
from fieldsmith.evaluation.words import STEPS, SUFFIX, WHOLE, Wording
from fieldsmith.evaluation.words import built_in as feedback_templates
from fieldsmith.plugins import meant
from fieldsmith.tasks.task import Brief

DEFAULT_STYLE = "guided"
SHARED = "shared"
OWN_WORDS = "words"
"""The template for a move that the style has none of its own for: it says the move's sentence."""
MEND = "debug"
FRAMED = ("draft", MEND)
"""Templates that show a program with gaps, where the style has one."""
VARIABLES = (
    "brief",
    "move",
    "shapes",
    "methods",
    "understood",
    "skeleton",
    "gaps",
    "operators",
    "source",
    "candidate",
    "candidates",
    "avoid",
    "draft",
    "ending",
    "lines",
    "facts",
    "step",
)
SHORT_REPLY = 100
"""Lines of a program that is asked for again because it was cut off."""


@dataclass(frozen=True)
class Style:
    """Folders of templates, later ones over earlier ones, and which optional parts they get: `methods`, `skeleton`."""

    folders: tuple[str, ...]
    parts: tuple[str, ...]
    meaning: str


STYLES: Mapping[str, Style] = {
    "guided": Style(
        ("guided",), ("methods",), "statement, shapes by an example, and the methods that fit the equation"
    ),
    "skeleton": Style(
        ("guided", "skeleton"),
        ("skeleton",),
        "for small models: equation, and a program with its loops written: only gaps are filled in",
    ),
    "contract": Style(("guided",), (), "statement and shapes by an example"),
    "plain": Style(("plain",), (), "in CodePDE's manner: equation, stub, and orders to keep it simple"),
}


def style_of(name: str) -> Style:
    """Raises InputError for an unknown name."""
    if name not in STYLES:
        raise InputError(f"There is no prompt style {name!r}.{meant(name, STYLES)}", f"Use one of {', '.join(STYLES)}.")
    return STYLES[name]


def read_templates(folder: Path, style: str) -> dict[str, str]:
    """The templates of a folder that take the place of the style's, or speak for a move that it has none for, by file name.

    Raises InputError for a folder that cannot be read, and for a file that is called like no template, no known move and no turn of one.
    """
    spoken = (name + SUFFIX for move in moves.kinds() for name in (move.name, *move.turns))
    known = sorted({*_built_in(style), *spoken})
    try:
        paths = sorted(path for path in folder.iterdir() if not path.name.startswith(".") and path.is_file())
        found = {path.name: path.read_text(encoding="utf-8") for path in paths}
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(f"The prompts in {folder} cannot be read: {why}.", "Give a folder to --prompts.") from None
    if not found:
        raise InputError(f"The folder {folder} holds no templates.", f"Known names: {', '.join(known)}.")
    for name in found:
        if name not in known:
            raise InputError(
                f"{folder / name} has the name of no template.{meant(name, known)}", f"Known names: {', '.join(known)}."
            )
    return found


def _built_in(style: str) -> dict[str, str]:
    """The templates of a style, those on feedback among them."""
    folders = (SHARED, *style_of(style).folders)
    place = files("fieldsmith.agents.prompts").joinpath("templates")
    paths = [path for folder in folders for path in place.joinpath(folder).iterdir() if path.name.endswith(SUFFIX)]
    return {**feedback_templates(), **{path.name: path.read_text(encoding="utf-8") for path in paths}}


@dataclass
class Prompts:
    """Renders what a model is told. `templates` are texts, by file name, in place of the style's own."""

    style: str = DEFAULT_STYLE
    templates: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        chosen = style_of(self.style)
        self._parts = chosen.parts
        built_in = _built_in(self.style)
        self._pieces = {name.removesuffix(SUFFIX) for name in built_in} - {move.name for move in moves.BUILT_IN}
        self._texts = {**built_in, **self.templates}
        on_feedback = {name: text for name, text in self.templates.items() if name in feedback_templates()}
        self._wording = Wording(on_feedback) if on_feedback else None
        self._known: tuple[Brief, _Page] | None = None
        self._lock = threading.Lock()
        for name, text in self.templates.items():
            self._examine(name, text)

    @cached_property
    def _environment(self) -> Environment:
        environment = Environment(
            loader=FunctionLoader(self._texts.get),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        environment.globals["why_no_order"] = why_no_order
        return environment

    def system(self, brief: Brief) -> str:
        return self._rendered("system", brief)

    def move(self, brief: Brief, move: Move, draft: int = 1) -> str:
        """What is asked of the model for a move; `draft` is which of several drafts from the same text it is, if one."""
        template, frame = self._template(move), self.frame(brief, move)
        shown = tuple(map(self._shown, move.candidates))
        given = {"move": move, "candidates": shown, "avoid": move.avoid, "skeleton": frame, "draft": draft}
        if template == MEND:
            given |= _mended(shown[0], frame)
        return self._rendered(template, brief, **given)

    def turn(self, name: str, brief: Brief, move: Move, draft: int = 1) -> str:
        """What is asked of the model in a turn before the program (`Move.turns`). Raises InputError for a turn that there is no template for."""
        if name + SUFFIX not in self._texts:
            words = f"The move {move.name!r} has a turn {name!r}, for which there is no template {name}{SUFFIX}."
            raise InputError(words, "Write it into a folder and give that as --prompts.")
        shown = tuple(map(self._shown, move.candidates))
        return self._rendered(name, brief, move=move, candidates=shown, avoid=move.avoid, draft=draft)

    def frame(self, brief: Brief, move: Move) -> str:
        """The program whose gaps a move asks to be filled; empty where it asks for a whole program."""
        if self._template(move) not in FRAMED:
            return ""
        return self._page(brief).skeleton if "skeleton" in self._parts or move.avoid is not None else ""

    def _template(self, move: Move) -> str:
        """Which template says a move. Parts of templates are none of a move that happens to be called like one."""
        spoken = (name for name in move.templates if name not in self._pieces and name + SUFFIX in self._texts)
        return next(spoken, OWN_WORDS)

    def continuation(self, brief: Brief, ending: str) -> str:
        """What is asked after a reply that was cut off, whose last lines are `ending`."""
        return self._rendered("continue", brief, ending=ending)

    def shorter(self, brief: Brief) -> str:
        """What is added to a request whose reply was cut off twice."""
        return self._rendered("shorter", brief, lines=SHORT_REPLY)

    def _rendered(self, name: str, brief: Brief, **values: Any) -> str:
        page = self._page(brief)
        given = {
            "brief": brief,
            "shapes": page.shapes,
            "methods": page.methods,
            "understood": page.understood,
            "skeleton": "",
            "avoid": None,
            "draft": 1,
            **values,
        }
        given.setdefault("gaps", gaps_of(given["skeleton"]))
        given["operators"] = operators_of(given["skeleton"])
        with self._faults(name + SUFFIX):
            return tidy(self._environment.get_template(name + SUFFIX).render(**given))

    def _shown(self, candidate: Candidate) -> Candidate:
        """A candidate as templates see it: a reply without its thoughts, feedback in the words of a person's own templates."""
        shown = candidate if candidate.program else unthought(candidate)
        evaluation = shown.evaluation
        if self._wording is None or evaluation is None or not evaluation.facts:
            return shown
        with self._faults(WHOLE):
            said = self._wording.said(evaluation.facts)
        return replace(shown, evaluation=replace(evaluation, feedback=said))

    @contextlib.contextmanager
    def _faults(self, name: str) -> Iterator[None]:
        """What goes wrong with a template of a person's own becomes an InputError."""
        try:
            yield
        except TemplateError as error:
            if not self.templates:
                raise
            where = f"{getattr(error, 'name', '') or name}"
            raise InputError(f"The prompt template {where} cannot be used: {error}.", _known_variables()) from None
        except (TypeError, ValueError, ArithmeticError, AttributeError, LookupError, RecursionError) as error:
            if not self.templates:
                raise
            words = f"The prompt template {name} or one that it includes fails: {error}."
            raise InputError(words, "Mend it, or leave it out of --prompts.") from None

    def _page(self, brief: Brief) -> "_Page":
        """What is worked out from a brief, once, though several candidates in the making ask at a time."""
        with self._lock:
            if self._known is None or self._known[0] is not brief:
                facts = methods_of(brief) if self._parts else None
                frame = skeleton(brief, facts) if self._parts else ""
                known = understood(brief) if "methods" in self._parts else None
                shown = facts if "methods" in self._parts else None
                self._known = (brief, _Page(worked_example(brief), shown, frame, known))
            return self._known[1]

    def _examine(self, name: str, text: str) -> None:
        """Raises InputError for a template of a person's own that cannot be read or asks for an unknown variable."""
        try:
            tree = self._environment.parse(text, name)
        except TemplateSyntaxError as error:
            raise InputError(f"The prompt template {name}, line {error.lineno}: {error.message}.", "Mend it.") from None
        for variable in sorted(meta.find_undeclared_variables(tree) - set(VARIABLES)):
            raise InputError(
                f"The prompt template {name} asks for an unknown variable {variable!r}.{meant(variable, VARIABLES)}",
                _known_variables(),
            )
        if name == STEPS:
            _check_blocks(name, [block.name for block in tree.find_all(Block)], self._environment)
        for included in meta.find_referenced_templates(tree):
            if included not in self._texts:
                raise InputError(
                    f"The prompt template {name} includes {included!r}, which is not there.",
                    f"Templates: {', '.join(sorted(self._texts))}.",
                )


@dataclass(frozen=True)
class _Page:
    """What is worked out from a brief: `methods` of an equation, `understood` of a problem of one's own."""

    shapes: Shapes
    methods: Methods | None
    skeleton: str
    understood: Understood | None


def _check_blocks(name: str, blocks: Iterable[str], environment: Environment) -> None:
    """Raises InputError for a block of next steps that no kind of failure asks for."""
    known = environment.from_string(feedback_templates()[STEPS]).blocks
    for block in blocks:
        if block not in known:
            words = f"The prompt template {name} has a block {block!r} that no failure asks for.{meant(block, known)}"
            raise InputError(words, f"Blocks: {', '.join(known)}.")


def _mended(candidate: Candidate, frame: str) -> dict[str, object]:
    """What the template of a mend gets besides: of a filled frame, what was written for the gaps alone."""
    source = candidate.program.source if candidate.program else ""
    filling = filling_of(frame, source)
    gaps = gaps_of(frame) if filling or not candidate.program else []
    return {"candidate": candidate, "source": filling or source, "gaps": gaps}


def _known_variables() -> str:
    return f"Variables: {', '.join(VARIABLES)}."


def tidy(text: str) -> str:
    """Without empty lines at the ends, and with no more than one between paragraphs outside of code."""
    lines: list[str] = []
    inside = ""
    for line in text.strip("\n").split("\n"):
        mark = line.strip()[:3]
        if mark in ("```", "~~~") and (not inside or (mark == inside and set(line.strip()) == {mark[0]})):
            inside = "" if inside else mark
        if line.strip() or inside or (lines and lines[-1].strip()):
            lines.append(line)
    return "\n".join(lines).strip()
