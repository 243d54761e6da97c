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


SQUARE = {"x": (0, 1), "y": (0, 1)}
MEETING = [
    ({"x": "u = 0", "y": "u = 1"}, "doubt: The conditions “u = 0” at x = 0 and “u = 1” at y = 0 differ by 1 where"),
    ({"x": "u = y", "y=0": "u = 0", "y=1": "u = 1"}, None),
    ({"x=0": "u = 0", "x=1": "u_x + 2*u = 1", "y=0": "u_y = 0", "y=1": "u = x"}, "note: The conditions “u = x” at y = 1 and “u_x + 2*u = 1” at x = 1 differ by 2"),
    ({"x=0": "u = 0", "x=1": "u_x + 2*u = 3", "y=0": "u_y = 0", "y=1": "u = x"}, None),
    ({"x": "u = sin(pi*y)", "y": "u = 0"}, None),
]  # fmt: skip


@pytest.mark.parametrize(("boundary", "said"), MEETING)
def test_conditions_that_contradict_in_a_corner_are_told(boundary, said):
    told = Problem(["laplace(u) = 1"], SQUARE, boundary=boundary).doubts
    met = [line for line in told if "where they meet" in line]
    assert len(met) == bool(said)
    assert all(said in line for line in met)


def test_a_condition_on_two_unknowns_is_said_to_couple_them():
    duct = Problem(
        ["p_t = -v_x", "v_t = -p_x"], {"x": (0, 1), "t": (0, 1)}, boundary={"x=0": "v = 0", "x=1": "p = 3*v"},
        initial={"p": "exp(-200*(x - 0.4)**2)", "v": "0"},
    )  # fmt: skip
    (low, high) = duct.understood.conditions
    assert (low["kinds"], high["kinds"]) == (["dirichlet"], ["coupled"])


def test_a_total_is_not_said_to_stay_at_the_start_where_a_jump_may_carry_it_away():
    equations = ["r_t + m_x = 0", "m_t + d(m**2/r + p, x) = 0", "E_t + d((E + p)*m/r, x) = 0"]
    gas = {
        "definitions": {"p": "0.4*(E - m**2/(2*r))"},
        "boundary": {"x": "m = 0"},
        "domain": {"x": (0, 1), "t": (0, 0.4)},
    }
    blast = Problem(equations, **gas, initial={"r": "1", "m": "0", "E": "where(x < 0.3, 25, 0.25)"})
    assert "m, its integral" not in str(blast)
    assert "r, its integral changes by what passes the ends alone; nothing does at the start" in str(blast)


def test_a_narrow_start_is_not_said_to_lose_its_mass():
    Problem(
        ["u_t = u_xx"], {"x": (0, 1), "t": (0, 1)}, boundary={"x": "u_x = 0"},
        initial={"u": "exp(-((x - 0.5001)/0.001)**2)"}, conserved={"mass": "u"},
    )  # fmt: skip
