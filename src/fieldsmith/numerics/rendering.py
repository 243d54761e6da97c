"""Source text from this room's templates."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from fieldsmith.equations import names

_templates = Environment(
    loader=PackageLoader("fieldsmith.numerics", "templates"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def render(template: str, **values: Any) -> str:
    """Source text from a template of this package: names settled, no more than two blank lines in a row."""
    text = names.settled(_templates.get_template(template).render(values), values["asked"])
    while "\n\n\n\n" in text:
        text = text.replace("\n\n\n\n", "\n\n\n")
    return text.rstrip() + "\n"
