"""The report of a run: one HTML file that opens offline."""

import math
import time
from collections.abc import Container, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from fieldsmith.agents.author import Candidate
from fieldsmith.evaluation.evaluation import Evaluation, Score
from fieldsmith.orchestrator.claims import counted
from fieldsmith.orchestrator.course import course_fields
from fieldsmith.orchestrator.met import met_by
from fieldsmith.orchestrator.record import write_text
from fieldsmith.orchestrator.run import RunRecord
from fieldsmith.reports import charts
from fieldsmith.reports.beside import kept
from fieldsmith.reports.candidates import plan_rows
from fieldsmith.reports.made import made_with
from fieldsmith.reports.numbers import number, unbroken
from fieldsmith.reports.pictures import curves, drawn, film_of, numbers, undrawn
from fieldsmith.reports.plain import clean, cut, visible
from fieldsmith.reports.scaling_page import of_run
from fieldsmith.reports.space import Fitted, fitted
from fieldsmith.reports.texts import script_safe
from fieldsmith.reports.verdict import caution, compared, ratio, verdict
from fieldsmith.strategies.choosing import why_chosen

MOST_BYTES = 5_400_000
"""A page can be mailed: what it embeds stays below this, whatever a run has written, and the rest of it is small."""
MOST_ROWS = 40
"""Of a table of authors, parameters, fields or notes."""
MOST_SAMPLES = 1000
REFRESH_SECONDS = 10.0
SCRIPTS = (
    "basics", "colours", "plots", "marks", "save", "pictures", "maps", "lines", "fields", "charts", "samples", "overtime", "effects", "code", "long",
    "candidate", "tree", "theme", "watch", "page",
)  # fmt: skip

environment = Environment(
    loader=PackageLoader("fieldsmith.reports", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
environment.filters["unbroken"] = unbroken


def write_report(run: RunRecord, path: Path) -> None:
    """Write the report of a run, finished or not, in one step."""
    write_text(path, render(run))


def render(run: RunRecord, refresh: float = REFRESH_SECONDS) -> str:
    """The page as text. Whatever programs and models wrote stands in it as text, never as markup.

    The page of a run that is going on loads itself again every `refresh` seconds.
    """
    best = run.best.candidate if run.best else None
    evaluation = best.evaluation if best else None
    score = (evaluation.test or evaluation.dev) if evaluation else None
    asked = replace(
        run.asked,
        **{n: visible(getattr(run.asked, n), 600) for n in ("title", "author", "author_note", "judged_by")},
    )
    spend = charts.spend_by_author(run.candidates)
    film = film_of(run.folder) if run.best else ""
    data, left_out = _data(run, refresh, len(film))
    pictures = run.best.pictures if run.best else ()
    return environment.get_template("report.html.jinja").render(
        run=run,
        asked=asked,
        parameters=[(visible(name, 40), value) for name, value in run.asked.parameters.items()][:MOST_ROWS],
        statement=_statement(run.asked.statement),
        command=visible(run.asked.call, 8_000),
        message=visible(run.message, 2_000),
        waiting=[visible(str(one), 600) for one in run.waiting[:MOST_ROWS]],
        written=time.strftime("%Y-%m-%d %H:%M:%S"),
        best=best,
        best_slot=visible(best.slot, 40) if best else "",
        chosen_for=visible(why_chosen(best, run.candidates), 400) if best else "",
        verdict=verdict(run, best),
        plan=plan_rows(best.proposal.plan) if best and best.proposal else [],
        evaluation=evaluation,
        notes=[visible(note, 400) for note in evaluation.notes[:MOST_ROWS]] if evaluation else [],
        score=score,
        ratio=ratio(score),
        compared_to_trusted=compared(score),
        figures=_figures(evaluation.dev, evaluation.test) if evaluation else [],
        met=met_by(run),
        course=_course(run),
        rises=charts.rises(run.candidates),
        kinds=_kinds(score),
        fields=_fields(evaluation.dev, evaluation.test)[:MOST_ROWS] if evaluation else [],
        measure="error" if best is None or score is None or score.value is None else visible(score.metric, 40),
        resolved=caution(evaluation),
        drawn=any(picture.axes for picture in pictures),
        compared=any(picture.reference is not None for picture in pictures),
        numbers=numbers(pictures),
        undrawn=undrawn(pictures),
        film=film,
        made=made_with(run.asked),
        spend=spend[:MOST_ROWS],
        scaling=of_run(run) if run.state == "done" else None,
        beside=kept(run.folder),
        more_authors=max(0, len(spend) - MOST_ROWS),
        data=Markup(data),
        left_out=left_out,
        sheets=(),
        scripts=[f"{name}.js" for name in SCRIPTS],
        number=number,
        visible=visible,
    )


def _statement(text: str) -> str:
    head, (characters, _), tail = cut(text, 20_000)
    gap = f"\n[… {characters} characters left out; the whole is in run.toml …]\n" if characters else ""
    return clean(f"{head}{gap}{tail}")


def _data(run: RunRecord, refresh: float, besides: int) -> tuple[str, list[str]]:
    """All that the page's scripts draw, as JSON, and in words what there was no room for; `besides` bytes are taken by other things."""
    best = run.best.candidate if run.best else None
    fixed = {
        "state": run.state,
        "refresh": refresh if run.state == "running" else 0,
        "written": time.time(),
        "what": "a candidate",
        "name": visible(run.asked.task, 40),
        "metric": visible(charts.ordinate(run.candidates).metric, 40),
        "pictures": drawn(run.best.pictures if run.best else ()),
    }
    steps = {step.candidate: script_safe(_step(step)) for step in charts.progress(run.candidates)}
    room = MOST_BYTES - besides - len(script_safe(fixed))
    found = fitted(run.candidates, best, room, {number: len(step) + 1 for number, step in steps.items()})
    charted = script_safe(_charts(run, best, found.rows))
    progress = ",".join(step for number, step in steps.items() if number in found.rows)
    text = (
        f'{script_safe(fixed)[:-1]},"charts":{charted[:-1]},"progress":[{progress}]}},'
        f'"candidates":[{",".join(found.rows.values())}],"texts":{found.texts}}}'
    )
    return text, _left_out(found)


def _left_out(found: Fitted) -> list[str]:
    words = []
    if found.shortened:
        words.append(
            f"To keep this page small, texts of {found.shortened} of these candidates are shortened or left out; "
            "the whole is in the run's folder, in candidates/, where each has a folder of its own."
        )
    if found.left_out:
        words.append(
            f"{found.left_out} further candidates are left out, failures first; they are in candidates/ too. "
            "The sums above count them."
        )
    return words


def _step(step: charts.Step) -> dict[str, Any]:
    return {name: value for name, value in asdict(step).items() if name not in ("slot", "status")}


def _charts(run: RunRecord, best: Candidate | None, shown: Container[int]) -> dict[str, Any]:
    study = charts.convergence(best.evaluation if best else None)
    ordinate = charts.ordinate(run.candidates)
    front = charts.front(charts.points(run.candidates))
    return {
        "trusted": charts.trusted(run.candidates),
        "log": ordinate.log,
        "least": charts.least(run.candidates),
        "lower": ordinate.lower_is_better,
        "front": [point.candidate for point in front if point.candidate in shown],
        "convergence": asdict(study) if study else None,
        "samples": _samples(best.evaluation if best else None),
        "count": _count(best.evaluation if best else None),
        "overTime": curves(charts.over_time(run.best)),
    }


def _figures(dev: Score | None, test: Score | None) -> list[tuple[str, Markup, Markup, str]]:
    def both(name: str, digits: int = 2) -> tuple[Markup, Markup]:
        first, second = (number(getattr(score, name), digits) if score else Markup("–") for score in (dev, test))
        return first, second

    names = [
        ("nRMSE", "nrmse", 2, "mean over samples of the relative error, all that is returned together"),
        ("geometric mean of nRMSE", "geometric", 2, "over samples; a few bad ones do not rule it"),
        ("trusted", "trusted", 2, "nRMSE of the trusted method from the same inputs"),
        ("reference error", "reference_error", 1, "estimated error of the reference itself"),
        ("largest error", "max_error", 2, "anywhere, in any sample"),
        ("order of convergence", "order", 2, "on smooth data; a dash where it could not be told"),
        ("drift of conserved totals", "drift", 1, "relative to their size at the start"),
        ("processor time, s", "cpu_seconds", 2, "of the call, all its processes and threads"),
        ("wall time, s", "seconds", 2, "of the call, seen from the host"),
        ("peak memory, MB", "peak_mb", 1, ""),
    ]
    score = test or dev
    if score is not None and score.value is not None:
        kept = ("seconds", "cpu_seconds", "peak_mb", *(("nrmse", "max_error") if score.fields else ()))
        shown = [(label, *both(name, digits), why) for label, name, digits, why in names if name in kept]
        return [*_own_figures(score, dev, test), *shown]

    def known(name: str) -> bool:
        return any(split is not None and getattr(split, name) is not None for split in (dev, test))

    rows = [
        (label, *both(name, digits), why)
        for label, name, digits, why in names
        if name not in ("trusted", "drift") or known(name)
    ]
    if not known("trusted"):
        return rows
    ratios = number(ratio(dev), 2), number(ratio(test), 2)
    why = "below 1: better than the trusted method, as far as the reference error lets tell"
    return [*rows[:3], ("nRMSE / trusted", *ratios, why), *rows[3:]]


def _own_figures(score: Score, dev: Score | None, test: Score | None) -> list[tuple[str, Markup, Markup, str]]:
    """The task's own metric and what it measures besides."""

    def shown(split: Score | None, name: str) -> Markup:
        return number(split.measures.get(name) if split else None)

    figures = [number(split.figure if split else None) for split in (dev, test)]
    better = "lower" if score.lower_is_better else "higher"
    rows = [(visible(score.metric, 40), figures[0], figures[1], f"what programs are chosen by; {better} is better")]
    return rows + [(visible(name, 40), shown(dev, name), shown(test, name), "") for name in score.measures]


def _samples(evaluation: Evaluation | None) -> dict[str, Any] | None:
    """The errors of the samples of the scored split, with their kinds; None where there are too few or too many to draw."""
    score = (evaluation.test or evaluation.dev) if evaluation else None
    if score is None or not 1 < len(score.samples) <= MOST_SAMPLES or not all(map(math.isfinite, score.samples)):
        return None
    trusted = score.trusted_samples if all(map(math.isfinite, score.trusted_samples)) else ()
    kinds = [visible(kind, 40) for kind in score.kinds]
    split = "test" if evaluation and evaluation.test else "dev"
    return {"split": split, "errors": list(score.samples), "trusted": list(trusted), "kinds": kinds}


def _count(evaluation: Evaluation | None) -> int:
    """How many samples there are of those that some are drawn of; 0 where it is not known."""
    score = (evaluation.test or evaluation.dev) if evaluation else None
    return len(score.samples) if score else 0


def _course(run: RunRecord) -> list[tuple[str, Markup | str, str]]:
    """How the search went, in figures: the first shot, and how many evaluations it took to the target."""
    course = course_fields(run.candidates)
    first, target, count = course["first_shot"], course["target"], course["evaluations_to_target"]
    if first is None:
        return []
    shot = number(first["value"]) if first["value"] is not None else visible(str(first["status"]), 20)
    rows: list[tuple[str, Markup | str, str]] = [
        ("first shot", shot, f"candidate {visible(first['slot'], 20)}, on dev")
    ]
    claims = counted(run.candidates)
    if measured := claims["confirmed"] + claims["unconfirmed"]:
        why = "orders and errors that plans state, held against what was measured"
        more = f"; {claims['unmeasured']} more could not be measured" if claims["unmeasured"] else ""
        rows.append(("claims not confirmed", f"{claims['unconfirmed']} of {measured}", why + more))
    if target is not None:
        words = Markup("a dev error of {}, twice that of the trusted method").format(number(target))
        rows.append(("evaluations to target", str(count) if count else "not reached", words))
    return rows


class Kinds(NamedTuple):
    """A table of the kinds of samples: their names, and rows of a label and a figure for each."""

    names: list[str]
    rows: list[tuple[str, list[Markup]]]


def _kinds(score: Score | None) -> Kinds | None:
    """The figures of each kind of samples; None where they are of one kind."""
    by_kind = score.by_kind if score is not None and score.value is None else {}
    if not by_kind:
        return None
    found = list(by_kind.values())
    rows = [
        ("nRMSE", [of.nrmse for of in found]),
        ("geometric mean", [of.geometric for of in found]),
        ("trusted", [of.trusted for of in found]),
        ("reference error", [of.reference_error for of in found]),
    ]
    if all(of.trusted is None for of in found):
        del rows[2]
    if all(of.count == 1 for of in found):
        del rows[1]
    figures = [(label, [number(value) for value in values]) for label, values in rows]
    count = ("how many", [Markup(of.count) for of in found])
    return Kinds([visible(kind or "other", 40) for kind in by_kind], [*figures, count])


def _fields(dev: Score | None, test: Score | None) -> list[tuple[str, Markup, Markup]]:
    """nRMSE of each field on dev and test; nothing where there is only one field."""
    score = test or dev
    if score is None or len(score.fields) < 2:
        return []

    def shown(split: Score | None, name: str) -> Markup:
        figures: Mapping[str, float] = split.fields if split else {}
        return number(figures.get(name))

    return [(visible(name, 40), shown(dev, name), shown(test, name)) for name in score.fields]
