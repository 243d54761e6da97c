"""A comparison of two sides in words, as the rows of a table, and as plain values."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from fieldsmith.bench.compare import Compared, Comparison, Cost, OnTask, Pair
from fieldsmith.bench.measured import Side
from fieldsmith.bench.paired import Effect
from fieldsmith.bench.table import over, tokens_told
from fieldsmith.reports.plain import visible

LONGEST = 60
DEARER = 1.5
"""Ratio of costs from which on it is said."""


def verdict(one: Comparison) -> str:
    """Which is better, by how much, and whether that is more than noise, in a sentence."""
    effect, size = one.effect, _size(one)
    if effect.n == 1:
        return f"One pair: {size}{_extent(one)}. Of noise one pair says nothing."
    if not one.better:
        return f"No difference: A and B come to the same{_extent(one)}."
    if effect.alike:
        why = "the seeds change nothing" if one.unit == "seed" else "every task says the same"
        return f"{_capital(size)} in all pairs alike{_extent(one)}: {why}, so that there is no noise to measure by."
    if effect.more_than_noise:
        return f"{one.better} is better: {size}{_extent(one)}, more than noise: {_tests(effect, one.unit)}."
    return f"No difference that is more than noise: {size}{_extent(one)}; {_tests(effect, one.unit)}."


def _size(one: Comparison) -> str:
    """The mean difference, told of the better side."""
    mean = abs(one.effect.interval.mean)
    if not one.better:
        return "A and B come to the same"
    if one.by_decades:
        return f"the error of {one.better} is {_times(mean)} times smaller"
    return f"the {visible(one.metric, LONGEST)} of {one.better} is {mean:.3g} {'lower' if one.lower_is_better else 'higher'}"


def _extent(one: Comparison) -> str:
    """Interval, and what it is over, in brackets."""
    seeds = Counter(len(on.pairs) for on in one.tasks)
    many = min(seeds) if len(seeds) == 1 else 0
    each = f"{min(seeds)} to {max(seeds)} seeds" if not many else _count(many, "seed")
    told = f"{len(one.tasks)} tasks, {each} each" if len(one.tasks) > 1 else f"this task alone, {each}"
    span = _span(one.effect, one.better, one.by_decades)
    return f" ({f'95 %: {span}; ' if span else ''}{told})"


def _span(effect: Effect, better: str, by_decades: bool) -> str:
    """The interval as told of the better side; empty where there is none."""
    low, high = effect.interval.low, effect.interval.high
    if low is None or high is None:
        return ""
    low, high = (low, high) if better != "B" else (-high, -low)
    return f"{_times(low)} to {_times(high)}" if by_decades else f"{low:.3g} to {high:.3g}"


def _times(decades: float) -> str:
    """A ratio from its logarithm."""
    if not -6.0 < decades < 6.0:
        return f"1e{decades:+.0f}"
    return f"{10.0**decades:,.0f}" if decades >= 2.0 else f"{10.0**decades:.3g}"


def _tests(effect: Effect, unit: str) -> str:
    """Both tests' p, and what the sign-flip test could have shown at all."""
    assert effect.student is not None
    assert effect.flips is not None
    student = f"{_p(effect.student)} by Student's t"
    if effect.reach > 0.05:
        return f"{student}; an exact test of {effect.n} {unit}s cannot come below p = {effect.reach:.2g}"
    return f"{student}, {_p(effect.flips)} by {'an exact' if effect.exact else 'a'} sign-flip test"


def _p(value: float) -> str:
    return f"p = {value:.2g}" if value >= 0.001 else "p < 0.001"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def heads(compared: Compared) -> Iterator[list[str]]:
    """Who A and B are, a row each."""
    for side, given, runs in (("A", compared.a, 0), ("B", compared.b, 1)):
        chosen = [(pair.a, pair.b)[runs] for pair in compared.pairs] or given.runs
        authors = ", ".join(sorted({run.author for run in chosen}))
        strategies = ", ".join(sorted({run.strategy for run in chosen}))
        place = f"{given.place} ({given.row})" if given.row else given.place
        yield [side, visible(place), visible(authors, LONGEST), visible(strategies, LONGEST)]


def rows(compared: Compared) -> Iterator[list[str]]:
    """The table: a row a task, one for all tasks of a metric, and what each side has used."""
    yield ["task", "metric", "seeds", "A", "B", "better"]
    for one in compared.comparisons:
        for on in one.tasks:
            yield _task_row(on, one)
        if len(one.tasks) > 1:
            means = [_mean([_side_mean(on.pairs, side, one) for on in one.tasks], one) for side in (0, 1)]
            yield ["all tasks", one.metric, "", *means, _better(one.effect, one)]
    for name, values in _cost_rows(*compared.costs):
        yield [name, "", "", *values]


def _task_row(on: OnTask, one: Comparison) -> list[str]:
    means = [_mean([pair.values[side] for pair in on.pairs], one) for side in (0, 1)]
    return [
        visible(on.task, LONGEST),
        visible(one.metric, LONGEST),
        str(len(on.pairs)),
        *means,
        _better(on.effect, one),
    ]


def _side_mean(pairs: Sequence[Pair], side: int, one: Comparison) -> float:
    return over([pair.values[side] for pair in pairs], one.by_decades).mean


def _mean(values: Sequence[float], one: Comparison) -> str:
    mean = over(values, one.by_decades).mean
    return f"{mean:.2e}" if one.by_decades else f"{mean:.4g}"


def _better(effect: Effect, one: Comparison) -> str:
    """Who, by how much, and the interval where there is one."""
    mean = effect.interval.mean
    if mean == 0.0:
        return "the same"
    better = "A" if mean > 0.0 else "B"
    size = f"{_times(abs(mean))} times" if one.by_decades else f"by {abs(mean):.3g}"
    span = _span(effect, better, one.by_decades)
    return f"{better}, {size}{f' ({span})' if span else ''}"


def _cost_rows(a: Cost, b: Cost) -> Iterator[tuple[str, list[str]]]:
    yield "ran", [f"{cost.ran}/{cost.runs}" for cost in (a, b)]
    yield "tokens", [tokens_told(cost.tokens, cost.estimated) for cost in (a, b)]
    yield "USD", [_usd(cost.usd) for cost in (a, b)]
    yield "seconds", [f"{cost.seconds:,.0f}" for cost in (a, b)]


def _usd(usd: float | None) -> str:
    return "unknown" if usd is None else f"{usd:.2f}" if usd >= 0.01 or not usd else f"{usd:.1g}"


def told(compared: Compared) -> Iterator[str]:
    """What is to be known beside the table, in sentences: costs, terms, what is left out."""
    yield from _dearer(*compared.costs)
    for name, values in compared.differs.items():
        if name not in ("author", "strategy"):
            shown = "; ".join(f"{_value(a)} for A, {_value(b)} for B" for a, b in values[:3])
            yield f"Asked on other terms: {name} {shown}{'; …' if len(values) > 3 else ''}."
    yield from map(visible, compared.notes)
    for one in compared.left:
        yield (
            visible(f"Left out: {'' if one.side == 'both' else f'{one.side}, '}{one.name}: {one.why}", 400).rstrip(".")
            + "."
        )


def _value(value: object) -> str:
    return "not given" if value is None else visible(str(value), LONGEST)


def _dearer(a: Cost, b: Cost) -> Iterator[str]:
    """Which side was dearer, by what is known of both."""
    told = []
    for what, of_a, of_b in (
        ("dollars", a.usd, b.usd),
        ("tokens", a.tokens, b.tokens),
        ("seconds", a.seconds, b.seconds),
    ):
        if of_a and of_b and not 1.0 / DEARER < of_a / of_b < DEARER:
            more, ratio = ("A", of_a / of_b) if of_a > of_b else ("B", of_b / of_a)
            told.append(f"{more} took {ratio:.3g} times the {what}")
        elif bool(of_a) != bool(of_b) and None not in (of_a, of_b) and what != "seconds":
            told.append(f"only {'A' if of_a else 'B'} took {what}")
    if told:
        yield f"At other costs: {', '.join(told)}."


def fields(compared: Compared) -> dict[str, Any]:
    """Plain values for JSON. Figures of effects are in the direction A over B: a ratio of errors, or a difference of values."""
    a, b = (asdict(cost) for cost in compared.costs)
    return {
        "a": {**_side_fields(compared.a), "cost": a},
        "b": {**_side_fields(compared.b), "cost": b},
        "comparisons": [_comparison_fields(one) for one in compared.comparisons],
        "pairs": len(compared.pairs),
        "differs": {name: [{"a": a, "b": b} for a, b in values] for name, values in compared.differs.items()},
        "left_out": [asdict(one) for one in compared.left],
        "notes": list(compared.notes),
        "reason": None if compared.pairs else "no_pairs",
    }


def _side_fields(side: Side) -> dict[str, Any]:
    return {
        "place": side.place,
        "rows": side.row or None,
        "authors": sorted({run.author for run in side.runs}),
        "strategies": sorted({run.strategy for run in side.runs}),
    }


def _comparison_fields(one: Comparison) -> dict[str, Any]:
    return {
        "metric": one.metric,
        "lower_is_better": one.lower_is_better,
        "better": one.better.lower() or None,
        "more_than_noise": one.effect.more_than_noise,
        "verdict": verdict(one),
        "unit": one.unit,
        **_effect_fields(one.effect, one),
        "tasks": [
            {
                "task": on.task,
                **_effect_fields(on.effect, one),
                "pairs": [_pair_fields(pair) for pair in on.pairs],
            }
            for on in one.tasks
        ],
    }


def _pair_fields(pair: Pair) -> dict[str, Any]:
    return {
        "seed": pair.a.seed,
        "a": pair.values[0],
        "b": pair.values[1],
        "run_a": str(pair.a.folder),
        "run_b": str(pair.b.folder),
    }


def _effect_fields(effect: Effect, one: Comparison) -> dict[str, Any]:
    """`ratio` of A's error to B's, or `difference`, A's value less B's, each with its interval."""
    sign = -1.0 if one.lower_is_better else 1.0
    ends = (
        effect.interval.mean,
        *sorted(sign * e for e in (effect.interval.low, effect.interval.high) if e is not None),
    )
    values = [sign * ends[0], *ends[1:]]
    shown = [10.0**value for value in values] if one.by_decades else values
    span = dict(zip(("mean", "low", "high"), [*shown, None, None], strict=False))
    return {
        "ratio" if one.by_decades else "difference": span,
        "n": effect.n,
        "p_student": effect.student,
        "p_sign_flips": effect.flips,
        "sign_flips_exact": effect.exact,
        "smallest_p": effect.reach,
        "alike": effect.alike,
    }
