"""The report of a run: one HTML file that opens offline."""

import base64
import json
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from fieldsmith.agents.author import Candidate
from fieldsmith.agents.strategies.chains import depth_of, root_of
from fieldsmith.evaluation.evaluation import Evaluation, Score
from fieldsmith.orchestrator.record import write_text
from fieldsmith.orchestrator.run import RunRecord
from fieldsmith.reports import charts
from fieldsmith.reports.plain import clean, visible
from fieldsmith.tasks.task import Picture

CODE_LIMIT = 60_000

_environment = Environment(
    loader=PackageLoader("fieldsmith.reports", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_formatter = HtmlFormatter(cssclass="code", nobackground=True)


def write_report(run: RunRecord, path: Path) -> None:
    """Write the report of a run, finished or not, in one step."""
    write_text(path, render(run))


def render(run: RunRecord) -> str:
    """The page as text. Whatever programs and models wrote stands in it as text, never as markup."""
    best = run.best.candidate if run.best else None
    evaluation = best.evaluation if best else None
    slots = {candidate.id: visible(candidate.slot, 20) for candidate in run.candidates}
    seen = [_row(candidate, best, slots) for candidate in run.candidates]
    asked = replace(
        run.asked,
        **{name: visible(getattr(run.asked, name)) for name in ("title", "author", "author_note", "strategy", "data")},
    )
    data = {"pictures": [_picture(p) for p in (run.best.pictures if run.best else ())]}
    return _environment.get_template("report.html.jinja").render(
        run=run,
        asked=asked,
        statement=clean(run.asked.statement),
        command=visible(run.asked.command),
        message=visible(run.message),
        best=best,
        plan=_plan(best),
        evaluation=evaluation,
        figures=_figures(evaluation.dev, evaluation.test) if evaluation else [],
        fields=_fields(evaluation.dev, evaluation.test) if evaluation else [],
        best_code=_code(best.program.source) if best and best.program else "",
        best_source=clean(best.program.source, 400_000) if best and best.program else "",
        rows=seen,
        tree=_tree(seen),
        resolved=_resolved(evaluation),
        lineage_chart=Markup(charts.lineage(run.candidates, best)),
        progress_chart=Markup(charts.progress(run.candidates)),
        pareto_chart=Markup(charts.error_against_time(run.candidates)),
        convergence_chart=Markup(charts.convergence(evaluation.convergence if evaluation else ())),
        order=evaluation.dev.order if evaluation and evaluation.dev else None,
        data=Markup(_script_safe(data)),
        highlight_css=Markup(_formatter.get_style_defs(".code")),
        number=number,
        visible=visible,
    )


def number(value: float | None, digits: int = 2) -> Markup:
    """A figure as a person writes it: 1.23 x 10^-4; a dash where it is unknown."""
    if value is None or not math.isfinite(value):
        return Markup("–")
    if value == 0.0:
        return Markup("0")
    # Rounding comes first, so that 9.999e-5 becomes 1.00 x 10^-4 and not 10.00 x 10^-5.
    mantissa, exponent = f"{value:.{digits}e}".split("e")
    power = int(exponent)
    if -3 < power < 4:
        return Markup(f"{value:.{max(0, digits - power)}f}".replace("-", "−"))
    return Markup(f"{mantissa} × 10<sup>{power}</sup>".replace("-", "−"))


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _figures(dev: Score | None, test: Score | None) -> list[tuple[str, Markup, Markup, str]]:
    def both(name: str, digits: int = 2) -> tuple[Markup, Markup]:
        return tuple(number(getattr(score, name), digits) if score else Markup("–") for score in (dev, test))  # type: ignore[return-value]

    names = [
        ("nRMSE", "nrmse", 2, "mean over samples of the relative error in time and space"),
        ("floor", "floor", 2, "what the trusted method reaches from the same inputs"),
        ("reference error", "reference_error", 1, "estimated error of the reference itself"),
        ("nRMSE, smooth samples", "smooth_nrmse", 2, "samples without kinks and windows"),
        ("largest error", "max_error", 2, "anywhere, in any sample"),
        ("order of convergence", "order", 2, "on smooth data; a dash where the error does not depend on the grid"),
        ("drift of conserved totals", "drift", 1, "relative to their size at the start"),
        ("wall time, s", "seconds", 2, "of the call, seen from the host"),
        ("CPU time, s", "cpu_seconds", 2, ""),
        ("peak memory, MB", "peak_mb", 1, ""),
    ]
    rows = [(label, *both(name, digits), why) for label, name, digits, why in names]
    ratios = [number(_ratio(score), 2) for score in (dev, test)]
    return [*rows[:2], ("nRMSE / floor", *ratios, "1 means that nothing is left to win"), *rows[2:]]  # type: ignore[list-item]


def _ratio(score: Score | None) -> float | None:
    return score.nrmse / score.floor if score and score.floor else None


def _resolved(evaluation: Evaluation | None) -> str:
    """A word of caution where the reference is too coarse to tell how good the program is."""
    for name, score in (("test", evaluation.test), ("dev", evaluation.dev)) if evaluation else ():
        if score and score.reference_error is not None and score.nrmse < 2.0 * score.reference_error:
            return f"The {name} error is no larger than the reference's own: the program may be better than the figure says."
    return ""


def _fields(dev: Score | None, test: Score | None) -> list[tuple[str, Markup, Markup]]:
    """nRMSE of each field on dev and test; nothing where there is only one field."""
    score = test or dev
    if score is None or len(score.fields) < 2:
        return []

    def shown(split: Score | None, name: str) -> Markup:
        return number(split.fields.get(name)) if split else Markup("–")

    return [(name, shown(dev, name), shown(test, name)) for name in score.fields]


def _plan(candidate: Candidate | None) -> list[tuple[str, str]]:
    if candidate is None or candidate.proposal is None:
        return []
    plan = candidate.proposal.plan
    named = {
        "in short": plan.summary,
        "discretisation": plan.discretisation,
        "time integrator": plan.time_integrator,
        "resolution control": plan.resolution_control,
        "expected order": "" if plan.expected_order is None else f"{plan.expected_order:g}",
    }
    return [(name, visible(text, 400)) for name, text in named.items() if text]


def _row(candidate: Candidate, best: Candidate | None, slots: Mapping[int, str]) -> dict[str, Any]:
    evaluation, proposal = candidate.evaluation, candidate.proposal
    score = evaluation.dev if evaluation else None
    return {
        "id": candidate.id,
        "slot": visible(candidate.slot, 20),
        "depth": depth_of(candidate.slot) if candidate.move in ("debug", "restart") else 0,
        "move": candidate.move,
        "parents": [(parent, slots.get(parent, str(parent))) for parent in candidate.parents],
        "author": visible(candidate.author, 60),
        "plan": visible(proposal.plan.summary or proposal.plan.discretisation, 120) if proposal else "",
        "status": evaluation.status if evaluation else "in the making",
        "ok": candidate.ok,
        "best": best is not None and candidate.id == best.id,
        "error": number(score.nrmse) if score else Markup("–"),
        "error_value": _finite(score.nrmse) if score else None,
        "order": number(score.order) if score else Markup("–"),
        "order_value": _finite(score.order) if score else None,
        "seconds": number(score.seconds) if score else Markup("–"),
        "seconds_value": _finite(score.seconds) if score else None,
        "tokens": proposal.usage.input_tokens + proposal.usage.output_tokens if proposal else 0,
        "feedback": clean(evaluation.feedback) if evaluation else "",
        "stdout": clean(evaluation.stdout, 8000) if evaluation else "",
        "stderr": clean(evaluation.stderr, 8000) if evaluation else "",
        "prompt": clean(proposal.prompt) if proposal else "",
        "reply": clean(proposal.reply) if proposal else "",
        "code": _code(proposal.program.source) if proposal and proposal.program else "",
        "plan_rows": _plan(candidate),
        "repairs": [visible(words, 400) for words in proposal.repairs] if proposal else [],
    }


def _tree(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every chain of mends together, the chains in the order in which they began."""
    roots = list(dict.fromkeys(root_of(row["slot"]) for row in rows))
    return sorted(rows, key=lambda row: (roots.index(root_of(row["slot"])), row["depth"], row["id"]))


def _code(source: str) -> Markup:
    return Markup(highlight(clean(source, CODE_LIMIT), PythonLexer(), _formatter))


def _picture(picture: Picture) -> dict[str, Any]:
    """Values quantised to 16 bits, with the ranges to read them back; enough for any screen."""
    solution, reference = (np.nan_to_num(values) for values in (picture.solution, picture.reference))
    low = float(min(solution.min(), reference.min()))
    high = float(max(solution.max(), reference.max()))
    error = solution - reference
    size = float(np.abs(error).max())
    return {
        "field": visible(picture.field, 40),
        "sample": picture.sample,
        "rows": picture.solution.shape[0],
        "columns": picture.solution.shape[1],
        "axes": picture.axes,
        "extent": picture.extent,
        "range": [low, high],
        "errorRange": [-size, size],
        "solution": _quantised(solution, low, high),
        "reference": _quantised(reference, low, high),
        "error": _quantised(error, -size, size),
    }


def _quantised(values: np.ndarray, low: float, high: float) -> str:
    # A constant field takes the middle colour, which for the error means zero.
    scaled = np.full(values.shape, 0.5) if high == low else (values - low) / (high - low)
    return base64.b64encode(np.round(scaled * 65535).astype("<u2").tobytes()).decode()


def _script_safe(data: object) -> str:
    return json.dumps(data).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
