"""The `fieldsmith` command: registers the commands and turns errors into one line and an exit code."""

import errno
import os
import signal
import sys
from typing import Annotated, Any

import typer

from fieldsmith.cli import doctor, evaluate, report, runs, sandbox, solve, tasks
from fieldsmith.cli.output import current
from fieldsmith.errors import FieldsmithError, InputError

app = typer.Typer(
    name="fieldsmith",
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


INTERRUPTED = 130
CommandLineError = typer.BadParameter.__mro__[2]
"""Any complaint of the command line's parser; typer exports only this one of its descendants."""


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        current.say(f"fieldsmith {version('fieldsmith')}")
        raise typer.Exit


@app.callback()
def fieldsmith(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Forge scientific code: submit a PDE, get a solver that is proven to be good."""


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Entry point of the console script. SIGTERM ends every command as Ctrl-C does, so that nothing is left running."""
    signal.signal(signal.SIGTERM, _interrupt)
    current.json = "--json" in sys.argv  # for words about the command line itself; commands set it again
    try:
        code = app(standalone_mode=False)
        sys.stdout.flush()
        if code == INTERRUPTED:  # typer turns Ctrl-C into the code and says nothing
            current.interrupted()
    except (KeyboardInterrupt, typer.Abort):
        current.interrupted()
        code = INTERRUPTED
    except FieldsmithError as error:
        current.error(error)
        code = error.exit_code
    except BrokenPipeError:
        code = _no_more_output(141)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        print(f"fieldsmith: The disk is full: {error.filename or error}. Free some space and repeat.", file=sys.stderr)
        code = _no_more_output(3)
    except Exception as error:
        if not isinstance(error, CommandLineError):
            raise
        _misused(error)
        code = 2
    sys.exit(code if isinstance(code, int) else 0)


def _misused(error: Any) -> None:
    """A complaint of the parser as one line; where it has shown the help already, nothing."""
    words = error.format_message().rstrip(".")
    place = error.ctx.command_path if getattr(error, "ctx", None) else "fieldsmith"
    if words:
        current.error(InputError(f"{words}.", f"`{place} --help` says what is known."))


def _no_more_output(code: int) -> int:
    """Nobody reads standard output, or it cannot be written: what is buffered is dropped."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


if __name__ == "__main__":
    main()
