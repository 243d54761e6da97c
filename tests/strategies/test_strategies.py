"""Strategies depend on what happened, never on when."""

import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldsmith.agents.author import Candidate, Debug, Plan, Program, Proposal, Refine, Restart
from fieldsmith.errors import InputError
from fieldsmith.evaluation.evaluation import Evaluation, Score
from fieldsmith.strategies import open_strategy
from fieldsmith.strategies.choosing import best_of


def outcome(slot: str) -> Evaluation:
    """Whether the program of a slot runs, and how well, or what its mistake is, decided by its name alone."""
    number = zlib.crc32(slot.encode())
    if number % 5 < 3:
        return Evaluation("crashed", error_type="ValueError", error_message=f"mistake {number % 2}")
    return Evaluation("ok", dev=Score(1.0 / (number + 1), {}, None, None, 0.0, 1.0))


def search(name: str, order, in_flight: int, total: int, **options) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Run a strategy, finishing candidates in the order that `order` draws."""
    strategy = open_strategy(name, **{"debug_rounds": 2, **options})
    history: list[Candidate] = []
    while True:
        making = [c for c in history if c.evaluation is None]
        left = total - len(history)
        asks = strategy.ask(history, min(in_flight - len(making), left), left) if left else []
        for ask in asks:
            parents = tuple(c.id for c in ask.move.parents)
            history.append(Candidate(len(history) + 1, ask.slot, ask.move.name, parents))
        making = [n for n, c in enumerate(history) if c.evaluation is None]
        if not making:
            break
        n = making[order(len(making))]
        history[n] = Candidate(
            n + 1, history[n].slot, history[n].move, history[n].parents, evaluation=outcome(history[n].slot)
        )
    slots = {c.id: c.slot for c in history}
    return {c.slot: (c.move, tuple(slots[p] for p in c.parents)) for c in history}


SEARCHES = [
    ("best-of-n", {}),
    ("best-of-n", {"debug_rounds": 5}),
    ("refine", {"debug_rounds": 4, "drafts": 2}),
    ("refine", {}),
    ("refine", {"width": 3}),
    ("refine", {"drafts": 2, "width": 4}),
    ("funsearch", {}),
    ("funsearch", {"islands": 2, "period": 1, "width": 3, "seed": 7}),
    ("tree", {}),
    ("tree", {"width": 3, "seed": 7, "prior": "beta"}),
    ("plan-first", {}),
    ("plan-first", {"drafts": 2, "width": 3, "seed": 7}),
    ("evolve", {"drafts": 2}),
    ("evolve", {"width": 3, "seed": 7, "combine": 0.6, "faster": 0.4}),
]


@pytest.mark.slow
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
        if move in ("debug", "restart"):
            assert parents == (root if depth == "1" else f"{root}.{int(depth) - 1}",)


def test_refine_takes_the_best_five_as_parents():
    found = search("refine", lambda n: 0, 1, 40)
    refined = [parents for move, parents in found.values() if move == "refine"]
    assert refined
    assert max(map(len, refined)) == 5


def test_what_is_refined_first_is_what_a_run_would_hand_over():
    def drafted(number: int, error: float, seconds: float) -> Candidate:
        score = Score(error, {}, 1e-6, 1e-5, 0.0, seconds)
        proposal = Proposal(Program(f"x = {number}"))
        return Candidate(number, str(number), "draft", proposal=proposal, evaluation=Evaluation("ok", dev=score))

    # The reference errs by 1e-5 itself: the first two cannot be told apart but by their speed.
    history = [drafted(1, 1e-6, 30.0), drafted(2, 8e-6, 0.5), drafted(3, 1e-3, 0.1)]
    (ask,) = open_strategy("refine", drafts=3).ask(history, 1, 20)
    best = best_of(history)
    assert [c.id for c in ask.move.candidates] == [2, 1, 3]
    assert best is not None
    assert best.id == 2


def test_unknown_strategies_are_refused():
    with pytest.raises(InputError, match="Did you mean 'refine'"):
        open_strategy("refin")


@pytest.mark.parametrize("settings", [{"width": 0}, {"drafts": -1}])
def test_settings_that_lead_nowhere_are_refused(settings):
    with pytest.raises(InputError, match="width = 1 or more"):
        open_strategy("refine", **settings)


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        *((name, setting) for name in ("refine", "plan-first", "evolve") for setting in ("drafts", "width")),
        *(("funsearch", setting) for setting in ("islands", "shown", "period", "width")),
        ("plan-first", "pilots"),
        ("tree", "width"),
    ],
)
def test_no_budget_has_room_for_so_many(name, setting):
    with pytest.raises(InputError, match=f"cannot take {setting} = 10000000000000") as refused:
        open_strategy(name, **{setting: "10000000000000"})
    assert refused.value.hint == "Give 10,000 at most."


CODE = "import numpy as np\n{comment}\ndef solver(u):\n    return u + np.zeros(7){ending}\n"


def failed(slot: str, move: str = "draft", parents=(), comment: str = "", ending: str = "", **changes) -> Candidate:
    values = {"status": "crashed", "error_type": "ValueError", "error_message": "shapes", "error_line": 4, **changes}
    line = comment.count("\n")
    evaluation = Evaluation(**{**values, "error_line": values["error_line"] and values["error_line"] + line})
    proposal = Proposal(Program(CODE.format(comment=comment, ending=ending)), Plan())
    number = 1 + 10 * int(slot.partition(".")[0].strip("r")) + int(slot.partition(".")[2] or 0)
    return Candidate(number, slot, move, parents, proposal=proposal, evaluation=evaluation)


def next_of(*history: Candidate):
    return open_strategy("best-of-n", debug_rounds=9).ask(list(history), 1, 50)[0]


def test_a_repeated_mistake_gets_a_fresh_start_in_its_chains_next_place():
    first = failed("1")
    again = failed("1.1", "debug", (first.id,), comment="# moved\n# down")
    ask = next_of(first, again)
    assert (ask.slot, ask.move) == ("1.2", Restart(again))
    anew = failed("1.2", "restart", (again.id,))
    assert next_of(first, again, anew).move == Debug(anew), "the fresh program is mended first"
    once_more = failed("1.3", "debug", (anew.id,))
    assert next_of(first, again, anew, once_more).move == Restart(once_more)


@pytest.mark.parametrize(
    "changes",
    [
        {"error_message": "other"},
        {"error_type": "TypeError"},
        {"ending": " * 2"},
        {"status": "timeout", "error_type": "Timeout", "error_line": None},
        {"status": "not_finite", "error_type": "", "error_message": "", "error_line": None},
    ],
)
def test_another_mistake_is_mended(changes):
    first = failed("1", **{k: v for k, v in changes.items() if "status" in changes})
    again = failed("1.1", "debug", (first.id,), comment="other = 1", **changes)
    assert next_of(first, again).move == Debug(again)


def test_sizes_and_addresses_make_no_other_mistake():
    first = failed("1", error_message="index 256 is out of bounds for axis 1 with size 256, <f at 0x7f1b>")
    again = failed(
        "1.1",
        "debug",
        (first.id,),
        comment="# other",
        error_message="index 64 is out of bounds for axis 1 with size 64, <f at 0x9a>",
    )
    assert next_of(first, again).move == Restart(again)


@pytest.mark.parametrize("status", ["timeout", "not_finite", "out_of_memory"])
def test_a_mend_that_changes_nothing_gets_a_fresh_start(status):
    first = failed("1", status=status, error_line=None)
    again = failed("1.1", "debug", (first.id,), comment="# mended", status=status, error_line=None)
    assert next_of(first, again).move == Restart(again)


def test_the_same_wrong_shape_twice_is_a_repeated_mistake():
    wrong = {"status": "bad_output", "error_message": "`u` has shape (1,); expected (2,).", "error_line": None}
    first = failed("1", **wrong)
    assert isinstance(next_of(first, failed("1.1", "debug", (first.id,), **wrong)).move, Restart)


def test_a_refinement_begins_anew_from_the_same_parents():
    best = Candidate(5, "1", "draft", evaluation=Evaluation("ok", dev=Score(0.1, {}, None, None, 0.0, 1.0)))
    first = failed("r1", "refine", (best.id,))
    again = failed("r1.1", "debug", (first.id,))
    ask = open_strategy("refine", debug_rounds=4, drafts=1).ask([best, first, again], 1, 50)[0]
    assert (ask.slot, ask.move) == ("r1.2", Restart(again, (best,)))


@pytest.mark.parametrize(("total", "width"), [(6, 4), (9, 4), (8, 2), (12, 4)])
def test_a_refinement_that_had_to_wait_for_another_sees_what_came_of_it(total, width):
    strategy, history = open_strategy("refine", debug_rounds=4, drafts=2, width=width), []
    while asks := strategy.ask(history, 4, total - len(history)) if len(history) < total else []:
        alone = len(asks) == 1
        for ask in asks:
            newest = history[-1].id if history else None
            parents = tuple(c.id for c in getattr(ask.move, "candidates", ()))
            assert not alone or ask.move.name != "refine" or newest in parents, f"{ask.slot} is blind to {newest}"
            number = len(history) + 1
            score = Score(1.0 / number, {}, None, None, 0.0, 1.0)
            history.append(Candidate(number, ask.slot, ask.move.name, parents, evaluation=Evaluation("ok", dev=score)))
    assert [c.slot for c in history] == ["1", "2", *(f"r{n + 1}" for n in range(total - 2))]


class Repeating:
    """A search whose program of each slot is chosen by `program`, and runs as well as `errors` says; None fails."""

    def __init__(self, program, errors: dict[str, float | None]) -> None:
        self.program, self.errors = program, errors

    def run(self, total: int, **options) -> dict[str, Candidate]:
        strategy, history, moves = open_strategy("refine", **{"debug_rounds": 2, "drafts": 3, **options}), [], {}
        while len(history) < total:
            (ask,) = strategy.ask(history, 1, total - len(history))
            moves[ask.slot] = ask.move
            parents = tuple(c.id for c in ask.move.parents)
            name = self.program(ask)
            error = self.errors[name]
            score = Score(error, {}, None, None, 0.0, 1.0) if error is not None else None
            found = Evaluation("ok", dev=score) if score else Evaluation("not_finite")
            # Every program has another comment.
            proposal = Proposal(Program(f"{name} = 1  # {ask.slot}\n"))
            history.append(Candidate(len(history) + 1, ask.slot, ask.move.name, parents, "", proposal, found))
        self.moves = moves
        return {c.slot: c for c in history}


def shown(move) -> list[str]:
    return [c.slot for c in move.candidates]


def test_programs_that_differ_in_comments_alone_are_one_parent():
    drafts = {"1": "a", "2": "a", "3": "b"}
    search = Repeating(lambda ask: drafts.get(ask.slot, ask.slot), {"a": 0.1, "b": 0.2, "r1": 0.3, "r2": 0.4})
    search.run(5)
    assert shown(search.moves["r1"]) == ["1", "3"]
    assert shown(search.moves["r2"]) == ["1", "3", "r1"]
    assert not search.moves["r2"].repeated


def test_a_refinement_that_changes_nothing_is_told_to_the_next():
    search = Repeating(lambda ask: "a" if ask.slot in ("1", "r1", "r2") else "b", {"a": 0.2, "b": 0.1})
    search.run(6)
    assert shown(search.moves["r1"]) == ["2", "1"]
    assert [dict(search.moves[slot].repeated) for slot in ("r1", "r2", "r3")] == [{}, {2: 1}, {2: 2}]
    assert shown(search.moves["r3"]) == ["2", "1"]
    assert search.moves["r3"].with_fewer() == Refine((search.moves["r3"].parents[0],))


def test_a_worse_refinement_that_comes_again_is_shown_in_place_of_the_fifth():
    errors = {str(n): 0.1 * n for n in range(1, 7)} | {"worse": 9.0}
    search = Repeating(lambda ask: ask.slot if ask.slot in errors else "worse", errors)
    search.run(9, drafts=6)
    assert shown(search.moves["r2"]) == ["1", "2", "3", "4", "5"]
    assert shown(search.moves["r3"]) == ["1", "2", "3", "4", "r1"]
    assert dict(search.moves["r3"].repeated) == {5: 1}


def test_a_model_that_always_answers_alike_is_not_asked_the_same_for_ever():
    search = Repeating(lambda ask: "a", {"a": 0.2})
    search.run(12)
    asked = {(tuple(shown(m)), tuple(m.repeated.items())) for slot, m in search.moves.items() if slot[0] == "r"}
    assert len(asked) == 9


def test_a_refinement_that_fails_as_a_program_did_that_was_mended_begins_anew():
    programs = {"1": "bad", "1.1": "a", "2": "a", "3": "a", "r1": "bad", "r1.1": "a"}
    search = Repeating(lambda ask: programs[ask.slot], {"bad": None, "a": 0.1})
    search.run(6)
    assert isinstance(search.moves["1.1"], Debug)
    assert isinstance(search.moves["r1.1"], Restart)
    assert shown(search.moves["r1.1"]) == ["1.1"]
