"""A command of the person's that hears of a run's end, such as a notification."""

import contextlib
import json
import math
import os
import signal
import subprocess
import sys
from pathlib import Path

from fieldsmith.errors import FieldsmithError
from fieldsmith.orchestrator import record
from fieldsmith.orchestrator.result import run_fields
from fieldsmith.orchestrator.run import RunRecord

SECONDS = 60.0
TAIL = 300


def tell(command: str | None, folder: Path) -> str:
    """Run the hook, whatever ended the run; a complaint about it, since what is wrong with it must not hide that."""
    if command is None:
        return ""
    try:
        run = record.load_run(folder)
        return run_hook(command, run, run_fields(run))
    except FieldsmithError as error:
        return f"--on-finish was not run: {error}"


def run_hook(command: str, run: RunRecord, result: dict[str, object]) -> str:
    """Run a shell command with the run's result as JSON on its standard input; what it complained of, else nothing.

    Its environment has FIELDSMITH_RUN and FIELDSMITH_REPORT (paths), FIELDSMITH_STATE (done, interrupted or failed),
    FIELDSMITH_TASK, FIELDSMITH_MESSAGE and FIELDSMITH_NRMSE (test error, or dev error before the test; empty where no
    program ran). What it prints goes to standard error. It never changes how the run ends.
    """
    try:
        process = subprocess.Popen(
            command,
            shell=True,
            stdin=subprocess.PIPE,
            stdout=sys.stderr.fileno() if _has_stream() else subprocess.DEVNULL,
            env={**os.environ, **_facts(run)},
            text=True,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        return f"--on-finish could not be started: {error}."
    try:
        with contextlib.suppress(BrokenPipeError):
            process.communicate(json.dumps({"state": run.state, "message": run.message, **result}), SECONDS)
        code = process.wait(SECONDS)
    except subprocess.TimeoutExpired:
        return f"--on-finish took longer than {SECONDS:g} s and was ended."
    finally:
        if process.poll() is None:
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return f"--on-finish ended with exit code {code}." if code else ""


def _has_stream() -> bool:
    try:
        sys.stderr.fileno()
    except (OSError, ValueError, AttributeError):
        return False
    return True


def _facts(run: RunRecord) -> dict[str, str]:
    folder = Path(run.folder).resolve()
    score = None
    if run.best is not None and (evaluation := run.best.candidate.evaluation) is not None:
        score = evaluation.test or evaluation.dev
    return {
        "FIELDSMITH_RUN": str(folder),
        "FIELDSMITH_REPORT": str(folder / "report.html"),
        "FIELDSMITH_STATE": run.state,
        "FIELDSMITH_TASK": run.asked.task,
        "FIELDSMITH_MESSAGE": run.message,
        "FIELDSMITH_NRMSE": f"{score.nrmse:.6e}" if score and math.isfinite(score.nrmse) else "",
        "FIELDSMITH_METRIC": score.metric if score else "",
        "FIELDSMITH_VALUE": f"{score.figure:.6e}" if score else "",
    }
