"""What is drawn of a run: the best so far on the dev split while it goes on, the best on the test split in the end; and where
the values of a picture lie.
"""

import numpy as np

from fieldsmith.orchestrator.open import open_solve
from fieldsmith.orchestrator.question import Question
from fieldsmith.orchestrator.record import read_pictures
from fieldsmith.orchestrator.solve import _pictures
from fieldsmith.tasks import load
from fieldsmith.tasks.task import Case


def test_the_best_so_far_can_be_looked_at_while_a_run_goes_on(tmp_path):
    folder = tmp_path / "run"
    ready = open_solve(Question("advection", folder, sandbox="process", candidates=2))
    seen, reports = [], []
    ready.listener = lambda kind, _: seen.append(read_pictures(folder)) if kind == "candidate" else None
    ready.write_report = lambda run, _: reports.append(run.state)
    run = ready.run()
    assert reports[0] == "running"
    assert reports[-1] == "done"
    assert {picture.split for picture in seen[0]} == {"dev"}
    assert run.best is not None
    assert {picture.split for picture in run.best.pictures} == {"test"}
    for split, pictures in (("dev", seen[0]), ("test", run.best.pictures)):
        reference = ready.task.split(split)[0].reference["u_batch"]
        for picture in pictures:
            np.testing.assert_array_equal(picture.reference[0], reference[picture.sample, 0])


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
