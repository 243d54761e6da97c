"""The errors a person meets, each with the exit code its command ends with."""

import errno
import os

__all__ = [
    "FieldsmithError",
    "InputError",
    "MissingPart",
    "ProviderError",
    "RequestFiltered",
    "RequestRefused",
    "RequestTooLong",
    "ToolsRefused",
]


class FieldsmithError(Exception):
    """One sentence for the person who can act on it: what is wrong, where, and what would be right.

    `hint` names the command or change that mends it; it is printed after the message.
    """

    kind = "error"
    exit_code = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class InputError(FieldsmithError):
    """A file, field or value that was given is wrong."""

    kind = "input"


class MissingPart(FieldsmithError):
    """This machine lacks something: a sandbox, an image, an extra, a key, disk space."""

    kind = "missing"
    exit_code = 3


class ProviderError(FieldsmithError):
    """A model's provider refused or gave up; the same command resumes."""

    kind = "provider"
    exit_code = 4


class RequestRefused(ProviderError):
    """The provider does not take this request, such as one that is too long for the model; asking again is no use."""


class RequestTooLong(RequestRefused):
    """The request does not fit into the model's context."""


class RequestFiltered(RequestRefused):
    """The provider's filter does not let this request pass."""


class ToolsRefused(RequestRefused):
    """The model or its server takes no tools: the same can be asked in text alone."""


FULL = (errno.ENOSPC, errno.EDQUOT)
FAILING = (errno.EROFS, errno.EIO, errno.ESTALE)
"""What the system says of disks that are read-only, broken, or at the end of a network that has forgotten them, and names a file."""


def disk_trouble(error: BaseException) -> str:
    """What is wrong with a disk, where that is what an error of the system says; empty for another one."""
    number = getattr(error, "errno", None) if isinstance(error, OSError) else None
    if number in FULL:
        return "The disk is full"
    if number == errno.EFBIG:
        return "A file may not grow further (`ulimit -f`)"
    named = getattr(error, "filename", None) is not None  # a closed terminal is no disk
    return f"The disk does not work: {os.strerror(number)}" if number in FAILING and named else ""
