"""Fieldsmith from Python: what a notebook's cell gives and gets."""

import dataclasses
import inspect
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import fieldsmith as fs
from fieldsmith.agents.author import Proposal
from fieldsmith.agents.numerics_author import NumericsAuthor
from fieldsmith.errors import InputError
from fieldsmith.evaluation.evaluation import Score
from fieldsmith.face.arguments import arranged
from fieldsmith.face.run import Run
from fieldsmith.models.chat_model import ChatReply, ChatRequest, nothing_heard, silent
from fieldsmith.orchestrator.question import Question
from fieldsmith.strategies.best_of_n import BestOfN
from fieldsmith.tasks.advection import Advection
from fieldsmith.tasks.task import Signature, data, result
from report_runs import finished


class Waves(Advection):
    """A task that no entry point names."""

    name = "waves"
    title = "Waves"


class Parrot:
    """A model that answers everything with the same program."""

    label, note, priced = "parrot", "a model of this test", True
    waiting, receiving = staticmethod(silent), staticmethod(nothing_heard)

    def complete(self, request: ChatRequest) -> ChatReply:
        source = "import numpy as np\n\ndef solver(u0_batch, t_coordinate, beta):\n    return np.repeat(u0_batch[:, None], len(t_coordinate), 1)\n"
        return ChatReply(f"```python\n{source}```\n")

    def price(self, reply: ChatReply) -> float | None:
        return 0.0


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    folder = tmp_path_factory.mktemp("face") / "run"
    return fs.solve("advection", folder, candidates=1, sandbox="process", quiet=True)


def test_the_arguments_of_solve_are_the_fields_of_the_question():
    asked = {one.name: (one.type, one.default) for one in dataclasses.fields(Question)}
    given = inspect.signature(fs.solve).parameters
    told = {
        name: (one.annotation, dataclasses.MISSING if one.default is one.empty else one.default)
        for name, one in given.items()
    }
    assert told.pop("quiet") == ("bool", False)
    assert told.pop("task")[0] == f"{asked.pop('task')[0]} | problems.Problem"
    assert told == asked


@pytest.mark.slow
def test_a_task_a_model_and_a_strategy_may_be_objects(tmp_path):
    run = fs.solve(
        Waves({"beta": 0.1}),
        tmp_path / "run",
        model=Parrot(),
        strategy=BestOfN(0),
        candidates=2,
        sandbox="process",
        quiet=True,
    )
    assert (run.record.asked.task, run.record.asked.author) == ("waves", "parrot")
    assert run.record.asked.question.strategy == "best-of-n"
    assert run.record.asked.command == ""
    assert run.best.test.nrmse > 0.1
    assert "the same call resumes" in run.report.read_text()
    again = fs.open_run(run.folder)
    assert again.best.test == run.best.test
    assert again.best.solver(np.zeros(16), [0.0, 1.0], 0.1).shape == (2, 16)


@pytest.mark.slow
def test_a_run_of_a_task_that_nothing_names_is_opened_with_it(tmp_path):
    class Nameless(Waves):
        """A task that is made where it is used."""

    run = fs.solve(
        Nameless({"beta": 0.1}), tmp_path / "run", model=Parrot(), candidates=1, sandbox="process", quiet=True
    )
    with pytest.raises(InputError, match=r"cannot be loaded: There is no task 'waves'.*open_run\(folder, task\)"):
        _ = fs.open_run(run.folder).task
    again = fs.open_run(run.folder, Nameless({"beta": 0.1}))
    assert again.best.solver(np.zeros(16), [0.0, 1.0], 0.1).shape == (2, 16)


def test_an_author_may_be_an_object(tmp_path):
    asked: list[str] = []

    class Noted(NumericsAuthor):
        label = "noted"

        def write(self, brief, move, slot, history) -> Proposal:
            asked.append(slot)
            return super().write(brief, move, slot, history)

    run = fs.solve("advection", tmp_path / "run", author=Noted(), candidates=1, sandbox="process", quiet=True)
    assert asked == ["1"]
    assert run.record.asked.author == "noted"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"task": Waves({"beta": 0.1}), "param": {"beta": 0.2}}, "^param goes with a task's name"),
        ({"task": "advection", "model": Parrot(), "temperature": 0.5}, "^temperature goes with a model's name"),
        ({"task": "advection", "model": Parrot(), "author": NumericsAuthor()}, "Both a model and an author"),
        ({"task": "advection", "strategy": BestOfN(), "debug_rounds": 1}, "^debug_rounds goes with a strategy's name"),
        ({"task": "advection", "author": "numerics"}, "There is no author 'numerics'. Known: built-in, scan"),
        ({"task": "advection", "author": 3}, "author = 3 cannot be used: it has no label"),
        ({"task": "advection", "model": "command:cat", "author": "scan"}, "Both a model and an author"),
        ({"task": "advection", "model": object()}, "cannot be used: it has no label"),
        ({"task": Waves}, "is a class, not an object"),
        ({"task": "advection", "temperature": 0.5}, r"temperature goes with a model, .* Name one with model\."),
        ({"task": "advection", "max_hours": math.nan}, "^max_hours nan is no budget"),
        (
            {"task": "advection", "strategy": None},
            "^strategy = None cannot be used: it is neither a name nor .* Give a name, or an object that has name, ask",
        ),
        ({"task": "advection", "candidates": "4"}, "candidates = '4' is not a whole number"),
        ({"task": "advection", "strategy_options": {"draft": 6}}, "no setting 'draft'. Did you mean 'drafts'"),
        (
            {"task": "advection", "strategy_options": {"drafts": 0.5}},
            "^strategy_options drafts = 0.5 is not a whole number",
        ),
        ({"task": "advection", "model": "command:cat", "prompts": "gone"}, r"Give a folder to prompts\.$"),
    ],
)
def test_what_does_not_go_together_is_said(given, words):
    with pytest.raises(InputError, match=words):
        fs.solve(**given, sandbox="process")


def test_what_is_no_program_is_said():
    with pytest.raises(
        InputError, match=r"^3 is no program\. Give the source text of one, or the path of a Python file\.$"
    ):
        fs.evaluate("advection", 3)  # type: ignore[arg-type]


@pytest.mark.parametrize("given", [3, Waves])
def test_what_is_no_task_is_said(given):
    with pytest.raises(InputError, match=r"^task = .* cannot be used: it "):
        fs.evaluate(given, "def solver(): ...")
    with pytest.raises(InputError, match=r"is not the name of a task\. Give one of fs\.list_tasks\(\)"):
        fs.task(given)


@pytest.mark.slow
def test_progress_is_told_unless_it_is_not_wanted(tmp_path, capsys):
    fs.solve("advection", tmp_path / "told", candidates=1, sandbox="process")
    told = capsys.readouterr()
    assert "not an LLM" in told.err
    assert "nRMSE" in told.err
    assert told.out == ""
    fs.solve("advection", tmp_path / "quiet", candidates=1, sandbox="process", quiet=True)
    assert capsys.readouterr().err == ""


@pytest.mark.slow
def test_tasks_and_runs_are_listed(run):
    assert fs.list_tasks()["burgers"] == fs.task("burgers").title
    assert run.folder.resolve() in [one.folder for one in fs.list_runs()]


def test_the_solver_takes_lists_and_one_sample(run):
    solver, x = run.best.solver, (np.arange(64) + 0.5) / 64
    batch = solver(np.sin(2 * np.pi * x)[None], np.array([0.0, 1.0]), 0.1)
    single = solver(list(np.sin(2 * np.pi * x)), [0.0, 1.0], beta=0.1)
    assert batch.shape == (1, 2, 64)
    np.testing.assert_array_equal(single, batch[0])


def test_the_solver_keeps_its_sandbox(run):
    session = run.best.solver._session
    run.best.solver(np.zeros(8), [0.0, 1.0], 0.1)
    opened = run.best.solver._session
    assert session in (None, opened)
    assert opened is not None
    run.best.solver(np.zeros(8), [0.0, 1.0], 0.1)
    assert run.best.solver._session is opened
    run.best.solver.close()
    assert opened.closed
    assert run.best.solver(np.zeros(8), [0.0, 1.0], 0.1).shape == (2, 8), "a further call opens another"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((np.zeros((2, 3, 8)), [0.0, 1.0], 0.1), r"u0_batch has the shape \(2, 3, 8\), which is not \[batch, x\]"),
        ((np.zeros(8), 1.0, 0.1), r"t_coordinate has the shape \(\), which is not \[time\]"),
        ((np.zeros(8), [0.0, 1.0], [0.1, 0.2]), r"beta has the shape \(2,\), which is not number.*Give one number"),
        (([[0.0], [1.0, 2.0]], [0.0, 1.0], 0.1), "u0_batch is not an array of numbers"),
        (("zero", [0.0, 1.0], 0.1), "u0_batch is not an array of numbers"),
        ((np.zeros(8), [0.0, 1.0]), "takes 3 arguments"),
    ],
)
def test_arguments_of_another_shape_are_named(run, arguments, words):
    with pytest.raises(InputError, match=words):
        run.best.solver(*arguments)


def test_samples_of_several_fields_have_one_batch(tmp_path):
    signature = fs.task("cns1d").brief().signature
    names = [one.name for one in signature.arguments if one.axes[:1] == ("batch",)]
    whole = {one.name: np.ones([3] * len(one.axes)) for one in signature.arguments}
    with pytest.raises(InputError, match=f"{names[1]} has the shape"):
        arranged(signature, {**whole, names[1]: np.ones(3)})
    with pytest.raises(InputError, match="4 values along batch"):
        arranged(signature, {**whole, names[1]: np.ones((4, 3))})


def test_an_axis_of_a_fixed_length_has_that_length():
    signature = Signature(
        "f",
        (data("start", ("batch", "4"), "state"), data("times", ("time",), "times")),
        (result("path", ("batch", "time", "4"), "states"),),
    )
    with pytest.raises(InputError, match=r"start has the shape \(1, 3\), which is not \[batch, 4\]"):
        arranged(signature, {"start": [1.0, 0.0, 0.0], "times": [0.0]})
    inputs, _ = arranged(signature, {"start": np.zeros(4), "times": []})
    assert signature.shapes(inputs) == {"path": (1, 0, 4)}


def test_a_run_shows_the_metric_that_it_was_chosen_by():
    record = finished()
    assert record.best is not None
    best = record.best.candidate
    own = Score(np.nan, {}, None, None, np.nan, 0.1, metric="drift", value=0.25)
    evaluation = dataclasses.replace(best.evaluation, dev=own, test=own)
    best = dataclasses.replace(record.best, candidate=dataclasses.replace(best, evaluation=evaluation))
    shown = Run(dataclasses.replace(record, best=best))
    assert "dev drift 2.500e-01" in repr(shown)
    assert "test drift 2.500e-01" in shown._repr_html_()


def test_a_title_is_text_in_a_notebook():
    page = Run(
        dataclasses.replace(finished(), asked=dataclasses.replace(finished().asked, title="<b>u & v"))
    )._repr_html_()
    assert "&lt;b&gt;u &amp; v" in page


@pytest.mark.slow
def test_programs_of_the_pages_and_the_examples_are_well_typed(tmp_path):
    import re

    root = Path(__file__).parents[1]
    pages = "".join((root / page).read_text(encoding="utf-8") for page in ("README.md", "docs/extending.md"))
    snippets = re.findall(r"```python\n(.*?)```", pages, re.DOTALL)
    for number, snippet in enumerate(snippets):
        (tmp_path / f"snippet_{number}.py").write_text(snippet)
    for example in (root / "examples").rglob("*.py"):
        (tmp_path / example.name).write_text(example.read_text())
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "."]
    checked = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout
