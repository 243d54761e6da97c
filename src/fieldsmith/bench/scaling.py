"""Test-time scaling: what k tries come to, of runs that asked the same with different seeds.

Drafts that are independent, as strategy and author say of themselves, are counted with every choice of k out of n (`estimator.py`), with mends and without.
Where candidates depend on each other that would be wrong: such runs are followed as they went, and averaged over seeds.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from fieldsmith.agents.author import Candidate, Usage
from fieldsmith.bench.estimator import BOOTSTRAPS, NOTHING, Draft, Expected, Figure, back, curve, scaled
from fieldsmith.bench.measured import Measured
from fieldsmith.bench.table import Interval, known_sum, over
from fieldsmith.bench.tested import Tested
from fieldsmith.orchestrator.budget import uncounted
from fieldsmith.orchestrator.run import Asked, RunRecord
from fieldsmith.strategies import BestOfN
from fieldsmith.strategies.chains import depth_of, root_of
from fieldsmith.strategies.choosing import bests_of, choice
from fieldsmith.tasks.task import NRMSE

AS_THEY_WENT = "runs as they went"
ANYWHERE = ("sandbox", "docker-runtime", "in-flight", "engine", "address", "cpus")
"""Terms that say where and how programs ran, not what was asked: `pilots` and `image` are asked, since they decide what is run and what it may import."""


class Tests(Protocol):
    """Where test errors are known from."""

    def rank(self, candidate: Candidate) -> float | None:
        """The figure on the test split, the smaller the better; None where it failed there."""
        ...


@dataclass(frozen=True)
class Group:
    """Runs that ask the same with different seeds. left: runs that do not count, in sentences."""

    name: str
    runs: tuple[RunRecord, ...]
    left: tuple[str, ...] = ()

    @property
    def independent(self) -> bool:
        """Whether what was tried before has no say in what is tried next."""
        return all(_independent_by(run.asked) for run in self.runs)

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
    estimated: bool = False
    """Whether tokens are estimates, as not all were counted."""


def _independent_by(asked: Asked) -> bool:
    """As strategy and author said when the run began; of a run that is older than the question, of those that come along."""
    if asked.independent is not None:
        return asked.independent
    from fieldsmith.agents.numerics_author import NumericsAuthor  # every page imports this module

    return str(asked.question.strategy) == BestOfN.name and asked.author != NumericsAuthor.label


def groups(runs: Iterable[tuple[Measured, RunRecord]]) -> list[Group]:
    """Runs by what they ask: task, data, author and every option but the seed and where programs run. Each seed counts once."""
    found: dict[str, list[tuple[Measured, RunRecord]]] = {}
    for measured, run in runs:
        terms = {name: value for name, value in measured.terms.items() if name not in ANYWHERE}
        key = repr((measured.identity or measured.task, measured.fingerprint, sorted(terms.items())))
        found.setdefault(key, []).append((measured, run))
    names = _names([own[0][0] for own in found.values()])
    return [_group(name, own) for name, own in zip(names, found.values(), strict=True)]


def _group(name: str, own: Sequence[tuple[Measured, RunRecord]]) -> Group:
    first: dict[int, tuple[Measured, RunRecord]] = {}
    left = []
    for measured, run in own:
        known, _ = first.setdefault(measured.seed, (measured, run))
        if known is not measured:
            left.append(f"{measured.name} is left out: {known.name} asks the same with the same seed, {measured.seed}.")
    return Group(name, tuple(run for _, run in first.values()), tuple(left))


def _names(each: Sequence[Measured]) -> list[str]:
    """Task, author and strategy; where several groups are called so, with the options in which they differ."""
    plain = [f"{one.task} / {one.author} / {one.strategy}" for one in each]
    names = []
    for one, name in zip(each, plain, strict=True):
        same = [other for other, called in zip(each, plain, strict=True) if called == name]
        terms = dict.fromkeys(term for other in same for term in other.terms if term not in ANYWHERE)
        differ = [t for t in terms if len({repr(other.terms.get(t)) for other in same}) > 1]
        differ = [f"{term} {_told(one.terms.get(term))}" for term in differ]
        if len({other.fingerprint for other in same}) > 1:
            differ.append(f"data {one.fingerprint[:8]}")
        names.append(f"{name} ({', '.join(differ)})" if differ else name)
    return names


def _told(value: object) -> str:
    if isinstance(value, Mapping):
        return " ".join(f"{name}={one}" for name, one in value.items())
    return "-" if value is None else str(value)


def needed(run: RunRecord) -> list[Candidate]:
    """The candidates whose test errors a curve needs: all that ran, since the oracle is the best of them."""
    return [c for c in run.candidates if c.ok]


def curves(group: Group, tested: Sequence[Tests], bootstraps: int = BOOTSTRAPS) -> list[Curve]:
    """All curves of a group whose test errors are known, with intervals by so many draws."""
    if not group.independent:
        return [_as_it_went(group, tested)]
    mended = any(depth_of(candidate.slot) for run in group.runs for candidate in run.candidates)
    return [_independent(group, tested, mends, bootstraps) for mends in ((True, False) if mended else (False,))]


def known_curves(group: Group) -> list[Curve]:
    """The same of what is known without running anything: test figures are NaN until `fieldsmith scaling` has measured them. None of a single try."""
    chains = {(n, root_of(c.slot)) for n, run in enumerate(group.runs) for c in _judged(run)}
    if len(chains) < 2:
        return []
    tested = [Tested(run) for run in group.runs]
    if all(one.knows(needed(run)) for run, one in zip(group.runs, tested, strict=True)):
        return curves(group, tested)
    return [_on_dev(curve) for curve in curves(group, [OnDev() for _ in group.runs], bootstraps=0)]


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
    drafts = [draft for run, known in pairs for draft in _drafts(run, known, mends)]
    rows = curve(drafts, steps(len(drafts)), group.by_decades, bootstraps=bootstraps) if drafts else []
    kind = "drafts, mended" if mends else "first shots"
    return Curve(kind, len(drafts), tuple(_signed(row, group) for row in rows), _estimated(group))


def _drafts(run: RunRecord, tested: Tests, mends: bool) -> Iterator[Draft]:
    """The chains of a run as independent tries, or the first programs of these."""
    chains: dict[str, list[Candidate]] = {}
    for candidate in sorted(_judged(run), key=lambda one: depth_of(one.slot)):
        chains.setdefault(root_of(candidate.slot), []).append(candidate)
    alone = _seconds(run)
    for chain in chains.values():
        own = chain if mends else chain[:1]
        ran = next((c for c in own if c.ok), None)
        if mends and ran is None and depth_of(chain[-1].slot) < run.asked.question.debug_rounds:
            continue  # the budget ended before its mends did: whether it would have run is not known
        tokens, usd, _ = _cost(own)
        yield Draft(
            dev=None if ran is None else ran.dev_rank,
            test=None if ran is None else tested.rank(ran),
            tokens=tokens,
            usd=usd,
            seconds=math.fsum(alone[c.slot] for c in own),
            key=() if ran is None else choice(ran),
        )


def _seconds(run: RunRecord) -> dict[str, float]:
    """What writing and judging each candidate takes where it is the only one: a copy of another's program costs what that one's judging did."""
    judged = {c.slot: c.evaluation.seconds for c in _judged(run) if c.evaluation}
    return {c.slot: _writing(c) + judged.get(_original(c), judged[c.slot]) for c in _judged(run)}


def _original(candidate: Candidate) -> str:
    return (candidate.evaluation.copy_of if candidate.evaluation else "") or candidate.slot


def _writing(candidate: Candidate) -> float:
    return candidate.proposal.usage.seconds if candidate.proposal else 0.0


def _cost(candidates: Sequence[Candidate]) -> tuple[float | None, float | None, float]:
    """Tokens, dollars and seconds of writing and judging; None where they are not known of all."""
    proposals = [c.proposal for c in candidates if c.proposal]
    usage = Usage.sum(proposal.usage for proposal in proposals)
    tokens = None if any(map(uncounted, proposals)) else float(usage.input_tokens + usage.output_tokens)
    judged = math.fsum(c.evaluation.seconds for c in candidates if c.evaluation)
    return tokens, usage.usd, judged + usage.seconds


def _estimated(group: Group) -> bool:
    return any(c.proposal.usage.estimated for run in group.runs for c in run.candidates if c.proposal)


def _as_it_went(group: Group, tested: Sequence[Tests]) -> Curve:
    """The test error of the best so far against candidates, mean over seeds; a run that ended early stays where it was."""
    longest = max((len(_judged(run)) for run in group.runs), default=0)
    courses = [_Course(run, known, group.by_decades) for run, known in zip(group.runs, tested, strict=True)]
    rows = [_after(k, courses, group.by_decades) for k in steps(longest)]
    return Curve(AS_THEY_WENT, len(group.runs), tuple(_signed(row, group) for row in rows), _estimated(group))


def _judged(run: RunRecord) -> list[Candidate]:
    return [candidate for candidate in run.candidates if candidate.evaluation is not None]


class _Course:
    """How one run went: the best after each candidate, in the order in which they were begun, and the best on test among them."""

    def __init__(self, run: RunRecord, tested: Tests, by_decades: bool) -> None:
        self.judged = _judged(run)
        self.bests = list(bests_of(self.judged))
        self.tests = {c.id: tested.rank(c) for c in self.judged if c.ok}
        self.by_decades = by_decades
        self.oracles: list[float | None] = []
        least: float | None = None
        for candidate in self.judged:
            test = self._counted(candidate)
            least = test if least is None or (test is not None and test < least) else least
            self.oracles.append(least)

    def _counted(self, candidate: Candidate) -> float | None:
        test = self.tests.get(candidate.id)
        return NOTHING if test is None and candidate.ok and self.by_decades else test

    def after(self, k: int) -> tuple[Candidate | None, float | None, float | None, float | None]:
        """The best after k candidates, its dev and test figures and the best test figure; figures are None where there is nothing to average."""
        if not self.judged or (best := self.bests[:k][-1]) is None:
            nothing = NOTHING if self.by_decades else None
            return None, nothing, nothing, nothing
        test = self._counted(best)
        return best, best.dev_rank if test is not None else None, test, self.oracles[:k][-1]


def _after(k: int, courses: Sequence[_Course], by_decades: bool) -> Expected:
    """Where the runs of a group stood after k candidates; dev, test and oracle are over the same runs."""
    stood = [course.after(k) for course in courses]
    known = [(dev, test, oracle) for _, dev, test, oracle in stood if None not in (dev, test, oracle)]
    dev, test, oracle = (
        ([scaled(value, by_decades) for value in values if value is not None] for values in zip(*known, strict=True))
        if known
        else ([], [], [])
    )
    interval = over(test, False) if test else Interval(math.nan)
    ends = (math.nan if one is None else one for one in (interval.mean, interval.low, interval.high))
    costs = [_cost(course.judged[:k]) for course in courses]
    return Expected(
        k=k,
        none=sum(best is None for best, *_ in stood) / len(stood),
        test=Figure(*(back(one, by_decades) for one in ends)),
        dev=back(_mean(dev), by_decades),
        oracle=back(_mean(oracle), by_decades),
        tokens=_known_mean([tokens for tokens, _, _ in costs]),
        usd=_known_mean([usd for _, usd, _ in costs]),
        seconds=math.fsum(seconds for _, _, seconds in costs) / len(costs),
        failed=sum(
            best is not None and course.tests[best.id] is None
            for (best, *_), course in zip(stood, courses, strict=True)
        )
        / len(stood),
    )


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else math.nan


def _known_mean(values: Sequence[float | None]) -> float | None:
    """None where one of them is unknown."""
    total = known_sum(values)
    return None if total is None else total / len(values)


def _signed(row: Expected, group: Group) -> Expected:
    """Figures as the metric has them: ranks of a metric that is to be great are its values with the other sign."""
    if group.lower_is_better:
        return row
    test = Figure(-row.test.value, -row.test.high, -row.test.low)
    return replace(row, test=test, dev=-row.dev, oracle=-row.oracle)
