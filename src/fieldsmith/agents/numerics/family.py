"""What a family of methods offers: whether it suits an equation, its variants, and source text for each."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from jinja2 import Environment, PackageLoader, StrictUndefined

from fieldsmith.agents.author import Plan
from fieldsmith.agents.numerics.analysis import Analysis
from fieldsmith.tasks.task import Brief


@dataclass(frozen=True)
class Variant:
    """One way to use a family. `cost` orders variants from cheap to dear, `accuracy` from coarse to fine."""

    name: str
    settings: Mapping[str, float] = field(default_factory=dict)
    cost: int = 0
    accuracy: int = 0


class Family(Protocol):
    name: str

    def suits(self, analysis: Analysis) -> float:
        """0 where the method does not apply, else the larger the better."""
        ...

    def variants(self, analysis: Analysis, brief: Brief) -> Sequence[Variant]:
        """Sensible variants, the best first guess first."""
        ...

    def plan(self, analysis: Analysis, variant: Variant) -> Plan: ...

    def source(self, analysis: Analysis, brief: Brief, variant: Variant) -> str: ...


_templates = Environment(
    loader=PackageLoader("fieldsmith.agents.numerics", "templates"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


ASKED = "asked_function_"


def render(template: str, **values: object) -> str:
    """Source text from a template of this package, more than two blank lines folded.

    A name that the template uses for a purpose of its own gives way to the asked function's name.
    """
    function = str(values["function"])
    text = _templates.get_template(template).render({**values, "function": ASKED})
    if f"def {function}(" in text:
        text = re.sub(rf"(?<![.\w]){re.escape(function)}\b", f"{function}_inside", text)
    text = text.replace(ASKED, function)
    while "\n\n\n\n" in text:
        text = text.replace("\n\n\n\n", "\n\n\n")
    return text.rstrip() + "\n"
