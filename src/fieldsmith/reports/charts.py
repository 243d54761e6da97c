"""Small line and scatter charts as inline SVG; colours come from the page's style."""

import math
from collections.abc import Sequence
from html import escape

from fieldsmith.agents.author import Candidate
from fieldsmith.evaluation.evaluation import ConvergencePoint

WIDTH, HEIGHT = 520, 300
LEFT, RIGHT, TOP, BOTTOM = 62, 14, 14, 44


class _Scale:
    """Maps values to pixels, linearly or by decades."""

    def __init__(
        self, values: Sequence[float], start: float, end: float, log: bool, marked: Sequence[float] = ()
    ) -> None:
        self.log, self.start, self.end, self.marked = log, start, end, marked
        low, high = min(values), max(values)
        if log:
            self.low, self.high = math.log10(low) - 0.2, math.log10(high) + 0.2
            if self.high - self.low < 1.0:
                self.low, self.high = self.low - 0.5, self.high + 0.5
        else:
            pad = 0.05 * (high - low) or 0.5
            self.low, self.high = low - pad, high + pad

    def __call__(self, value: float) -> float:
        position = ((math.log10(value) if self.log else value) - self.low) / (self.high - self.low)
        return self.start + position * (self.end - self.start)

    def ticks(self) -> list[tuple[float, str]]:
        if self.marked:
            return [(value, f"{value:g}") for value in self.marked]
        if self.log:
            decades = range(math.ceil(self.low), math.floor(self.high) + 1)
            step = max(1, -(-len(decades) // 6))
            return [
                (10.0**n, f'10<tspan dy="-5" class="power">{str(n).replace("-", "−")}</tspan>') for n in decades[::step]
            ]
        step = _round_step((self.high - self.low) / 6)
        first = math.ceil(self.low / step)
        return [(n * step, f"{n * step:g}") for n in range(first, math.floor(self.high / step) + 1)]


def _round_step(raw: float) -> float:
    base = 10.0 ** math.floor(math.log10(raw))
    return (
        max(1.0, next(m * base for m in (1, 2, 5, 10) if m * base >= raw))
        if raw > 0.3
        else next(m * base for m in (1, 2, 5, 10) if m * base >= raw)
    )


def _frame(x: _Scale, y: _Scale, x_label: str, y_label: str, body: list[str], title: str) -> str:
    parts = [f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">']
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    for value, label in y.ticks():
        at = y(value)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{right}" y1="{at:.1f}" y2="{at:.1f}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{label}</text>')
    for value, label in x.ticks():
        at = x(value)
        parts.append(f'<line class="tick" x1="{at:.1f}" x2="{at:.1f}" y1="{bottom}" y2="{bottom + 4}"/>')
        parts.append(f'<text x="{at:.1f}" y="{bottom + 17}" text-anchor="middle">{label}</text>')
    parts.append(f'<line class="axis" x1="{LEFT}" x2="{right}" y1="{bottom}" y2="{bottom}"/>')
    parts.append(
        f'<text class="label" x="{(LEFT + right) / 2}" y="{HEIGHT - 6}" text-anchor="middle">{escape(x_label)}</text>'
    )
    middle = (TOP + bottom) / 2
    parts.append(
        f'<text class="label" transform="translate(13 {middle}) rotate(-90)" text-anchor="middle">{escape(y_label)}</text>'
    )
    return "".join([*parts, *body, "</svg>"])


def _scored(candidates: Sequence[Candidate]) -> list[tuple[Candidate, float, float]]:
    found = []
    for candidate in candidates:
        score = candidate.evaluation.dev if candidate.ok and candidate.evaluation else None
        if score is not None and math.isfinite(score.nrmse) and math.isfinite(score.seconds):
            found.append((candidate, max(score.nrmse, 1e-17), max(score.seconds, 1e-4)))
    return found


def _floor(candidates: Sequence[Candidate]) -> float | None:
    for candidate in candidates:
        score = candidate.evaluation.dev if candidate.evaluation else None
        if score is not None and score.floor and math.isfinite(score.floor):
            return score.floor
    return None


def _floor_line(y: _Scale, floor: float | None) -> list[str]:
    if not floor:
        return []
    at = y(floor)
    line = f'<line class="floor" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
    return [line, f'<text class="floor-label" x="{WIDTH - RIGHT}" y="{at - 5:.1f}" text-anchor="end">floor</text>']


def progress(candidates: Sequence[Candidate]) -> str:
    """Error of each candidate in the order they came, and the best so far."""
    scored = _scored(candidates)
    if not scored:
        return ""
    floor = _floor(candidates)
    x = _Scale([float(c.id) for c in candidates], LEFT, WIDTH - RIGHT, log=False)
    y = _Scale([e for _, e, _ in scored] + ([floor] if floor else []), HEIGHT - BOTTOM, TOP, log=True)
    body, best, path = _floor_line(y, floor), math.inf, []
    for candidate, error, _ in scored:
        lower = min(best, error)
        if best < math.inf:
            path.append(f"H{x(candidate.id):.1f}")
        path.append(f"{'M' if best == math.inf else 'L'}{x(candidate.id):.1f} {y(lower):.1f}")
        best = lower
    path.append(f"H{WIDTH - RIGHT}")
    body.append(f'<path class="best" d="{"".join(path)}"/>')
    body += [_dot(c, x(c.id), y(e), f"candidate {c.slot}: {e:.2e}") for c, e, _ in scored]
    for candidate in candidates:
        if candidate.evaluation is not None and not candidate.ok:
            at = x(candidate.id)
            body.append(
                f'<text class="cross" x="{at:.1f}" y="{TOP + 10}" text-anchor="middle">×<title>candidate {escape(candidate.slot)}: {candidate.evaluation.status}</title></text>'
            )
    return _frame(x, y, "candidate", "dev nRMSE", body, "Error of each candidate and the best so far")


def error_against_time(candidates: Sequence[Candidate]) -> str:
    """Error against wall time of every candidate that ran; the Pareto front as a line."""
    scored = _scored(candidates)
    if not scored:
        return ""
    floor = _floor(candidates)
    x = _Scale([s for _, _, s in scored], LEFT, WIDTH - RIGHT, log=True)
    y = _Scale([e for _, e, _ in scored] + ([floor] if floor else []), HEIGHT - BOTTOM, TOP, log=True)
    body, front, best = _floor_line(y, floor), [], math.inf
    for _, error, seconds in sorted(scored, key=lambda item: (item[2], item[1])):
        if error < best:
            front.append((x(seconds), y(error)))
            best = error
    if len(front) > 1:
        body.append(f'<path class="best" d="M{" L".join(f"{a:.1f} {b:.1f}" for a, b in front)}"/>')
    body += [_dot(c, x(s), y(e), f"candidate {c.slot}: {e:.2e} in {s:.2f} s") for c, e, s in scored]
    return _frame(x, y, "wall time of the call, s", "dev nRMSE", body, "Error against wall time")


def convergence(points: Sequence[ConvergencePoint]) -> str:
    """Error against resolution on smooth data."""
    usable = [p for p in points if p.error > 0 and math.isfinite(p.error)]
    if len(usable) < 2:
        return ""
    resolutions = [float(p.resolution) for p in usable]
    x = _Scale(resolutions, LEFT, WIDTH - RIGHT, log=True, marked=resolutions)
    y = _Scale([p.error for p in usable], HEIGHT - BOTTOM, TOP, log=True)
    line = " L".join(f"{x(p.resolution):.1f} {y(p.error):.1f}" for p in usable)
    body = [f'<path class="best" d="M{line}"/>']
    for p in usable:
        body.append(
            f'<circle class="dot" cx="{x(p.resolution):.1f}" cy="{y(p.error):.1f}" r="4"><title>{p.resolution} intervals: {p.error:.2e}</title></circle>'
        )
    return _frame(x, y, "intervals along the axis", "nRMSE on smooth data", body, "Error against resolution")


def lineage(candidates: Sequence[Candidate], best: Candidate | None) -> str:
    """Every candidate with lines to the ones it was made from: a row a chain of mends, to the right as time goes."""
    if len(candidates) < 2 or not any(c.parents for c in candidates):
        return ""
    chains = list(dict.fromkeys(c.slot.split(".")[0] for c in candidates))
    height = max(64, 30 * len(chains) + 24)
    step = (WIDTH - 84) / max(1, len(candidates) - 1)
    place = {
        c.id: (42 + n * min(step, 90.0), 24.0 + 30 * chains.index(c.slot.split(".")[0]))
        for n, c in enumerate(candidates)
    }
    body = [f'<svg class="chart" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="The lineage of the candidates">']
    for candidate in candidates:
        x, y = place[candidate.id]
        for rank, parent in enumerate(p for p in candidate.parents if p in place):
            x0, y0 = place[parent]
            kind = "lineage" if rank == 0 else "lineage faint"
            middle = (x0 + x) / 2
            body.append(
                f'<path class="{kind}" d="M{x0:.1f} {y0:.1f} C{middle:.1f} {y0:.1f} {middle:.1f} {y:.1f} {x:.1f} {y:.1f}"/>'
            )
    for candidate in candidates:
        x, y = place[candidate.id]
        body.append(_node(candidate, x, y, best is not None and candidate.id == best.id))
    return "".join([*body, "</svg>"])


def _node(candidate: Candidate, x: float, y: float, best: bool) -> str:
    status = candidate.evaluation.status if candidate.evaluation else "in the making"
    words = f"{candidate.slot}: {candidate.move}, {status}" + (f", {candidate.dev_nrmse:.2e}" if candidate.ok else "")
    mark = (
        f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="4.5"/>'
        if candidate.ok
        else f'<text class="cross" x="{x:.1f}" y="{y + 5:.1f}" text-anchor="middle">×</text>'
    )
    ring = f'<circle class="ring" cx="{x:.1f}" cy="{y:.1f}" r="8"/>' if best else ""
    slot = f'<text x="{x:.1f}" y="{y - 11:.1f}" text-anchor="middle">{escape(candidate.slot[:12])}</text>'
    return f'<a href="#candidate-{candidate.id}">{ring}{mark}{slot}<title>{escape(words)}</title></a>'


def _dot(candidate: Candidate, x: float, y: float, words: str) -> str:
    return f'<a href="#candidate-{candidate.id}"><circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="4.5"><title>{escape(words)}</title></circle></a>'
