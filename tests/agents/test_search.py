"""What each strategy makes of what came before: islands and resets, wider or deeper, the elites of a map."""

from dataclasses import replace

import numpy as np
import pytest

from fieldsmith.agents.author import Candidate, Plan, Program, Proposal
from fieldsmith.errors import InputError
from fieldsmith.evaluation.evaluation import Evaluation, Score
from fieldsmith.numerics.code import analysed
from fieldsmith.numerics.methods import families
from fieldsmith.numerics.space import space
from fieldsmith.strategies import Evolve, FunSearch, PlanFirst, Tree, open_strategy
from fieldsmith.strategies.features import features, kind_of
from fieldsmith.tasks import load

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


@pytest.mark.parametrize("name", ["funsearch", "tree", "evolve", "plan-first"])
def test_where_nothing_runs_it_drafts_on(name):
    history = [broke(1), broke(2), broke(3), broke(4)]
    assert asked(open_strategy(name, 0), history).name in ("draft", "restart", "planned")


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("funsearch", {"islands": 0}, "islands = 0"),
        ("funsearch", {"temperature": -1.0}, "temperature = -1"),
        ("tree", {"prior": "cauchy"}, "gaussian or beta"),
        ("evolve", {"best": 2.0}, "best = 2"),
        ("evolve", {"combine": 0.8, "faster": 0.5}, "more than all moves"),
        ("plan-first", {"pilots": -1}, "pilots = -1"),
        ("plan-first", {"drafts": -1}, "-1 drafts"),
        ("tree", {"width": 0}, "width = 1 or more"),
    ],
)
def test_settings_that_lead_nowhere_are_refused(name, settings, words):
    with pytest.raises(InputError) as refused:
        open_strategy(name, **settings)
    assert words in str(refused.value) + refused.value.hint


# plan-first


def test_plans_come_first_and_survivors_are_calibrated():
    strategy = PlanFirst(0, drafts=2)
    asks = strategy.ask([], 4, 100)
    assert [(ask.slot, ask.move.name, ask.move.turns) for ask in asks] == [
        ("1", "planned", ("plan", "criticise")),
        ("2", "planned", ("plan", "criticise")),
    ]
    move = asked(strategy, [ran(1, 1e-3, "planned"), broke_for_good(2)])
    assert (move.name, shown(move), move.turns) == ("calibrate", [1], ())


def test_the_better_a_survivor_the_likelier_it_is_calibrated():
    history = [ran(1, 1e-6, "planned"), ran(2, 1e-1, "planned")]
    chosen = [shown(asked(PlanFirst(0, seed=seed, drafts=2), history))[0] for seed in range(40)]
    assert chosen.count(1) > 30
    cold = [shown(asked(PlanFirst(0, seed=seed, drafts=2, temperature=0.0), history))[0] for seed in range(10)]
    assert cold == [1] * 10


def test_a_program_that_is_hopeless_in_its_pilot_is_mended_in_its_chain():
    lost = replace(broke(1, "planned"), evaluation=Evaluation("hopeless"))
    move = asked(PlanFirst(2, drafts=1), [lost])
    assert (move.name, move.parents) == ("debug", (lost,))


# what is stored decides


def test_a_reset_that_is_due_within_a_round_ends_it():
    """With several chains side by side none draws from an island that is about to be emptied."""
    strategy = FunSearch(0, islands=2, shown=1, temperature=0.0, period=2, width=3)
    history = [ran(1, 1e-3), ran(2, 1e-6)]
    assert [ask.slot for ask in strategy.ask(history, 3, 100)] == ["3", "4"]
    history += [ran(3, 1e-2), ran(4, 1e-5)]
    first, second, third = strategy.ask(history, 3, 100)
    assert [shown(ask.move) for ask in (first, second, third)] == [[2], [2], [2]]


def test_the_cells_of_a_map_follow_from_what_is_stored():
    one, other = ran(1, 1e-3, seconds=0.11), ran(2, 1e-3, seconds=0.98)
    assert features(one) == features(other)
    unknown = replace(one.evaluation, dev=replace(one.evaluation.dev, cpu_seconds=None, seconds=50.0))
    assert features(replace(one, evaluation=unknown))[2] == "cost unknown"
    slow = replace(one.evaluation, dev=replace(one.evaluation.dev, cpu_seconds=None, seconds=50.0))
    faster = Evolve(0, drafts=1, combine=0.0, faster=1.0)
    assert asked(faster, [replace(one, evaluation=slow)]).name == "refine"
    assert asked(faster, [ran(1, 1e-3, seconds=5.0)]).name == "speed-up"


@pytest.mark.parametrize(
    ("plan", "kind"),
    [
        (Plan("Fourier pseudo-spectral, 2/3 dealiasing", summary="finite volumes"), "spectral"),
        (Plan("conservative finite volumes, WENO of order 5, HLLC flux"), "finite volumes"),
        (Plan("Second-order central differences in x, Fourier in y"), "finite differences"),
        (Plan("5-point stencil"), "finite differences"),
        (Plan("semi-Lagrangian"), "characteristics"),
        (Plan("linear finite elements with a mass matrix"), "finite elements"),
        (Plan("cell averages", "exact exponential", summary="Finite-volume cells"), "finite volumes"),
        (Plan(method="a supremely elementary indifferent method"), "another kind"),
        (Plan(), "another kind"),
    ],
)
def test_kinds_are_told_by_whole_words_of_the_plan_the_first_that_is_named(plan, kind):
    assert kind_of(Candidate(1, "1", "draft", proposal=Proposal(None, plan))) == kind


@pytest.mark.parametrize("task", ["advection", "burgers", "reacdiff1d", "cns1d", "darcy"])
def test_the_built_in_methods_are_told_from_each_other(task):
    brief = load(task).brief()
    analysis = analysed(brief)
    kinds = {}
    for family, variant in space(families(), analysis, brief):
        plan = family.plan(analysis, variant)
        kinds.setdefault(family.name, set()).add(kind_of(Candidate(1, "1", "draft", proposal=Proposal(None, plan))))
    assert all(len(found) == 1 and "another kind" not in found for found in kinds.values()), kinds
