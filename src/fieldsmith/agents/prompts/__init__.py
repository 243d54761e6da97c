"""What a model is told: templates in files by style, and what is worked out for them from a brief."""

from fieldsmith.agents.prompts.library import DEFAULT_STYLE, STYLES, Prompts, read_templates
from fieldsmith.agents.prompts.skeleton import gaps_of

__all__ = ["DEFAULT_STYLE", "STYLES", "Prompts", "gaps_of", "read_templates"]
