"""Recorded episodes taken again and scored again: randomness of figures, artifacts of earlier steps, branches, and what cannot begin."""

import pytest

from fieldsmith.errors import MissingPart
from fieldsmith.orchestrator.episodes.question import EpisodeQuestion
from fieldsmith.orchestrator.episodes.replay import replayed
from fieldsmith.orchestrator.episodes.run import open_run

ENVIRONMENT = '''
from pathlib import Path
from pydantic import BaseModel
from fieldsmith.environments import Action, Environment, Lacking, Measure

class Notes(BaseModel):
    digest: str = ""
    pages: int = 0

class Write(Action):
    """Write a page after those that there are."""
    text: str = "page"

class Notebook(Environment[Notes]):
    """A notebook whose pages are artifacts."""
    name, title, actions, state = "test/notebook-v1", "Notebook", (Write,), Notes
    measures = (Measure("pages", "how many", False, main=True), Measure("noise", "drawn", None), Measure("verdict", "drawn", held_out=True))
    def tasks(self):
        return {"fill": "Write pages."}
    def begin(self, task, rng):
        if (Path(__file__).parent / "closed").exists():
            raise Lacking("The notebook is locked.", "Unlock it.")
        return Notes()
    def act(self, state, action, tools):
        before = tools.content(state.digest) if state.digest else b""
        tools.rng.random(3)
        state.digest = tools.keep("pages", before + action.text.encode()).digest
        state.pages += 1
        return "Written."
    def measure(self, state, tools):
        return {"pages": state.pages, "noise": tools.rng.random()}
    def judge(self, state, tools):
        return {"verdict": tools.rng.random()}
    def score(self, metrics):
        return metrics.get("pages", 0.0) + 0.1 * (metrics.get("verdict") or 0.0)
'''
SCRIPT = (
    '{"action": "write", "arguments": {"text": "one"}}\n' * 2
    + '{"action": "go_back", "arguments": {"step": 1}}\n{"action": "write"}\n{"action": "submit"}\n'
)


@pytest.fixture
def run(tmp_path):
    """Two episodes of a notebook, of which the second branches from the best step of the first."""
    (tmp_path / "notebook.py").write_text(ENVIRONMENT)
    (tmp_path / "script.jsonl").write_text(SCRIPT)
    question = EpisodeQuestion(
        f"{tmp_path / 'notebook.py'}:Notebook", agent=f"script:{tmp_path / 'script.jsonl'}", strategy="refine",
        strategy_options={"drafts": 1, "width": 1}, episodes=2, run_dir=tmp_path / "run",
    )  # fmt: skip
    fields = open_run(question).run()
    assert [one["move"] for one in fields["episodes"]] == ["draft", "refine"]
    return tmp_path / "run"


@pytest.mark.parametrize("rescore", [False, True])
def test_they_come_out_as_recorded(run, rescore):
    found = list(replayed(run, rescore=rescore))
    assert [one.differences for one in found] == [(), ()]
    assert [one.score for one in found] == [one.recorded for one in found]


def test_one_that_cannot_begin_now_is_a_sentence(run):
    (run.parent / "closed").touch()
    with pytest.raises(MissingPart, match=r"Episode 1 cannot be taken again: The notebook is locked\. Unlock it\."):
        list(replayed(run))
    question = EpisodeQuestion(f"{run.parent / 'notebook.py'}:Notebook", agent="random", run_dir=run.parent / "other")
    with pytest.raises(MissingPart, match=r"The episode cannot begin: The notebook is locked\."):
        open_run(question).run()
