"""What an author is told: where a program failed, with what in its hands, what to do next; where a running one errs."""

import json
import re

import numpy as np
import pytest

from fieldsmith.evaluation import evaluate, hints
from fieldsmith.evaluation.evaluation import Score
from fieldsmith.evaluation.feedback import failure_facts, not_finite_facts, success_facts
from fieldsmith.evaluation.words import Wording, usual
from fieldsmith.sandboxes import choose
from fieldsmith.sandboxes.sandbox import CallResult, Failure, Limits
from fieldsmith.tasks import load
from sandbox_calls import OneSession
from stated_tasks import names

PROCESS = OneSession()


@pytest.fixture(scope="module", autouse=True)
def _closed():
    yield
    PROCESS.close()


def judged(body: str, name: str = "advection", head: str = "", sandbox: str = "process"):
    """The evaluation of a program with that body of its function."""
    task = load(name)
    arguments = ", ".join(argument.name for argument in task.brief().signature.arguments)
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    source = f"import numpy as np\n{head}\ndef solver({arguments}):\n{lines}\n"
    place = PROCESS if sandbox == PROCESS.name else choose(sandbox, trusted=True)
    return evaluate(task, source, place, refinement=False)


@pytest.mark.parametrize("status", ["timeout", "out_of_memory"])
@pytest.mark.parametrize("name", names())
def test_only_what_steps_in_time_is_told_of_steps_and_frames(status, name):
    task = load(name)
    told = usual().said(failure_facts(CallResult(status), "", task.brief(), Limits()))
    in_time = {"timeout": "larger steps", "out_of_memory": "the frames that are returned"}[status]
    if task.brief().equation.steady:
        assert "steps" not in told
        assert "frames" not in told
        assert "sparse" in told
    else:
        assert in_time in told


def test_a_steady_solution_that_overflows_has_no_steps_to_be_made_smaller():
    large = np.full((1, 3, 3), 1e300)
    for name, words in {"darcy": "singular", "advection": "smaller internal steps"}.items():
        brief = load(name).brief()
        assert words in usual().said(not_finite_facts({r.name: large for r in brief.signature.results}, brief))


COPIES = "u = np.repeat(np.asarray(u0_batch)[:, None], len(t_coordinate), axis=1).copy()\n"


def test_a_crash_shows_the_line_and_the_arrays_there():
    told = judged("speed = 2.5\nk = np.ones(7)\nrows = [1, 2]\nreturn u0_batch + k * beta").feedback
    for words in (
        ">    7 |     return u0_batch + k * beta",
        "u0_batch: float64 array (8, 256)",
        "k: float64 array (7,)",
        "beta: float 0.1",
        "speed: float 2.5",
        "rows: list of length 2",
        "Next step: Two arrays do not fit",
    ):
        assert words in told, told
    assert told.index("k: float64") < told.index("speed:"), "what the line names comes first"


def test_an_array_with_nan_is_marked_at_the_point_of_failure():
    told = judged("u = np.full(3, np.nan)\nassert np.isfinite(u).all()\nreturn u").feedback
    assert "u: float64 array (3,), holds NaN or infinite values" in told


def test_looking_at_variables_runs_none_of_the_programs_methods():
    head = (
        "import numpy as np\n"
        "class Array(np.ndarray):\n"
        "    def __repr__(self): raise SystemExit(3)\n"
        "    @property\n    def shape(self): raise SystemExit(3)\n"
        "class Number(float):\n"
        "    def __repr__(self): raise SystemExit(3)\n"
        "class Meta(type):\n"
        "    @property\n    def __name__(cls): raise SystemExit(3)\n"
        "class Odd(metaclass=Meta):\n    pass\n"
    )
    told = judged("a = np.zeros(3).view(Array)\nb = Number(1)\nc = Odd()\nd = 5\nraise ValueError('here')", head=head)
    assert "stopped with ValueError: here" in told.feedback
    assert "d: int 5" in told.feedback
    assert "  a:" not in told.feedback


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("if u0_batch > 0:\n    return u0_batch", "np.max(array)"),
        ("return max(u0_batch, 0 * u0_batch)", "np.maximum"),
        ("return [u0_batch[:, n] for n in range(999)]", "last is n - 1"),
        ("steps = int(u0_batch / 0.1)\nreturn u0_batch", "int(np.ceil(...))"),
        ("return np.fft.rfft(u0_batch, length=3)", "other arguments than it takes"),
        ("dt = 0.04 / int(0.04 / 0.1)\nreturn u0_batch", "max(1, int(np.ceil(interval / dt)))"),
        ("u = np.zeros(3)\nu[0] = np.ones(2)\nreturn u", "result[:, n] = u"),
        ("return np.float(3)", "np.float"),
        ("return int(np.nan * u0_batch.max())", "NaN or infinite"),
        ("return np.zeros(3)[: 4 / 2]", "n // 2 instead of n / 2"),
        ("return np.linspace(0, 1, 3.0 + 1)", "int(round(...))"),
        ("import scipy.linalg as sl\nreturn sl.solve(np.full((2, 2), np.nan), np.ones(2))", "np.isfinite(u).all()"),
        ("return np.zeros(5).reshape(2, 3)", "does not fit the shape"),
        ("return np.zeros(5).sum(axis=1)", "fewer axes"),
        ("a, b = 1, 2, 3\nreturn u0_batch", "values to unpack"),
        ("u = [1.0]\nreturn u.shape", "np.asarray"),
        ("def f(u):\n    u + 1\nreturn f(u0_batch).shape", "without `return`"),
        ("return undefined_name", "not defined where it is used"),
        (
            "if beta > 0:\n    raise ValueError('CFL number 3 is above 1')\nreturn u0_batch",
            "The program itself raises this",
        ),
    ],
)
def test_frequent_errors_have_a_concrete_next_step(body, words):
    evaluation = judged(body)
    assert evaluation.status == "crashed"
    assert "Next step: " in evaluation.feedback
    assert words in evaluation.feedback, evaluation.feedback


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("import torch.fft", ("no `torch`", "numpy.fft", "numpy 9", "scipy.integrate.solve_ivp")),
        ("from jax import jit", ("no `jax`", "numba.njit")),
        ("import no_such_thing", ("no `no_such_thing`", "numpy 9")),
        ("from scipy.integrate import trapz", ("has no `trapz`",)),
        ("import scipy.nothing", ("has no part `scipy.nothing`",)),
    ],
)
def test_a_missing_library_is_answered_with_what_is_there(line, words):
    with pytest.raises(ImportError) as caught:
        exec(line.replace("torch", "torch_").replace("jax", "jax_"))
    message = str(caught.value).replace("torch_", "torch").replace("jax_", "jax")
    told = usual().step(hints.missing_library(message, ("numpy 9", "scipy 1", "numba 0")))
    for each in words:
        assert each in told


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (COPIES + "return np.moveaxis(u, 1, 0)", "np.stack(frames, axis=1)"),
        (COPIES + "return u[:, 1:]", "One frame is missing"),
        (COPIES + "return u[:, [0, *range(u.shape[1])]]", "one frame too many"),
        (COPIES + "return u[:, ::5]", "one frame for each output time"),
        (COPIES + "return u[:, :, 1:-1]", "exactly the given points"),
        (COPIES + "return u[0]", "batch axis is missing"),
        (COPIES + "return u[:, -1]", "time axis is missing"),
        (COPIES + "return u[:1]", "Every sample"),
    ],
)
def test_a_wrong_shape_is_explained(body, words):
    evaluation = judged(body)
    assert evaluation.status == "bad_output"
    assert words in evaluation.feedback, evaluation.feedback


def test_nothing_is_offered_that_is_not_installed():
    assert "numba" not in usual().step(hints.missing_library("No module named 'jax'", ("numpy 9", "scipy 1")))


def test_values_that_grow_are_told_apart_from_those_that_break_at_once():
    grows = judged(COPIES + "u *= 1e3 ** np.arange(u.shape[1])[:, None]\nu[:, 30:] = np.nan\nreturn u")
    assert grows.status == "not_finite"
    assert "first in frame 30 of 50" in grows.feedback
    assert "scheme is unstable" in grows.feedback
    breaks = judged(COPIES + "u[:, 30:] = np.nan\nreturn u")
    assert "stay of ordinary size" in breaks.feedback
    empty = judged(COPIES + "u[:, 0] = np.inf\nreturn u")
    assert "the first frame is the initial state itself" in empty.feedback


def test_a_steady_result_that_is_not_finite_is_explained():
    brief = load("darcy").brief()
    told = usual().said(not_finite_facts({"u": np.full((2, 5, 5), np.nan)}, brief))
    assert "2 of 2 samples" in told
    assert "division by zero" in told


def test_the_place_of_the_error_is_told():
    told = judged(COPIES + "u[:, :, 200] += 9.0\nreturn u").feedback
    assert "78% of the way along x" in told
    assert "Shares of the squared error in the thirds of x:" in told
    assert "The first frame must be the initial state itself" in told


@pytest.mark.slow
def test_an_error_at_the_walls_is_told():
    told = judged("u = np.zeros_like(a)\nu[:, 1] = 50.0\nreturn u", "darcy").feedback
    assert "within 5% of the boundary" in told
    assert "% of the way along y" in told


@pytest.mark.parametrize(
    ("slopes", "words"),
    [
        ((4.1, 3.9), "smooth data: 4.00."),
        ((4.4, 7.3), "4.00 on average, 4.4, 7.3 from grid to grid"),
        ((), "smooth data: 4.00."),
    ],
)
def test_an_order_that_changes_from_grid_to_grid_is_told_as_none(slopes, words):
    task = load("advection")
    (case, *_) = task.split("dev")
    score = Score(1e-3, {}, None, 1e-9, 1e-2, 1.0, order=4.0)
    told = usual().said(success_facts(score, case, case.reference, task.brief(), slopes))
    assert words in told
    assert ("no power of the spacing" in told) == (len(set(map(round, slopes))) > 1)


@pytest.mark.needs("bubblewrap")
@pytest.mark.parametrize(
    "body", ["import asyncio\nasyncio.run(asyncio.sleep(0))", "open('/usr/x', 'w')", "import socket\nsocket.socket()"]
)
def test_what_a_sandbox_does_not_allow_is_explained(body):
    evaluation = judged(f"{body}\nreturn u0_batch", sandbox="bubblewrap")
    assert "Next step: The sandbox does not allow this" in evaluation.feedback, evaluation.feedback


IN_PARTS = """
import asyncio, multiprocessing
here, there = multiprocessing.Pipe()
there.send(asyncio.run(asyncio.sleep(0, 1.0)))
return here.recv() * np.repeat(np.asarray(u0_batch)[:, None], len(t_coordinate), axis=1)
"""


@pytest.mark.parametrize(
    "sandbox",
    [
        pytest.param("docker", marks=pytest.mark.needs("docker")),
        pytest.param("bubblewrap", marks=pytest.mark.needs("bubblewrap")),
        "process",
    ],
)
def test_what_a_sandbox_allows_is_not_called_denied(sandbox):
    works = judged(IN_PARTS, sandbox=sandbox).status == "ok"
    step = hints.next_step("PermissionError", "Operation not permitted", choose(sandbox).denies)
    assert ("no asyncio" in usual().step(step)) == (not works)
    assert ("sandbox does not allow" in usual().step(step)) == (sandbox != "process")


@pytest.mark.needs("docker")
def test_under_docker_a_socket_to_elsewhere_is_told_apart():
    told = judged("import socket\nsocket.socket()", sandbox="docker").feedback
    assert "no socket but those within the machine" in told


def test_every_step_that_a_failure_may_have_has_its_words():
    for name in {name for name, _ in hints.OFTEN} | hints.KINDS:
        for setting in ("in_time", "steady", "free"):
            assert len(usual().step({"name": name}, setting)) > 20, name


def test_steps_of_a_task_without_an_equation_speak_of_no_frames_and_boundaries():
    for name in {name for name, _ in hints.OFTEN} | hints.KINDS:
        words = usual().step({"name": name}, "free")
        assert not re.search(r"frames|boundary|output time|\(batch|\[batch|u0|internal steps", words), words
    words = usual().step({"name": "sequence_into_element"}, "free")
    assert words.endswith("Allocate the result with its full shape and write whole rows into it: result[n] = row.")


def test_steps_of_ones_own_are_said_and_the_others_stay():
    own = Wording({"hints.md.jinja": "{% block NameError %}\nSpell it right.\n{% endblock %}"})
    assert own.step({"name": "NameError"}) == "Spell it right."
    assert own.step({"name": "KeyError"}) == usual().step({"name": "KeyError"})


def test_what_a_program_says_keeps_its_lines():
    failure = Failure("ValueError", "first\n  second", 1, "line 1\n\n\n\nline 2")
    facts = failure_facts(CallResult("crashed", failure=failure), "a\nb\nc", load("advection").brief(), Limits())
    told = usual().said(json.loads(json.dumps(facts)))
    assert "stopped with ValueError: first\n  second\n\nAt line 1:\n>    1 | a\n" in told
    assert told.endswith("line 1\n\n\n\nline 2")


PHI = """import numpy as np

def coefficients(lam, h):
    z = h * lam
    E = np.exp(z)
    return E, h * (E - 1) / z
"""
ON_A_CIRCLE = """import numpy as np

def coefficients(lam, h):
    w = h * lam[:, None] + np.exp(2j * np.pi * (np.arange(32) + 0.5) / 32)
    return np.exp(h * lam), h * ((np.exp(w) - 1) / w).mean(axis=1).real
"""


def broken(source: str, stderr: str = "") -> str:
    u = np.ones((1, 3, 8))
    u[:, 1:] = np.nan
    brief = load("burgers").brief()
    return usual().said(not_finite_facts({brief.signature.results[0].name: u}, brief, None, source, stderr))


def test_phi_functions_by_their_formula_are_told_of_before_steps():
    words = broken(PHI, "solver.py:12: RuntimeWarning: overflow encountered in multiply")
    assert "`z` is near 0" in words
    assert "np.expm1" in words
    assert "stability limit" not in words
    for safe in (ON_A_CIRCLE, PHI.replace("E - 1", "np.expm1(z)"), PHI.replace("(E - 1) / z", "np.where(abs(z) < 1e-4, 1 + z / 2, (E - 1) / z)")):  # fmt: skip
        assert "np.expm1, and" not in broken(safe)


def test_the_first_warning_of_numpy_says_where_values_break():
    source = "a = 1\nb = 1.0 / a\n"
    words = broken(source, "solver.py:2: RuntimeWarning: divide by zero encountered in divide\n  b = 1.0 / a")
    assert "a division by zero in line 2 (`b = 1.0 / a`)" in words
    assert "stability limit" not in words
    assert "Within the first output interval" in broken(source)
