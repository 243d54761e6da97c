"""Test-time scaling: what k tries come to, of runs that asked the same with different seeds.

Independent drafts (`best-of-n`) are counted with every choice of k out of n (`estimator.py`), with mends and without. Where candidates depend on each
other that would be wrong: such runs are followed as they went, and averaged over seeds.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from fieldsmith.agents.author import Candidate, Usage
from fieldsmith.agents.numerics_author import NumericsAuthor
from fieldsmith.agents.strategies import BestOfN
from fieldsmith.agents.strategies.chains import depth_of, root_of
from fieldsmith.bench.estimator import BOOTSTRAPS, Draft, Expected, Figure, back, curve, scaled
from fieldsmith.bench.measured import Measured
from fieldsmith.bench.table import Interval, known_sum, over
from fieldsmith.bench.tested import Tested
from fieldsmith.orchestrator.budget import uncounted
from fieldsmith.orchestrator.record import best_of
from fieldsmith.orchestrator.run import RunRecord
from fieldsmith.tasks.task import NRMSE

NOTHING = 1.0
"""The error that counts where nothing ran, or where what was chosen fails on the test split: that of an answer of zeros."""


class Tests(Protocol):
    """Where test errors are known from."""

    def rank(self, candidate: Candidate) -> float | None:
        """The figure on the test split, the smaller the better; None where it failed there."""
        ...


AS_THEY_WENT = "runs as they went"


@dataclass(frozen=True)
class Group:
    """Runs that ask the same with different seeds."""

    name: str
    runs: tuple[RunRecord, ...]

    @property
    def independent(self) -> bool:
        """Whether what was tried before has no say in what is tried next; the built-in author looks at it by any strategy."""
        asked = [run.asked for run in self.runs]
        return all(str(a.question.strategy) == BestOfN.name and a.author != NumericsAuthor.label for a in asked)

    @property
    def metric(self) -> str:
        scores = [c.evaluation.dev for run in self.runs for c in run.candidates if c.evaluation and c.evaluation.dev]
        return scores[0].metric if scores else NRMSE.name

    @property
    def by_decades(self) -> bool:
        return self.metric == NRMSE.name

    @property
    def lower_is_better(self) -> bool:
        scores = [c.evaluation.dev for run in self.runs for c in run.candidates if c.evaluation and c.evaluation.dev]
        return all(score.lower_is_better for score in scores)


@dataclass(frozen=True)
class Curve:
    """What tries come to. kind: drafts with their mends, first shots, or runs as they went; of: how many drafts, or seeds, it is from."""

    kind: str
    of: int
    rows: tuple[Expected, ...]


def groups(runs: Iterable[tuple[Measured, RunRecord]]) -> list[Group]:
    """Runs by what they ask: task, data, author and every option but the seed."""
    found: dict[str, list[RunRecord]] = {}
    names: dict[str, str] = {}
    for measured, run in runs:
        key = repr((measured.task, measured.fingerprint, sorted(measured.terms.items(), key=lambda one: one[0])))
        found.setdefault(key, []).append(run)
        names[key] = f"{measured.task} / {measured.author} / {measured.strategy}"
    return [Group(names[key], tuple(own)) for key, own in found.items()]


def needed(run: RunRecord, independent: bool) -> list[Candidate]:
    """The candidates whose test errors a curve needs: all that ran, or those that were the best for a while."""
    ran = [c for c in run.candidates if c.ok]
    return ran if independent else list({c.id: c for c in _bests(run) if c is not None}.values())


def curves(group: Group, tested: Sequence[Tests], bootstraps: int = BOOTSTRAPS) -> list[Curve]:
    """All curves of a group whose test errors are known, with intervals by so many draws."""
    if not group.independent:
        return [_as_it_went(group, tested)]
    mended = any(depth_of(candidate.slot) for run in group.runs for candidate in run.candidates)
    return [_independent(group, tested, mends, bootstraps) for mends in ((True, False) if mended else (False,))]


def of_one(run: RunRecord) -> tuple[Group, list[Curve]] | None:
    """What a run of independent drafts tells by itself; its test figures are NaN until `fieldsmith scaling` has measured them. None where it is no such run, or of one draft."""
    group = Group(run.asked.title, (run,))
    chains = {root_of(candidate.slot) for candidate in run.candidates if candidate.evaluation is not None}
    if not group.independent or len(chains) < 2:
        return None
    tested = Tested(run)
    if tested.knows(run.candidates):
        return group, curves(group, [tested])
    return group, [_on_dev(curve) for curve in curves(group, [OnDev()], bootstraps=0)]


class OnDev:
    """Dev errors in place of test errors that nobody has measured."""

    def rank(self, candidate: Candidate) -> float:
        return candidate.dev_rank


def _on_dev(curve: Curve) -> Curve:
    unknown = Figure(math.nan)
    return replace(curve, rows=tuple(replace(row, test=unknown, oracle=math.nan) for row in curve.rows))


def steps(most: int) -> list[int]:
    """1, 2, 3, 4, 6, 8, 12 ... and the last: numbers of tries that are told."""
    known = {most} | {n << power for n in (2, 3) for power in range(64) if n << power <= most} | {1}
    return sorted(k for k in known if 1 <= k <= most)


def _independent(group: Group, tested: Sequence[Tests], mends: bool, bootstraps: int) -> Curve:
    pairs = list(zip(group.runs, tested, strict=True))
    drafts = [draft for run, known in pairs for draft in _drafts(run, known, mends, group.by_decades)]
    rows = curve(drafts, steps(len(drafts)), group.by_decades, bootstraps=bootstraps) if drafts else []
    return Curve("drafts, mended" if mends else "first shots", len(drafts), tuple(_signed(row, group) for row in rows))


def _test(candidate: Candidate, tested: Tests, by_decades: bool) -> float | None:
    """Its figure on the test split; where it fails there, the error of an answer of zeros, or None for a metric without such a figure."""
    rank = tested.rank(candidate)
    return NOTHING if rank is None and by_decades else rank


def _drafts(run: RunRecord, tested: Tests, mends: bool, by_decades: bool) -> Iterator[Draft]:
    """The chains of a run as independent tries, or the first programs of these."""
    chains: dict[str, list[Candidate]] = {}
    for candidate in sorted(run.candidates, key=lambda one: depth_of(one.slot)):
        if candidate.evaluation is not None:
            chains.setdefault(root_of(candidate.slot), []).append(candidate)
    for chain in chains.values():
        own = chain if mends else chain[:1]
        ran = next((c for c in own if c.ok), None)
        if mends and ran is None and depth_of(chain[-1].slot) < run.asked.question.debug_rounds:
            continue  # the budget ended before its mends did: whether it would have run is not known
        tokens, usd, seconds = _cost(own)
        test = None if ran is None else _test(ran, tested, by_decades)
        yield Draft(
            dev=None if ran is None or test is None else ran.dev_rank,
            test=test,
            tokens=tokens,
            usd=usd,
            seconds=seconds,
        )


def _cost(candidates: Sequence[Candidate]) -> tuple[float | None, float | None, float]:
    """Tokens, dollars and seconds of writing and judging; None where they are not known of all."""
    proposals = [c.proposal for c in candidates if c.proposal]
    usage = Usage.sum(proposal.usage for proposal in proposals)
    tokens = None if any(map(uncounted, proposals)) else float(usage.input_tokens + usage.output_tokens)
    judged = math.fsum(c.evaluation.seconds for c in candidates if c.evaluation)
    return tokens, usage.usd, judged + usage.seconds


def _bests(run: RunRecord) -> list[Candidate | None]:
    """The best so far after each candidate, in the order in which they were begun, chosen as the run chooses."""
    judged = _judged(run)
    return [best_of(judged[: n + 1]) for n in range(len(judged))]


def _as_it_went(group: Group, tested: Sequence[Tests]) -> Curve:
    """The test error of the best so far against candidates, mean over seeds; a run that ended early stays where it was."""
    longest = max((len(_judged(run)) for run in group.runs), default=0)
    rows = [_after(k, group, tested) for k in steps(longest)]
    return Curve(AS_THEY_WENT, len(group.runs), tuple(_signed(row, group) for row in rows))


def _judged(run: RunRecord) -> list[Candidate]:
    return [candidate for candidate in run.candidates if candidate.evaluation is not None]


def _after(k: int, group: Group, tested: Sequence[Tests]) -> Expected:
    """Where the runs of a group stood after k candidates."""
    bests = [_bests(run)[:k][-1] if _judged(run) else None for run in group.runs]
    found = [
        None if best is None else _test(best, known, group.by_decades)
        for best, known in zip(bests, tested, strict=True)
    ]
    if group.by_decades:
        found = [NOTHING if value is None else value for value in found]
    known = [scaled(value, group.by_decades) for value in found if value is not None]
    devs = [scaled(best.dev_rank, group.by_decades) for best in bests if best is not None]
    interval = over(known, False) if known else Interval(math.nan)
    costs = [_cost(_judged(run)[:k]) for run in group.runs]
    return Expected(
        k=k,
        none=sum(best is None for best in bests) / len(bests),
        test=Figure(*(back(_nan(one), group.by_decades) for one in (interval.mean, interval.low, interval.high))),
        dev=back(math.fsum(devs) / len(devs), group.by_decades) if devs else math.nan,
        oracle=math.nan,
        tokens=_mean([tokens for tokens, _, _ in costs]),
        usd=_mean([usd for _, usd, _ in costs]),
        seconds=math.fsum(seconds for _, _, seconds in costs) / len(costs),
    )


def _mean(values: Sequence[float | None]) -> float | None:
    """None where one of them is unknown."""
    total = known_sum(values)
    return None if total is None else total / len(values)


def _nan(value: float | None) -> float:
    return math.nan if value is None else value


def _signed(row: Expected, group: Group) -> Expected:
    """Figures as the metric has them: ranks of a metric that is to be great are its values with the other sign."""
    if group.lower_is_better:
        return row
    test = Figure(-row.test.value, -row.test.high, -row.test.low)
    return Expected(row.k, row.none, test, -row.dev, -row.oracle, row.tokens, row.usd, row.seconds)
