"""The conversation in which a model writes a problem file: words in, file out, the checker's lines as answer to what is wrong."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from fieldsmith.errors import InputError
from fieldsmith.models.chat_model import TURN, WORDS, ChatModel, ChatReply, ChatRequest, Message
from fieldsmith.problems import Problem, ProblemError
from fieldsmith.problems.problem import parsed

ROUNDS = 4
"""Times that what is wrong is told and mended before it is given up."""
NAME = "problem.toml"
"""What its lines are named after where the model and the person are told of them."""
LONGEST_WORDS = 20_000
MOST_LINES = 20
"""Lines of faults that are told at once."""
FENCE = re.compile(
    r"^[ \t]*(?:`{3,}|~{3,})[ \t]*(?P<kind>\w*)[ \t]*\n(?P<text>.*?)^[ \t]*(?:`{3,}|~{3,})[ \t]*$",
    re.MULTILINE | re.DOTALL,
)
ASSUMED = re.compile(r"^[ \t]*#[ \t]*assumed:[ \t]*(.+?)[ \t]*$", re.MULTILINE | re.IGNORECASE)
QUESTION = re.compile(r"^\W*question\W*:\W*(.+)$", re.MULTILINE | re.IGNORECASE)
NO_FILE = "The reply holds no TOML file. Answer with the whole file in one fenced block that begins with ```toml."
KEEP = "KEEP"
DOUBTFUL = f"""The file was checked and is sound. This is odd in it (line and column of your file first):

{{}}

If it is a mistake, or a name that nothing uses, answer with the whole mended file in one fenced block. If the file is meant as it is, answer with the word {KEEP} alone."""
CUT = "The reply was cut off before its end. Answer with the whole file in one fenced block, shorter."


class Unclear(Exception):
    """The model asks something in place of writing the file; `question` is what."""

    def __init__(self, question: str) -> None:
        super().__init__(question)
        self.question = question


@dataclass(frozen=True)
class Draft:
    """One reply: the file in it (empty where there is none) and what is wrong with it, a line each."""

    text: str
    wrong: tuple[str, ...]
    problem: Problem | None = None

    @property
    def doubts(self) -> tuple[str, ...]:
        """What is odd in a sound file and stops nothing, a line each."""
        told = self.problem.seen.told.ordered() if self.problem else ()
        return tuple(one.told(NAME) for one in told if one.weight == "doubt")

    @property
    def assumed(self) -> tuple[str, ...]:
        """What the model says that it chose itself."""
        return tuple(ASSUMED.findall(self.text))


Told = Callable[[int, Draft], None]


@cache
def manual() -> str:
    """What the model is told of the format."""
    return files("fieldsmith.agents.words").joinpath("format.md").read_text(encoding="utf-8")


class Conversation:
    """With one model about one problem. `folder` is where files that the problem names are looked for."""

    def __init__(self, model: ChatModel, words: str, folder: Path | None = None) -> None:
        """Raises InputError for words that are none."""
        if not words.strip():
            raise InputError(
                "There are no words to make a problem of.",
                'Say what is to be solved, such as "heat in a rod that is held at 0".',
            )
        if len(words) > LONGEST_WORDS:
            raise InputError(
                f"The words are longer than {LONGEST_WORDS:,} characters.", "Say it shorter, or write the file."
            )
        self.model, self.folder = model, folder
        self.messages = [Message("system", manual()), Message("user", words.strip())]
        self._turns = 0

    def draft(self, told: Told | None = None, rounds: int = ROUNDS) -> Draft:
        """The first sound file, mended up to `rounds` times. Doubts are told once: the model mends them, or says that the file is meant as it is.

        Raises Unclear where the model asks back, InputError with the checker's last lines where the file stays wrong, and what the model raises.
        """
        last, doubtful = Draft("", ()), None
        for number in range(rounds + 1):
            last = self._next()
            if doubtful is not None and not last.text:
                return doubtful  # it is meant as it is
            if told is not None:
                told(number, last)
            if last.problem is not None and (doubtful is not None or not last.doubts or number == rounds):
                return last
            doubtful = last if last.problem is not None else doubtful
            self._say(_mending(last))
        if doubtful is not None:  # what came after it was worse
            return doubtful
        why = "\n".join(f"  {line}" for line in last.wrong[:MOST_LINES])
        raise InputError(
            f"After {rounds + 1} replies of {self.model.label} the problem file is still wrong:\n{why}",
            "Say more exactly what is meant, name a stronger model, or write the file: docs/problems.md has the format.",
        )

    def answer(self, words: str) -> None:
        """What the person says to the model's question."""
        self._say(words.strip())

    def _say(self, words: str) -> None:
        self.messages.append(Message("user", words))

    def _next(self) -> Draft:
        self._turns += 1
        ordinal = WORDS if self._turns == 1 else f"{WORDS}{TURN}{self._turns}"
        request = ChatRequest(tuple(self.messages), ordinal=ordinal)
        reply = self.model.complete(request)
        self.messages.append(reply.turn)
        return self._read(reply)

    def _read(self, reply: ChatReply) -> Draft:
        text = file_in(reply.turn.text)
        if text is None:
            if asked := QUESTION.search(reply.turn.text):
                raise Unclear(asked[1].strip())
            return Draft("", (CUT if reply.stop == "length" else NO_FILE,))
        try:
            return Draft(text, (), Problem.from_text(text, folder=self.folder))
        except ProblemError as error:
            return Draft(text, tuple(one.told(NAME) for one in error.faults if one.weight == "fault"))


def file_in(reply: str) -> str | None:
    """The problem file that a reply holds: in a fence, as the whole reply, or as a JSON object; None where there is none."""
    for text in _candidates(reply.replace("\r\n", "\n")):
        document = _document(text)
        if document is not None and "equations" in document:
            if parsed(text)[0] is not None:
                return text
            if (written := _as_toml(document)) is not None:
                return written
    fenced = [found["text"] for found in FENCE.finditer(reply) if found["kind"].lower() in ("toml", "")]
    return max(fenced, key=len, default=None)  # what it is not, the checker says


def _candidates(reply: str) -> Iterator[str]:
    fenced = list(FENCE.finditer(reply))
    yield from sorted((one["text"] for one in fenced), key=len, reverse=True)
    yield reply
    if (start := reply.find("{")) >= 0:
        yield reply[start : reply.rfind("}") + 1]
    opened = re.search(r"^[ \t]*`{3,}[ \t]*toml[ \t]*\n", reply, re.MULTILINE)
    if opened:  # a fence that is never closed
        yield reply[opened.end() :]


def _document(text: str) -> Mapping[str, Any] | None:
    document = parsed(text)[0]
    if document is None:
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            return None
    return document if isinstance(document, dict) else None


def _as_toml(document: Mapping[str, Any]) -> str | None:
    """A problem file of a JSON object; None where its tables are none."""
    from fieldsmith.problems.writing import written

    try:
        return written(document)
    except (TypeError, ValueError, AttributeError):
        return None


def _mending(draft: Draft) -> str:
    lines = "\n".join(f"- {line}" for line in (draft.wrong or draft.doubts)[:MOST_LINES])
    if draft.problem is not None:
        return DOUBTFUL.format(lines)
    if not draft.text:
        return draft.wrong[0]
    return f"The file was checked, and this is wrong (line and column of your file first):\n\n{lines}\n\nAnswer with the whole mended file in one fenced block."
