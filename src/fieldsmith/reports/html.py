"""The report of a run: one HTML file that opens offline."""

import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from fieldsmith.agents.author import Candidate
from fieldsmith.evaluation.evaluation import Evaluation, Score
from fieldsmith.evaluation.feedback import times
from fieldsmith.orchestrator.record import write_text
from fieldsmith.orchestrator.run import RunRecord
from fieldsmith.reports import charts
from fieldsmith.reports.candidates import described, plan_rows
from fieldsmith.reports.numbers import finite, number
from fieldsmith.reports.pictures import drawn
from fieldsmith.reports.plain import clean, visible
from fieldsmith.reports.texts import Texts, script_safe

MOST_BYTES = 5_500_000
"""A page can be mailed: what it embeds stays below this, whatever a run has written."""
TEXT_LIMITS = (60_000, 30_000, 16_000, 8_000, 4_000, 2_000, 1_000, 400, 160)
"""Characters that are shown of each text; the first with which the page is small enough."""
REFRESH_SECONDS = 10.0
SCRIPTS = ("basics", "colours", "plots", "save", "fields", "charts", "candidate", "tree", "page")

_environment = Environment(
    loader=PackageLoader("fieldsmith.reports", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def write_report(run: RunRecord, path: Path) -> None:
    """Write the report of a run, finished or not, in one step."""
    write_text(path, render(run))


def render(run: RunRecord, refresh: float = REFRESH_SECONDS) -> str:
    """The page as text. Whatever programs and models wrote stands in it as text, never as markup.

    The page of a run that is going on loads itself again every `refresh` seconds.
    """
    best = run.best.candidate if run.best else None
    evaluation = best.evaluation if best else None
    asked = replace(
        run.asked,
        **{name: visible(getattr(run.asked, name)) for name in ("title", "author", "author_note", "strategy", "data")},
    )
    return _environment.get_template("report.html.jinja").render(
        run=run,
        asked=asked,
        parameters=[(visible(name, 40), value) for name, value in run.asked.parameters.items()],
        statement=clean(run.asked.statement),
        command=visible(run.asked.command),
        message=visible(run.message),
        written=time.strftime("%Y-%m-%d %H:%M:%S"),
        best=best,
        best_slot=visible(best.slot, 20) if best else "",
        verdict=_verdict(run, best),
        plan=plan_rows(best.proposal.plan) if best and best.proposal else [],
        evaluation=evaluation,
        score=(evaluation.test or evaluation.dev) if evaluation else None,
        ratio=_ratio((evaluation.test or evaluation.dev) if evaluation else None),
        figures=_figures(evaluation.dev, evaluation.test) if evaluation else [],
        fields=_fields(evaluation.dev, evaluation.test) if evaluation else [],
        resolved=_resolved(evaluation),
        spend=charts.spend_by_author(run.candidates),
        data=Markup(_data(run, refresh)),
        scripts=[f"{name}.js" for name in SCRIPTS],
        number=number,
        visible=visible,
    )


def _data(run: RunRecord, refresh: float) -> str:
    """All that the page's scripts draw, as JSON, cut down until it fits."""
    best = run.best.candidate if run.best else None
    pictures = drawn(run.best.pictures if run.best else ())
    fixed = {
        "state": run.state,
        "refresh": refresh if run.state == "running" else 0,
        "written": time.time(),
        "name": visible(run.asked.task, 40),
        "pictures": pictures,
        "charts": _charts(run, best),
    }
    text = ""
    for limit in TEXT_LIMITS:
        texts = Texts(limit)
        rows = described(run.candidates, best, texts, coloured=limit > 1_000)
        text = script_safe({**fixed, "candidates": rows, "texts": texts.table()})
        if len(text.encode("utf-8", "replace")) <= MOST_BYTES:
            break
    return text


def _charts(run: RunRecord, best: Candidate | None) -> dict[str, Any]:
    found = charts.points(run.candidates)
    study = charts.convergence(best.evaluation if best else None)
    return {
        "floor": charts.floor(run.candidates),
        "front": [point.candidate for point in charts.front(found)],
        "progress": [asdict(step) | {"slot": visible(step.slot, 20)} for step in charts.progress(run.candidates)],
        "convergence": asdict(study) if study else None,
    }


def _verdict(run: RunRecord, best: Candidate | None) -> str:
    """The outcome in a sentence, for whoever reads no further."""
    evaluation = best.evaluation if best else None
    score = (evaluation.test or evaluation.dev) if evaluation else None
    if score is None or best is None:
        return ""
    count = len(run.candidates)
    words = f"Candidate {visible(best.slot, 20)} is the best of {count}" if count > 1 else "One program was written"
    ratio = _ratio(score)
    if score.reference_error is not None and score.nrmse < 2.0 * score.reference_error:
        return f"{words}: its error is of the size of the reference's own, or below."
    if ratio is None:
        return f"{words}."
    if ratio <= 1.05:
        return f"{words}: it reaches the floor, what the trusted method gets from the same inputs."
    return f"{words}: its error is {times(ratio)} times the floor, what the trusted method gets from the same inputs."


def _figures(dev: Score | None, test: Score | None) -> list[tuple[str, Markup, Markup, str]]:
    def both(name: str, digits: int = 2) -> tuple[Markup, Markup]:
        return tuple(number(getattr(score, name), digits) if score else Markup("–") for score in (dev, test))  # type: ignore[return-value]

    names = [
        ("nRMSE", "nrmse", 2, "mean over samples of the relative error in time and space"),
        ("floor", "floor", 2, "what the trusted method reaches from the same inputs"),
        ("reference error", "reference_error", 1, "estimated error of the reference itself"),
        ("nRMSE, smooth samples", "smooth_nrmse", 2, "samples without kinks and windows"),
        ("largest error", "max_error", 2, "anywhere, in any sample"),
        ("order of convergence", "order", 2, "on smooth data; a dash where it could not be told"),
        ("drift of conserved totals", "drift", 1, "relative to their size at the start"),
        ("wall time, s", "seconds", 2, "of the call, seen from the host"),
        ("CPU time, s", "cpu_seconds", 2, ""),
        ("peak memory, MB", "peak_mb", 1, ""),
    ]
    rows = [(label, *both(name, digits), why) for label, name, digits, why in names]
    ratios = [number(_ratio(score), 2) for score in (dev, test)]
    return [*rows[:2], ("nRMSE / floor", *ratios, "1 means that nothing is left to win"), *rows[2:]]  # type: ignore[list-item]


def _ratio(score: Score | None) -> float | None:
    return finite(score.nrmse / score.floor) if score and score.floor else None


def _resolved(evaluation: Evaluation | None) -> str:
    """A word of caution where the reference is too coarse to tell how good the program is."""
    for name, score in (("test", evaluation.test), ("dev", evaluation.dev)) if evaluation else ():
        if score and score.reference_error is not None and score.nrmse < 2.0 * score.reference_error:
            return f"The {name} error is of the size of the reference's own, or below: the program may be better than the figure says."
    return ""


def _fields(dev: Score | None, test: Score | None) -> list[tuple[str, Markup, Markup]]:
    """nRMSE of each field on dev and test; nothing where there is only one field."""
    score = test or dev
    if score is None or len(score.fields) < 2:
        return []

    def shown(split: Score | None, name: str) -> Markup:
        figures: Mapping[str, float] = split.fields if split else {}
        return number(figures.get(name))

    return [(visible(name, 40), shown(dev, name), shown(test, name)) for name in score.fields]
