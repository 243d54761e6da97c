"""Where untrusted code runs: Docker, bubblewrap, or a plain process for those who may."""

from fieldsmith.errors import InputError, MissingPart
from fieldsmith.sandboxes.sandbox import Limits, Sandbox

NAMES = ("auto", "docker", "bubblewrap", "process")

__all__ = ["NAMES", "Limits", "Sandbox", "choose", "images_here", "survey"]


def choose(name: str = "auto", trusted: bool = False, image: str = "base") -> Sandbox:
    """The sandbox of that name; `auto` takes the best that is here.

    A plain process is taken by `auto` only for `trusted` authors. Raises InputError for an unknown name, and
    MissingPart, with the command that mends it, where what was asked for is not here.
    """
    from fieldsmith.sandboxes import bubblewrap, docker, images
    from fieldsmith.sandboxes.process import ProcessSandbox

    if name not in NAMES:
        raise InputError(f"There is no sandbox {name!r}.", f"Use one of {', '.join(NAMES)}.")
    images.tag(image)
    if image != "base" and name in ("process", "bubblewrap"):
        raise InputError(f"--image {image} goes with docker, not with {name}.", "Use --sandbox docker or auto.")
    if name == "process":
        return ProcessSandbox()
    if name == "bubblewrap":
        if why := bubblewrap.usable():
            raise MissingPart(f"The bubblewrap sandbox cannot be used: {why}.", "Install bubblewrap, or use docker.")
        return bubblewrap.BubblewrapSandbox()
    if name == "docker":
        return _docker(image)
    if image != "base":
        return _docker(image)
    no_docker = docker.daemon() or (
        "" if images.present(image) else "its image is not built (fieldsmith sandbox build)"
    )
    if not no_docker:
        return _docker(image)
    no_bubblewrap = bubblewrap.usable()
    if not no_bubblewrap:
        sandbox = bubblewrap.BubblewrapSandbox()
        sandbox.reason = f"Docker is not used: {no_docker}"
        return sandbox
    if trusted:
        process = ProcessSandbox()
        process.reason = f"the author is trusted; Docker is not used: {no_docker}; {no_bubblewrap}"
        return process
    raise MissingPart(
        f"No sandbox is here for programs of this author. Docker: {no_docker}. {no_bubblewrap}.",
        "Install Docker and run `fieldsmith sandbox build`, or install bubblewrap, or take the risk with --sandbox process.",
    )


def survey(image: str = "base") -> dict[str, str]:
    """For each sandbox, empty if it can be used, else why not."""
    from fieldsmith.sandboxes import bubblewrap, docker, images

    no_docker = docker.daemon() or (
        "" if images.present(image) else "its image is not built (fieldsmith sandbox build)"
    )
    return {"docker": no_docker, "bubblewrap": bubblewrap.usable(), "process": ""}


def images_here() -> dict[str, bool]:
    """Whether the image of each variant is built; none is where no Docker engine answers."""
    from fieldsmith.sandboxes import docker, images

    engine = not docker.daemon()
    return {variant: engine and images.present(variant) for variant in images.VARIANTS}


def _docker(image: str) -> Sandbox:
    from fieldsmith.sandboxes import docker

    sandbox = docker.DockerSandbox(image)
    docker.remove_orphans()
    return sandbox
