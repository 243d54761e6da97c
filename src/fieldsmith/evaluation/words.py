"""How feedback is worded: facts in, sentences out, by templates that a person may replace."""

import re
from collections.abc import Mapping
from functools import cache, cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment, Template

SUFFIX = ".md.jinja"
WHOLE, STEPS = f"feedback{SUFFIX}", f"hints{SUFFIX}"
CAUSE = f"cause{SUFFIX}"
KEPT = "\ue000"
"""Stands for the line breaks of what is quoted, which stay where those of a template's sentences do not."""


@cache
def built_in() -> Mapping[str, str]:
    """The templates of this room, by file name."""
    place = files("fieldsmith.evaluation").joinpath("templates")
    return {path.name: path.read_text(encoding="utf-8") for path in place.iterdir() if path.name.endswith(SUFFIX)}


class Wording:
    """Words for facts. `templates` are texts, by file name, in place of the built-in ones."""

    def __init__(self, templates: Mapping[str, str] | None = None) -> None:
        self._texts = {**built_in(), **(templates or {})}

    @cached_property
    def _environment(self) -> "Environment":
        from jinja2 import Environment, FunctionLoader, StrictUndefined

        environment = Environment(
            loader=FunctionLoader(self._texts.get),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=lambda value: value.replace("\n", KEPT) if isinstance(value, str) else value,
        )
        environment.filters["prose"] = prose
        return environment

    def said(self, facts: Mapping[str, Any]) -> str:
        """Feedback in words. Raises jinja2.TemplateError and what a faulty template raises."""
        template = self._environment.get_template(WHOLE)
        text = template.render(facts=facts, step=self._next(facts))
        return re.sub(r"\n{3,}", "\n\n", text).strip("\n").replace(KEPT, "\n")

    def cause(self, facts: Mapping[str, Any]) -> str:
        """What of that is said of the cause alone, of a program that ran; empty where none is known."""
        if facts.get("kind") != "success":
            return ""
        return self._environment.get_template(CAUSE).render(facts=facts).strip("\n").replace(KEPT, "\n")

    def _next(self, facts: Mapping[str, Any]) -> str:
        return self.step(facts["step"], facts.get("setting", "in_time")) if facts.get("step") else ""

    def step(self, step: Mapping[str, Any], setting: str = "in_time") -> str:
        """A next step in words: those of the template in use, or the built-in ones where it has none for it.

        `setting` says whether the problem steps in time (`in_time`), is `steady`, or states no equation (`free`).
        """
        own = self._environment.get_template(STEPS)
        template = own if step["name"] in own.blocks else self._built_in_steps
        block = template.blocks[str(step["name"])]
        return (
            prose("".join(block(template.new_context({"step": step, "setting": setting}))))
            .strip("\n")
            .replace(KEPT, "\n")
        )

    @cached_property
    def _built_in_steps(self) -> "Template":
        return self._environment.from_string(built_in()[STEPS])


@cache
def usual() -> Wording:
    """The built-in wording."""
    return Wording()


def prose(text: str) -> str:
    """Sentences, one after the other: the lines of each paragraph, and of each item of a list (`- `), joined."""
    return "\n\n".join(filter(None, map(_paragraph, re.split(r"\n\s*\n", text)))) + "\n"


def _paragraph(text: str) -> str:
    items = re.split(r"\n\s*(?=- )", text)
    return "\n".join(filter(None, (" ".join(filter(None, map(str.strip, item.split("\n")))) for item in items)))
