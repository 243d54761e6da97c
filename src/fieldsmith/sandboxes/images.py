"""The images that programs run in: what they are called, whether they are here, how they are built."""

import contextlib
import hashlib
import json
import os
import subprocess
from importlib.resources import files

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
    """Id, when it was made, size and base of the image of a variant; empty where it is not built."""
    template = '{{.Id}}\t{{.Created}}\t{{.Size}}\t{{index .Config.Labels "fieldsmith.base"}}'
    told = engine.asked("image", "inspect", "--format", template, tag(variant))
    if told.returncode != 0:
        return {}
    return dict(zip(("id", "created", "bytes", "base"), told.stdout.rstrip("\n").split("\t"), strict=True))


def present(variant: str) -> bool:
    return engine.asked("image", "inspect", tag(variant)).returncode == 0


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
    """Numerical libraries of an image, with versions: asked of it once and kept by its id."""
    identity = engine.inspect(image, "{{.Id}}").replace(":", "-")
    kept = cache_folder() / f"libraries-{identity}.json"
    with contextlib.suppress(OSError, ValueError):
        return tuple(json.loads(kept.read_text()))
    code = (
        "from importlib.metadata import version, PackageNotFoundError as E\n"
        f"for n in {NUMERICAL_LIBRARIES!r}:\n"
        "    try: print(n, version(n))\n"
        "    except E: pass\n"
    )
    ran = engine.asked("run", "--rm", "--network", "none", "--entrypoint", "python3", image, "-c", code)
    found = tuple(ran.stdout.split("\n")[:-1])
    if found:
        with contextlib.suppress(OSError):
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(json.dumps(found))
    return found


def build(variant: str = "base", base_image: str = DEFAULT_BASE, echo: bool = True) -> str:
    """Build an image with Docker; its tag. Raises MissingPart if there is no engine or the build fails."""
    name = tag(variant)
    if why := engine.daemon():
        raise MissingPart(f"No image can be built: {why}.", "Install and start Docker first.")
    with temporary_folder() as folder:
        for file, content in _inputs().items():
            (folder / file).write_bytes(content)
        command = ["docker", "build", "--network", "host", "--tag", name]
        arguments = {"BASE": base_image, "BASE_NAME": base_image, "VARIANT": variant, "INPUTS": _digest()}
        for argument, value in arguments.items():
            command += ["--build-arg", f"{argument}={value}"]
        for index in INDEXES:
            if os.environ.get(index, "").startswith(("http://", "https://")):  # a folder of the host is out of reach
                command += ["--build-arg", f"{index}={os.environ[index]}"]
        command.append(str(folder))
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
