"""Recorded episodes taken again and scored again: randomness of figures, artifacts of earlier steps, branches, and what cannot begin."""

from dataclasses import replace
from pathlib import Path

import pytest

from fieldsmith.errors import InputError, MissingPart
from fieldsmith.orchestrator.episodes.question import EpisodeQuestion
from fieldsmith.orchestrator.episodes.replay import replayed
from fieldsmith.orchestrator.episodes.run import open_run

ENVIRONMENT = '''
from pathlib import Path
from pydantic import BaseModel, Field
from fieldsmith.environments import Action, Environment, Lacking, Measure

class Notes(BaseModel):
    digest: str = ""
    pages: int = 0

class Write(Action):
    """Write a page after those that there are."""
    text: str = Field("page", max_length=5)

class Tear(Action):
    """Tear all pages out."""

class Notebook(Environment[Notes]):
    """A notebook whose pages are artifacts."""
    name, title, actions, state = "test/notebook-v1", "Notebook", (Write, Tear), Notes
    measures = (Measure("pages", "how many", False, main=True), Measure("noise", "drawn", None), Measure("verdict", "drawn", held_out=True))
    def tasks(self):
        return {"fill": "Write pages."}
    def begin(self, task, rng):
        if (Path(__file__).parent / "closed").exists():
            raise Lacking("The notebook is locked.", "Unlock it.")
        return Notes()
    def act(self, state, action, tools):
        if isinstance(action, Tear):
            state.digest, state.pages = "", 0
            return "Torn out."
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
WRONG = (
    '{"action": "write", "arguments": {"text": "far too long"}}\n{"action": "write", "arguments": {"text": "[1, 2]"}}\n'
)
SCRIPT = (
    '{"action": "write", "arguments": {"text": "one"}}\n{"action": "tear"}\n'
    + WRONG
    + '{"action": "write", "arguments": {"text": "one"}}\n' * 2
    + '{"action": "go_back", "arguments": {"step": 3}}\n{"action": "write"}\n{"action": "submit"}\n'
)


def question_in(folder: Path) -> EpisodeQuestion:
    return EpisodeQuestion(
        f"{folder / 'notebook.py'}:Notebook", agent=f"script:{folder / 'script.jsonl'}", strategy="refine",
        strategy_options={"drafts": 1, "width": 1}, episodes=2, run_dir=folder / "run",
    )  # fmt: skip


@pytest.fixture
def run(tmp_path):
    """Two episodes of a notebook, of which the second branches from the best step of the first."""
    (tmp_path / "notebook.py").write_text(ENVIRONMENT)
    (tmp_path / "script.jsonl").write_text(SCRIPT)
    fields = open_run(question_in(tmp_path)).run()
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


def test_a_run_is_replayed_from_any_folder(run, monkeypatch, tmp_path_factory):
    monkeypatch.chdir(run.parent)
    open_run(EpisodeQuestion("notebook.py", agent="script:script.jsonl", run_dir="other")).run()
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    (found,) = replayed(run.parent / "other")
    assert found.differences == ()


@pytest.mark.parametrize(
    ("file", "before", "after", "words"),
    [
        ("script.jsonl", '"one"', '"two"', "the agent's list of actions has changed"),
        ("notebook.py", "state.pages += 1", "state.pages += 2", "the environment's code has changed"),
    ],
)
def test_a_changed_list_of_actions_and_changed_code_make_another_run(run, file, before, after, words):
    question = question_in(run.parent)
    unnamed = replace(question, run_dir=None)
    first = open_run(unnamed).folder
    assert open_run(unnamed).folder == first
    (run.parent / file).write_text((run.parent / file).read_text().replace(before, after))
    assert open_run(unnamed).folder != first
    with pytest.raises(InputError, match=words):
        open_run(question).run()
