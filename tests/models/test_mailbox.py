"""A mailbox run: the prompt appears as a file, the reply file becomes the program."""

import threading
import time

import pytest

from fieldsmith import tasks
from fieldsmith.agents.author import Draft
from fieldsmith.agents.llm_author import LLMAuthor
from fieldsmith.models import open_model
from fieldsmith.models.chat_model import ChatRequest, Message


@pytest.mark.slow
def test_a_person_answers_and_a_rerun_takes_the_same_reply(tmp_path):
    def answer():
        while not (tmp_path / "0001-prompt.md").exists():
            time.sleep(0.05)
        (tmp_path / "0001-reply.md").write_text("```python\ndef solver(u):\n    return u\n```")

    threading.Thread(target=answer, daemon=True).start()
    brief = tasks.load("burgers").brief()
    for _ in range(2):
        proposal = LLMAuthor(open_model(f"mailbox:{tmp_path}")).write(brief, Draft(), "1", ())
        assert proposal.program is not None
        assert proposal.program.source == "def solver(u):\n    return u\n"
    assert len(list(tmp_path.glob("*-prompt.md"))) == 1


def posted(folder, candidate, ordinal, text="x"):
    """The name of the prompt that a model posts, which nobody answers."""
    model = open_model(f"mailbox:{folder}")
    request = ChatRequest((Message("user", text),), ordinal=ordinal, candidate=candidate)
    return model._post(request)


def test_files_have_the_numbers_of_the_candidates(tmp_path):
    names = [posted(tmp_path, n, str(n)) for n in (2, 1, 7)]
    assert names == ["0002", "0001", "0007"]
    assert posted(tmp_path, 2, "2") == "0002", "a request that was posted keeps its file"
    assert posted(tmp_path, 2, "2+continue") == "0002-2"
    assert posted(tmp_path, 2, "2+shorter") == "0002-3"
    assert posted(tmp_path, 1, "1", "of another run") == "1001"


def test_what_is_further_asked_of_a_candidate_goes_beside_its_first_file(tmp_path):
    model = open_model(f"mailbox:{tmp_path}")
    for text, ordinal, name in (("a", "1", "0001"), ("b", "1+continue", "0001-2"), ("c", "1+shorter", "0001-3")):
        assert model._post(ChatRequest((Message("user", text),), ordinal=ordinal, candidate=1)) == name
    assert "Answer in 0001-3-reply.md" in (tmp_path / "0001-3-prompt.md").read_text()


def told(folder, candidate, ordinal, text="x"):
    """What a model says that it waits for, the folder's path left out; nobody answers."""
    model, said = open_model(f"mailbox:{folder}"), []
    model.waiting = lambda what: (said.append(what), model.stop())
    with pytest.raises(InterruptedError):
        model.complete(ChatRequest((Message("user", text),), ordinal=ordinal, candidate=candidate))
    return said[0].removeprefix(f"{folder}/")


def test_what_is_waited_for_tells_number_and_slot_apart(tmp_path):
    assert told(tmp_path, 1, "1") == "0001-reply.md, the reply for candidate 1"
    assert told(tmp_path, 2, "r1@4") == "0002-reply.md, the reply for candidate r1, number 2 of the run"
    further = "0002-2-reply.md, the further reply for candidate r1, number 2 of the run"
    assert told(tmp_path, 2, "r1@4+continue") == further


def test_a_file_with_another_number_says_why_also_when_it_is_waited_for_again(tmp_path):
    told(tmp_path, 1, "1")
    (tmp_path / "0003-reply.md").write_text("too early")
    for _ in range(2):
        other = "1001-reply.md, the reply for candidate 1; 0001-prompt.md is of another run in this folder"
        assert told(tmp_path, 1, "1", "of another run") == other
        early = "1003-reply.md, the reply for candidate 3; 0003-reply.md lay there before its prompt, so it answers something else and is not read"
        assert told(tmp_path, 3, "3") == early


def test_the_problem_file_is_asked_for_beside_the_candidates(tmp_path):
    assert posted(tmp_path, 0, "ask") == "0000"
    assert posted(tmp_path, 0, "ask/2", "what is wrong") == "0000-2"
    assert posted(tmp_path, 0, "ask", "other words") == "0000-3"
    assert posted(tmp_path, 0, "ask/2", "what is wrong") == "0000-2"
    assert told(tmp_path, 0, "ask") == "0000-reply.md, the problem file that 0000-prompt.md asks for"
    assert told(tmp_path, 1, "1") == "0001-reply.md, the reply for candidate 1"
