"""Strategies depend on what happened, never on when."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldsmith.agents.author import Candidate, Debug, Refine
from fieldsmith.agents.strategies import open_strategy
from fieldsmith.errors import InputError
from fieldsmith.evaluation.evaluation import Evaluation, Score


def outcome(slot: str) -> Evaluation:
    """Whether the program of a slot runs, and how well, decided by its name alone."""
    number = sum(map(ord, slot))
    if number % 3 == 0:
        return Evaluation("crashed")
    return Evaluation("ok", dev=Score(1.0 / number, {}, None, None, 0.0, 1.0))


def search(name: str, order, in_flight: int, total: int, **options) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Run a strategy, finishing candidates in the order that `order` draws."""
    strategy = open_strategy(name, debug_rounds=2, **options)
    history: list[Candidate] = []
    while True:
        making = [c for c in history if c.evaluation is None]
        left = total - len(history)
        asks = strategy.ask(history, min(in_flight - len(making), left), left) if left else []
        for ask in asks:
            parents: tuple[int, ...] = ()
            if isinstance(ask.move, Debug):
                parents = (ask.move.candidate.id,)
            elif isinstance(ask.move, Refine):
                parents = tuple(c.id for c in ask.move.candidates)
            history.append(Candidate(len(history) + 1, ask.slot, type(ask.move).__name__.lower(), parents))
        making = [n for n, c in enumerate(history) if c.evaluation is None]
        if not making:
            break
        n = making[order(len(making))]
        history[n] = Candidate(
            n + 1, history[n].slot, history[n].move, history[n].parents, evaluation=outcome(history[n].slot)
        )
    slots = {c.id: c.slot for c in history}
    return {c.slot: (c.move, tuple(slots[p] for p in c.parents)) for c in history}


SEARCHES = [("best-of-n", {}), ("refine", {}), ("refine", {"width": 3}), ("refine", {"drafts": 2, "width": 4})]


@pytest.mark.parametrize(("name", "options"), SEARCHES)
@settings(deadline=None)
@given(data=st.data(), in_flight=st.integers(1, 5), total=st.integers(1, 16))
def test_what_a_search_makes_does_not_depend_on_timing(name, options, data, in_flight, total):
    alone = search(name, lambda n: 0, 1, total, **options)
    shuffled = search(name, lambda n: data.draw(st.integers(0, n - 1)), in_flight, total, **options)
    assert alone == shuffled
    assert len(shuffled) == total


def test_several_chains_are_in_the_making_at_a_time():
    asks = open_strategy("best-of-n", debug_rounds=2).ask([], 4, 12)
    assert [ask.slot for ask in asks] == ["1", "2", "3", "4"]
    # The last two places are kept for mending the first.
    assert [ask.slot for ask in open_strategy("best-of-n", debug_rounds=2).ask([], 4, 3)] == ["1"]


def test_best_of_n_mends_each_draft_in_its_own_chain():
    found = search("best-of-n", lambda n: 0, 1, 12)
    assert len(found) == 12
    assert found["1"] == ("draft", ())
    for slot, (move, parents) in found.items():
        root, _, depth = slot.partition(".")
        if move == "debug":
            assert parents == (root if depth == "1" else f"{root}.{int(depth) - 1}",)


def test_refine_takes_the_best_five_as_parents():
    found = search("refine", lambda n: 0, 1, 16)
    refined = [parents for move, parents in found.values() if move == "refine"]
    assert refined
    assert max(map(len, refined)) == 5


def test_unknown_strategies_are_refused():
    with pytest.raises(InputError, match="Did you mean 'refine'"):
        open_strategy("refin")
