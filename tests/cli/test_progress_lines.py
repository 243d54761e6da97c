"""What the lines of a run that goes on say."""

import dataclasses

from fieldsmith.cli.output import Output
from fieldsmith.cli.progress import Progress, tell_result
from fieldsmith.evaluation.record import known_words
from report_runs import candidate, run_of


def test_a_candidate_that_a_fault_has_ended_says_which(capsys):
    told = {"candidate": 1, "slot": "1", "reason": "fault", "why": "The server cannot be reached: refused."}
    Progress(Output(), 4).event("withdrawn", told)
    assert "withdrawn        a fault: The server cannot be reached: refused." in capsys.readouterr().err


def test_a_pipe_hears_what_is_made_when_it_changes(capsys):
    output = Output()
    for what, share in (("Generating heat", 0.0), ("By fourier", 0.2), ("By fourier", 0.3), ("By differences", 0.3), ("Generating heat", 1.0)):  # fmt: skip
        output.making(what, share)
    assert capsys.readouterr().err == "Generating heat: started\nBy fourier\nBy differences\nGenerating heat: done\n"


def test_the_end_names_the_solution_and_the_film(tmp_path):
    best, said = candidate(1, 1e-3), []
    (tmp_path / "best").mkdir()
    for name in ("solution.nc", "film.gif"):
        (tmp_path / "best" / name).touch()
    tell_result(dataclasses.replace(run_of([best], best, accuracy=1e-2), folder=tmp_path), said.append)
    assert f"Solution: {tmp_path / 'best' / 'solution.nc'}" in said
    assert f"Film: {tmp_path / 'best' / 'film.gif'}" in said


def test_where_no_trusted_method_is_known_none_is_spoken_of():
    score = candidate(1, 1e-3).evaluation.dev
    assert "trusted 1.000e-05" in known_words(score)
    assert "trusted" not in known_words(dataclasses.replace(score, trusted=None))
