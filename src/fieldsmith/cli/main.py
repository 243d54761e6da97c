"""The `fieldsmith` command: registers the commands and turns errors into one line and an exit code."""

import os
import signal
import sys

import typer

from fieldsmith.cli import doctor, evaluate, report, runs, sandbox, solve, tasks
from fieldsmith.cli.output import current
from fieldsmith.errors import FieldsmithError, MissingPart

app = typer.Typer(
    name="fieldsmith",
    help="Forge scientific code: submit a PDE, get a solver that is proven to be good.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


app.command()(solve.solve)
app.command()(evaluate.evaluate)
app.add_typer(tasks.app, name="tasks")
app.add_typer(runs.app, name="runs")
app.command()(report.report)
app.add_typer(sandbox.app, name="sandbox")
app.command()(doctor.doctor)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Entry point of the console script. SIGTERM ends every command as Ctrl-C does, so that nothing is left running."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        app()
    except FieldsmithError as error:
        current.error(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        current.interrupted()
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except OSError as error:
        if error.errno == 28:
            current.error(MissingPart(f"The disk is full: {error.filename or error}.", "Free some space and repeat."))
            sys.exit(3)
        raise


if __name__ == "__main__":
    main()
