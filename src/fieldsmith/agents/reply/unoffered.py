"""Replies that call a tool although none was offered: the calls as text, so that a program in their arguments is found as any other."""

from collections.abc import Sequence
from dataclasses import replace

from fieldsmith.agents.reply.calls import programs_in
from fieldsmith.agents.reply.fences import fenced
from fieldsmith.agents.reply.found import Found, with_words
from fieldsmith.models.chat_model import ToolCall

SHOWN = 2000
"""Characters of arguments without a program that are written out."""


def written_out(text: str, calls: Sequence[ToolCall]) -> str:
    """A reply with its calls after its text: of each the programs among its arguments in blocks of their own, else its arguments."""
    return "\n\n".join([*filter(str.strip, [text.rstrip()]), *map(_written, calls)])


def _written(call: ToolCall) -> str:
    blocks = [fenced(program) for program in programs_in(call.arguments)]
    told = blocks or [f"```text\n{call.arguments[:SHOWN]}\n```"]
    return "\n\n".join([f"Call of `{call.name}`:", *told])


def told(found: Found, calls: Sequence[ToolCall]) -> Found:
    """What was found in the calls, with words on where it was or on what is wrong with calling."""
    names = list(dict.fromkeys(f"`{call.name}`" for call in calls))
    tools = f"{' and '.join(names)}, {'a tool that was' if len(names) == 1 else 'tools that were'} not offered"
    if found.source is not None:
        return with_words(found, f"The program was taken out of a call of {tools}.")
    return replace(found, problem=f"The reply called {tools}. {found.problem}")
