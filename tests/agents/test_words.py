"""A problem file out of words: what the model writes is checked, what is wrong is told to it, nothing is guessed in silence."""

import itertools

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fieldsmith.agents.words.asking import Conversation, Unclear, file_in, manual
from fieldsmith.agents.words.kept import KeptModel
from fieldsmith.errors import InputError
from fieldsmith.models.chat_model import ChatModel, ChatReply
from fieldsmith.models.replay import ReplayModel
from fieldsmith.problems import Problem

HEAT = """# assumed: the rod is 1 m long
title = "Heat"
equations = ["u_t = D*u_xx"]
[domain]
x = [0, 1]
t = [0, 0.1]
[parameters]
D = 1.0
[boundary]
x = "u = 0"
[initial]
u = "sin(pi*x)"
"""
FAULTY = HEAT.replace("D*u_xx", "-D*u_xx").replace('x = "u = 0"', 'y = "u = 0"')


def fenced(text):
    return f"Here is the file:\n\n```toml\n{text}```\n"


class Scripted(ChatModel):
    """Answers one after the other, the last one again and again."""

    def __init__(self, *replies):
        self.label, self.asked, self._replies = "scripted", [], itertools.chain(replies, itertools.repeat(replies[-1]))

    def complete(self, request):
        self.asked.append(request)
        said = next(self._replies)
        return said if isinstance(said, ChatReply) else ChatReply(said, 100, 50)


def test_a_sound_file_is_taken_at_once_with_what_was_assumed():
    model = Scripted(fenced(HEAT))
    draft = Conversation(model, "heat in a rod").draft()
    assert draft.problem == Problem.from_text(HEAT)
    assert draft.assumed == ("the rod is 1 m long",)
    assert [m.role for m in model.asked[0].messages] == ["system", "user"]


def test_what_is_wrong_is_told_with_line_and_mend_until_the_file_is_sound():
    model = Scripted("I would use finite differences.", fenced(FAULTY), fenced(HEAT))
    drafts = []
    draft = Conversation(model, "heat in a rod").draft(lambda _, one: drafts.append(one))
    assert draft.problem is not None
    assert len(drafts) == 3
    last = model.asked[-1].messages[-1].text
    assert "problem.toml:10:1: “y” is no axis of the domain" in last


def test_a_file_that_stays_wrong_is_given_up_with_the_checkers_lines():
    model = Scripted(fenced(FAULTY))
    with pytest.raises(
        InputError, match=r"After 5 replies of scripted the problem file is still wrong:\n  problem\.toml:10:1"
    ) as caught:
        Conversation(model, "heat in a rod").draft()
    assert len(model.asked) == 5
    assert "docs/problems.md" in caught.value.hint


def test_a_question_of_the_models_reaches_the_person_and_the_answer_the_model():
    model = Scripted("QUESTION: How long is the rod?", fenced(HEAT))
    conversation = Conversation(model, "heat in a rod")
    with pytest.raises(Unclear) as unclear:
        conversation.draft()
    assert unclear.value.question == "How long is the rod?"
    conversation.answer("one metre")
    assert conversation.draft().problem is not None
    assert model.asked[-1].messages[-1].text == "one metre"


def test_a_reply_that_was_cut_off_is_told_so():
    model = Scripted(ChatReply("```toml\ntitle = 'He", stop="length"), fenced(HEAT))
    assert Conversation(model, "heat").draft().problem is not None
    assert "cut off" in model.asked[-1].messages[-1].text


FORMS = {
    "a fence": fenced(HEAT),
    "a fence without a language": f"```\n{HEAT}```",
    "the whole reply": HEAT,
    "a fence that is never closed": f"Sure!\n```toml\n{HEAT}",
    "carriage returns": fenced(HEAT).replace("\n", "\r\n"),
    "two fences": f"```python\nprint(1)\n```\n{fenced(HEAT)}",
    "thoughts before it": f"<think>maybe ```toml\nx = 1\n```</think>{fenced(HEAT)}",
    "JSON": '{"title": "Heat", "equations": ["u_t = D*u_xx"], "domain": {"x": [0, 1], "t": [0, 0.1]}, "parameters": {"D": 1.0}, "boundary": {"x": "u = 0"}, "initial": {"u": "sin(pi*x)"}}',
}  # fmt: skip


@pytest.mark.parametrize("reply", FORMS.values(), ids=FORMS)
def test_the_file_is_found_in_whatever_form_it_comes(reply):
    draft = Conversation(Scripted(reply), "heat in a rod").draft(rounds=0)
    assert draft.problem == Problem.from_text(HEAT)


@settings(max_examples=300, deadline=None)
@example("'\n")  # an end that lies behind the last line
@given(st.text(st.sampled_from("`~{}[]=\"'#\n toml equations: QUESTION u_t1,."), max_size=120))
def test_no_reply_is_a_traceback(reply):
    found = file_in(reply)
    assert found is None or isinstance(found, str)


def test_nothing_is_paid_for_twice_and_the_recording_is_replayed(tmp_path):
    file = tmp_path / "asked.jsonl"
    kept = KeptModel(Scripted(fenced(FAULTY), fenced(HEAT)), file)
    assert Conversation(kept, "heat in a rod").draft().problem is not None
    assert (kept.spent.asked, kept.spent.known) == (2, 0)
    again = KeptModel(Scripted("never asked"), file)
    assert Conversation(again, "heat in a rod").draft().text == HEAT
    assert (again.spent.asked, again.spent.known, again.spent.input_tokens) == (0, 2, 200)
    assert Conversation(ReplayModel(file), "heat in a rod").draft().text == HEAT


def test_a_file_that_is_no_recording_is_refused(tmp_path):
    file = tmp_path / "asked.jsonl"
    file.write_text("nothing of the kind\n")
    with pytest.raises(InputError, match="no recording of replies"):
        KeptModel(Scripted("x"), file)


def test_words_that_are_none_are_refused():
    with pytest.raises(InputError, match="no words"):
        Conversation(Scripted("x"), "  ")


def test_the_manual_shows_a_file_that_passes_the_check():
    lines = manual().split("\n")
    shown = "\n".join(
        line[4:] for line in lines[lines.index('    title = "Gray-Scott"') :] if line.startswith("    ") or not line
    )
    assert Problem.from_text(shown[: shown.index("accuracy = 1e-3") + 20].split("\n- ")[0]).doubts == ()


DOUBTFUL = HEAT.replace("D = 1.0", "D = 1.0\nrho = 2.0")


def test_what_is_doubtful_goes_back_once():
    model = Scripted(fenced(DOUBTFUL), fenced(HEAT))
    assert Conversation(model, "heat in a rod").draft().text == HEAT
    assert len(model.asked) == 2
    said = model.asked[1].messages[-1].text
    assert "- problem.toml:9:1: doubt: Nothing uses the parameter rho." in said
    again = Scripted(fenced(DOUBTFUL))
    assert Conversation(again, "heat in a rod").draft().text == DOUBTFUL
    assert len(again.asked) == 2


@pytest.mark.parametrize("reply", ["KEEP", fenced(FAULTY)])
def test_a_file_that_is_meant_as_it_is_stays_with_its_doubt(reply):
    draft = Conversation(Scripted(fenced(DOUBTFUL), reply), "heat in a rod").draft()
    assert draft.text == DOUBTFUL
    assert draft.problem is not None
    assert len(draft.doubts) == 1
