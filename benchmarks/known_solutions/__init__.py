"""Solutions of the problems in `benchmarks/truth/` that share nothing with the methods they measure.

`[exact]` of a problem file is one; where there is none: exact solutions of Riemann problems (`riemann.py`), series and characteristics (`series.py`), solutions of boundary value problems by
SciPy's `solve_bvp` (`two_ends.py`), quadrature over what is short in time or narrow in space (`sudden.py`), and of evolutions by differences of eighth order and Radau's method (`lines.py`). `solution` finds them by the file's name.
"""

from collections.abc import Callable, Mapping

import numpy as np

from fieldsmith.boxes.form import Form
from fieldsmith.problems import Problem
from known_solutions import lines, riemann, series, sudden, two_ends

Places = Mapping[str, np.ndarray]
"""By coordinate, the time among them where there is one, ascending points [n]."""
Solution = Callable[[Places], Mapping[str, np.ndarray]]
"""Values by result, [time, x, y] or, steady, [x, y]."""
KNOWN: Mapping[str, Callable[[Problem, int], Solution]] = {
    **riemann.KNOWN, **series.KNOWN, **two_ends.KNOWN, **lines.KNOWN, **sudden.KNOWN,
}  # fmt: skip


def solution(name: str, problem: Problem, seed: int = 0) -> Solution | None:
    """The solution of the problem of that name, with what is drawn drawn by `seed`; None where none is known."""
    if problem.system.exact:
        return lambda places: _exact(problem, places)
    return KNOWN[name](problem, seed) if name in KNOWN else None


def _exact(problem: Problem, places: Places) -> dict[str, np.ndarray]:
    mesh = np.meshgrid(*(places[name] for name in problem.system.coordinates), indexing="ij", sparse=True)
    coordinates = dict(zip(problem.system.coordinates, mesh, strict=True))
    found = {}
    for one in Form(problem).results:
        values = problem.field(one.of, coordinates)
        found[one.name] = np.imag(values) if one.part == "imag" else np.real(values)
    return found
