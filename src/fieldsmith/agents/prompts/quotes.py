"""What a prompt shows of a reply that held no program."""

from dataclasses import replace

from fieldsmith.agents.author import Candidate
from fieldsmith.agents.reply.blocks import spoken

LONGEST = 4000
"""Characters that are shown; of a longer reply the beginning and the end."""


def unthought(candidate: Candidate) -> Candidate:
    """The candidate with its reply as it is to be quoted."""
    if candidate.proposal is None:
        return candidate
    return replace(candidate, proposal=replace(candidate.proposal, reply=quoted(candidate.proposal.reply)))


def quoted(reply: str) -> str:
    """A reply without what was thought, its middle left out where it is long."""
    said = spoken(reply)[0].strip()
    if len(said) <= LONGEST:
        return said
    half = LONGEST // 2
    # Whole lines, unless they are so long that little would stay.
    head, tail = said[:half], said[-half:]
    head = head[:cut] if (cut := head.rfind("\n")) > half // 2 else head
    tail = tail[cut + 1 :] if 0 <= (cut := tail.find("\n")) < half // 2 else tail
    left_out = len(said) - len(head) - len(tail)
    return f"{head.rstrip()}\n[… {left_out:,} characters left out …]\n{tail.lstrip(chr(10))}"
