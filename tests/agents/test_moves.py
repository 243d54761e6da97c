"""Moves know themselves: names, parents, how they are made anew; a plug-in's move is refused early where it could not be told."""

import dataclasses

import pytest

from fieldsmith.agents.author import Candidate, Debug, Draft, Move, Program, Proposal, Refine, Restart
from fieldsmith.agents.moves import move_named
from fieldsmith.agents.numerics_author import NumericsAuthor
from fieldsmith.agents.strategies.chains import grow
from fieldsmith.errors import InputError
from fieldsmith.evaluation.evaluation import Evaluation, Score
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


def test_a_chain_begins_anew_with_the_plug_ins_move_that_it_began_with():
    def failed(number: int, slot: str, move: str, *parents: int) -> Candidate:
        proposal = Proposal(Program(f"# {number}"))
        return Candidate(number, slot, move, parents, "x", proposal, FAILED.evaluation)

    good = Candidate(1, "1", "draft", evaluation=Evaluation("ok", dev=Score(1e-3, {}, None, None, 0.1, 1.0)))
    history = [good, failed(2, "m1", "merge", 1), failed(3, "m1.1", "debug", 2)]
    (ask,) = grow(history, 4, (), 9, 9)
    assert (ask.slot, ask.move.name, ask.move.parents) == ("m1.2", "merge", (good,))


def test_the_built_in_author_takes_an_unknown_move_for_a_refinement_or_a_draft():
    author, brief = NumericsAuthor(), load("burgers").brief()
    first = author.write(brief, Draft(), "1", [])
    assert author.write(brief, Merge(), "1", []) == first
    score = Score(1e-2, {}, None, None, 0.1, 1.0)
    ran = Candidate(1, "1", "draft", (), "numerics", first, Evaluation("ok", dev=score))
    assert author.write(brief, Merge((ran,)), "r1", [ran]) == author.write(brief, Refine((ran,)), "r1", [ran])
