"""Problems of the textbooks are read as they are meant: the right ones are neither refused nor doubted, of the others it is told what is wrong and what would be right."""

import pytest
from textbook import RIGHT
from textbook_more import MORE
from unsound import UNSOUND

from fieldsmith.problems import Problem, ProblemError

SOUND = {**RIGHT, **MORE}


@pytest.mark.parametrize("name", SOUND)
def test_a_right_problem_is_neither_refused_nor_doubted(name):
    tables = dict(SOUND[name])
    types = tables.pop("types")
    problem = Problem(**tables)
    assert [line for line in problem.doubts if "note:" not in line] == []
    assert problem.understood.kind is not None
    if types is not None:
        assert [word.partition(" with")[0].partition(" on")[0] for word in problem.understood.kind["types"]] == list(
            types
        )
    str(problem)
    problem.equation()


@pytest.mark.parametrize("name", UNSOUND)
def test_of_an_unsound_problem_it_is_told_what_is_wrong_and_what_would_be_right(name):
    what, mend, weight, tables = UNSOUND[name]
    try:
        found = Problem(**tables).seen.told.ordered()
    except ProblemError as error:
        found = error.faults
    told = [one for one in found if one.weight == weight and what in one.what]
    assert told, [one.told() for one in found]
    assert mend in told[0].mend, told[0].told()
    assert all("\n" not in one.told() for one in found)


def test_of_complex_and_real_unknowns_conditions_are_counted_as_they_are_written():
    tables = dict(RIGHT["Zakharov between walls"])
    tables.pop("types")
    (line,) = [line for line in str(Problem(**tables)).splitlines() if line.startswith("  ends")]
    assert "x=0, x=3.14159: E = 0 (dirichlet), n = 0 (dirichlet)" in line


def test_a_total_is_not_said_to_change_where_the_start_breaks_a_condition():
    heat = {"equations": ["u_t = u_xx"], "domain": {"x": (0, 1), "t": (0, 1)}, "conserved": {"heat": "u"}}
    problem = Problem(**heat, boundary={"x": "u_x = 0"}, initial={"u": "x**2"})
    assert ["breaks the condition" in line for line in problem.doubts] == [True]


UNRESOLVED = {
    "a source of many waves between insulated ends": {"equations": ["u_xx = cos(2000*pi*x)"], "boundary": {"x": "u_x = 0"}},
    "sources that jump and balance": {"equations": ["u_xx = where(x < 0.3, 1, -3/7)"], "boundary": {"x": "u_x = 0"}},
    "a solution that grows by thirteen powers of ten": {"equations": ["u_xx = 900*u"], "boundary": {"x=0": ["u = 1", "u_x = 0"]}},
    "one that grows by forty": {"equations": ["u_xx = 1e4*u"], "boundary": {"x=0": ["u = 1", "u_x = 0"]}},
    "a layer that no rough solution sees": {"equations": ["1e-6*u_xx - u_x = 1"], "boundary": {"x": "u = 0"}},
}  # fmt: skip


@pytest.mark.parametrize("name", UNRESOLVED)
def test_what_a_rough_look_does_not_resolve_is_not_refused(name):
    Problem(domain={"x": (0, 1)}, **UNRESOLVED[name])


def test_a_narrow_start_is_not_said_to_lose_its_mass():
    Problem(
        ["u_t = u_xx"], {"x": (0, 1), "t": (0, 1)}, boundary={"x": "u_x = 0"},
        initial={"u": "exp(-((x - 0.5001)/0.001)**2)"}, conserved={"mass": "u"},
    )  # fmt: skip
