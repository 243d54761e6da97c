"""Problems of one's own with an exact solution as tasks, and programs that return it."""

import numpy as np

from fieldsmith.agents.author import Plan, Program, Proposal
from fieldsmith.boxes.asked import asked_inputs
from fieldsmith.boxes.form import Form
from fieldsmith.boxes.samples import asked_points, asked_times
from fieldsmith.problems import Problem
from fieldsmith.tasks.task import Argument, Brief, Case, Result, Signature, Task


def exact_outputs(form: Form) -> dict[str, np.ndarray]:
    """The exact solution as a program would return it."""
    places = asked_points(form)
    names, lines = [*places], [*places.values()]
    if form.system.time:
        names, lines = [form.system.time.name, *names], [np.array(asked_times(form)), *lines]
    mesh = dict(zip(names, np.meshgrid(*lines, indexing="ij"), strict=True))
    found = {}
    for one in form.results:
        values = form.problem.field(one.of, mesh)
        part = values.imag if one.part == "imag" else values.real
        found[one.name] = part[None] if form.batched else part
    return found


def brief_of(form: Form) -> Brief:
    """What an author is told of a problem, as far as outputs need it."""
    arguments = tuple(Argument(i.name, i.role, i.of, i.axes, i.meaning) for i in form.inputs)
    results = tuple(Result(r.name, r.of, r.axes, r.meaning) for r in form.results)
    span = (asked_times(form)[0], asked_times(form)[-1]) if form.timed else None
    signature = Signature("solver", arguments, results)
    return Brief(form.problem.title, "Solve it.", "", signature, None, {}, {}, span, 60.0, form=form)


def exact_task(problem: Problem, asked: bool = True) -> Task:
    """The problem as it is asked, on both splits; without `asked` the call of both splits is on other points."""

    class ExactTask(Task):  # a class that no place loads again
        name, title, form, fingerprint = "exact", "A problem with an exact solution", Form(problem), "exact"

        def brief(self, libraries=(), time_limit=None) -> Brief:
            return brief_of(self.form)

        def cases(self, name, progress) -> tuple[Case, ...]:
            form = self.form
            if not asked:
                fewer = {"points": 6, "times": 4}
                form = Form(Problem(**{**problem.document, "output": {**problem.output, **fewer}}))
            return (Case("asked", asked_inputs(form), exact_outputs(form), np.zeros(1), kinds=("as asked",)),)

    return ExactTask()


class OneProgram:
    """An author with one program."""

    label, note, trusted, independent = "one program", "a program that is known", True, True

    def __init__(self, source: str) -> None:
        self.source = source

    def write(self, brief, move, slot, history) -> Proposal:
        return Proposal(Program(self.source), Plan("the exact solution"))
