"""Moves know themselves: names, parents, how they are made anew; a plug-in's move is refused early where it could not be told."""

import dataclasses

import pytest

from fieldsmith.agents.author import (
    Calibrate,
    Candidate,
    Combine,
    Debug,
    Draft,
    Move,
    Planned,
    Program,
    Proposal,
    Refine,
    Restart,
    SpeedUp,
)
from fieldsmith.agents.moves import move_named
from fieldsmith.agents.numerics_author import NumericsAuthor
from fieldsmith.errors import InputError
from fieldsmith.evaluation.evaluation import Evaluation, Score
from fieldsmith.strategies.chains import grow
from fieldsmith.tasks import load

FAILED = Candidate(1, "1", "draft", evaluation=Evaluation("crashed", "So.", error_message="no"))
FIRST, SECOND = Candidate(2, "2", "draft"), Candidate(3, "3", "draft")


class Merge(Move):
    words = "Merge these programs."


@pytest.mark.parametrize(
    ("move", "name", "parents"),
    [
        (Draft(), "draft", ()),
        (Debug(FAILED), "debug", (FAILED,)),
        (Refine((FIRST, SECOND)), "refine", (FIRST, SECOND)),
        (Restart(FAILED), "restart", (FAILED,)),
        (Restart(FAILED, (FIRST, SECOND)), "restart", (FAILED, FIRST, SECOND)),
        (Merge([FIRST, SECOND]), "merge", (FIRST, SECOND)),
    ],
)
def test_a_move_is_made_anew_from_its_name_and_parents(move, name, parents):
    assert (move.name, move.parents) == (name, parents)
    assert move_named(name, list(parents)) == move
    assert len(dataclasses.fields(move)) == 1


def test_fewer_programs_leave_the_worst_out_and_never_the_one_to_avoid():
    assert Refine((FIRST, SECOND)).with_fewer() == Refine((FIRST,))
    assert Restart(FAILED, (FIRST, SECOND)).with_fewer() == Restart(FAILED, (FIRST,))
    assert Merge((FIRST, SECOND)).with_fewer() == Merge((FIRST,))
    assert [move.with_fewer() for move in (Draft(), Debug(FAILED), Refine((FIRST,)), Restart(FAILED))] == [None] * 4


def test_a_move_that_could_not_be_told_is_refused_where_it_is_defined():
    with pytest.raises(InputError, match="'mute' has no words"):
        type("Mute", (Move,), {})
    with pytest.raises(InputError, match=r"'draft' of .* has the name of fieldsmith.agents.moves.Draft"):
        type("Draft", (Move,), {"words": "Write."})
    with pytest.raises(InputError, match="cannot be called 'A b'"):
        type("Odd", (Move,), {"words": "Write.", "name": "A b"})
    with pytest.raises(InputError, match="Nobody knows the move 'mute'"):
        move_named("mute", ())


def test_a_cell_of_a_notebook_may_be_run_twice():
    def cell() -> type[Move]:
        class Again(Move):
            words = "Write it again."

        return Again

    first, second = cell(), cell()
    assert move_named("again", ()) == second() != first()


class Splice(Move):
    words = "Splice these programs."
    avoids = True


def failed(number: int, slot: str, move: str, *parents: int) -> Candidate:
    return Candidate(number, slot, move, parents, "x", Proposal(Program(f"a = -{number}")), FAILED.evaluation)


RAN = Evaluation("ok", dev=Score(1e-3, {}, None, None, 0.1, 1.0))
GOOD = Candidate(1, "1", "draft", (), "x", Proposal(Program("a = 1")), RAN)
OTHER = Candidate(2, "2", "draft", (), "x", Proposal(Program("a = 2")), RAN)


@pytest.mark.parametrize(
    ("move", "name", "parents", "shown"),
    [
        (Planned(), "planned", (), ()),
        (Calibrate((GOOD,)), "calibrate", (GOOD,), (GOOD,)),
        (Combine((GOOD, OTHER)), "combine", (GOOD, OTHER), (GOOD, OTHER)),
        (SpeedUp((GOOD,)), "speed-up", (GOOD,), (GOOD,)),
        (Splice((GOOD, OTHER)), "splice", (GOOD, OTHER), (GOOD, OTHER)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_chain_that_repeats_a_mistake_asks_for_its_move_again_and_for_that_mistake_to_be_avoided(
    move, name, parents, shown
):
    began = failed(3, "7", name, *(parent.id for parent in parents))
    history = [GOOD, OTHER, began, failed(4, "7.1", "debug", 3)]
    (ask,) = grow(history, 9, (), 9, 9)
    again = ask.move
    assert (ask.slot, again.name, again.avoid, again.turns) == ("7.2", name, history[3], move.turns)
    assert [c.id for c in again.candidates] == [c.id for c in shown]
    assert move_named(again.name, list(again.parents)) == again, "as a run that resumes makes it"
    anew = failed(5, "7.2", name, *(c.id for c in again.parents))
    (ask,) = grow([*history, anew, failed(6, "7.3", "debug", 5)], 9, (), 9, 9)
    assert (ask.move.name, ask.move.avoid.id, len(ask.move.parents)) == (name, 6, len(parents) + 1), "the newer one"


def test_a_plug_ins_move_that_avoids_nothing_gives_way_to_a_fresh_start_from_its_parents():
    history = [GOOD, failed(2, "m1", "merge", 1), failed(3, "m1.1", "debug", 2)]
    (ask,) = grow(history, 4, (), 9, 9)
    assert (ask.slot, ask.move) == ("m1.2", Restart(history[2], (GOOD,)))


def test_a_plug_in_may_say_what_its_move_gives_way_to():
    class Simplify(Move):
        words = "Write a simpler program than this."

        def again(self, failed: Candidate) -> Move:
            return Restart(failed)

    history = [GOOD, failed(2, "s1", "simplify", 1), failed(3, "s1.1", "debug", 2)]
    (ask,) = grow(history, 4, (), 9, 9)
    assert ask.move == Restart(history[2])


def test_programs_to_work_from_are_never_taken_for_a_mistake():
    assert (Splice((FAILED,)).avoid, Splice((FAILED,)).candidates) == (None, (FAILED,))
    assert (Merge((GOOD, FAILED)).avoid, Merge((GOOD, FAILED)).candidates) == (None, (GOOD, FAILED))
    assert Combine((GOOD, OTHER)).avoid is None
    assert Splice().again(FAILED) == Restart(FAILED), "alone the failed one would be shown to work from"
    assert Combine((GOOD, OTHER, FAILED)).with_fewer() == Combine((GOOD, FAILED))


@pytest.mark.parametrize("turns", ["plan", ("Plan",), ("../plan",), (1,)])
def test_turns_that_name_no_template_are_refused_where_the_move_is_defined(turns):
    with pytest.raises(InputError, match="The turns of the move 'chatty' are no names of templates"):
        type("Chatty", (Move,), {"words": "Write.", "turns": turns})


@pytest.mark.parametrize("turns", [("plan", "program"), ("continue",), ("plan", "plan")])
def test_a_turn_that_would_be_mistaken_for_another_request_is_refused(turns):
    with pytest.raises(InputError, match=f"The move 'talking' cannot have a turn '{turns[-1]}'"):
        type("Talking", (Move,), {"words": "Write.", "turns": turns})


def test_the_built_in_author_takes_an_unknown_move_for_a_refinement_or_a_draft():
    author, brief = NumericsAuthor(), load("burgers").brief()
    first = author.write(brief, Draft(), "1", [])
    assert author.write(brief, Merge(), "1", []) == first
    score = Score(1e-2, {}, None, None, 0.1, 1.0)
    ran = Candidate(1, "1", "draft", (), "numerics", first, Evaluation("ok", dev=score))
    assert author.write(brief, Merge((ran,)), "r1", [ran]) == author.write(brief, Refine((ran,)), "r1", [ran])
