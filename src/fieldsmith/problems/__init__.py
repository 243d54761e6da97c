"""Problems of one's own, stated in a TOML file: read, judged, shown. `problem.py` has the word, docs/problems.md the format."""

from fieldsmith.problems.faults import Fault, ProblemError
from fieldsmith.problems.problem import Problem

__all__ = ["Fault", "Problem", "ProblemError"]
