"""A problem file from a person's words (`problem ask`, `solve --ask`): a model writes it, the checker mends it, the person says yes."""

import hashlib
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import typer

from fieldsmith.agents.words.asking import Conversation, Draft, Unclear
from fieldsmith.agents.words.kept import KeptModel
from fieldsmith.cli.options import check_new
from fieldsmith.cli.output import current
from fieldsmith.cli.progress import used
from fieldsmith.errors import InputError
from fieldsmith.files import write_whole
from fieldsmith.folders import data_folder
from fieldsmith.models.chat_model import ChatModel
from fieldsmith.reports.plain import visible

MOST_QUESTIONS = 3
NO_MODEL = "Words are read by a model, and none is named."
NAME_ONE = "Name one with --model, or write the file yourself: `fieldsmith problem new FILE`."


@dataclass(frozen=True)
class Wanted:
    """The words, where the file is to be written (None: beside the person, named after its title), and whether that is agreed to ahead."""

    words: str
    file: Path | None
    yes: bool


def problem_file(wanted: Wanted, model: ChatModel, question: str) -> Path:
    """The file that was agreed to; `question` is what the person is asked, with `{file}` in it.

    Raises InputError where that file cannot be written, before anything is asked, where no sound file comes of the words, where the model asks what nobody is there to answer, and where the person says no.
    """
    if wanted.file is not None:
        check_new(wanted.file)
    model.waiting = _waiting
    kept = KeptModel(model, recording(wanted.words, model.label))
    draft = _drafted(Conversation(kept, wanted.words, Path()))
    file = wanted.file or _free(draft)
    _shown(draft, file, kept)
    if not wanted.yes:
        if current.json or not sys.stdin.isatty():
            raise InputError("Nobody is there to say yes to what was understood.", "Give --yes to agree ahead.")
        typer.confirm(question.format(file=file), abort=True, err=True)
    if not file.exists():
        write_whole(file, draft.text.encode())
    return file


def recording(words: str, label: str) -> Path:
    """Where the replies to these words are kept: the same words to the same model are paid for once."""
    folder = data_folder() / "asked"
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256("\n".join((label, words.strip())).encode()).hexdigest()
    return folder / f"{digest[:20]}.jsonl"


def _drafted(conversation: Conversation) -> Draft:
    for _ in range(MOST_QUESTIONS):
        try:
            return conversation.draft(_told)
        except Unclear as unclear:
            current.event("question", {"message": unclear.question})
            if current.json or not sys.stdin.isatty():
                raise InputError(
                    f"The model asks: {unclear.question}", "Say it in the words, and give the command again."
                ) from None
            current.progress(f"The model asks: {unclear.question}")
            conversation.answer(str(typer.prompt("Your answer", err=True)))
    raise InputError(f"The model has asked {MOST_QUESTIONS} times and written no file.", "Say it all in the words.")


def _waiting(what: str) -> None:
    """What the model waits for, such as a person's reply in a mailbox: the words of a run, which begins after this."""
    current.event("waiting", {"for": what})
    current.progress(visible(f"Waiting for {what}", 600))


def _told(number: int, draft: Draft) -> None:
    """Each reply: sound, or what is wrong or odd in it and is told to the model."""
    current.event(
        "drafted",
        {
            "reply": number + 1,
            "ok": draft.problem is not None,
            "wrong": list(draft.wrong),
            "doubts": list(draft.doubts),
        },
    )
    told, what = (draft.wrong, "faults") if draft.wrong else (draft.doubts, "doubts")
    if told:
        current.progress(f"reply {number + 1}: {told[0]}{f' (one of {len(told)} {what})' if len(told) > 1 else ''}")


def _shown(draft: Draft, file: Path, kept: KeptModel) -> None:
    problem, spent = draft.problem, kept.spent
    assert problem is not None
    doubts = [one.told(str(file)) for one in problem.seen.told.ordered()]
    replies = spent.asked + spent.known
    there = f" ({spent.known} of them were there already)" if spent.known else ""
    fields = {
        "replies": replies,
        "input_tokens": spent.input_tokens,
        "output_tokens": spent.output_tokens,
        "usd": spent.usd,
        "estimated": spent.estimated,
    }
    current.event(
        "understood",
        {
            "text": draft.text,
            **problem.understood.as_dict(),
            "assumed": list(draft.assumed),
            "doubts": list(doubts),
            **fields,
        },
    )
    for line in problem.understood.lines():
        current.progress(line)
    for line in draft.assumed:
        current.progress(f"  assumed    {line}")
    for line in doubts:
        current.progress(f"  {line}")
    cost = used(spent.input_tokens + spent.output_tokens, spent.usd, spent.estimated)
    current.progress(f"{replies} {'reply' if replies == 1 else 'replies'}{there}, {cost}")


def _free(draft: Draft) -> Path:
    """A name after the title that no other file has: the same words again mean the same file."""
    assert draft.problem is not None
    words = re.sub(r"[^a-z0-9]+", "-", draft.problem.title.lower()).strip("-")[:40].rstrip("-") or "problem"
    names = (Path(f"{words}{'' if n == 1 else f'-{n}'}.toml") for n in range(1, 10_000))
    return next(name for name in names if not name.exists() or name.read_bytes() == draft.text.encode())
