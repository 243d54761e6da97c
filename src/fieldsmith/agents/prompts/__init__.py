"""What a model is told: templates in files by style, and what is worked out for them from a brief."""

from fieldsmith.agents.prompts.library import DEFAULT_STYLE, STYLES, Prompts, read_templates

__all__ = ["DEFAULT_STYLE", "STYLES", "Prompts", "read_templates"]
