"""How arrays cross the border to an engine's containers, kept from run to run once it has been tried."""

import contextlib
import time
from pathlib import Path

from fieldsmith.folders import cache_folder
from fieldsmith.sandboxes import engine
from fieldsmith.sandboxes.channel import Kind

REMEMBERED_SECONDS = 86_400.0


def _file(runtime: str) -> Path:
    told = engine.about()
    identity = "-".join(str(told.get(key, "")) for key in ("ID", "ServerVersion")) + f"-{runtime or 'default'}"
    return cache_folder() / "transports" / "".join(c if c.isalnum() or c in "-._" else "_" for c in identity)


def remembered(runtime: str) -> Kind | None:
    """What was tried for this engine and runtime not long ago; None where it is to be tried."""
    with contextlib.suppress(OSError):
        if time.time() - _file(runtime).stat().st_mtime > REMEMBERED_SECONDS:
            return None
        words = _file(runtime).read_text(encoding="ascii").strip()
        if words == "socket" or words == "stream":
            return words
    return None


def remember(runtime: str, kind: Kind) -> None:
    with contextlib.suppress(OSError):
        file = _file(runtime)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(kind, encoding="ascii")
