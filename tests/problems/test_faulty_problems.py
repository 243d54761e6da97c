"""What is wrong with a problem file is told with its line and the mend; nothing else comes of any text."""

import contextlib
import random
import sys
from pathlib import Path

import pytest
from faulty import CASES, SOUND
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldsmith.problems import Problem, ProblemError

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
import problem_fuzz


def findings(text: str):
    try:
        return Problem.from_text(text, "FILE").seen.told.ordered()
    except ProblemError as error:
        return error.faults


@pytest.mark.parametrize("name", SOUND)
def test_the_files_that_cases_are_made_from_are_sound(name):
    assert all(one.weight == "note" for one in findings(SOUND[name]))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.base}: {case.words}")
def test_a_fault_is_told_with_its_line(case):
    found = findings(case.text)
    assert [one for one in found if one.spot.line == case.line and one.weight == case.weight and case.words in f"{one.what} {one.mend}"], [one.told("FILE") for one in found]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.base}: {case.words}")
def test_a_fault_is_one_readable_line(case):
    for one in findings(case.text):
        line = one.told("FILE")
        assert "\n" not in line
        assert len(line) < 400
        assert line.startswith(f"FILE:{one.spot.line}:{one.spot.column}: ")
        assert one.what[-1] == "."


def test_the_corpus_is_large():
    assert len({case.text for case in CASES}) >= 80


def test_without_a_name_a_place_is_told_in_words():
    with pytest.raises(ProblemError, match=r"^line 2, column \d+: The expression ends"):
        Problem.from_text('title = "a"\nequations = ["u_t = D*u_xx + "]\n[domain]\nx = [0, 1]\n')


def test_all_faults_of_a_file_are_told_at_once():
    rows = SOUND["heat"].splitlines()
    rows[1] = 'equations = ["u_t = D*u_xx + S"]'
    rows[3] = "x = [1, 0]"
    rows[13] = 'u = "sin(pi*t)"'
    rows[16] = "times = 1"
    with pytest.raises(ProblemError, match=r"It is one of 4 faults\.") as caught:
        Problem.from_text("\n".join(rows), "FILE")
    assert [one.spot.line for one in caught.value.faults] == [2, 4, 14, 17]
    assert [line.partition(" ")[0] for line in caught.value.lines] == ["FILE:2:30:", "FILE:4:1:", "FILE:14:13:", "FILE:17:9:"]  # fmt: skip


@pytest.mark.parametrize(
    "written",
    [
        "equations = 'u_t = b + u_xx'",
        'equations = "u_t = b + u_xx"',
        '# before\n\n  equations   = [ # here\n\t"u_t = b + u_xx", ]',
        'equations = "\\u0075_t = \\tb + u_xx"',
        'equations = """\nu_t = b + u_xx"""',
        'equations = """\\\n     u_t = \\\n  b + u_xx"""',
        "equations = '''u_t = b + u_xx'''",
        '"equations" = ["""u_t =\n b + u_xx""",]',
        'equations = ["∂u/∂t = b + u_xx"]',
    ],
)
def test_a_fault_points_at_its_character_in_strings_of_every_kind(written):
    text = f"{written}\n[domain]\nx = [0, 1]\nt = [0, 1]\n"
    before = text[: text.index("b + u_xx")]
    (found,) = [one for one in findings(text) if one.what.startswith("b is not known")]
    assert (found.spot.line, found.spot.column) == (before.count("\n") + 1, len(before) - before.rfind("\n"))


@pytest.mark.timeout(300)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32))
@pytest.mark.slow
def test_no_expression_gives_anything_but_a_reading_or_a_sentence(seed):
    texts = problem_fuzz.expressions(random.Random(seed))
    for _ in range(20):
        problem_fuzz.read_expression(next(texts))


@pytest.mark.timeout(300)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32))
def test_no_file_gives_anything_but_a_reading_or_a_sentence(tmp_path_factory, seed):
    folder = tmp_path_factory.mktemp("nothing")
    sound = [*SOUND.values()]
    texts = problem_fuzz.files(random.Random(seed), sound)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for _ in range(4):
            problem_fuzz.read_file(next(texts))
    assert list(folder.iterdir()) == []


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_a_problem_or_gets_a_sentence(text):
    problem_fuzz.read_file(text)


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([*["equations", "domain", "title", "parameters", "boundary", "initial", "output", "exact", "unknowns", "coefficients", "conserved"], "x"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["u_t = u_xx", "x", "u", "periodic", "0"]),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["x", "t", "u", "value", "x=0", "points"]), inner, max_size=3),
            max_leaves=6,
        ),
    )
)  # fmt: skip
def test_any_values_in_python_are_a_problem_or_get_a_sentence(document):
    document = {"equations": ["u_t = u_xx"], "domain": {"x": (0, 1), "t": (0, 1)}, **document}
    document.pop("x", None)
    with contextlib.suppress(ProblemError):
        Problem(**document)
