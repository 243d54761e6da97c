"""What each strategy makes of what came before: islands and resets, wider or deeper, the elites of a map."""

from dataclasses import replace

import numpy as np
import pytest

from fieldsmith.agents.author import Candidate, Plan, Program, Proposal
from fieldsmith.agents.strategies import Evolve, FunSearch, Tree, open_strategy
from fieldsmith.errors import InputError
from fieldsmith.evaluation.evaluation import Evaluation, Score

KINDS = {"F": "Fourier modes", "V": "finite volumes, WENO", "D": "central differences"}


def ran(number: int, error: float, move: str = "draft", parents=(), kind: str = "F", seconds: float = 0.1, samples=()):
    score = Score(error, {}, 1e-6, None, 0.0, seconds, seconds, order=2.0, samples=samples)
    proposal = Proposal(Program(f"def solver():\n    return {number}\n"), Plan(discretisation=KINDS[kind]))
    return Candidate(number, str(number), move, parents, proposal=proposal, evaluation=Evaluation("ok", dev=score))


def broke(number: int, move: str = "draft", parents=()):
    proposal = Proposal(Program(f"def solver():\n    return {number}\n"))
    evaluation = Evaluation("crashed", error_type="ValueError", error_message=f"mistake {number}")
    return Candidate(number, str(number), move, parents, proposal=proposal, evaluation=evaluation)


def broke_for_good(number: int):
    """A chain that has no mend left of its four."""
    return replace(broke(number), slot=f"{number}.4")


def asked(strategy, history):
    (ask,) = strategy.ask(history, 1, 100)
    return ask.move


def shown(move):
    return [candidate.id for candidate in move.candidates]


# funsearch


def test_islands_take_turns_and_show_their_own_programs_best_first():
    strategy = FunSearch(0, islands=2, shown=2, period=9)
    history = [ran(1, 1e-3), ran(2, 1e-4), ran(3, 1e-5), ran(4, 1e-2)]
    assert [shown(asked(strategy, history[:n])) for n in (2, 3)] == [[1], [2]]
    assert shown(asked(strategy, history)) == [3, 1]


def test_programs_that_do_the_same_are_one_cluster():
    strategy = FunSearch(0, islands=1, shown=2, period=99)
    same = [ran(n, 1e-3, samples=(1e-3, 1e-3)) for n in (1, 2, 3)]
    assert len(shown(asked(strategy, same))) == 1
    assert len(shown(asked(strategy, [*same, ran(4, 1e-3, samples=(2e-3, 1e-5))]))) == 2


def test_the_worse_island_begins_anew_with_the_best_of_the_other():
    strategy = FunSearch(0, islands=2, shown=1, temperature=0.0, period=2)
    history = [ran(1, 1e-3), ran(2, 1e-6), ran(3, 1e-2), ran(4, 1e-5)]
    before = asked(strategy, history[:2])
    assert shown(before) == [1]
    assert shown(asked(strategy, history)) == [2]  # the turn of the first island, which was emptied


def test_a_cold_island_shows_its_best_and_a_hot_one_all():
    history = [ran(n, 10.0**-n) for n in range(1, 6)]
    cold = {tuple(shown(asked(FunSearch(0, seed=s, islands=1, shown=1, temperature=0.0), history))) for s in range(30)}
    hot = {
        tuple(shown(asked(FunSearch(0, seed=s, islands=1, shown=1, temperature=50.0, period=99), history)))
        for s in range(60)
    }
    assert cold == {(5,)}
    assert len(hot) == 5


# tree


def test_a_tree_goes_deeper_where_that_pays_and_wider_where_it_does_not():
    def deeper(history):
        moves = [asked(Tree(0, seed=seed), history).name for seed in range(40)]
        return moves.count("refine") / len(moves)

    improving = [ran(1, 1e-1), *(ran(n, 10.0**-n, "refine", (n - 1,)) for n in range(2, 7))]
    stuck = [ran(1, 1e-6), *(ran(n, 0.9, "refine", (1,)) for n in range(2, 7)), *(ran(n, 1e-6) for n in (7, 8, 9))]
    assert deeper(improving) > deeper(stuck) + 0.2


def test_below_a_draft_that_never_ran_its_mistake_is_told():
    moves = [asked(Tree(0, seed=seed), [broke(1)]) for seed in range(30)]
    assert {move.name for move in moves} <= {"draft", "restart"}
    assert all(move.avoid.id == 1 for move in moves if move.name == "restart")


def test_below_a_refinement_that_never_ran_the_same_program_is_bettered_anew():
    history = [ran(1, 1e-3), broke(2, "refine", (1,))]
    moves = [asked(Tree(0, seed=seed), history) for seed in range(60)]
    again = [move for move in moves if move.name == "restart"]
    assert again
    assert {(move.avoid.id, tuple(shown(move))) for move in again} == {(2, (1,))}


def test_a_fresh_start_that_fails_in_vain_avoids_its_own_mistake():
    evaluation = Evaluation("crashed", error_type="ValueError", error_message="the same")
    proposal = Proposal(Program("def solver():\n    return 9\n"))
    begun = Candidate(2, "2", "restart", (1,), proposal=proposal, evaluation=evaluation)
    mended = Candidate(3, "2.1", "debug", (2,), proposal=proposal, evaluation=evaluation)
    move = asked(Tree(4), [broke_for_good(1), begun, mended])
    assert (move.name, move.avoid.id) == ("restart", 3)


def test_a_tree_leaves_the_chance_of_the_program_that_calls_it_alone():
    np.random.seed(3)
    before = np.random.random()
    np.random.seed(3)
    asked(Tree(0), [ran(1, 1e-3), ran(2, 1e-4, "refine", (1,))])
    assert np.random.random() == before


# evolve


def test_each_kind_of_method_keeps_its_best_and_is_bred_from():
    strategy = [Evolve(0, seed=seed, drafts=4, best=0.0, combine=0.0, faster=0.0) for seed in range(40)]
    history = [ran(1, 1e-6, kind="F"), ran(2, 1e-2, kind="V"), ran(3, 1e-3, kind="V"), ran(4, 1e-1, kind="D")]
    assert {shown(asked(one, history))[0] for one in strategy} == {1, 3, 4}


def test_two_elites_are_combined_the_better_one_first():
    history = [ran(1, 1e-3, kind="V"), ran(2, 1e-6, kind="F")]
    move = asked(Evolve(0, drafts=2, combine=1.0, faster=0.0), history)
    assert (move.name, shown(move)) == ("combine", [2, 1])


def test_only_what_is_slow_is_made_faster():
    quick, slow = [[ran(1, 1e-6, seconds=seconds)] for seconds in (0.1, 30.0)]
    moves = [asked(Evolve(0, drafts=1, combine=0.0, faster=1.0), history).name for history in (quick, slow)]
    assert moves == ["refine", "speed-up"]


# all of them


@pytest.mark.parametrize("name", ["funsearch", "tree", "evolve"])
def test_where_nothing_runs_it_drafts_on(name):
    history = [broke(1), broke(2), broke(3), broke(4)]
    assert asked(open_strategy(name, 0), history).name in ("draft", "restart")


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("funsearch", {"islands": 0}, "islands = 0"),
        ("funsearch", {"temperature": -1.0}, "temperature = -1"),
        ("tree", {"prior": "cauchy"}, "gaussian or beta"),
        ("evolve", {"best": 2.0}, "best = 2"),
        ("evolve", {"combine": 0.8, "faster": 0.5}, "more than all moves"),
        ("tree", {"width": 0}, "width = 1 or more"),
    ],
)
def test_settings_that_lead_nowhere_are_refused(name, settings, words):
    with pytest.raises(InputError) as refused:
        open_strategy(name, **settings)
    assert words in str(refused.value) + refused.value.hint
