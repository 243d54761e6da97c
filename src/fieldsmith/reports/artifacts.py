"""What steps have made, as a page can show it: texts, pictures, structures, and anything else to be saved.

Nothing of it is ever markup of the page: pictures stand in `data:` addresses of <img> elements, where a browser runs no scripts.
"""

import base64
from pathlib import Path
from typing import Any

from fieldsmith.environments.observation import Artifact
from fieldsmith.reports.steps import is_python
from fieldsmith.reports.structures import trace
from fieldsmith.reports.texts import Texts, script_safe

LARGEST_TEXT = 400_000
LARGEST_PICTURE = 1_500_000
LARGEST_OTHER = 500_000
"""Bytes of one artifact that the page carries."""
SIGNATURES = {
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
    "image/gif": b"GIF8",
    "image/webp": b"RIFF",
}
STRUCTURES = ("chemical/x-pdb", "chemical/pdb")


class Artifacts:
    """The artifacts of a page, each kept once; those that there is no room for are told as left out."""

    def __init__(self, folder: Path, texts: Texts) -> None:
        self._folder, self._texts = folder, texts
        self._rows: dict[str, str] = {}
        self.size = 0
        self.left_out: set[str] = set()

    def add(self, artifact: Artifact, room: int) -> None:
        """Take an artifact in if that needs no more than `room` bytes, its texts included."""
        if artifact.digest in self._rows or artifact.digest in self.left_out:
            return
        for row in self._described(artifact):
            parts, before = len(self._texts), self._texts.size
            kept = script_safe({**row, "text": self._texts.add(row["text"], LARGEST_TEXT)} if "text" in row else row)
            if len(kept) + self._texts.size - before <= room:
                self._rows[artifact.digest] = kept
                self.size += len(kept) + len(artifact.digest) + 4
                return
            self._texts.shrink(parts)
        self.left_out.add(artifact.digest)

    def table(self) -> str:
        return "{" + ",".join(f"{script_safe(digest)}:{row}" for digest, row in self._rows.items()) + "}"

    def _described(self, artifact: Artifact) -> list[dict[str, Any]]:
        """Ways to show it, the fullest first."""
        content = self._content(artifact.digest)
        if content is None:
            return [{"kind": "missing", "why": "It is not in the run's folder."}]
        size, text = len(content), _text(content)
        if artifact.kind in SIGNATURES or artifact.kind == "image/svg+xml":
            return [_picture(artifact, content)]
        if artifact.kind in STRUCTURES and (chains := trace(content)):
            seen = {"kind": "structure", "size": size, "chains": chains}
            return [{**seen, **text}, seen]
        return [{"kind": "text", "size": size, **text} if text else _other(content)]

    def _content(self, digest: str) -> bytes | None:
        if not digest.isalnum():  # it names a file
            return None
        try:
            return (self._folder / digest).read_bytes()
        except OSError:
            return None


def _picture(artifact: Artifact, content: bytes) -> dict[str, Any]:
    if not content.lstrip().startswith(SIGNATURES.get(artifact.kind, b"<")):
        return _other(content)
    if len(content) > LARGEST_PICTURE:
        return _too_large(content)
    address = f"data:{artifact.kind};base64,{base64.b64encode(content).decode()}"
    return {"kind": "picture", "size": len(content), "address": address}


def _text(content: bytes) -> dict[str, Any]:
    """The text of an artifact; nothing where it is none or too long."""
    if not content or len(content) > LARGEST_TEXT or b"\0" in content:
        return {}
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return {}
    return {"text": text, **({"python": True} if is_python(text) else {})}


def _other(content: bytes) -> dict[str, Any]:
    if len(content) > LARGEST_OTHER:
        return _too_large(content)
    return {"kind": "file", "size": len(content), "content": base64.b64encode(content).decode()}


def _too_large(content: bytes) -> dict[str, Any]:
    return {"kind": "missing", "why": f"Its {len(content) / 1e6:.1f} MB are too many for this page."}
