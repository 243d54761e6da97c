"""What a family of methods offers: whether it suits an equation, its variants, and source text for each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from jinja2 import Environment, PackageLoader, StrictUndefined

from fieldsmith.equations import names
from fieldsmith.equations.analysis import Analysis
from fieldsmith.equations.expressions import Unsuited
from fieldsmith.numerics.plan import Plan
from fieldsmith.tasks.task import Brief


@dataclass(frozen=True)
class Variant:
    """One way to use a family.

    `cost` is its work in units that hold across families, `accuracy` orders a family's variants from coarse to fine;
    `again` marks one that is worth writing only after another has blown up.
    """

    name: str
    settings: Mapping[str, float] = field(default_factory=dict)
    cost: float = 0
    accuracy: int = 0
    again: bool = False


class Family(Protocol):
    name: str

    def suits(self, analysis: Analysis) -> float:
        """The larger the better, above 0. Raises Unsuited with a sentence why the method does not apply."""
        ...

    def variants(self, analysis: Analysis, brief: Brief) -> Sequence[Variant]:
        """Sensible variants, the best first guess first."""
        ...

    def plan(self, analysis: Analysis, variant: Variant) -> Plan: ...

    def source(self, analysis: Analysis, brief: Brief, variant: Variant) -> str: ...


def periodic_line(analysis: Analysis) -> None:
    """Raises Unsuited unless the equation evolves on one periodic axis without given fields."""
    if analysis.steady:
        raise Unsuited("The equation is steady.")
    if analysis.dimensions != 1:
        raise Unsuited("There is more than one axis.")
    if not analysis.periodic:
        raise Unsuited("The axis is not periodic.")
    if analysis.axis.nodes == "endpoints":
        raise Unsuited("A periodic axis has the same point twice if both endpoints are sampled.")
    if analysis.equation.coefficients:
        raise Unsuited("Coefficients are given as fields.")


_templates = Environment(
    loader=PackageLoader("fieldsmith.numerics", "templates"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def render(template: str, **values: Any) -> str:
    """Source text from a template of this package: names settled, no more than two blank lines in a row."""
    text = names.settled(_templates.get_template(template).render(values), values["asked"])
    while "\n\n\n\n" in text:
        text = text.replace("\n\n\n\n", "\n\n\n")
    return text.rstrip() + "\n"
