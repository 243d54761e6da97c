"""What a family of methods for problems on boxes offers: whether it suits, variants from coarse to fine, programs."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

from fieldsmith.blocks import Choices, Plan, Variant
from fieldsmith.boxes.form import Form

C = TypeVar("C", bound=Choices)


class BoxFamily(ABC, Generic[C]):
    """Methods that are made of the same blocks; a class without arguments in `boxes/families/`."""

    name: ClassVar[str]
    principle: ClassVar[str]
    """By what it discretises, such as `spectral` or `finite volumes`: a reference takes two families of different principles."""
    limits: ClassVar[str]
    """What it solves and what it does not, in a sentence or two."""
    choices: type[C]

    @abstractmethod
    def suits(self, form: Form) -> float:
        """The larger the better, above 0. Raises Unsuited with one sentence that names the term, end or value that the method cannot take."""

    @abstractmethod
    def variants(self, form: Form) -> Sequence[Variant[C]]:
        """At least four, of rising `accuracy` from 0, each about 1.5 to 2 times finer than the one before in space and with a tolerance in time that fits;
        the first should do for the accuracy that the problem asks if the solution is as smooth as it looks. Raises Unsuited."""

    @abstractmethod
    def text(self, form: Form, choices: C) -> str:
        """The program's source text. Raises Unsuited for what it cannot write."""

    def plan(self, form: Form, variant: Variant[C]) -> Plan:
        """The method in words; by the titles of its blocks unless a family knows better ones."""
        titles = {kind: block.title for kind, block in variant.choices.blocks().items()}
        first = titles.pop("discretisation", self.name)
        integrator = titles.pop("integrator", "")
        return Plan(first, integrator, ", ".join([variant.name, *titles.values()]))
