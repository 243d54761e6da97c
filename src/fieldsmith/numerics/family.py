"""What a family of methods offers: whether it suits an equation, choices among its blocks, and source text for them."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Generic, TypeVar

from fieldsmith.blocks import Block, Choices, Plan, Variant
from fieldsmith.equations.analysis import Analysis
from fieldsmith.equations.expressions import Unsuited
from fieldsmith.tasks.task import Brief

C = TypeVar("C", bound=Choices)


class Family(ABC, Generic[C]):
    """Methods that are made of the same blocks.

    Families of other distributions come by the entry-point group `fieldsmith.methods`, each naming a class without arguments.
    """

    name: ClassVar[str]
    choices: type[C]
    """What can be chosen: a frozen dataclass derived from `Choices`."""

    @abstractmethod
    def suits(self, analysis: Analysis) -> float:
        """The larger the better, above 0. Raises Unsuited with a sentence why the method does not apply."""

    @abstractmethod
    def variants(self, analysis: Analysis, brief: Brief) -> Sequence[Variant[C]]:
        """Sensible variants, the best first guess first. Raises Unsuited where the brief's values rule the method out."""

    @abstractmethod
    def text(self, analysis: Analysis, brief: Brief, choices: C) -> str:
        """The program's source text for choices that fit the equation. Raises Unsuited for what it cannot write."""

    def objections(self, analysis: Analysis) -> Mapping[Block, str]:
        """Blocks that do not fit an equation which the family suits, each with the reason: a sentence without a full stop."""
        return {}

    def plan(self, analysis: Analysis, variant: Variant[C]) -> Plan:
        """The method in words; by the titles of its blocks unless a family knows better ones."""
        titles = {kind: block.title for kind, block in variant.choices.blocks().items()}
        first = titles.pop("discretisation", self.name)
        integrator = titles.pop("integrator", "")
        return Plan(first, integrator, ", ".join([variant.name, *titles.values()]))

    def choose(self, analysis: Analysis, given: Mapping[str, object]) -> C:
        """Choices from plain values; what is not given is the usual that fits the equation.

        Raises InputError for an unknown name or value, Unsuited for a block that does not fit.
        """
        choices = self.choices.from_dict(given, self.objections(analysis))
        self.check(analysis, choices)
        return choices

    def check(self, analysis: Analysis, choices: C) -> None:
        """Raises Unsuited for a block that does not fit the equation, naming those of its kind that do."""
        objections = self.objections(analysis)
        for kind, block in choices.blocks().items():
            if block in objections:
                right = [other.name for other in choices.options(kind) if other not in objections]
                raise Unsuited(f"The {block} does not fit: {objections[block]}; {' or '.join(right)} would be right.")

    def source(self, analysis: Analysis, brief: Brief, choices: C) -> str:
        """The program's source text. Raises Unsuited for choices that do not fit the equation."""
        self.check(analysis, choices)
        return self.text(analysis, brief, choices)


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
