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


def search(name: str, order, width: int, total: int) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Run a strategy, finishing candidates in the order that `order` draws."""
    strategy = open_strategy(name, debug_rounds=2)
    history: list[Candidate] = []
    while True:
        making = [c for c in history if c.evaluation is None]
        asks = strategy.ask(history, min(width - len(making), total - len(history))) if len(history) < total else []
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


@settings(deadline=None)
@given(data=st.data(), width=st.integers(1, 4))
def test_parents_of_a_slot_do_not_depend_on_timing(data, width):
    total = 14
    alone = search("refine", lambda n: 0, 1, total)
    shuffled = search("refine", lambda n: data.draw(st.integers(0, n - 1)), width, total)
    for slot in alone.keys() & shuffled.keys():
        assert alone[slot] == shuffled[slot]
    assert len(shuffled) == total


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
