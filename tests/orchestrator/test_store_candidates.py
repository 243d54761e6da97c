"""What a store tells of its candidates, whatever happens to them and in whatever order: against a plain dictionary."""

import sqlite3
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from fieldsmith.agents.author import Candidate, Draft
from fieldsmith.evaluation.evaluation import Evaluation
from fieldsmith.orchestrator.store import NEW, Store

STEPS = st.lists(
    st.tuples(st.sampled_from(["issue", "withdraw", "finish", "again", "look"]), st.integers(0, 9)), max_size=40
)


def told(candidates: list[Candidate]) -> list[tuple[int, str, str]]:
    return [(c.id, c.slot, c.evaluation.status if c.evaluation else "") for c in candidates]


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_a_store_and_one_that_reads_along_tell_what_is_there(steps):
    with TemporaryDirectory() as folder:
        store, reader = Store(Path(folder) / "run.sqlite"), Store(Path(folder) / "run.sqlite", reading=True)
        there: dict[int, Candidate] = {}
        for number, (what, which) in enumerate(steps):
            going = [one for one in there.values() if one.evaluation is None]
            done = [one for one in there.values() if one.evaluation is not None]
            if what == "issue":
                new = store.issue(str(number), Draft(), "author")
                there[new.id] = new
            elif what == "withdraw" and going:
                store.withdraw(one := going[which % len(going)])
                del there[one.id]
            elif what in ("finish", "again") and (of := going if what == "finish" else done):
                one = of[which % len(of)]
                there[one.id] = replace(one, evaluation=Evaluation("ok" if what == "finish" else "crashed", ""))
                store.record(there[one.id])
            expected = told([there[number] for number in sorted(there)])
            assert told(store.candidates()) == expected
            if what == "look" and not any(before == "again" for before, _ in steps[:number]):
                assert told(reader.candidates()) == expected
        store.close()
        reader.close()


def test_a_look_at_what_is_new_does_not_read_the_whole_table(tmp_path):
    store = Store(tmp_path / "run.sqlite")
    store.issue("1", Draft(), "author")
    with sqlite3.connect(tmp_path / "run.sqlite") as plain:
        steps = [row[3] for row in plain.execute(f"EXPLAIN QUERY PLAN {NEW}", ("[0, 1]", 1))]
    plain.close()
    store.close()
    assert not [step for step in steps if step.startswith("SCAN candidates")]
    assert sum(step.startswith("SEARCH candidates") for step in steps) == 2
