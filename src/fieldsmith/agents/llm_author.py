"""The author that asks a language model."""

from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined

from fieldsmith.agents.author import Candidate, Debug, Move, Program, Proposal, Refine, Usage
from fieldsmith.agents.models.chat_model import ChatModel, ChatRequest, Message
from fieldsmith.agents.reply import plan_of, program_of
from fieldsmith.tasks.task import Brief

_templates = Environment(
    loader=PackageLoader("fieldsmith.agents", "prompts"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


class LLMAuthor:
    """Renders a prompt from the brief and the parents, asks the model, takes the program out of the reply."""

    trusted = False

    def __init__(self, model: ChatModel, seed: int = 0) -> None:
        self.model, self.seed = model, seed
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
        """System and user message for a move."""
        if isinstance(move, Debug):
            user = _templates.get_template("debug.md.jinja").render(brief=brief, candidate=move.candidate)
        elif isinstance(move, Refine):
            user = _templates.get_template("refine.md.jinja").render(brief=brief, candidates=move.candidates)
        else:
            user = _templates.get_template("draft.md.jinja").render(brief=brief)
        return Message("system", _templates.get_template("system.md.jinja").render().strip()), Message(
            "user", user.strip()
        )
