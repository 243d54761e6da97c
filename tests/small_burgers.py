"""Burgers' equation on a few points, smooth and quick: a whole PDE task for tests."""

from typing import ClassVar

from fieldsmith.tasks.burgers import Burgers
from fieldsmith.tasks.task import Parameter

PLACE = f"{__file__}:SmallBurgers"


class SmallBurgers(Burgers):
    """As the task, with more viscosity."""

    name = "small-burgers"
    title = "Burgers' equation on a few points"
    known_parameters: ClassVar = {"nu": Parameter(0.3, 0.1, 10.0, "pi times the viscosity")}
    sizes_by_scale: ClassVar = {"demo": {"dev": 3, "test": 3, "time": 11, "x": 64}}


class HastyBurgers(SmallBurgers):
    """For programs that are to take too long."""

    name = "hasty-burgers"
    time_limits: ClassVar = {"demo": 4.0}


HASTY = f"{__file__}:HastyBurgers"
