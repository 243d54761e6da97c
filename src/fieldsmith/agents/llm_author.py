"""An author that asks a language model."""

from collections.abc import Sequence

from fieldsmith.agents.author import Candidate, Debug, Draft, Move, Proposal, Usage
from fieldsmith.agents.models.chat_model import ChatModel, ChatRequest, Message
from fieldsmith.agents.reply import program_of
from fieldsmith.tasks.task import Brief


class LLMAuthor:
    """Renders a prompt for a move and takes the program out of the reply."""

    note = "a language model"
    trusted = False

    def __init__(self, model: ChatModel) -> None:
        self.model, self.label = model, model.label

    def write(self, brief: Brief, move: Move, slot: str, history: Sequence[Candidate]) -> Proposal:
        """One request; the slot tells apart requests with the same text."""
        prompt = _render(brief, move)
        system = Message(
            "system", "You are an expert in numerical analysis who writes accurate, robust Python solvers."
        )
        reply = self.model.complete(ChatRequest((system, Message("user", prompt)), ordinal=slot))
        program = program_of(reply.text, brief.signature.function)
        name = brief.signature.function
        problem = "" if program else f"The reply has no fenced code block that defines {name}()."
        usage = Usage(reply.input_tokens, reply.output_tokens, self.model.price(reply), reply.seconds)
        return Proposal(program, problem=problem, prompt=prompt, reply=reply.text, usage=usage)


def _render(brief: Brief, move: Move) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    pages = Environment(loader=PackageLoader("fieldsmith.agents", "prompts"), undefined=StrictUndefined)
    debug = isinstance(move, Debug)
    parents = () if isinstance(move, Draft) else (move.candidate,) if debug else move.candidates
    return pages.get_template("draft.md.jinja").render(brief=brief, parents=parents, debug=debug)
