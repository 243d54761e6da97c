"""What is drawn of a run: the best so far on the dev split while it goes on, the best on the test split in the end."""

import numpy as np

from fieldsmith.orchestrator.open import open_solve
from fieldsmith.orchestrator.record import read_pictures


def test_the_best_so_far_can_be_looked_at_while_a_run_goes_on(tmp_path):
    folder = tmp_path / "run"
    ready = open_solve("advection", folder=folder, sandbox="process", candidates=2)
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
