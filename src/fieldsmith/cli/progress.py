"""What a person sees while a run goes on: a live line on a terminal and in a notebook, plain lines elsewhere."""

import importlib.util
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldsmith.cli.output import Output
from fieldsmith.evaluation.record import kind_lines, took_words
from fieldsmith.orchestrator.run import Asked
from fieldsmith.reports.plain import visible

if TYPE_CHECKING:
    from fieldsmith.orchestrator.run import Spend


class Progress:
    """Listens to a run, begun `elapsed` seconds ago. Live display goes to standard error, JSON events to standard output."""

    def __init__(self, output: Output, total: int, elapsed: float = 0.0) -> None:
        self.output, self.total = output, total
        self.live = (sys.stderr.isatty() or _in_notebook()) and not output.quiet and not output.json
        self._display: Any = None
        self._row: Any = None
        self._best = self._spend = ""
        self._count = 0
        self._begun = time.monotonic() - elapsed

    def begin(self, asked: Asked, folder: Path, sandbox_reason: str = "") -> None:
        parameters = ", ".join(f"{name} = {value:g}" for name, value in asked.parameters.items())
        where = f"{parameters}{'; ' if parameters else ''}{asked.scale} scale"
        reason = f", {sandbox_reason}" if sandbox_reason else ""
        self.output.progress(visible(f"{asked.title} ({where})"))
        self.output.progress(visible(f"Author:  {asked.author}, {asked.author_note}"))
        self.output.progress(visible(f"Sandbox: {asked.sandbox}{reason}"))
        self.output.progress(f"Run:     {folder}")
        self.output.event(
            "begin", {"run": str(folder), "task": asked.task, "author": asked.author, "sandbox": asked.sandbox}
        )

    def __enter__(self) -> "Progress":
        if self.live:
            from rich.console import Console
            from rich.progress import Progress as Display
            from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

            columns = (SpinnerColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
            self._display = Display(*columns, console=Console(stderr=True), transient=True)
            self._row = self._display.add_task("working", total=None)
            self._display.start()
            self.output.printer = lambda text: self._display.console.print(
                text, markup=False, highlight=False, soft_wrap=True
            )
        return self

    def __exit__(self, *_: object) -> None:
        if self._display is not None:
            self.output.printer = None
            self._display.stop()

    def event(self, kind: str, fields: Mapping[str, Any]) -> None:
        if kind == "data":
            if self._display is not None:
                self._describe(f"{fields['what']} {fields['share']:.0%}")
            else:
                self.output.making(fields["what"], fields["share"])
            return
        if kind == "receiving":  # too many for a log
            self._show(f"{visible(str(fields['slot']), 12)}: {fields['characters']} characters of its reply")
            return
        self.output.event(kind, fields)
        if kind == "candidate":
            self._candidate(fields)
        elif kind == "resumed":
            self._resumed(fields)
        elif kind == "testing":
            self._show("scoring the best on the test split")
        elif kind == "waiting":
            since = f" since {fields['since']}" if "since" in fields else ""
            self.output.progress(visible(f"Waiting for {fields['for']}{since}", 600))
        elif kind == "withdrawn":
            self._withdrawn(fields)
        elif kind == "note":
            self.output.progress(fields["message"])
        elif kind == "report_failed":
            self.output.progress(f"The report could not be written: {fields['message']}")
        else:
            self._show(f"candidate {fields.get('candidate')} in the making")

    def _candidate(self, fields: Mapping[str, Any]) -> None:
        dev = fields["dev"]
        self._count = fields["candidates"]
        figure = f"{dev['metric']} {dev['value']:.3e}  {_took(dev)}" if dev else visible(str(fields["feedback"]), 90)
        if fields.get("copy_of"):
            figure += f"  (the program of {visible(str(fields['copy_of']), 12)})"
        mark = "*" if fields["best"] == fields["candidate"] else " "
        plan = visible(fields["plan"], 44)
        self.output.progress(f"{mark} {fields['slot']:>5}  {fields['status']:<16} {plan:<44} {figure}")
        if fields["best_value"] is not None:
            self._best = f"best {fields['best_value']:.3e}"
        if fields["tokens"]:
            self._spend = used(fields["tokens"], fields["usd"], fields["estimated"])
        self._show("")

    def _withdrawn(self, fields: Mapping[str, Any]) -> None:
        """The run's end tells why an author has no more ideas, and what a fault was."""
        words = {"no_more_ideas": "the author has no more ideas", "fault": "a fault", "stopped": "stopped"}
        slot = visible(str(fields["slot"]), 12)
        self.output.progress(f"  {slot:>5}  withdrawn        {words[fields['reason']]}")

    def _resumed(self, fields: Mapping[str, Any]) -> None:
        self._count = fields["candidates"]
        best = f", best {fields['best_value']:.3e}" if fields["best_value"] is not None else ""
        self.output.progress(f"Resumes: {counted(self._count, 'candidate')} of earlier sittings{best}")

    def _describe(self, text: str) -> None:
        if self._display is not None:
            self._display.update(self._row, description=visible(text, 160))

    def _show(self, what: str) -> None:
        words = [f"{self._count}/{self.total} candidates", self._best, self._spend]
        if self._count:
            elapsed = time.monotonic() - self._begun
            words.append(f"about {elapsed / self._count * (self.total - self._count):.0f} s left")
        self._describe("  ".join(word for word in (*words, what) if word))

    def result(self, run: Any) -> None:
        """The result on standard output, after what a model's replies took."""
        if run.spend.uncounted or run.spend.input_tokens:
            self.output.say(f"Spent: {spent(run.spend)}, {run.spend.seconds:.0f} s. {run.message}".rstrip())
        tell_result(run, self.output.say)


def _took(score: Mapping[str, Any]) -> str:
    cpu = score.get("cpu_seconds")
    return f"{score['seconds']:.2f} s" if cpu is None else f"{cpu:.2f} s CPU"


def _in_notebook() -> bool:
    """Whether this is a notebook that can redraw a line, for which rich uses ipywidgets; without them it gets plain lines."""
    return "ipykernel" in sys.modules and importlib.util.find_spec("ipywidgets") is not None


def tell_result(run: Any, say: Callable[[str], None]) -> None:
    """The best program with its figures, and where its file and the report are."""
    if run.best is None:
        failed = sum(candidate.evaluation is not None for candidate in run.candidates)
        words = f"No program ran: {counted(failed, 'candidate')} failed." if failed else "No candidate ran."
        say(f"{words} Report: {run.folder / 'report.html'}")
        return
    evaluation = run.best.candidate.evaluation
    among = " of" if len(run.written) == len(run.candidates) else ", the best of"
    say(f"Best program: candidate {run.best.candidate.slot}{among} {len(run.written)}, {evaluation.status}")
    for split in ("dev", "test"):
        score = getattr(evaluation, split)
        if score is not None:
            trusted = "unknown" if score.trusted is None else f"{score.trusted:.3e}"
            reference = "unknown" if score.reference_error is None else f"{score.reference_error:.1e}"
            known = (
                f"geometric mean {score.geometric:.3e}   trusted {trusted}   reference error {reference}   "
                if score.value is None
                else ""
            )
            say(f"  {split:<4} {score.metric} {score.figure:.3e}   {known}{took_words(score)}")
            for line in kind_lines(score) if known else ():
                say(line)
    say(f"Solver: {run.folder / 'best' / 'solver.py'}")
    say(f"Report: {(run.folder / 'report.html').resolve().as_uri()}")


def spent(spend: "Spend") -> str:
    """Tokens and price of what a run has used."""
    return used(spend.input_tokens + spend.output_tokens, spend.usd, spend.estimated, spend.uncounted)


def used(tokens: int, usd: float | None, estimated: bool = False, uncounted: bool = False) -> str:
    """Tokens and price in words; those that were estimated, or not counted at all, are said to be."""
    price = "price unknown"
    if usd is not None:
        price = f"{'about ' if estimated and usd else ''}${f'{usd:.2f}' if usd >= 0.01 or not usd else f'{usd:.1g}'}"
    if not tokens:
        return f"tokens unknown, {price}" if uncounted else price
    more = "more than " if uncounted else "about " if estimated else ""
    why = " (estimated)" if estimated else ""
    return f"{more}{counted(tokens, 'token')}{why}, {price}"


def counted(count: int, thing: str) -> str:
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"
