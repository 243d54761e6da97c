"""A problem as TOML, in the order and the layout in which people write one."""

from collections.abc import Mapping, Sequence
from typing import Any

from fieldsmith.problems.tables import TABLES

WIDTH = 100


def written(document: Mapping[str, Any]) -> str:
    """The TOML text of a document of plain values; reading it gives the document again."""
    head = []
    for key in ("title", "description"):
        if document.get(key):
            head.append(f"{key} = {value(document[key])}")
    if head:
        head.append("")
    head.append(f"equations = {_equations(document['equations'])}")
    for name in ("unknowns", "domain", "parameters", *TABLES):
        if document.get(name) and f"[{name}]" not in head:
            head += ["", f"[{name}]", *(f"{_key(key)} = {value(inner)}" for key, inner in document[name].items())]
    return "\n".join(head) + "\n"


def _equations(equations: Any) -> str:
    if isinstance(equations, str):
        return value(equations)
    short = f"[{', '.join(map(value, equations))}]"
    if len(equations) < 2 and len(short) < WIDTH:
        return short
    return "[\n" + "".join(f"    {value(one)},\n" for one in equations) + "]"


def _key(key: str) -> str:
    plain = key and all(c.isascii() and (c.isalnum() or c in "_-") for c in key)
    return key if plain else value(key)


def value(thing: Any) -> str:
    """One TOML value on one line."""
    import tomli_w

    if isinstance(thing, Mapping):
        return f"{{ {', '.join(f'{_key(str(k))} = {value(v)}' for k, v in thing.items())} }}" if thing else "{}"
    if isinstance(thing, Sequence) and not isinstance(thing, str):
        return f"[{', '.join(map(value, thing))}]"
    if isinstance(thing, str) and "\n" in thing:
        escaped = thing.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
        thing = escaped if all(c.isprintable() for c in escaped) else thing
        if thing is escaped:
            return f'"{escaped}"'
    return tomli_w.dumps({"x": thing}).removeprefix("x = ").rstrip("\n")
