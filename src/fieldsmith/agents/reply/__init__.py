"""Taking a program and its plan out of a model's reply, whatever form it has."""

from fieldsmith.agents.reply.joining import can_go_on, cut_off, ending, joined
from fieldsmith.agents.reply.plans import plan_of
from fieldsmith.agents.reply.programs import Found, program_in, program_of
from fieldsmith.agents.reply.unoffered import told, written_out

__all__ = [
    "Found",
    "can_go_on",
    "cut_off",
    "ending",
    "joined",
    "plan_of",
    "program_in",
    "program_of",
    "told",
    "written_out",
]
