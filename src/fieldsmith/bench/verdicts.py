"""Who does not beat the baselines at no greater cost, a sentence a row."""

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from fieldsmith.agents.author import BUILT_IN
from fieldsmith.bench.baselines import SCAN, SINGLE_SHOT, Baseline
from fieldsmith.bench.marks import UNKNOWN, Mark
from fieldsmith.bench.table import SMALLEST, Leaderboard, Row, Standing

TO_BEAT: Mapping[Baseline, tuple[Baseline, ...]] = {
    "": (BUILT_IN, SCAN, SINGLE_SHOT),
    SINGLE_SHOT: (BUILT_IN, SCAN),
    BUILT_IN: (SCAN,),
    SCAN: (),
}
"""Which baselines each kind of row is compared with: what reasons more has to beat what reasons less."""
Verdict = Literal["better", "unclear", "alike", "no better"]


def verdicts(board: Leaderboard) -> list[str]:
    """A sentence for each row that does not beat the best of its baselines on every task; rows that do are not told of."""
    told = (_sentence(row, board.rows, board.marks) for row in board.rows if not row.apart)
    return [words for words in told if words]


def _sentence(row: Row, rows: Sequence[Row], marks: Mapping[str, Mark]) -> str:
    compared = [base for base in rows if _is_to_beat(row, base)]
    if not compared:
        return ""
    base = max(compared, key=lambda one: (len(_shared(row, one)), _behind(row, one, marks)))
    found = [judged(row.tasks[task], base.tasks[task], marks.get(task, UNKNOWN)) for task in _shared(row, base)]
    worse, alike, unclear, every = found.count("no better"), found.count("alike"), found.count("unclear"), len(found)
    if worse + alike + unclear == 0:
        return ""
    name, other, figures = f"{row.author}/{row.strategy}", _name(base), _figures(row, base)
    behind = worse > 0 and _behind(row, base, marks) >= 0.0 if figures else worse == every
    parts = [f"it is no better on {worse} of {every} tasks"] if worse else []
    if alike:
        parts.append(f"the difference is within the reference's own error on {alike} of {every} tasks")
    if unclear:
        parts.append(f"the intervals over seeds overlap on {unclear} of {every} tasks")
    why = "" if every == 1 and worse else f": {', and '.join(parts)}"
    if behind:
        return f"{name} does not beat {other}{figures}{why}."
    if worse + alike + unclear == every:
        return f"{name} is not shown to beat {other}{figures}{why}."
    return f"{name} beats {other}{figures}, but not on every task{why}."


def _is_to_beat(row: Row, base: Row) -> bool:
    """Whether it is a baseline of the row that cost no more on the tasks that both have."""
    shared = _shared(row, base)
    if base is row or base.apart or not shared or base.baseline not in TO_BEAT[row.baseline] or not base.baseline:
        return False
    if base.baseline == SINGLE_SHOT and base.author != row.author:
        return False
    return base.candidates <= row.candidates and not any(_dearer(row, base, what, shared) for what in ("tokens", "usd"))


def _dearer(row: Row, base: Row, what: str, shared: Sequence[str]) -> bool:
    """Whether the baseline is known to have cost more."""
    own, others = ([getattr(one.tasks[task], what) for task in shared] for one in (row, base))
    return None not in own and None not in others and math.fsum(others) > math.fsum(own)


def _shared(row: Row, base: Row) -> list[str]:
    """Tasks on which both came to a figure."""
    return [task for task, one in row.tasks.items() if one.values and task in base.tasks and base.tasks[task].values]


def judged(own: Standing, base: Standing, mark: Mark = UNKNOWN) -> Verdict:
    """Of two standings on one task: by their means; `alike` where they differ by no more than the reference's own error, `unclear` where both have intervals over seeds that overlap."""
    one, other = own.interval, base.interval
    assert one is not None
    assert other is not None
    sign = 1.0 if own.lower_is_better else -1.0
    if one.mean != other.mean and own.by_decades and mark.alike(one.mean, other.mean):
        return "alike"
    if sign * one.mean >= sign * other.mean:
        return "no better"
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return "better"
    apart = one.high < other.low if own.lower_is_better else one.low > other.high
    return "better" if apart else "unclear"


def _pairs(row: Row, base: Row) -> dict[str, tuple[float, float]]:
    """Both rows' mean errors, over the shared tasks that are judged by errors."""
    tasks = [task for task in _shared(row, base) if row.tasks[task].by_decades]
    both = {task: (row.tasks[task].interval, base.tasks[task].interval) for task in tasks}
    return {task: (own.mean, other.mean) for task, (own, other) in both.items() if own and other}


def _behind(row: Row, base: Row, marks: Mapping[str, Mark]) -> float:
    """By how many decades the row's geometric mean is above the baseline's, as far as the references tell; 0 where no task is judged by errors."""
    pairs = _pairs(row, base)
    told = [(1.0, 1.0) if marks.get(task, UNKNOWN).alike(*pair) else pair for task, pair in pairs.items()]
    return float(np.mean([_decades(own) - _decades(other) for own, other in told])) if told else 0.0


def _decades(error: float) -> float:
    return math.log10(max(error, SMALLEST))


def _figures(row: Row, base: Row) -> str:
    pairs = list(_pairs(row, base).values())
    if not pairs:
        return ""
    own, other = (10.0 ** float(np.mean([_decades(pair[n]) for pair in pairs])) for n in (0, 1))
    return f" ({own:.1e} against {other:.1e})"


def _name(base: Row) -> str:
    return "a single shot of the same model" if base.baseline == SINGLE_SHOT else base.author
