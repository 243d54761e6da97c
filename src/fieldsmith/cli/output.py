"""How every command speaks: people read standard error and a short result, machines read JSON lines."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fieldsmith.cli.terminal import columns
from fieldsmith.errors import FieldsmithError


class ClosedPipe(Exception):
    """Nobody reads standard output any more."""


@dataclass
class Output:
    """Where a command's words go. With `json` only JSON lines reach standard output; `quiet` drops progress."""

    json: bool = False
    quiet: bool = False
    resumes: bool = False
    """Whether the same command takes up an interrupted one."""
    printer: Callable[[str], None] | None = None
    """Prints above a live display while there is one."""
    made: str = ""
    """What was being made last."""

    def event(self, kind: str, fields: Mapping[str, object]) -> None:
        """One JSON line, flushed so that a pipe sees it at once; nothing without --json."""
        if self.json:
            content = {"event": kind, **fields}
            try:
                line = json.dumps(content, default=str, allow_nan=False)
            except ValueError:  # a model may have written NaN into a call, which is no JSON
                line = json.dumps(json.loads(json.dumps(content, default=str), parse_constant=str))
            self._print(line)

    def say(self, text: str) -> None:
        """A line of the result, for people."""
        if not self.json:
            self._print(text)

    def _print(self, line: str) -> None:
        try:
            print(line, flush=True)
        except BrokenPipeError:
            # typer would end with 1, which means something else.
            raise ClosedPipe from None

    def progress(self, text: str) -> None:
        """A line about what is going on, on standard error."""
        if self.printer is not None:
            self.printer(text)
        elif not self.quiet:
            print(text, file=sys.stderr, flush=True)

    def making(self, what: str, share: float) -> None:
        """Progress of making data: a line that is redrawn on a terminal; in a pipe a line at the start, at the end, and where something else is made."""
        if self.quiet:
            return
        if sys.stderr.isatty():
            end = "\n" if share >= 1.0 else ""
            print(f"\r\033[K{_bar(what, share, columns(sys.stderr) - 1)}", end=end, file=sys.stderr, flush=True)
        elif share <= 0.0 or share >= 1.0:
            print(f"{what}: {'started' if share <= 0.0 else 'done'}", file=sys.stderr, flush=True)
        elif what != self.made:
            print(what, file=sys.stderr, flush=True)
        self.made = what

    def interrupted(self) -> None:
        """The last words of a command that was interrupted."""
        hint = "The same command resumes." if self.resumes else ""
        self.event("error", {"kind": "interrupted", "reason": "interrupted", "message": "Interrupted.", "hint": hint})
        print(f"fieldsmith: Interrupted. {hint}".strip(), file=sys.stderr, flush=True)

    def error(self, error: FieldsmithError) -> None:
        """The last line on standard error, and with --json the last line of standard output."""
        told = {"kind": error.kind, "reason": error.kind, "message": error.message, "hint": error.hint}
        self.event("error", told)
        self.failed(str(error))

    def failed(self, why: str) -> None:
        """The last line on standard error of a command whose result is not good enough, or that has none."""
        from fieldsmith.reports.plain import visible

        # A provider's words may stand in the message; its terminal codes must not reach the terminal.
        print(f"fieldsmith: {visible(why)}", file=sys.stderr, flush=True)


def _bar(what: str, share: float, room: int) -> str:
    """What is made and how much of it is done, in one line of at most `room` characters."""
    length = min(24, room - len(what) - 6)
    if length < 4:
        return f"{what[: max(0, room - 5)]} {share:4.0%}"
    filled = round(length * share)
    return f"{what} {'█' * filled}{'░' * (length - filled)} {share:4.0%}"


current = Output()
"""The output of the command that is running; each command sets `json` and `quiet` from its options first."""
