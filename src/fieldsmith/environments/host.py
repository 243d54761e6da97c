"""Whoever hosts environments: where untrusted programs run, where artifacts lie, who hears of progress."""

import contextlib
import hashlib
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from fieldsmith.environments.observation import Artifact, Lacking
from fieldsmith.errors import InputError, MissingPart
from fieldsmith.files import write_whole
from fieldsmith.sandboxes import Sandbox, choose

DIGEST = re.compile(r"[0-9a-f]{64}")


def unheard(_words: str, _share: float | None) -> None:
    """Tells nobody."""


@dataclass
class Host:
    """Shared by all episodes of a process; safe to use from several threads. Use as a context manager.

    sandbox: the kind of sandbox, as `--sandbox` names it. folder: where artifacts are kept by their digest, in memory if None.
    earlier: where those of earlier steps are found too; nothing is written there.
    told: hears what a step is at, with the share done if it is known. stopped: ends what is being waited for.
    """

    sandbox: str = "auto"
    folder: Path | None = None
    told: Callable[[str, float | None], None] = unheard
    stopped: threading.Event = field(default_factory=threading.Event)
    earlier: Path | None = None

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._sandboxes: dict[str, Sandbox] = {}
        self._kept: dict[str, bytes] = {}

    def sandbox_with(self, image: str) -> Sandbox:
        """The sandbox with that image. Raises Lacking where it is not here."""
        with self._lock:
            if image not in self._sandboxes:
                try:
                    self._sandboxes[image] = choose(self.sandbox, image=image)
                except (InputError, MissingPart) as error:
                    raise Lacking(error.message, error.hint) from error
            return self._sandboxes[image]

    def keep(self, content: bytes) -> str:
        """Keep an artifact's content; its digest."""
        digest = hashlib.sha256(content).hexdigest()
        if self.folder is None:
            self._kept[digest] = content
        elif not (file := self.folder / digest).exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            write_whole(file, content)
        return digest

    def content(self, artifact: Artifact | str) -> bytes:
        """What an artifact, or one of that digest, holds. Raises InputError where it is not kept here."""
        digest = artifact if isinstance(artifact, str) else artifact.digest
        if self.folder is None and digest in self._kept:
            return self._kept[digest]
        for folder in filter(None, (self.folder, self.earlier)):
            with contextlib.suppress(OSError):
                if DIGEST.fullmatch(digest):
                    return (folder / digest).read_bytes()
        raise InputError(f"The artifact {digest[:12]}… is not kept here.", "Look into the run that made it.")

    def close(self) -> None:
        """End the workers that wait for programs."""
        with self._lock:
            for sandbox in self._sandboxes.values():
                sandbox.close()
            self._sandboxes.clear()

    def __enter__(self) -> "Host":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
