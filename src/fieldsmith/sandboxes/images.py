"""The images that programs run in: what they are called, whether they are here, how they are built."""

import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any

from fieldsmith.errors import InputError, MissingPart
from fieldsmith.folders import cache_folder
from fieldsmith.sandboxes import engine
from fieldsmith.sandboxes.owner import temporary_folder
from fieldsmith.sandboxes.sandbox import NUMERICAL_LIBRARIES

VARIANTS = ("base", "torch", "jax")
REPOSITORY = "fieldsmith-sandbox"
DEFAULT_BASE = "python:3.12-slim"
"""What an image is built on where neither the user nor an image that is here names another base."""
INDEXES = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "TORCH_INDEX")


def tag(variant: str) -> str:
    """The image's name, which changes with what it is made from: the Dockerfile and the list of wheels."""
    if variant not in VARIANTS:
        raise InputError(f"There is no image {variant!r}.", f"Use one of {', '.join(VARIANTS)}.")
    return f"{REPOSITORY}:{variant}-{_digest()[:12]}"


def _inputs() -> dict[str, bytes]:
    """The files that an image is made from, by name."""
    folder = files("fieldsmith.sandboxes").joinpath("image")
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir(), key=lambda file: file.name)}


def _digest() -> str:
    return hashlib.sha256(b"\0".join(_inputs().values())).hexdigest()


def about(variant: str) -> dict[str, str]:
    """Id, when it was made, size and base of the image of a variant; empty where it is not built.

    Raises MissingPart where the engine does not say.
    """
    from docker.errors import ImageNotFound

    try:
        told = engine.client().api.inspect_image(tag(variant))
    except ImageNotFound:
        return {}
    except engine.failures() as error:
        raise MissingPart(
            f"The Docker engine does not say what images it has: {engine.words(error)}.",
            "Start it again, or use --sandbox bubblewrap.",
        ) from None
    base = (told["Config"].get("Labels") or {}).get("fieldsmith.base", "")
    return {"id": told["Id"], "created": told["Created"], "bytes": str(told["Size"]), "base": base}


def present(variant: str) -> bool:
    """Whether the image of a variant is built. Raises MissingPart where the engine does not say."""
    return bool(about(variant))


def lacking(variant: str) -> str:
    """Empty if the image of a variant is here and an engine to run it, else what is not."""
    if why := engine.daemon():
        return why
    try:
        return "" if present(variant) else "its image is not built (fieldsmith sandbox build)"
    except MissingPart as missing:
        return missing.message.rstrip(".")


def require(variant: str) -> str:
    """The image's tag. Raises MissingPart with the command that mends it where engine or image is missing."""
    name = tag(variant)
    if why := engine.daemon():
        raise MissingPart(
            f"The docker sandbox cannot be used: {why}.", "Install and start Docker, or use --sandbox bubblewrap."
        )
    if not present(variant):
        option = "" if variant == "base" else f" --image {variant}"
        raise MissingPart(f"The sandbox image {name} is not here.", f"Build it: fieldsmith sandbox build{option}")
    return name


def libraries(image: str) -> tuple[str, ...]:
    """Python and the numerical libraries of an image, with versions: asked of it once and kept by its id; empty where no engine tells."""
    try:
        identity = engine.client().api.inspect_image(image)["Id"].replace(":", "-")
        kept = cache_folder() / f"python-{identity}.json"
        with contextlib.suppress(OSError, ValueError):
            return tuple(json.loads(kept.read_text()))
        found = _libraries_within(image)
    except engine.failures():
        return ()
    if found:
        with contextlib.suppress(OSError):
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(json.dumps(found))
    return found


def _libraries_within(image: str) -> tuple[str, ...]:
    from docker.types import LogConfig

    code = (
        "import platform\n"
        "from importlib.metadata import version, PackageNotFoundError as E\n"
        "print('Python', platform.python_version())\n"
        f"for n in {NUMERICAL_LIBRARIES!r}:\n"
        "    try: print(n, version(n))\n"
        "    except E: pass\n"
    )
    log = LogConfig(type=LogConfig.types.JSON)  # where the SDK reads what is printed
    more = {"entrypoint": ["python3"], "network_mode": "none", "log_config": log, "remove": True}
    printed = engine.client().containers.run(image, ["-c", code], **more)
    return tuple(printed.decode("utf-8", "replace").split("\n")[:-1])


def build(variant: str = "base", base_image: str = DEFAULT_BASE, echo: bool = True) -> str:
    """Build an image with Docker; its tag. Raises MissingPart if there is no engine or the build fails."""
    name = tag(variant)
    if why := engine.daemon():
        raise MissingPart(f"No image can be built: {why}.", "Install and start Docker first.")
    with temporary_folder() as folder:
        for file, content in _inputs().items():
            (folder / file).write_bytes(content)
        # The SDK knows the engine's own builder and not BuildKit; this Dockerfile needs no more.
        options = {
            "path": str(folder),
            "tag": name,
            "network_mode": "host",
            "buildargs": _arguments(variant, base_image),
        }
        try:
            wrong = _followed(engine.client().api.build(**options, rm=True, use_config_proxy=True, decode=True), echo)
        except engine.failures() as error:
            wrong = engine.words(error)
    if wrong:
        raise MissingPart(
            f"The image was not built from {base_image}: {wrong}.",
            "Give another base that is within reach: fieldsmith sandbox build --base-image IMAGE",
        )
    return name


def _arguments(variant: str, base_image: str) -> dict[str, str]:
    indexes = {index: os.environ.get(index, "") for index in INDEXES}
    # A folder of the host is out of reach.
    indexes = {index: place for index, place in indexes.items() if place.startswith(("http://", "https://"))}
    return {"BASE": base_image, "BASE_NAME": base_image, "VARIANT": variant, "INPUTS": _digest(), **indexes}


def _followed(told: Iterable[Mapping[str, Any]], echo: bool) -> str:
    """Pass on what a build tells until it ends; empty, or what is wrong."""
    for piece in told:
        if error := piece.get("error"):
            return " ".join(str(error).split()).rstrip(".")
        line = piece.get("stream") or ("" if "progress" in piece else piece.get("status", "") + "\n")
        if echo:
            sys.stdout.write(line)
            sys.stdout.flush()
    return ""
