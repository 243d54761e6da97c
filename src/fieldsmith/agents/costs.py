"""What a reply cost, as the usage of whoever asked for it."""

from fieldsmith.agents.candidate import Usage
from fieldsmith.models.chat_model import ChatModel, ChatReply


def usage_of(model: ChatModel, reply: ChatReply) -> Usage:
    """Tokens and dollars of a reply, with those of attempts before it that were charged and came to nothing."""
    read, written = reply.charged_tokens
    usd = model.price(reply)
    saved = 0.0
    if reply.cached_tokens or reply.cache_written_tokens:
        saving = getattr(model, "saving", None)  # only providers' models have one
        saved = saving(reply) if saving is not None else None
    lost = reply.lost_input_tokens + reply.lost_output_tokens
    return Usage(read, written, usd, reply.seconds, reply.estimated or lost > 0, reply.cached_tokens, saved, lost)
