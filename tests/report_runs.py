"""Made-up runs for the tests of the report: candidates of every kind with figures that are easy to recognise."""

import dataclasses
from pathlib import Path

import numpy as np

from fieldsmith.agents.author import Candidate, Plan, Program, Proposal, Usage
from fieldsmith.evaluation.evaluation import ConvergencePoint, Evaluation, Score
from fieldsmith.orchestrator.question import Question
from fieldsmith.orchestrator.run import Asked, Best, RunRecord, Spend
from fieldsmith.tasks.task import Picture


def asked(**changes) -> Asked:
    first = Asked(
        question=Question("waves", param={"c": 0.01}, sandbox="docker", candidates=12), title="A wave equation",
        statement="Solve it.", fingerprint="f", author="openai:x", author_note="a language model",
        command="fieldsmith solve waves --seed 7", started="2026-01-01 10:00:00",
    )  # fmt: skip
    return dataclasses.replace(first, **changes)


def candidate(number: int, nrmse: float | None, text: str = "fine", **changes) -> Candidate:
    """One that ran with that error, or crashed. `source` and `status` may be given beside the fields."""
    score = None if nrmse is None else Score(nrmse, {"u": nrmse}, 1e-5, 1e-9, 0.1, 0.3 * number, order=2.0, drift=1e-15)
    points = () if nrmse is None else tuple(ConvergencePoint(n, 1.0 / n**2) for n in (64, 128, 256))
    status = changes.pop("status", "ok" if nrmse else "crashed")
    source = changes.pop("source", f"import numpy as np\n\n\ndef solver(u):\n    '''{text}'''\n    return u\n")
    line = changes.pop("error_line", None)
    evaluation = Evaluation(
        status, text, dev=score, test=score, convergence=points, stdout=text, stderr=text, error_line=line, seconds=2.0
    )
    plan = Plan(text, "RK4", "none", 4.0, text)
    program = None if source is None else Program(source)
    proposal = Proposal(program, plan, prompt=text, reply=text, usage=Usage(10, 20, None, 0.5 * number))
    values = {
        "id": number,
        "slot": str(number),
        "move": "draft",
        "author": "openai:x",
        "proposal": proposal,
        "evaluation": evaluation,
    }
    return Candidate(**{**values, **changes})


def scored(number: int, value: float | None, lower_is_better: bool = False, metric: str = "gain") -> Candidate:
    """One that ran with that value of a task's own metric, or crashed."""
    if value is None:
        return candidate(number, None)
    score = Score(
        np.nan, {}, 1e-9, None, 0.1, 0.3 * number, metric=metric, value=value, lower_is_better=lower_is_better
    )
    return candidate(number, 1.0, evaluation=Evaluation("ok", dev=score, test=score, seconds=2.0))


def picture(field: str, sample: int, axes=("t", "x"), extent=(0.0, 2.0, 0.0, 1.0)) -> Picture:
    places = (np.linspace(0, 2, 51), np.linspace(0, 1, 128))
    t, x = np.meshgrid(*places, indexing="ij")
    values = np.sin(2 * np.pi * (x - 0.1 * t) * (sample + 1))
    return Picture(field, sample, values + 1e-4 * t * np.cos(9 * x), values, axes, extent, places)


def moving(field: str, sample: int = 0) -> Picture:
    """A vortex that fades, in 12 frames at uneven times."""
    places = (np.linspace(0, 1, 12) ** 2, np.linspace(-2, 2, 40), np.linspace(-1, 1, 20))
    t, x, y = np.meshgrid(*places, indexing="ij")
    values = np.exp(-t - 3 * (x - t) ** 2 - 4 * y**2)
    extent = (0.0, 1.0, -2.0, 2.0, -1.0, 1.0)
    return Picture(
        field, sample, values + 1e-3 * t * x * y, values, ("t", "x", "y"), extent, places, note="cut at z = 0.5"
    )


def trajectory(field: str, names: tuple[str, ...] = ("prey", "predators"), reference: bool = True) -> Picture:
    """Lines over time, one a component."""
    t = np.linspace(0, 10, 200)
    values = np.array([np.cos(t * (n + 1)) + n for n in range(len(names))])
    expected = values if reference else None
    return Picture(field, 0, values + 1e-3 * np.sin(5 * t), expected, ("t",), (0.0, 10.0), (t,), names)


def values(field: str, *figures: float) -> Picture:
    """Numbers, and a reference that each is a thousandth above."""
    solution = np.array(figures)
    names = tuple(f"{field}[{n}]" for n in range(len(figures)))
    return Picture(field, 0, solution, solution / 1.001, (), components=names)


def undrawn(field: str) -> Picture:
    note = f"{field} is not drawn: its values are not real numbers."
    return Picture(field, 0, np.empty(0), None, (), note=note)


def run_of(candidates, best=None, pictures=(), state="done", **changes) -> RunRecord:
    chosen = Best(best, tuple(pictures)) if best else None
    return RunRecord(Path("runs/x"), asked(**changes), state, tuple(candidates), chosen, Spend(120, 240, None, 31.0))


def finished() -> RunRecord:
    """Two fields, mends, a refinement, failures of several kinds; candidate 4 is the best."""
    first = "import numpy as np\n\n\ndef solver(u):\n    steps = 8\n    return np.cumsum(u)\n"
    candidates = [
        candidate(1, None, "The array has the wrong shape.", source=first, error_line=6),
        candidate(2, 1e-2, move="debug", parents=(1,), slot="1.1", source=first.replace("cumsum", "cumprod")),
        candidate(3, None, "NaN from frame 3 on.", status="not_finite", slot="2"),
        candidate(4, 2e-4, move="refine", parents=(2,), slot="r1", source=first.replace("= 8", "= 32")),
        candidate(5, 3e-3, move="restart", slot="r2"),
        candidate(6, None, "It holds no code.", status="missing_function", slot="3", source=None),
    ]
    return run_of(candidates, candidates[3], [picture("u", 0), picture("u", 1), picture("v", 0)])


def with_samples(samples, kinds, reference=1e-9):
    """A finished run of one program with such errors of its samples."""
    best = candidate(1, sum(samples) / len(samples))
    own = (reference,) * len(samples)
    changes = {"samples": samples, "kinds": kinds, "trusted_samples": (1e-5,) * len(samples), "reference_samples": own}
    score = dataclasses.replace(best.evaluation.dev, reference_error=reference, **changes)
    best = dataclasses.replace(best, evaluation=dataclasses.replace(best.evaluation, dev=score, test=score))
    return run_of([best], best, [picture("u", 0)])
