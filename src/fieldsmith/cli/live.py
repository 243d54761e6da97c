"""A line that is redrawn while something goes on: on a terminal and in a notebook; nothing elsewhere."""

import importlib.util
import sys
from collections.abc import Callable
from typing import Any

from fieldsmith.cli.output import Output
from fieldsmith.reports.plain import visible


class Live:
    """Shows how long the block has taken and what `text` says, asked anew whenever the line is drawn, on standard error."""

    def __init__(self, output: Output, text: Callable[[], str]) -> None:
        self._output, self._text = output, text
        self.on = (sys.stderr.isatty() or _in_notebook()) and not output.quiet and not output.json
        self._display: Any = None

    def __enter__(self) -> "Live":
        if self.on:
            from rich.console import Console
            from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

            columns = (SpinnerColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
            self._display = Progress(*columns, console=Console(stderr=True), transient=True)
            self._display.add_task(_Asked(self._text), total=None)
            self._display.start()
            self._output.printer = self._above
        return self

    def __exit__(self, *_: object) -> None:
        if self._display is not None:
            self._output.printer = None
            self._display.stop()

    def _above(self, text: str) -> None:
        self._display.console.print(text, markup=False, highlight=False, soft_wrap=True)


class _Asked:
    def __init__(self, text: Callable[[], str]) -> None:
        self._text = text

    def __format__(self, _: str) -> str:
        return visible(self._text(), 160)


def _in_notebook() -> bool:
    """Whether this is a notebook that can redraw a line, for which rich uses ipywidgets; without them it gets plain lines."""
    return "ipykernel" in sys.modules and importlib.util.find_spec("ipywidgets") is not None
