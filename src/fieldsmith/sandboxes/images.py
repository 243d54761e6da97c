"""The images that programs run in: what they are called, whether they are here, how they are built."""

import hashlib
import os
import subprocess
import tempfile
from importlib.resources import files
from pathlib import Path

from fieldsmith.errors import InputError, MissingPart

VARIANTS = ("base", "torch", "jax")
REPOSITORY = "fieldsmith-sandbox"
DEFAULT_BASE = "python:3.12-slim"
INDEXES = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "TORCH_INDEX")


def tag(variant: str) -> str:
    """The image's name; a change of the Dockerfile changes it."""
    if variant not in VARIANTS:
        raise InputError(f"There is no image {variant!r}.", f"Use one of {', '.join(VARIANTS)}.")
    return f"{REPOSITORY}:{variant}-{hashlib.sha256(_dockerfile().encode()).hexdigest()[:12]}"


def _dockerfile() -> str:
    return files("fieldsmith.sandboxes").joinpath("image/Dockerfile").read_text(encoding="utf-8")


def present(variant: str) -> bool:
    command = ["docker", "image", "inspect", tag(variant)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def require(variant: str) -> str:
    """The image's tag. Raises MissingPart with the command that mends it where engine or image is missing."""
    from fieldsmith.sandboxes.docker import daemon

    name = tag(variant)
    if why := daemon():
        raise MissingPart(
            f"The docker sandbox cannot be used: {why}.", "Install and start Docker, or use --sandbox bubblewrap."
        )
    if not present(variant):
        option = "" if variant == "base" else f" --image {variant}"
        raise MissingPart(f"The sandbox image {name} is not here.", f"Build it: fieldsmith sandbox build{option}")
    return name


def build(variant: str = "base", base_image: str = DEFAULT_BASE, echo: bool = True) -> str:
    """Build an image with Docker; its tag. Raises MissingPart if there is no engine or the build fails."""
    from fieldsmith.sandboxes.docker import daemon

    name = tag(variant)
    if why := daemon():
        raise MissingPart(f"No image can be built: {why}.", "Install and start Docker first.")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "Dockerfile").write_text(_dockerfile(), encoding="utf-8")
        command = ["docker", "build", "--network", "host", "--tag", name]
        command += ["--build-arg", f"BASE={base_image}", "--build-arg", f"VARIANT={variant}"]
        for index in INDEXES:
            if os.environ.get(index, "").startswith(("http://", "https://")):  # a folder of the host is out of reach
                command += ["--build-arg", f"{index}={os.environ[index]}"]
        command.append(folder)
        output = None if echo else subprocess.PIPE
        environment = {"DOCKER_BUILDKIT": "0", **os.environ}
        built = subprocess.run(command, env=environment, stdout=output, stderr=output, text=True, check=False)
    if built.returncode != 0:
        last = (built.stderr or "").strip().splitlines()[-1:] or ["see the output above"]
        raise MissingPart(
            f"The image was not built from {base_image}: {last[0]}.",
            "Give another base that is within reach: fieldsmith sandbox build --base-image IMAGE",
        )
    return name
