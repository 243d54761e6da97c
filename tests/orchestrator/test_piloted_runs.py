"""Pilots in a run: asked for by an option or by the strategy, kept in the store, and the same when the run is taken up again."""

import json

import pytest
from test_loop import GOOD, ScriptedAuthor, loop_of

import fieldsmith as fs
from fieldsmith.agents.author import Planned
from fieldsmith.errors import InputError
from fieldsmith.orchestrator.budget import Budget
from fieldsmith.orchestrator.question import Question
from fieldsmith.orchestrator.record import load_run
from fieldsmith.orchestrator.store import Store
from fieldsmith.strategies import open_strategy, requests_of

SOUND = """import numpy as np
def solver(u0_batch, t_coordinate, beta):
    u = np.asarray(u0_batch)
    k = 2j * np.pi * np.fft.rfftfreq(u.shape[1], 1.0 / u.shape[1])
    turned = np.fft.rfft(u)[:, None] * np.exp(-k * beta * np.asarray(t_coordinate)[None, :, None])
    return np.fft.irfft(turned, u.shape[1])
"""


def test_what_is_hopeless_is_mended_in_its_chain_and_what_survives_is_scored(tmp_path):
    loop = loop_of(tmp_path, ScriptedAuthor(lambda slot: GOOD if slot == "1" else SOUND), Budget(candidates=2))
    loop.maker.pilots = 1
    loop.run()
    first, second = loop.store.candidates()
    assert (first.slot, first.evaluation.status, first.evaluation.dev) == ("1", "hopeless", None)
    assert (second.slot, second.move, second.evaluation.status) == ("1.1", "debug", "ok")
    assert second.evaluation.pilot.survived
    loop.store.close()
    again = Store(tmp_path / "run.sqlite", reading=True)
    assert [c.evaluation.pilot for c in again.candidates()] == [first.evaluation.pilot, second.evaluation.pilot]
    again.close()


class Writer:
    """Writes what is hopeless first, then what is sound; remembers the moves."""

    label, note, trusted = "writer", "a script", True

    def __init__(self):
        self.moves = []

    def write(self, brief, move, slot, history):
        from fieldsmith.agents.author import Program, Proposal

        self.moves.append(move.name)
        return Proposal(Program((GOOD if slot == "1" else SOUND) + f"\nSLOT = {slot!r}\n"))


@pytest.mark.slow
def test_plan_first_makes_pilots_by_itself_and_others_where_they_are_asked_for(tmp_path):
    writer = Writer()
    asked = {"candidates": 4, "sandbox": "process", "quiet": True, "strategy_options": {"drafts": 1}}
    fs.solve("advection", tmp_path / "planned", author=writer, strategy="plan-first", **asked)
    assert writer.moves == ["planned", "debug", "calibrate", "calibrate"]
    kept = load_run(tmp_path / "planned").candidates
    assert [c.evaluation.status for c in kept] == ["hopeless", "ok", "ok", "ok"]
    told = json.loads((tmp_path / "planned" / "candidates" / "1" / "candidate.json").read_text())
    assert told["evaluation"]["pilot"]["survived"] is False
    for pilots, status in ((0, "ok"), (1, "hopeless")):
        folder = tmp_path / f"refined-{pilots}"
        fs.solve("advection", folder, author=Writer(), strategy="refine", pilots=pilots, **asked)
        assert load_run(folder).candidates[0].evaluation.status == status


def test_runs_with_and_without_pilots_are_two_runs_and_none_has_less_than_no_sample():
    with pytest.raises(InputError, match="--pilots -1"):
        Question("burgers", pilots=-1).check()
    (told,) = [told for name, told, _ in Question("burgers").told() if name == "pilots"]
    assert told.same


def test_a_planned_draft_is_priced_with_its_turns():
    assert requests_of("plan-first") == len(Planned().turns) + 1
    assert requests_of("refine") == 1
    assert open_strategy("plan-first", pilots=0).pilots == 0
