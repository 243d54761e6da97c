"""What a person sees while a run goes on: a live line on a terminal and in a notebook, plain lines elsewhere."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldsmith.cli.live import Live
from fieldsmith.cli.output import Output
from fieldsmith.evaluation.record import kind_lines, known_words, took_words
from fieldsmith.orchestrator.met import met_by
from fieldsmith.orchestrator.run import SOLUTION, Asked
from fieldsmith.reports.plain import visible
from fieldsmith.tasks.places import is_problem_file

if TYPE_CHECKING:
    from fieldsmith.orchestrator.run import Spend


class Progress:
    """Listens to a run, begun `elapsed` seconds ago. Live display goes to standard error, JSON events to standard output."""

    def __init__(self, output: Output, total: int, elapsed: float = 0.0) -> None:
        self.output, self.total = output, total
        self._live = Live(output, self.line)
        self._best = self._spend = self._said = self._making = ""
        self._told = ("", 0)
        """Of data that is made: what, and how many tenths of it."""
        self._evaluated: dict[str, float] = {}
        """What is being evaluated, and since when."""
        self._count = 0
        self._begun = time.monotonic() - elapsed

    def begin(self, asked: Asked, folder: Path, sandbox_reason: str = "") -> None:
        parameters = ", ".join(f"{name} = {value:g}" for name, value in asked.parameters.items())
        scale = "" if is_problem_file(asked.place) else f"{asked.scale} scale"  # its own file says how many points
        where = "; ".join(filter(None, (parameters, scale)))
        reason = f", {sandbox_reason}" if sandbox_reason else ""
        self.output.progress(visible(f"{asked.title} ({where})" if where else asked.title))
        if asked.judged_by:
            self.output.progress(visible(f"Judged by {asked.judged_by}", 600))
        self.output.progress(visible(f"Author:  {asked.author}, {asked.author_note}"))
        self.output.progress(visible(f"Sandbox: {asked.sandbox}{reason}"))
        self.output.progress(f"Run:     {folder}")
        self.output.event(
            "begin", {"run": str(folder), "task": asked.task, "author": asked.author, "sandbox": asked.sandbox}
        )

    def __enter__(self) -> "Progress":
        self._live.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.__exit__()

    def event(self, kind: str, fields: Mapping[str, Any]) -> None:
        if kind == "data":
            self._making = f"{fields['what']} {fields['share']:.0%}"
            told = str(fields["what"]), int(10 * float(fields["share"]))
            if told != self._told:
                self._told = told
                self.output.event(kind, fields)
            if not self._live.on:
                self.output.making(fields["what"], fields["share"])
            return
        self._making = ""
        if kind == "receiving":  # too many for a log
            self._said = f"{visible(str(fields['slot']), 12)}: {fields['characters']} characters of its reply"
            return
        if kind == "evaluating":  # for whoever looks on, as its end is told soon enough
            self._evaluated[visible(str(fields["slot"]), 12)] = time.monotonic()
            return
        self.output.event(kind, fields)
        if kind == "candidate":
            self._candidate(fields)
        elif kind == "resumed":
            self._resumed(fields)
        elif kind == "testing":
            self._evaluated, self._said = {"the best on the test split": time.monotonic()}, ""
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
            self._said = f"candidate {fields.get('candidate')} in the making"

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
        self._over(fields)

    def _over(self, fields: Mapping[str, Any]) -> None:
        self._evaluated.pop(visible(str(fields["slot"]), 12), None)
        self._said = ""

    def _withdrawn(self, fields: Mapping[str, Any]) -> None:
        """The run's end tells why an author has no more ideas, and all of a fault."""
        fault = f"a fault: {visible(str(fields.get('why', '')), 120)}".rstrip(": ")
        words = {"no_more_ideas": "the author has no more ideas", "fault": fault, "stopped": "stopped"}
        slot = visible(str(fields["slot"]), 12)
        self._over(fields)
        self.output.progress(f"  {slot:>5}  withdrawn        {words[fields['reason']]}")

    def _resumed(self, fields: Mapping[str, Any]) -> None:
        self._count = fields["candidates"]
        best = f", best {fields['best_value']:.3e}" if fields["best_value"] is not None else ""
        self.output.progress(f"Resumes: {counted(self._count, 'candidate')} of earlier sittings{best}")

    def line(self) -> str:
        """What the live line says at this moment: how far the run is, and what is being evaluated for how long."""
        now = time.monotonic()
        running = ", ".join(f"{slot} ({now - since:.0f} s)" for slot, since in list(self._evaluated.items()))
        left = (now - self._begun) / self._count * (self.total - self._count) if self._count else 0.0
        words = (
            f"{self._count}/{self.total} candidates",
            f"evaluating {running}" if running else "",
            self._said,
            self._best,
            self._spend,
            f"about {left:.0f} s left" if left else "",
        )
        return self._making or ", ".join(filter(None, words))

    def result(self, run: Any) -> None:
        """The result on standard output, after what a model's replies took."""
        if run.spend.uncounted or run.spend.input_tokens:
            self.output.say(f"Spent: {spent(run.spend)}, {run.spend.seconds:.0f} s. {run.message}".rstrip())
        elif run.asked.accuracy is not None and run.message:
            self.output.say(run.message)
        tell_result(run, self.output.say)


def _took(score: Mapping[str, Any]) -> str:
    cpu = score.get("cpu_seconds")
    return f"{score['seconds']:.2f} s" if cpu is None else f"{cpu:.2f} s CPU"


def tell_result(run: Any, say: Callable[[str], None]) -> None:
    """The best program with its figures, and where it, its solution and the report are."""
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
            known = f"{known_words(score)}   " if score.value is None else ""
            say(f"  {split:<4} {score.metric} {score.figure:.3e}   {known}{took_words(score)}")
            for line in kind_lines(score) if known else ():
                say(line)
    if met := met_by(run):
        say(str(met))
    from fieldsmith.orchestrator.film import GIF

    best = run.folder / "best"
    say(f"Solver: {best / 'solver.py'}")
    for name, file in (("Solution", SOLUTION), ("Film", GIF)):
        if run.asked.accuracy is not None and (best / file).is_file():
            say(f"{name}: {best / file}")
    say(f"Report: {(run.folder / 'report.html').resolve().as_uri()}")


def spent(spend: "Spend") -> str:
    """Tokens and price of what a run has used, what a cache of prompts saved, and what came to nothing."""
    words = used(spend.input_tokens + spend.output_tokens, spend.usd, spend.estimated, spend.uncounted)
    if spend.cached_tokens:
        saved = "" if spend.saved_usd is None else f", saving ${spend.saved_usd:.2g}"
        words += f" ({counted(spend.cached_tokens, 'token')} from the provider's cache{saved})"
    if spend.lost_tokens:
        words += f" ({counted(spend.lost_tokens, 'token')} for attempts that came to nothing)"
    return words


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
