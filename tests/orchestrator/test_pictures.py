"""Where the values of a picture lie, which its tables give."""

import numpy as np

from fieldsmith.orchestrator.solve import _pictures
from fieldsmith.tasks import load
from fieldsmith.tasks.task import Case


def pictures_of(name, points):
    brief = load(name).brief()
    shape = (1, 51, points) if brief.span else (1, points, points)
    times = np.linspace(*(brief.span or (0.0, 1.0)), 51)
    inputs = {a.name: times for a in brief.signature.arguments if a.role == "times"}
    fields = {r.name: np.zeros(shape) for r in brief.signature.results}
    return _pictures(brief, "dev", Case("c", inputs, fields, 0.0, 0.0, np.ones(1, bool), points), fields)


def test_cell_centres_and_thinned_points_keep_their_places():
    (drawn,) = pictures_of("burgers", 1024).values()
    assert drawn.solution.shape == (51, 256)
    np.testing.assert_allclose(drawn.points, (0.0, 0.04, 0.5 / 1024, 4 / 1024))


def test_nodes_on_the_boundary_keep_their_places():
    (drawn,) = pictures_of("darcy", 85).values()
    np.testing.assert_allclose(drawn.points, (0.0, 1 / 84, 0.0, 1 / 84))
