"""Where untrusted code runs: Docker, bubblewrap, or a plain process for those who may."""

import contextlib
import sys

from fieldsmith.errors import InputError, MissingPart
from fieldsmith.sandboxes.sandbox import Limits, Sandbox

NAMES = ("auto", "docker", "bubblewrap", "process")

__all__ = ["NAMES", "Limits", "Sandbox", "choose", "images_here", "remove_leftovers", "survey"]


def choose(
    name: str = "auto", trusted: bool = False, image: str = "base", runtime: str = "", gpus: str = ""
) -> Sandbox:
    """The sandbox of that name; `auto` takes the best that is here.

    A plain process is taken by `auto` only for `trusted` authors. `runtime` and `gpus` are Docker's: a container runtime such as
    `runsc` (gVisor), and what `docker run --gpus` takes, such as `all`. Raises InputError for an unknown name, and
    MissingPart, with the command that mends it, where what was asked for is not here.
    """
    from fieldsmith.sandboxes import bubblewrap, images
    from fieldsmith.sandboxes.process import ProcessSandbox

    if name not in NAMES:
        raise InputError(f"There is no sandbox {name!r}.", f"Use one of {', '.join(NAMES)}.")
    images.tag(image)
    remove_leftovers()
    wanted = {"--image": "" if image == "base" else image, "--docker-runtime": runtime, "--gpus": gpus}
    for option, value in wanted.items():
        if value and name in ("process", "bubblewrap"):
            raise InputError(f"{option} {value} goes with docker, not with {name}.", "Use --sandbox docker or auto.")
    if name == "process":
        return ProcessSandbox()
    if name == "bubblewrap":
        if why := bubblewrap.usable():
            raise MissingPart(f"The bubblewrap sandbox cannot be used: {why}.", "Install bubblewrap, or use docker.")
        return bubblewrap.BubblewrapSandbox()
    if name == "docker" or any(wanted.values()):
        return _docker(image, runtime, gpus)
    no_docker = images.lacking(image)
    if not no_docker:
        return _docker(image, runtime, gpus)
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


def remove_leftovers() -> None:
    """Remove folders and containers of processes that were killed before they could do so themselves.

    Containers only as far as the engine answers at once: every sandbox by docker does it again when it is opened.
    """
    from fieldsmith.sandboxes import engine, owner

    left = any(name.endswith(owner.CONTAINERS) for name in owner.remove_folders())
    if left and engine.remove_orphans(engine.LEFTOVER_SECONDS) is None:
        words = "The Docker engine does not answer: containers of a run that was killed stay until a command uses it."
        print(words, file=sys.stderr)


def survey(image: str = "base") -> dict[str, str]:
    """For each sandbox, empty if it can be used, else why not."""
    from fieldsmith.sandboxes import bubblewrap, images

    no_docker = images.lacking(image)
    return {"docker": no_docker, "bubblewrap": bubblewrap.usable(), "process": ""}


def images_here() -> dict[str, bool]:
    """Whether the image of each variant is built; none is where no Docker engine answers."""
    from fieldsmith.sandboxes import engine, images

    answers = not engine.daemon()
    return {variant: answers and images.present(variant) for variant in images.VARIANTS}


def blocked(sandbox: Sandbox) -> dict[str, str]:
    """What a program meets in a sandbox on this machine, found out by one that tries it; see `tests/attacks` for much more."""
    from fieldsmith.sandboxes.probe import probe

    return probe(sandbox)


def _docker(image: str, runtime: str, gpus: str) -> Sandbox:
    from fieldsmith.sandboxes import docker, engine
    from fieldsmith.sandboxes.session import Lost

    sandbox = docker.DockerSandbox(image, runtime, gpus)
    engine.remove_orphans()
    if gpus:  # an engine tells whether it has any when a container begins, and a run is to be refused before it begins
        try:
            with contextlib.suppress(Lost):  # it began, and something else has ended it
                sandbox.start(Limits()).end()
        except MissingPart:
            sandbox.close()
            raise
    return sandbox
