"""What a family of methods for problems on boxes offers: whether it suits, variants from coarse to fine, programs."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Generic, TypeVar

import numpy as np

from fieldsmith.blocks import Choices, Plan, Variant
from fieldsmith.boxes.form import Form

C = TypeVar("C", bound=Choices)

EXACT = 1.0
"""How well a family suits, on one scale for all: nothing but rounding, or a tolerance in time, is between it and the solution at few points."""
MADE = 0.9
"""It is made for such problems: errors fall faster than any power of the points where solutions are smooth, or it holds what jumps."""
GOOD = 0.7
"""It does what is asked at once, with points or seconds that one that is made for it would not need."""
FAIR = 0.5
"""It converges by its order, and nothing of the problem stands in its way."""
POOR = 0.3
"""It converges, but slowly or at a price: for a check of others, or where there are none."""


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
        """How well, by the scale above; families of the same score are tried in the order of their names.

        What a problem makes hard counts, not what it is called: how smooth what is given stays, how fine its fronts are by `fronts` beside what the family can
        afford, whether waves break before the end by `characteristics`. The table of `benchmarks/truth.py` shows what each method does on each problem.
        Raises Unsuited with one sentence that names the term, end or value that the method cannot take.
        """

    @abstractmethod
    def variants(self, form: Form) -> Sequence[Variant[C]]:
        """At least four, of rising `accuracy` from 0, each about 1.25 to 2 times finer than the one before in space and with a tolerance in time that fits;
        the first should do for the accuracy that the problem asks if the solution is as smooth as it looks. Raises Unsuited."""

    @abstractmethod
    def text(self, form: Form, choices: C) -> str:
        """The program's source text. Raises Unsuited for what it cannot write."""

    def places(self, form: Form, choices: C) -> Mapping[str, np.ndarray]:
        """By axis the ascending points at which a program looks at what is given, or those that are as far apart; empty where that is not known.

        Variants whose points are too far apart for something narrow are left out."""
        return {}

    def plan(self, form: Form, variant: Variant[C]) -> Plan:
        """The method in words; by the titles of its blocks unless a family knows better ones."""
        titles = {kind: block.title for kind, block in variant.choices.blocks().items()}
        first = titles.pop("discretisation", self.name)
        integrator = titles.pop("integrator", "")
        return Plan(first, integrator, ", ".join([variant.name, *titles.values()]))
