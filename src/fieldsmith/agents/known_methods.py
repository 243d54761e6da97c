"""What the built-in author knows for a problem: the rungs of its ladder, and the program of each."""

from collections.abc import Iterable
from typing import Any, ClassVar, Protocol

from fieldsmith.blocks import Plan, Variant
from fieldsmith.boxes import methods
from fieldsmith.boxes.form import Form
from fieldsmith.numerics.code import analysed
from fieldsmith.numerics.family import Family
from fieldsmith.numerics.ladder import climbed, ladder
from fieldsmith.tasks.task import Brief


class Named(Protocol):
    """A family of methods, as far as it is told from others."""

    name: ClassVar[str]


Rung = tuple[Named, Variant[Any]]


class Known(Protocol):
    """All that is known for a problem, the best first guess first."""

    @property
    def rungs(self) -> list[Rung]: ...

    def plan(self, rung: Rung) -> Plan:
        """The method in words."""
        ...

    def text(self, rung: Rung) -> str:
        """The program. Raises Unsuited for what cannot be written."""
        ...


class OnEquations:
    """The families of `fieldsmith.numerics`, for an equation as data. Raises Unsuited if none suits."""

    def __init__(self, brief: Brief, families: Iterable[Family[Any]]) -> None:
        self.brief, self.analysis = brief, analysed(brief)
        self._families = {family.name: family for family in families}
        self.rungs: list[Rung] = [*ladder(self._families.values(), self.analysis, brief)]

    def plan(self, rung: Rung) -> Plan:
        return self._families[rung[0].name].plan(self.analysis, rung[1])

    def text(self, rung: Rung) -> str:
        return self._families[rung[0].name].source(self.analysis, self.brief, rung[1].choices)


class OnBoxes:
    """The families of `fieldsmith.boxes`, for a problem of one's own. Raises Unsuited if none suits."""

    def __init__(self, form: Form) -> None:
        self.form = form
        suited = methods.suited(form)
        self._families = {family.name: family for _, family, _ in suited}
        columns: list[list[Rung]] = [[(family, variant) for variant in variants] for _, family, variants in suited]
        self.rungs = climbed(columns)

    def plan(self, rung: Rung) -> Plan:
        return self._families[rung[0].name].plan(self.form, rung[1])

    def text(self, rung: Rung) -> str:
        return self._families[rung[0].name].text(self.form, rung[1].choices)
