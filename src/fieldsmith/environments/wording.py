"""What a step says of itself: its figures, its failure, how much is left."""

from collections.abc import Mapping, Sequence

from fieldsmith.environments.episode import figure
from fieldsmith.environments.observation import Measure, StepFault

LONGEST_TEXT = 100_000
"""Characters of what an action tells; what lies in the middle of a longer text is left out."""
Metrics = Mapping[str, float | None]


def bounded(text: str, most: int = LONGEST_TEXT) -> str:
    """A text of a length that whoever gets it can bear: what is too much is left out of its middle."""
    if len(text) <= most:
        return text
    half = most // 2
    return f"{text[:half]}\n[... {len(text) - 2 * half:,} characters are left out ...]\n{text[-half:]}"


def failure(fault: StepFault, counted: bool) -> str:
    told = str(fault)
    apart = "\n\n" if "\n" in told else " "
    return told if counted else f"{told}{apart}(No step was used.)"


def panel(measures: Sequence[Measure], metrics: Metrics, before: Metrics | None) -> str:
    """The figures in one line each, with what they were before the step."""
    lines = []
    for measure in measures:
        if measure.held_out or measure.name not in metrics:
            continue
        value, old = metrics[measure.name], (before or {}).get(measure.name)
        told = "not available" if value is None else f"{figure(value)}{f' {measure.unit}' if measure.unit else ''}"
        changed = f" (was {figure(old)})" if before is not None and old is not None and old != value else ""
        lines.append(f"- {measure.name}: {told}{changed}{_way(measure)}")
    return "\n".join(["Figures:", *lines]) if lines else ""


def _way(measure: Measure) -> str:
    if measure.lower_is_better is None:
        return ""
    return ", lower is better" if measure.lower_is_better else ", higher is better"


def ending(left: int, ends: bool, truncated: bool, out_of_calls: bool, score: float) -> str:
    if ends:
        return f"The episode is over. Score: {figure(score)}."
    if truncated:
        why = "too many calls that cost no step" if out_of_calls and left > 0 else "no steps are left"
        return f"The episode is over: {why}. Score: {figure(score)}."
    return f"{left} {'step is' if left == 1 else 'steps are'} left."
