"""A learning task on a few points, for tests."""

from pathlib import Path
from typing import ClassVar

from fieldsmith.operators.learning import LearningTask, Size

PLACE = f"{__file__}:LearnSmallBurgers"


class LearnSmallBurgers(LearningTask):
    """Fields on a periodic interval change in time by a law that is not told."""

    name = "learn-small-burgers"
    title = "Learn how a few fields change"
    of = f"{Path(__file__).with_name('small_burgers.py')}:SmallBurgers"
    sizes_by_scale: ClassVar = {"demo": Size(96, 5, 4, 20.0, 4)}
    settings: ClassVar = {"modes": 4, "width": 8, "depth": 2}
