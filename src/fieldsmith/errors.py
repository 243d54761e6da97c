"""The errors a person meets, each with the exit code its command ends with."""

import errno

__all__ = ["FieldsmithError", "InputError", "MissingPart", "ProviderError", "RequestRefused", "RequestTooLong"]


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


def disk_is_full(error: BaseException) -> bool:
    """Whether there was no room to write, as the system or as SQLite says it."""
    said = getattr(error, "sqlite_errorname", "")
    return getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or said == "SQLITE_FULL"
