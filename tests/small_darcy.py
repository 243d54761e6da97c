"""Flow through a porous medium on 15 x 15 points: a steady task that is made and learned in seconds."""

from typing import ClassVar

from fieldsmith.tasks.darcy import Darcy


class SmallDarcy(Darcy):
    name = "small-darcy"
    sizes_by_scale: ClassVar = {"demo": {"dev": 8, "test": 8, "x": 15, "y": 15}}
    refinement_points: ClassVar = (8, 15, 29)
