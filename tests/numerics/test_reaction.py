"""What the author writes next depends on how earlier programs did; evaluations here are made up."""

import pytest
from numerics_cases import brief_of, candidate, line

from fieldsmith.agents.author import Candidate, Debug, Draft, NothingLeft, Refine
from fieldsmith.agents.numerics_author import NumericsAuthor
from fieldsmith.equations.analysis import Analysis
from fieldsmith.equations.equation import Balance, Boundary, Equation
from fieldsmith.evaluation.evaluation import Evaluation, Score
from fieldsmith.numerics import families

DAMPED = Equation(("phi",), (line(0, 3),), (Balance("phi", "-d(phi**2/2, s) + k*d(phi, s, s) - mu*phi"),), ("k", "mu"))
GROWING = Equation(("n",), (line(0, 2),), (Balance("n", "D*d(n, s, s) + r*n*(1 - n)"),), ("D", "r"))
DISPERSED = Equation(("w",), (line(-3, 3),), (Balance("w", "-d(w**2/2, s) - c*d(w, s, s, s) + c*d(w, s, s)"),), ("c",))
WALLED = Equation(("w",), (line(0, 1, Boundary("dirichlet")),), (Balance("w", "c*d(w, s, s) - w**3"),), ("c",))
EXACT = Equation(("w",), (line(0, 1),), (Balance("w", "-c*d(w, s)"),), ("c",))


def brief_for(equation):
    return brief_of(equation, dict.fromkeys(equation.parameters, 0.1))


def chain(equation, *statuses):
    """Summaries of successive programs, each judged by the next status (the last repeated), and why it ended."""
    author, history, move, parents = NumericsAuthor(), [], Draft(), ()
    for n in range(1, 40):
        try:
            proposal = author.write(brief_for(equation), move, str(n), history)
        except NothingLeft as reason:
            return [c.proposal.plan.summary for c in history], str(reason)
        status = statuses[min(n, len(statuses)) - 1]
        history.append(candidate(proposal, status, n, parents=parents))
        move = Refine((history[-1],)) if status == "ok" else Debug(history[-1])
        parents = (n,)
    raise AssertionError("it never ends")


def variant_of(equation, summary):
    name, _, rest = summary.partition(": ")
    family = next(family for family in families() if family.name == name)
    return next(v for v in family.variants(Analysis(equation), brief_for(equation)) if v.name == rest)


@pytest.mark.slow
def test_it_reacts_to_what_happened():
    brief, author = brief_for(DAMPED), NumericsAuthor()
    first = author.write(brief, Draft(), "1", [])
    assert first.plan.summary.startswith("spectral")
    blown_up = candidate(first, "not_finite")
    calmer = author.write(brief, Debug(blown_up), "1.1", [blown_up])
    assert calmer.plan.summary == "spectral: steps four times smaller"
    slow = candidate(
        author.write(brief, Refine((candidate(first, "ok"),)), "r1", [candidate(first, "ok")]), "timeout", 2
    )
    assert slow.proposal.plan.summary == "spectral: refined to 1e-5"
    cheaper = author.write(brief, Debug(slow), "r1.1", [slow])
    assert cheaper.plan.summary == "spectral: one pass on the given grid"
    good = candidate(first, "ok", 1, 1e-3)
    stalled = candidate(slow.proposal, "ok", 2, 9.9e-4, (1,), "refine")
    assert author.write(brief, Refine((stalled, good)), "r2", [good, stalled]).plan.summary.startswith("finite volumes")


def test_it_never_repeats_itself_and_says_when_it_is_done():
    brief, author, history = brief_for(DISPERSED), NumericsAuthor(), []
    for n in range(1, 6):
        history.append(candidate(author.write(brief, Draft(), str(n), history), "ok", n))
    with pytest.raises(NothingLeft):
        author.write(brief, Draft(), "6", history)
    assert len({c.program.sha256 for c in history}) == len(history) > 2


@pytest.mark.parametrize("equation", [DAMPED, GROWING, DISPERSED, WALLED])
@pytest.mark.slow
def test_after_a_blow_up_steps_get_smaller_and_then_the_family_is_dropped(equation):
    summaries, reason = chain(equation, "not_finite")
    families = [summary.split(":")[0] for summary in summaries]
    for name in dict.fromkeys(families):
        first, second = (variant_of(equation, s) for s in summaries if s.startswith(name + ":"))
        assert second.again
        assert not first.again
        step = {"courant": 1, "steps": -1}
        before, after = first.choices.numbers(), second.choices.numbers()
        finer = [k for k in before if k in step and step[k] * (after[k] - before[k]) < 0]
        assert finer, (first, second)
    assert families == sorted(families, key=families.index), "a family that was dropped came back"
    assert "blown up" in reason


def test_a_dropped_family_is_not_drafted_again():
    brief, author = brief_for(DAMPED), NumericsAuthor()
    first = candidate(author.write(brief, Draft(), "1", []), "not_finite", 1)
    second = candidate(author.write(brief, Debug(first), "1.1", [first]), "not_finite", 2)
    assert author.write(brief, Draft(), "2", [first, second]).plan.summary.startswith("finite volumes")


@pytest.mark.slow
@pytest.mark.parametrize("equation", [DAMPED, GROWING, DISPERSED, WALLED, EXACT])
@pytest.mark.parametrize("status", ["timeout", "out_of_memory"])
def test_after_a_timeout_only_cheaper_programs_are_written(equation, status):
    for before in ([], ["ok"], ["ok", "ok"], ["ok", "ok", "ok"]):
        summaries, reason = chain(equation, *before, status)
        costs = [variant_of(equation, s).cost for s in summaries[len(before) :]]
        assert costs == sorted(costs, reverse=True), summaries
        assert len(set(costs)) == len(costs), summaries
        assert "nothing cheaper is known" in reason or len(summaries) <= len(before)


def test_what_took_too_long_bounds_drafts_and_refinements_too():
    brief, author = brief_for(DAMPED), NumericsAuthor()
    first = candidate(author.write(brief, Draft(), "1", []), "ok", 1)
    second = candidate(author.write(brief, Refine((first,)), "r1", [first]), "timeout", 2, parents=(1,), move="refine")
    bound = variant_of(DAMPED, second.proposal.plan.summary).cost
    for move in (Draft(), Refine((first,))):
        proposal = author.write(brief, move, "r2", [first, second])
        assert variant_of(DAMPED, proposal.plan.summary).cost < bound


def test_after_a_stall_another_family_is_tried():
    summaries, _ = chain(GROWING, "ok")
    assert [s.split(":")[0] for s in summaries[:4]] == ["spectral", "spectral", "splitting", "spectral"]


def judged(proposal, number, samples, reference=(1e-9,) * 3):
    """A candidate whose dev samples are smooth, kinked and windowed; it stands exactly at the trusted method."""
    kinds = ("smooth", "kinked", "windowed") if reference else ()
    mean = sum(samples) / len(samples)
    own = sum(reference) / len(reference) if reference else None
    score = Score(
        mean,
        {},
        mean,
        own,
        0.1,
        1.0,
        samples=samples,
        kinds=kinds,
        trusted_samples=samples,
        reference_samples=reference,
    )
    return Candidate(number, str(number), "draft", (), "numerics", proposal, Evaluation("ok", dev=score))


@pytest.mark.parametrize(
    ("samples", "reference", "ends"),
    [
        ((5e-10, 9e-10, 9e-10), (1e-9,) * 3, True),
        ((1e-7, 1e-4, 1e-6), (1e-9,) * 3, False),  # as good as the trusted method: no bound
        ((5e-10, 2e-9, 1e-10), (1e-9,) * 3, False),  # one kind is not there yet
        ((1e-5, 1e-5, 1e-5), (), False),  # a file whose own error nobody knows
    ],
)
def test_it_is_done_when_nothing_better_could_be_told_for_any_kind_of_samples(samples, reference, ends):
    brief, author = brief_for(DAMPED), NumericsAuthor()
    first = judged(author.write(brief, Draft(), "1", []), 1, samples, reference)
    if ends:
        with pytest.raises(NothingLeft, match="within the reference's own"):
            author.write(brief, Refine((first,)), "r1", [first])
    else:
        assert author.write(brief, Refine((first,)), "r1", [first]).program


def test_it_stops_where_finer_programs_come_no_closer():
    _, reason = chain(DAMPED, "ok")
    assert "came no closer" in reason


@pytest.mark.slow
def test_progress_in_one_kind_of_samples_is_progress():
    brief, author, history = brief_for(DAMPED), NumericsAuthor(), []
    for n in range(1, 5):
        proposal = author.write(brief, Refine(history[-1:]) if history else Draft(), str(n), history)
        history.append(judged(proposal, n, (10.0 ** -(n + 3), 1e-3, 1e-5)))
    assert author.write(brief, Refine(history[-1:]), "5", history).program
