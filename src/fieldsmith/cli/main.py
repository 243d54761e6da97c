"""The `fieldsmith` command: registers the commands and turns errors into one line and an exit code."""

import gc
import os
import shlex
import signal
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Annotated, Any

import typer

from fieldsmith.cli import (
    benches,
    compare,
    doctor,
    env,
    evaluate,
    mcp,
    operators,
    problem,
    report,
    runs,
    sandbox,
    scaling,
    solve,
    tasks,
)
from fieldsmith.cli.output import ClosedPipe, current
from fieldsmith.cli.terminal import narrow, prepare
from fieldsmith.errors import FieldsmithError, InputError, disk_trouble
from fieldsmith.plugins import fault_of_others

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
app.add_typer(problem.app, name="problem")
app.add_typer(env.app, name="env")
app.add_typer(operators.app, name="operators")
app.add_typer(runs.app, name="runs")
app.add_typer(benches.app, name="bench")
app.command()(compare.compare)
app.command()(scaling.scaling)
app.add_typer(mcp.app, name="mcp")
app.command()(report.report)
app.add_typer(sandbox.app, name="sandbox")
app.command()(doctor.doctor)


INTERRUPTED, CLOSED_PIPE = 130, 141
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
    if any(Path(tempfile.gettempdir()).glob("fieldsmith-*-*-*-*")):  # only then is it worth the time that imports take
        from fieldsmith.sandboxes import remove_leftovers

        remove_leftovers()


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Entry point of the console script. SIGTERM and a closed terminal end every command as Ctrl-C does."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup
            signal.signal(number, _interrupt)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started this
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
    prepare()
    if narrow():
        app.rich_markup_mode = None
    current.json = "--json" in sys.argv  # for words about the command line itself; commands set it again
    code = _run()
    # What is left to do must not be broken off by an impatient second Ctrl-C.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    gc.freeze()  # the interpreter would look through all that was imported for garbage before it ends
    sys.exit(code if isinstance(code, int) else 0)


def _run() -> object:
    """Run the command; its exit code."""
    try:
        code = app(standalone_mode=False)
        sys.stdout.flush()
        if code == INTERRUPTED:  # typer turns Ctrl-C into the code and says nothing
            current.interrupted()
        return code
    except (KeyboardInterrupt, typer.Abort):
        current.interrupted()
        return INTERRUPTED
    except FieldsmithError as error:
        current.error(error)
        return error.exit_code
    except ClosedPipe:
        return _no_more_output(CLOSED_PIPE)
    except Exception as error:
        if words := disk_trouble(error):
            where = getattr(error, "filename", None) or error
            print(f"fieldsmith: {words}: {where}. Mend that and repeat.", file=sys.stderr)
            return _no_more_output(3)
        if isinstance(error, CommandLineError):
            _misused(error)
            return 2
        return _unforeseen(error)


def _unforeseen(error: Exception) -> int:
    """A fault of this program, or of a person's own code: one line, and all that helps to mend it in a file."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="fieldsmith-fault-", suffix=".txt", encoding="utf-8", errors="replace", delete=False
    ) as file:
        print(shlex.join(sys.argv), file=file)
        traceback.print_exception(error, file=file)
    words = f"An unforeseen fault, {type(error).__name__}: {' '.join(str(error).split())[:200]}."
    told = fault_of_others(error) or FieldsmithError(words)
    told.hint = f"{told.hint} Its traceback is in {file.name}.".strip()
    current.error(told)
    return told.exit_code


def _misused(error: Any) -> None:
    """A complaint of the parser as one line; where it has shown the help already, nothing."""
    words = error.format_message()
    place = error.ctx.command_path if getattr(error, "ctx", None) else "fieldsmith"
    if words:
        ended = words.endswith((".", "?", "!"))
        current.error(InputError(words if ended else f"{words}.", f"`{place} --help` says what is known."))


def _no_more_output(code: int) -> int:
    """Nobody reads standard output, or it cannot be written: what is buffered is dropped."""
    if code == CLOSED_PIPE and current.resumes:
        print("fieldsmith: Nobody reads the output any more. The same command resumes.", file=sys.stderr, flush=True)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


if __name__ == "__main__":
    main()
