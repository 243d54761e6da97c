"""What a run was made with, as rows of the page: program, machine, libraries, sandbox and data of every sitting."""

from typing import Any

from fieldsmith.orchestrator.provenance import Sitting
from fieldsmith.orchestrator.run import Asked
from fieldsmith.reports.plain import visible

MOST_SITTINGS = 12
SHORT = 12
"""Characters of a digest or a commit that tell it from others."""


def made_with(asked: Asked) -> list[list[tuple[str, str]]]:
    """Named lines a sitting, the last sittings where there are many; what is not known is left out. When the first began is said of the run."""
    return [_rows(one, asked.fingerprint, one is not asked.sittings[0]) for one in asked.sittings[-MOST_SITTINGS:]]


def _rows(one: Sitting, fingerprint: str, later: bool) -> list[tuple[str, str]]:
    def joined(*words: object) -> str:
        return ", ".join(str(word) for word in words if word)

    commit = f"commit {one.get('commit', '')[:SHORT]}" if one.get("commit") else ""
    digests: dict[str, Any] = {"task": fingerprint, **one.get("data", {})}
    named = {
        "taken up": one.get("begun", "") if later else "",
        "Fieldsmith": joined(one.get("fieldsmith"), commit, "with changes to its source" if one.get("changed") else ""),
        "machine": joined(
            one.get("processor"),
            f"{one.get('cores')} cores",
            f"{one.get('memory_mb', 0) / 1024:.0f} GB",
            one.get("system"),
        ),
        "host": joined(one.get("python"), *one.get("libraries", ())),
        "sandbox": joined(
            one.get("sandbox"),
            *one.get("sandbox_libraries", ()),
            one.get("image"),
            _image(one),
        ),
        "data": joined(*(f"{name} {digest[:SHORT]}" for name, digest in digests.items())),
    }
    return [(name, visible(str(value), 600)) for name, value in named.items() if value]


def _image(one: Sitting) -> str:
    identity = str(one.get("image_id", "")).removeprefix("sha256:")[:SHORT]
    return f"image {identity} of {one.get('image_made')}" if identity else ""
