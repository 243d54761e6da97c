"""The Docker engine: the client that asks it, and what is done when it does not answer.

It is driven by Docker's SDK for Python, so that no command has to be there. The SDK takes a while to import, and is imported
where it is used: `fieldsmith tasks` needs none of it.
"""

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from functools import cache, partial
from ssl import SSLError
from typing import TYPE_CHECKING, Any, TypeVar

from fieldsmith.sandboxes.owner import abandoned

if TYPE_CHECKING:
    from docker import DockerClient

LABEL = "fieldsmith.owner"
ORIGIN = "fieldsmith.origin"
FIRST_SECONDS = 20
"""How long an engine may take to say that it is there."""
ANSWER_SECONDS = 60
"""An engine that takes longer to answer a question is not waited for."""
LEFTOVER_SECONDS = 5
"""The same where a command that needs no engine removes what others have left; a later one will do it."""
PATIENCE_SECONDS = 90.0
"""How long an engine that has gone is waited for in the middle of a run: time enough to be started again."""
LEAST_ROOM = 16 << 20
"""Bytes that a container needs for its own files."""
HALF_STARTED = ("connection refused", "transport is closing", "eof")
"""What an engine says, as an error of its own (500), while containerd behind it has gone; the API has no code for it."""

NO_SSH = (
    "an engine is not reached by ssh; forward its socket (ssh -NL /tmp/engine.sock:/var/run/docker.sock HOST) "
    "and set DOCKER_HOST=unix:///tmp/engine.sock"
)
"""The SDK's connections by ssh cannot carry what a container's streams do: they neither wait nor end."""

T = TypeVar("T")


def place() -> dict[str, Any]:
    """Where the engine is, as the SDK takes it: by DOCKER_HOST, else by DOCKER_CONTEXT, else by the context in use.

    Raises DockerException for a context that is not there or cannot be read. The SDK looks for contexts beside the file
    config.json of Docker's configuration, and so finds none where that file is missing.
    """
    from docker.context import ContextAPI
    from docker.context.config import get_current_context_name
    from docker.errors import ContextException
    from docker.utils import kwargs_from_env

    named: dict[str, Any] = {**kwargs_from_env()}
    if "base_url" in named:
        return named
    name = os.environ.get("DOCKER_CONTEXT") or get_current_context_name()
    try:
        context = ContextAPI.get_context(name)
    except Exception as error:  # of a file that is damaged the SDK says so by whatever exception comes first
        raise ContextException(f"the Docker context {name!r} cannot be read: {error}") from error
    if context is None:
        raise ContextException(f"there is no Docker context {name!r}")
    found = {"base_url": context.Host, "tls": context.TLSConfig}
    return {key: value for key, value in found.items() if value} | named


def connect(seconds: int) -> "DockerClient":
    """A client whose engine has answered, and is given `seconds` for each answer. Raises what `failures` lists."""
    import docker
    from docker.errors import DockerException

    here = place()
    if str(here.get("base_url")).startswith("ssh:"):
        raise DockerException(NO_SSH)
    client = docker.DockerClient(**here, version="auto", timeout=seconds)
    # A connection for each question: none is left open, none is shared with a process that is forked, and none is
    # found dead after the engine was started again.
    client.close()
    client.api.headers["Connection"] = "close"
    return client


@cache
def client() -> "DockerClient":
    """The client of this process, for all its threads. Raises what `failures` lists."""
    found = connect(FIRST_SECONDS)
    found.api.timeout = ANSWER_SECONDS
    # The SDK limits the time of every request but that for a container's streams, which it makes by `post` itself.
    found.api.post = partial(found.api.post, timeout=ANSWER_SECONDS)
    return found


def forget() -> None:
    """Ask anew where the engine is and what it can do."""
    for known in (client, daemon, about):
        known.cache_clear()


os.register_at_fork(after_in_child=forget)


def failures() -> tuple[type[Exception], ...]:
    """What a question may raise: refusals of the engine, and failures of the way to it."""
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    return DockerException, RequestException


def silent(error: Exception) -> bool:
    """Whether an error says that there is no engine now, rather than what is wrong with the question."""
    from docker.errors import APIError
    from requests.exceptions import ChunkedEncodingError, ConnectionError, Timeout

    if isinstance(error, APIError):
        return error.is_server_error() and any(word in words(error).lower() for word in HALF_STARTED)
    return any(isinstance(cause, (ConnectionError, Timeout, ChunkedEncodingError)) for cause in _causes(error))


def words(error: Exception) -> str:
    """What is wrong, on one line: the engine's own words where it has given any."""
    return " ".join(str(getattr(error, "explanation", None) or error).split())


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def patiently(work: Callable[[], T], undo: Callable[[], object]) -> T:
    """What `work` returns, tried again while no engine answers, until PATIENCE_SECONDS are over.

    `undo` is called before each new try: what was asked for may have been done all the same.
    """
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return work()
        except failures() as error:
            if not silent(error) or time.monotonic() > end:
                raise
        time.sleep(1.0)
        with contextlib.suppress(*failures()):
            undo()


@cache
def daemon() -> str:
    """Empty if a Docker engine answers, else why not."""
    try:
        client()
    except failures() as error:
        return _why_none(error)
    return ""


def _why_none(error: Exception) -> str:
    from docker.context.config import get_current_context_name

    causes = list(_causes(error))
    if any(isinstance(cause, PermissionError) for cause in causes):
        return "this user may not use the Docker engine (be in the group docker, or root)"
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return "the Docker engine does not answer"
    if not silent(error) or any(isinstance(cause, SSLError) for cause in causes):
        return words(error)  # a place that cannot be one, certificates that do not fit, an engine that is too old
    if host := os.environ.get("DOCKER_HOST"):
        return f"no Docker engine answers at DOCKER_HOST={host}"
    if (name := os.environ.get("DOCKER_CONTEXT") or get_current_context_name()) != "default":
        return f"no Docker engine answers at {place()['base_url']}, the place of the Docker context {name}"
    here = shutil.which("dockerd") or shutil.which("docker")
    return "no Docker engine runs" if here else "Docker is not installed"


@cache
def about() -> dict[str, Any]:
    """What the engine says of itself; empty if it does not."""
    try:
        return dict(client().info())
    except failures():
        return {}


def is_full() -> bool:
    """Whether the disk that the engine of this machine keeps its containers on has no room left; its own words do not always say so."""
    with contextlib.suppress(OSError, ValueError):
        return shutil.disk_usage(str(about().get("DockerRootDir") or "")).free < LEAST_ROOM
    return False


def remove_orphans(seconds: int = ANSWER_SECONDS) -> int:
    """Remove containers whose owner has died (killed before it could clean up); how many there were.

    An engine that does not answer within `seconds` is left alone.
    """
    found = 0
    with contextlib.suppress(*failures()):
        api = connect(seconds).api
        for listed in api.containers(all=True, filters={"label": ORIGIN}):
            if abandoned(str(listed["Labels"][ORIGIN])):
                found += 1
                _remove(api, listed["Id"])
    return found


def _remove(api: Any, container: str) -> None:
    from docker.errors import APIError

    with contextlib.suppress(APIError):  # somebody else removes it too
        api.remove_container(container, force=True)
