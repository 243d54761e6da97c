"""The author that asks a language model."""

from collections.abc import Sequence
from dataclasses import replace
from os.path import commonprefix

from fieldsmith.agents.author import Candidate, Draft, Move, Plan, Program, Proposal, Usage
from fieldsmith.agents.candidate import distinct
from fieldsmith.agents.costs import usage_of
from fieldsmith.agents.prompts import Prompts, gaps_of
from fieldsmith.agents.reply import Found, can_go_on, cut_off, ending, joined, plan_of, program_in, told, written_out
from fieldsmith.errors import RequestFiltered, RequestTooLong
from fieldsmith.models.chat_model import (
    FURTHER,
    NOT_ASKED,
    NOT_TAKEN,
    SHORTENED,
    THOUGHTS,
    ChatModel,
    ChatReply,
    ChatRequest,
    Message,
)
from fieldsmith.tasks.task import Brief

MORE_ROOM = 2
"""Times as many tokens for a reply that is asked for again because it was cut off."""
PROGRAM = "program"
"""The last turn of a conversation of several."""
UNSAID = {
    NOT_ASKED: "What is left of the budget has no room for the program of this plan.",
    NOT_TAKEN: "The model did not take the request for the program after its plan.",
}
"""Why a plan has no program, by how the reply stopped."""


class LLMAuthor:
    """Renders a prompt from the brief and the parents, asks the model, takes the program out of the reply."""

    trusted = False
    independent = True

    def __init__(self, model: ChatModel, seed: int = 0, prompts: Prompts | None = None) -> None:
        self.model, self.seed, self.prompts = model, seed, prompts or Prompts()
        self.label, self.note = model.label, model.note
        self._drafts: tuple[Brief | None, list[str]] = (None, [])

    def write(self, brief: Brief, move: Move, slot: str, history: Sequence[Candidate]) -> Proposal:
        """One conversation, of one turn unless the reply is cut off; a move shows as many programs as the model has room for.

        Slot and seed are part of each request's identity, so a rerun finds its stored replies. Raises ProviderError.
        """
        ordinal = f"{slot}@{self.seed}" if self.seed else slot
        shown, left_out = move, 0
        while True:
            try:
                proposal = _Conversation(
                    self, brief, shown, ordinal + SHORTENED * left_out, which(move, slot)
                ).proposal()
            except RequestTooLong:
                fewer = shown.with_fewer()
                if fewer is not None:
                    shown, left_out = fewer, left_out + 1
                    continue
                if _answered(history):
                    return Proposal(None, problem="The prompt was too long for the model's context.")
                raise
            except RequestFiltered as filtered:
                if _answered(history):
                    return Proposal(None, problem=f"The provider's filter refused the prompt: {filtered.message}")
                raise
            if not left_out:
                return proposal
            said = f"The model had no room for {left_out} of the programs to improve on."
            return replace(proposal, repairs=(said, *proposal.repairs))

    def messages(self, brief: Brief, move: Move, draft: int = 1) -> tuple[Message, ...]:
        """System and user message for a move, or for one of several drafts. Raises InputError for a template of a person's own that fails."""
        text = self.prompts.move(brief, move, draft)
        return Message("system", self.prompts.system(brief)), Message("user", text, stable=self._stable(brief, text))

    def _stable(self, brief: Brief, text: str) -> int:
        """Characters at the head of a prompt, in whole paragraphs, that two drafts about the same brief begin with too."""
        known, drafts = self._drafts
        if known is not brief:
            drafts = [self.prompts.move(brief, Draft(), number) for number in (1, 2)]
            self._drafts = brief, drafts
        return commonprefix([text, *drafts]).rfind("\n\n") + 1  # noqa: RUF071 - of texts, not of paths


def _answered(history: Sequence[Candidate]) -> bool:
    """Whether the model has answered before, so that what it refuses now is about this prompt."""
    return any(candidate.proposal and candidate.proposal.reply for candidate in history)


def which(move: Move, slot: str) -> int:
    """Which of the drafts from one text a slot is: its number, whatever is in the making at the time."""
    return int(slot) if isinstance(move, Draft) and slot.isdecimal() else 1


class _Conversation:
    """The requests for one candidate, what they cost, and what was done to get a program out of the replies."""

    def __init__(self, author: LLMAuthor, brief: Brief, move: Move, ordinal: str, draft: int = 1) -> None:
        self.author, self.brief, self.ordinal = author, brief, ordinal
        frame = author.prompts.frame(brief, move)
        shown = _programs(move)
        self.parents = tuple(shown) or ((frame,) if frame else ())
        self.named = tuple(shown.values())
        self.asked = gaps_of(frame)
        system, self.last = author.messages(brief, move, draft)
        self.before = {name: Message("user", author.prompts.turn(name, brief, move, draft)) for name in move.turns}
        self.messages: tuple[Message, ...] = (system,)
        self.text, self.said = "", [""]
        self.usage = Usage()
        self.repairs: list[str] = []

    def proposal(self) -> Proposal:
        for name, turn in self.before.items():
            self._consider(turn, name)
        reply = self._answered()
        self.text, found = self._read(reply)
        if self.before and reply.stop in UNSAID:
            found = replace(found, problem=UNSAID[reply.stop])
        elif cut_off(self.text, reply.stop, found):
            found = self._completed(reply, found)
        return Proposal(
            program=Program(found.source) if found.source is not None else None,
            plan=self._plan(),
            problem=found.problem,
            prompt="\n\n".join(f"<!-- {m.role} -->\n\n{m.text}" for m in self.request.messages),
            reply=self.text,
            usage=self.usage,
            repairs=(*self.repairs, *found.repairs),
        )

    def _turn(self, message: Message, name: str) -> ChatRequest:
        """The conversation with one more message of ours; all but the first are further requests, for which a run may have no room any more."""
        further = f"{FURTHER}{name}" if len(self.messages) > 1 else ""
        return ChatRequest((*self.messages, message), ordinal=self.ordinal + further)

    def _consider(self, message: Message, name: str) -> None:
        """A turn before the program. One that gets no answer is left out; of the first the question stays, as it holds the problem."""
        request = self._turn(message, name)
        first = len(self.messages) == 1
        try:
            reply = self._ask(request)
        except RequestTooLong:
            if first:
                raise
            return
        answer = THOUGHTS.sub("", reply.text).strip()
        if answer or first:
            self.messages = (*request.messages, Message("assistant", answer or "(no answer)"))
            self.said.append(answer)

    def _answered(self) -> ChatReply:
        """The reply that is to hold the program. A model that has no room for all that was said is asked again after the first turn alone."""
        self.request = self._turn(self.last, PROGRAM)
        shorter = self.messages[: len(("system", "user", "assistant"))]
        try:
            reply = self._ask(self.request)
            if reply.stop != NOT_TAKEN or shorter == self.messages:
                return reply
        except RequestTooLong:
            if shorter == self.messages:
                raise
        self.messages = shorter
        self.request = self._turn(self.last, PROGRAM + SHORTENED)
        return self._ask(self.request)

    def _plan(self) -> Plan:
        """The plan that the last turn which states one states."""
        plans = [plan_of(text) for text in (self.text, *reversed(self.said))]
        return next((plan for plan in plans if plan.discretisation or plan.method), plans[0])

    def _completed(self, reply: ChatReply, found: Found) -> Found:
        """The program of a reply that was cut off: continued once, then asked for anew with more room."""
        first = self.request.messages
        if can_go_on(reply.text):
            asked = self.author.prompts.continuation(self.brief, ending(reply.text))
            turns = (*first, Message("assistant", reply.text), Message("user", asked))
            request = ChatRequest(turns, ordinal=f"{self.ordinal}{FURTHER}continue")
            more = self._ask(request)
            if more.text.strip():
                self.request = request
                self.text = joined(reply.text, more.text, self.brief.signature.function)
                self.repairs.append("The reply was cut off and continued.")
                found = self._found(self.text, more.stop)
                if not cut_off(self.text, more.stop, found):
                    return found
        return self._shorter(first, found)

    def _shorter(self, first: tuple[Message, ...], found: Found) -> Found:
        """A fresh try with more room for the reply; the program found before where that gives none."""
        *others, user = first
        words = f"{user.text}\n\n{self.author.prompts.shorter(self.brief)}"
        turns = (*others, Message("user", words))
        request = ChatRequest(turns, ordinal=f"{self.ordinal}{FURTHER}shorter", room=MORE_ROOM)
        reply = self._ask(request)
        text, fresh = self._read(reply)
        if reply.stop == NOT_TAKEN:
            self.repairs.append("The reply was cut off; the model did not take the request for a shorter one.")
        if reply.stop == NOT_ASKED:
            self.repairs.append("The reply was cut off, and what is left of the budget has no room for another.")
        if not text.strip() or (fresh.source is None and found.source is not None):
            known = found.source is not None or not self.text.strip()
            return found if known else replace(found, problem=f"The reply was cut off. {found.problem}")
        self.request, self.text = request, text
        self.repairs = ["The reply was cut off, so a shorter one was asked for."]
        if cut_off(text, reply.stop, fresh):
            self.repairs.append("That one was cut off as well: its program may lack its end.")
        return fresh

    def _ask(self, request: ChatRequest) -> ChatReply:
        reply = self.author.model.complete(request)
        self.usage = Usage.sum((self.usage, usage_of(self.author.model, reply)))
        return reply

    def _read(self, reply: ChatReply) -> tuple[str, Found]:
        """A reply as text, and what was found in it. No tool is ever offered here, but some models put their program into a call of one."""
        if not reply.calls:
            return reply.text, self._found(reply.text, reply.stop)
        said = self._found(THOUGHTS.sub("", reply.text), reply.stop)
        text = written_out(reply.text, reply.calls)
        return text, said if said.source is not None else told(self._found(text, reply.stop), reply.calls)

    def _found(self, text: str, stop: str) -> Found:
        signature = self.brief.signature
        names = [a.name for a in signature.arguments]
        return program_in(text, signature.function, names, stop, self.parents, self.asked, self.named)


def _programs(move: Move) -> dict[str, str]:
    """The programs that a reply to the move may hold only changes of, and what to call each; copies count as one."""
    places = {c.id: n for n, c in enumerate(move.candidates, 1)}
    return {
        c.program.source: f"program {places[c.id]} (candidate {c.slot})" for c in distinct(move.candidates) if c.program
    }
