"""A strategy of another distribution asks for a move of its own: the model reads what it wants, the run shows its name."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from test_loop import GOOD, ScriptedAuthor, loop_of

from fieldsmith.agents.author import Candidate, Combine, Draft, Move, Refine, SpeedUp
from fieldsmith.errors import InputError
from fieldsmith.evaluation.evaluation import Evaluation, Score
from fieldsmith.orchestrator.budget import Budget
from fieldsmith.orchestrator.record import load_run
from fieldsmith.strategies.strategy import Ask

WORDS = "Take the frames of one program and the speed of the other, and write one that has both."
PLUG_IN = f'''
from fieldsmith.agents.author import Draft, Move
from fieldsmith.strategies.strategy import Ask


class Join(Move):
    words = {WORDS!r}


class Combining:
    """Two drafts, then one program of both."""

    name = "combining"

    def __init__(self, debug_rounds: int = 0) -> None: ...

    def ask(self, history, limit, left):
        if len(history) < 2:
            return [Ask(Draft(), str(len(history) + 1))][:limit]
        if len(history) == 2 and all(candidate.evaluation for candidate in history):
            return [Ask(Join(tuple(history)), "c1")][:limit]
        return []
'''
PROGRAM = """import numpy as np

def solver(u0_batch, t_coordinate, beta):
    # {mark}
    return np.repeat(np.asarray(u0_batch)[:, None], len(t_coordinate), axis=1)
"""
REPLIES = [
    PROGRAM.format(mark="the first"),
    "def solver(u0_batch, t_coordinate, beta):\n    raise ValueError('the second')\n",
    PROGRAM.format(mark="both"),
]


@pytest.fixture
def plug_in(tmp_path: Path) -> Path:
    """A folder with an installed distribution that brings the strategy."""
    site = tmp_path / "site"
    (site / "combining-1.0.dist-info").mkdir(parents=True)
    (site / "combining.py").write_text(PLUG_IN)
    (site / "combining-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: combining\nVersion: 1.0\n")
    points = "[fieldsmith.strategies]\ncombining = combining:Combining\n"
    (site / "combining-1.0.dist-info" / "entry_points.txt").write_text(points)
    return site


def begun(folder: Path, site: Path, *options: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "fieldsmith.cli.main", "solve", "advection", "--sandbox", "process", "--quiet"]
    search = [
        "--strategy",
        "combining",
        "--candidates",
        "3",
        "--in-flight",
        "1",
        "--model",
        f"mailbox:{folder / 'box'}",
    ]
    place = {**os.environ, "PYTHONPATH": str(site)}
    whole = [*command, *search, "--run-dir", str(folder / "run"), *options]
    return subprocess.Popen(whole, env=place, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def prompt(folder: Path, number: int, process: subprocess.Popen) -> str:
    file = folder / "box" / f"{number:04d}-prompt.md"
    while not file.exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    return file.read_text()


def answer(folder: Path, number: int) -> None:
    (folder / "box" / f"{number:04d}-reply.md").write_text(f"```python\n{REPLIES[number - 1]}```\n")


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--prompt-style", "plain")], ids=["guided", "plain"])
def test_a_plug_ins_move_is_told_in_its_words_and_taken_up_as_itself_after_a_kill(tmp_path, plug_in, options):
    process = begun(tmp_path, plug_in, *options)
    for number in (1, 2):
        assert WORDS not in prompt(tmp_path, number, process)
        answer(tmp_path, number)
    told = prompt(tmp_path, 3, process)
    assert WORDS in told
    assert all(program in told for program in REPLIES[:2])
    assert "Program 1: nRMSE" in told
    assert "Program 2: crashed" in told
    process.send_signal(signal.SIGKILL)
    process.wait()
    process = begun(tmp_path, plug_in, *options)
    answer(tmp_path, 3)
    assert process.wait(120) == 0, process.communicate()
    assert len(list((tmp_path / "box").glob("*-prompt.md"))) == 3, "the same is asked, so it finds its prompt again"
    made = load_run(tmp_path / "run").candidates[-1]
    assert (made.move, made.parents, made.slot, made.ok) == ("join", (1, 2), "c1", True)
    assert '"join"' in (tmp_path / "run" / "report.html").read_text()


@pytest.mark.slow
def test_a_folder_of_templates_may_speak_for_a_plug_ins_move(tmp_path, plug_in):
    (tmp_path / "own").mkdir()
    own = "Both of {% for candidate in candidates %}{{ candidate.slot }} {% endfor %}as {{ move.name }}."
    (tmp_path / "own" / "join.md.jinja").write_text(own)
    process = begun(tmp_path, plug_in, "--prompts", str(tmp_path / "own"))
    for number in (1, 2):
        prompt(tmp_path, number, process)
        answer(tmp_path, number)
    assert prompt(tmp_path, 3, process).rstrip().endswith("Both of 1 2 as join.")
    process.kill()
    process.communicate()


class Weighted(Move):
    words = "Mix these programs."

    def __init__(self, parents=(), weight: float = 0.5) -> None:
        super().__init__(parents)
        object.__setattr__(self, "weight", weight)

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other) and self.weight == other.weight  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("move", "words"),
    [
        (Weighted(weight=0.9), "holds more than its parents, and a run that resumes would lose it"),
        (Weighted([Candidate(7, "7", "draft")]), "asks for 'weighted' with candidate 7, which is still in the making"),
    ],
)
def test_what_a_later_sitting_could_not_take_up_is_refused_before_it_is_asked(tmp_path, move, words):
    class Odd:
        name = "odd"

        def ask(self, history, limit, left):
            return [Ask(move, "1")]

    author = ScriptedAuthor(lambda slot: GOOD)
    loop = loop_of(tmp_path, author, Budget(candidates=3))
    loop.strategy = Odd()
    with pytest.raises(InputError, match=words):
        loop.run()
    assert not author.asked


RAN = Candidate(7, "7", "draft", evaluation=Evaluation("ok", dev=Score(1e-3, {}, None, None, 0.0, 1.0)))
FAILED = Candidate(8, "8", "draft", evaluation=Evaluation("crashed"))


class Wrong:
    """A strategy whose answers are not what a run can do."""

    name = "wrong"

    def __init__(self, *answers: object) -> None:
        self.answers = answers

    def ask(self, history, limit, left):
        return self.answers[min(len(history), len(self.answers) - 1)]


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([None], "'wrong' answers with None. Let it return a list of"),
        ([[Draft()]], "'wrong' asks for Draft("),
        ([[Ask(Draft(), 1)]], "'wrong' asks for Ask("),  # type: ignore[arg-type]
        ([[Ask(Draft(), "../1")]], "'wrong' asks for the slot '../1'. Use letters"),
        ([[Ask(Draft(), "1"), Ask(Draft(), "1")]], "asks for the slot '1' a second time. Give each candidate a slot"),
        ([[Ask(Draft(), "1")]], "asks for the slot '1' a second time."),
        ([[Ask(Refine(()), "1")]], "asks for 'refine' of no candidate. Choose among candidates that are `ok`."),
        ([[Ask(Combine((FAILED, RAN)), "c1")]], "asks for 'combine' of candidate 8, which did not run. Choose"),
        ([[Ask(SpeedUp((1,)), "1")]], "asks for 'speed-up' of (1,), which are no candidates."),  # type: ignore[arg-type]
    ],
)
def test_a_strategy_that_is_written_wrongly_is_told_what_would_be_right(tmp_path, answers, words):
    loop = loop_of(tmp_path, ScriptedAuthor(lambda slot: GOOD), Budget(candidates=3))
    loop.strategy = Wrong(*answers)  # type: ignore[assignment]
    with pytest.raises(InputError) as caught:
        loop.run()
    assert words in str(caught.value)


def test_a_strategy_that_asks_for_more_than_it_may_gets_no_more(tmp_path):
    author = ScriptedAuthor(lambda slot: GOOD)
    loop = loop_of(tmp_path, author, Budget(candidates=3))
    loop.strategy = Wrong([Ask(Draft(), str(n)) for n in range(1, 9)])  # type: ignore[assignment]
    assert "the budget of 3 candidates is spent" in loop.run()
    assert sorted(author.asked) == ["1", "2", "3"]
