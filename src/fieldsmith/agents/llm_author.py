"""The author that asks a language model."""

from collections.abc import Sequence

from fieldsmith.agents.author import Candidate, Move, Program, Proposal, Usage
from fieldsmith.agents.models.chat_model import ChatModel, ChatRequest, Message
from fieldsmith.agents.prompts import Prompts
from fieldsmith.agents.reply import plan_of, program_of
from fieldsmith.tasks.task import Brief


class LLMAuthor:
    """Renders a prompt from the brief and the parents, asks the model, takes the program out of the reply."""

    trusted = False

    def __init__(self, model: ChatModel, seed: int = 0, prompts: Prompts | None = None) -> None:
        self.model, self.seed, self.prompts = model, seed, prompts or Prompts()
        self.label, self.note = model.label, model.note

    def write(self, brief: Brief, move: Move, slot: str, history: Sequence[Candidate]) -> Proposal:
        """One conversation turn. Slot and seed are part of the request's identity, so a rerun finds its stored reply."""
        request = ChatRequest(self.messages(brief, move), ordinal=f"{slot}@{self.seed}" if self.seed else slot)
        reply = self.model.complete(request)
        source, problem = program_of(reply.text, brief.signature.function)
        return Proposal(
            program=Program(source) if source is not None else None,
            plan=plan_of(reply.text),
            problem=problem,
            prompt="\n\n".join(f"<!-- {m.role} -->\n\n{m.text}" for m in request.messages),
            reply=reply.text,
            usage=Usage(reply.input_tokens, reply.output_tokens, self.model.price(reply), reply.seconds),
        )

    def messages(self, brief: Brief, move: Move) -> tuple[Message, ...]:
        """System and user message for a move. Raises InputError for a template of a person's own that fails."""
        return Message("system", self.prompts.system(brief)), Message("user", self.prompts.move(brief, move))
