"""A line that is redrawn while something goes on: on a terminal and in a notebook; nothing elsewhere."""

import importlib.util
import sys
from collections.abc import Callable
from typing import Any

from fieldsmith.cli.output import Output
from fieldsmith.reports.plain import visible


class Live:
    """Shows how long the block has taken and what `text` says, asked anew whenever it is drawn, on standard error; several: it may be lines."""

    def __init__(self, output: Output, text: Callable[[], str], several: bool = False) -> None:
        self._output, self._text, self._several = output, text, several
        self.on = (sys.stderr.isatty() or _in_notebook()) and not output.quiet and not output.json
        self._display: Any = None

    def __enter__(self) -> "Live":
        if self.on:
            from rich.console import Console
            from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

            columns = (SpinnerColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
            self._display = Progress(*columns, console=Console(stderr=True), transient=True)
            self._display.add_task(_Asked(self._text, self._several), total=None)
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
    def __init__(self, text: Callable[[], str], several: bool) -> None:
        self._text, self._several = text, several

    def __format__(self, _: str) -> str:
        text = self._text()
        return "\n".join(visible(line, 160) for line in (text.split("\n") if self._several else [text]))


def _in_notebook() -> bool:
    """Whether this is a notebook that can redraw a line, for which rich uses ipywidgets; without them it gets plain lines."""
    return "ipykernel" in sys.modules and importlib.util.find_spec("ipywidgets") is not None
