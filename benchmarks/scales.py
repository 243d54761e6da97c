"""What the demo and the hard scale tell apart: simple programs of different quality, and the built-in author's best.

Run `python benchmarks/scales.py [TASK ...]`. The programs are `benchmarks/programs/TASK/*.py`; each is scored on the test
split at both scales, without a container. The built-in author is given `--candidates` as usual.
"""

import math
import sys
import tempfile
from pathlib import Path

from fieldsmith import evaluation, sandboxes
from fieldsmith.orchestrator.open import open_solve
from fieldsmith.orchestrator.question import Question
from fieldsmith.tasks import load
from fieldsmith.tasks.task import Task

PROGRAMS = Path(__file__).with_name("programs")
SCALES = ("demo", "hard")


def cell(outcome: evaluation.Evaluation) -> str:
    """Error and processor time of the test call, or what became of it."""
    score = outcome.test
    if score is None or not math.isfinite(score.nrmse):
        return outcome.status.replace("_", " ")
    return f"{score.nrmse:.1e} in {score.cost:.1f} s"


def scored(task: Task, program: Path) -> str:
    with sandboxes.choose("process") as place:
        return cell(evaluation.evaluate(task, program.read_text(), place, splits=("test",), refinement=False))


def best(name: str, scale: str, folder: Path) -> str:
    run = open_solve(Question(name, run_dir=folder / f"{name}-{scale}", scale=scale, sandbox="process")).run()
    evaluated = run.best.candidate.evaluation if run.best else None
    return cell(evaluated) if evaluated else "none"


def main(names: list[str]) -> None:
    print(f"| task | program | {' | '.join(SCALES)} |")
    print("| --- | --- | --- | --- |")
    for name in names or sorted(folder.name for folder in PROGRAMS.iterdir()):
        tasks = [load(name, scale=scale) for scale in SCALES]
        for program in sorted((PROGRAMS / name).glob("*.py")):
            row(name, program.stem.replace("_", " "), [scored(task, program) for task in tasks])
        with tempfile.TemporaryDirectory() as folder:
            row(name, "built-in author's best", [best(name, scale, Path(folder)) for scale in SCALES])
        cases = [task.split("test")[0] for task in tasks]
        row(name, "trusted method", [f"{case.trusted:.1e}" for case in cases])
        row(name, "reference's own error", [f"{case.reference_error:.1e}" for case in cases])


def row(name: str, what: str, cells: list[str]) -> None:
    print(f"| {name} | {what} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
