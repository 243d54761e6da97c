"""A mailbox run: the prompt appears as a file, the reply file becomes the program."""

import threading
import time

from fieldsmith import tasks
from fieldsmith.agents.author import Draft
from fieldsmith.agents.llm_author import LLMAuthor
from fieldsmith.agents.models import open_model


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
