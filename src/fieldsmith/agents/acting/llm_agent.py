"""The agent that asks a language model: documentation on demand, a short window of turns, a table of all steps as memory."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from jinja2 import Environment as Templates
from jinja2 import PackageLoader, StrictUndefined

from fieldsmith.agents.acting.agent import Asked, Exchange, Turn
from fieldsmith.agents.acting.protocol import calls_in
from fieldsmith.agents.costs import usage_of
from fieldsmith.environments.action import EVERYWHERE, Action, ReadDocs, name_of, schema_of, short_docs
from fieldsmith.environments.calls import Call
from fieldsmith.environments.environment import AnyEnvironment
from fieldsmith.environments.episode import Record, history_table
from fieldsmith.environments.pages import long_docs
from fieldsmith.environments.wording import bounded
from fieldsmith.errors import InputError, RequestTooLong, ToolsRefused
from fieldsmith.models.chat_model import (
    THOUGHTS,
    ChatModel,
    ChatReply,
    ChatRequest,
    Message,
    Tool,
    ToolCall,
)

LONGEST_SEEN = 8000
"""Characters of an observation that the model is shown; what lies in the middle is left out."""
CHOOSE = "Its first call shows its documentation, at no cost, and runs nothing."
TRIALS = 2
"""Turns without a call after which a model is asked in text."""
BROKEN_OFF = {
    "length": "Your reply was cut off before it called an action. Be shorter.",
    "refusal": "Your provider broke your reply off as a refusal before it called an action.",
    "content_filter": "Your provider's content filter broke your reply off before it called an action.",
}
"""What is told of a reply without a call, by why it ended."""
NOTHING = "(nothing)"
"""In place of an empty reply, which providers refuse to be shown."""


@dataclass(frozen=True)
class Manner:
    """How the model is led. documentation: `on-demand`, an action's page when it is first chosen, or `all` at once. window: turns that are shown
    in full; of earlier ones the history table tells. format_errors: calls that are not valid, one after another, that end an episode."""

    documentation: str = "on-demand"
    window: int = 6
    format_errors: int = 6

    def __post_init__(self) -> None:
        if self.documentation not in ("on-demand", "all"):
            raise InputError(f"documentation = {self.documentation!r} is unknown.", "Use on-demand or all.")
        if self.window < 1 or self.format_errors < 1:
            raise InputError("window and format_errors are at least 1.", "Give whole numbers from 1.")


class LLMAgent:
    """Asks a model by its own tools where it has them, else by JSON in its text."""

    def __init__(self, model: ChatModel, seed: int = 0, manner: Manner | None = None) -> None:
        self.model, self.seed, self.manner = model, seed, manner or Manner()
        self.label, self.note = model.label, model.note
        self._templates = Templates(
            loader=PackageLoader("fieldsmith.agents.acting"), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
            autoescape=False,
        )  # fmt: skip

    def turn(self, env: AnyEnvironment, dialogue: Sequence[Exchange], ordinal: str) -> Turn:
        """Asked with fewer turns where the model has no room for the window. Raises ProviderError."""
        window = min(self.manner.window, len(dialogue))
        while True:
            native = self.model.calls_tools and not _never_calls(dialogue)
            request = ChatRequest(
                self.messages(env, dialogue, window, native),
                ordinal=f"{ordinal}@{self.seed}" if self.seed else ordinal,
                tools=self.tools(env) if native else (),
                must_call=native and bool(dialogue) and not dialogue[-1].turn.calls,
            )
            try:
                reply = self.model.complete(request)
            except RequestTooLong:
                if window == 0:
                    raise
                window = window // 2
            except ToolsRefused:  # from now on `calls_tools` is False
                if not native or self.model.calls_tools:
                    raise
            else:
                return self._understood(env, dialogue, reply)

    def messages(
        self, env: AnyEnvironment, dialogue: Sequence[Exchange], window: int, native: bool
    ) -> tuple[Message, ...]:
        """What the model is shown: the rules, the task and its beginning, and the last turns."""
        shown = dialogue[_left_out(len(dialogue), window) :] if window else ()
        turns = [message for exchange, times in _without_repeats(shown) for message in _spoken(exchange, native, times)]
        head = Message("user", self._head(env, dialogue[: len(dialogue) - len(shown)], native))
        if turns and turns[0].role == "user":  # of a turn whose reply is nothing
            head, turns = Message("user", f"{head.text}\n\n{turns[0].text}"), turns[1:]
        system = self._system(env, native)
        return (Message("system", system, stable=len(system)), head, *turns)

    def tools(self, env: AnyEnvironment) -> tuple[Tool, ...]:
        """The actions as a model's tools. They stay the same all the while: providers and local servers read again all that follows a change."""
        return tuple(
            Tool(
                name_of(kind),
                f"{short_docs(kind)} {CHOOSE}"
                if self._unread(env, (), kind) and not kind.long_text
                else short_docs(kind),
                schema_of(kind),
            )
            for kind in env.all_actions
        )

    def _unread(self, env: AnyEnvironment, dialogue: Sequence[Exchange], kind: type[Action]) -> bool:
        """Whether its documentation is to be shown before it is run."""
        if self.manner.documentation == "all" or kind in EVERYWHERE:
            return False
        if not kind.model_fields and not long_docs(kind, env.folders):
            return False
        return name_of(kind) not in _read(dialogue)

    def _system(self, env: AnyEnvironment, native: bool) -> str:
        on_demand = self.manner.documentation == "on-demand"
        pages = "" if on_demand else "\n\n".join(env.docs(name_of(kind)) for kind in env.actions_of(env.episode.task))
        return self._templates.get_template("system.md.jinja").render(
            title=env.title, about=env.about(), overview=env.overview(), native=native, on_demand=on_demand, pages=pages,
            format_errors=self.manner.format_errors,
            writes=[name_of(kind) for kind in env.all_actions if kind.long_text],
        )  # fmt: skip

    def _head(self, env: AnyEnvironment, left_out: Sequence[Exchange], native: bool) -> str:
        """The task, its beginning, and what turns that are left out came to."""
        episode = env.episode
        steps = 1 + sum(len(exchange.records) for exchange in left_out)
        return self._templates.get_template("head.md.jinja").render(
            brief=env.brief(episode.task).strip(),
            beginning=episode.records[0].text.strip() or "Nothing has been done yet.",
            max_steps=episode.max_steps,
            native=native,
            left_out=len(left_out),
            table=history_table(replace(episode, records=episode.records[:steps]), env.measures),
        )

    def _understood(self, env: AnyEnvironment, dialogue: Sequence[Exchange], reply: ChatReply) -> Turn:
        given: list[tuple[Call, str]] = [(Call(call.name, call.arguments), call.id) for call in reply.calls]
        problem = ""
        if not given:
            found, problem = calls_in(reply.text, env.all_actions, whole=reply.stop not in BROKEN_OFF)
            given = [(call, "") for call in found]
            if not found and reply.stop in BROKEN_OFF:
                problem = f"{BROKEN_OFF[reply.stop]} {problem}"
        asked: list[Asked] = []
        chosen: set[str] = set()
        for call, identity in given:
            kind = env.kind_of(call.action)
            written = kind is not None and bool(_text_of(call, kind))
            if kind is not None and call.action not in chosen and not written and self._unread(env, dialogue, kind):
                chosen.add(call.action)
                asked.append(Asked(Call(name_of(ReadDocs), {"action": call.action}), call, identity))
            else:
                asked.append(Asked(call, call, identity))
        return Turn(
            reply.text, tuple(asked), problem, usage_of(self.model, reply), tuple(dict(block) for block in reply.kept)
        )


def _text_of(call: Call, kind: type[Action]) -> object:
    """The long text of a call, which nobody should have to write twice."""
    return call.arguments.get(kind.long_text) if kind.long_text and isinstance(call.arguments, Mapping) else None


def _left_out(turns: int, window: int) -> int:
    """How many turns are left out. Some go at a time, so that what a model is shown mostly goes on from what it was shown before: that need not be read again."""
    step = max(1, window // 2)
    return max(0, turns - window) // step * step


def _without_repeats(shown: Sequence[Exchange]) -> list[tuple[Exchange, int]]:
    """Turns, and for one without a call how many of its like came before it in a row. Of these the last alone is shown: small models copy what they have
    written, and a wrong reply that stands there several times is written again.
    """
    kept: list[tuple[Exchange, int]] = []
    for exchange in shown:
        times = 0
        if kept and not exchange.turn.calls and not kept[-1][0].turn.calls:
            times = kept.pop()[1] + 1
        kept.append((exchange, times))
    return kept


def _never_calls(dialogue: Sequence[Exchange]) -> bool:
    """Whether the first turns held no calls by tools: some servers take tools and do not show them to their model."""
    first = [exchange.turn for exchange in dialogue[:TRIALS]]
    return len(first) == TRIALS and not any(asked.id for turn in first for asked in turn.calls)


def _read(dialogue: Sequence[Exchange]) -> set[str]:
    """Actions whose documentation was shown."""
    records = (record for exchange in dialogue for record in exchange.records)
    return {
        str(record.arguments.get("action"))
        for record in records
        if record.action == name_of(ReadDocs) and record.status == "success"
    }


def _spoken(exchange: Exchange, native: bool, before: int = 0) -> list[Message]:
    """A turn and what came of it, as the model is reminded of it; before: turns without a call that came before this one."""
    turn = exchange.turn
    seen = [_seen(record, asked) for record, asked in zip(exchange.records, turn.calls, strict=False)]
    if native and turn.calls and all(asked.id for asked in turn.calls):
        calls = tuple(ToolCall(a.id, a.given.action, _text(a.given)) for a in turn.calls)
        answers = [*seen, *["Not done: the turn was broken off."] * (len(calls) - len(seen))]
        results = [Message("tool", text, call_id=call.id) for call, text in zip(calls, answers, strict=True)]
        return [Message("assistant", THOUGHTS.sub("", turn.text), calls, kept=turn.kept), *results]
    told = seen or [bounded(record.text, LONGEST_SEEN) for record in exchange.records]
    if before and told:
        told = [f"{told[0]}\n\nThese are {before + 1} replies in a row without a call.", *told[1:]]
    named = (
        [f"[{a.given.action}]\n{text}" for a, text in zip(turn.calls, told, strict=False)] if len(told) > 1 else told
    )
    return [
        Message("assistant", THOUGHTS.sub("", turn.text).strip() or NOTHING),
        Message("user", "\n\n".join(named) or NOTHING),
    ]


def _seen(record: Record, asked: Asked) -> str:
    text = bounded(record.text, LONGEST_SEEN)
    if asked.call == asked.given or record.status != "success":
        return text
    return f"{text}\n\nNothing was run. Now call {asked.given.action} with its arguments, or choose another action."


def _text(call: Call) -> str:
    return call.arguments if isinstance(call.arguments, str) else json.dumps(dict(call.arguments), ensure_ascii=False)
