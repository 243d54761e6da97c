"""What the lines of a run that goes on say."""

from fieldsmith.cli.output import Output
from fieldsmith.cli.progress import Progress


def test_a_candidate_that_a_fault_has_ended_says_which(capsys):
    told = {"candidate": 1, "slot": "1", "reason": "fault", "why": "The server cannot be reached: refused."}
    Progress(Output(), 4).event("withdrawn", told)
    assert "withdrawn        a fault: The server cannot be reached: refused." in capsys.readouterr().err
