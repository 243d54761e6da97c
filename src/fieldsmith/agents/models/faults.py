"""Provider faults in one sentence each, whether they come as a status or are told within an answer."""

import re
from collections.abc import Mapping
from typing import Any

from fieldsmith.agents.models.keys import scrubbed
from fieldsmith.errors import FieldsmithError, MissingPart, ProviderError, RequestRefused, RequestTooLong

TOO_LONG = re.compile(
    r"context[ _](length|size|window)|exceed\w*[^.]{0,60}(context|configured limit|token limit)|maximum prompt length"
    r"|\b(prompt|input|request|messages?|conversation)\b[^.]{0,40}\btoo (long|large|many tokens)|too many (input )?tokens",
    re.IGNORECASE,
)
"""In the words of providers that refuse a request for its length."""
STREAMING = re.compile(r"\bstream(s|ed|ing|_options)?\b", re.IGNORECASE)
LASTING = re.compile(
    r"quota|billing|invalid|unsupported|context|too_?long|too_?large|policy|moderation|permission|auth|not_?found|bad_?request"
    r"|^4(?!08|09|29)\d\d$",
    re.IGNORECASE,
)
"""Codes of faults that stay when the same is asked again."""
RESUME = "The same command resumes."


class ToldFault(Exception):
    """A fault that an answer tells in place of the reply, or in the middle of it: its code and its words."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(f"{code}: {words}" if code else words)
        self.code, self.words = code, words

    @property
    def lasting(self) -> bool:
        return bool(LASTING.search(self.code) or TOO_LONG.search(self.words))


def told_in(error: Exception) -> ToldFault | None:
    """The fault that an SDK read from a stream whose status was good; None for any other."""
    status, body = getattr(error, "status_code", None), getattr(error, "body", None)
    if type(error).__name__ not in ("APIError", "APIStatusError") or status not in (None, 200) or body is None:
        return None
    told = _told(body)
    code = told.get("code") or told.get("type") or ""
    return ToldFault(str(code), said(error))


def _told(body: object) -> Mapping[str, Any]:
    """The part of an answer's body that tells of a fault."""
    told = body.get("error", body) if isinstance(body, dict) else None
    return told if isinstance(told, dict) else {}


def said(error: Exception) -> str:
    """The provider's own words. What an SDK makes of a fault may be the whole answer as Python prints it."""
    words = _told(getattr(error, "body", None)).get("message")
    return words if isinstance(words, str) and words else str(getattr(error, "message", error))


def timed_out(error: Exception) -> bool:
    return type(error).__name__ in ("APITimeoutError", "ReadTimeout")


def disconnected(error: Exception) -> bool:
    """Whether a connection failed; in the middle of an answer some SDKs pass on the errors of their HTTP library."""
    return type(error).__name__ == "APIConnectionError" or type(error).__module__.startswith(("httpx", "httpcore"))


def refuses_streams(error: Exception) -> bool:
    """Whether a request was refused because of how its answer was to be sent (OpenAI: unverified organizations)."""
    return getattr(error, "status_code", None) in (400, 405, 422, 501) and bool(STREAMING.search(said(error)))


def explained(error: Exception, label: str, address: str, key: str) -> FieldsmithError | None:
    """A fault of an SDK (both SDKs name theirs alike) as an error for a person; None for any other."""
    if isinstance(error, ToldFault):
        fault = RequestTooLong if TOO_LONG.search(f"{error.code} {error.words}") else ProviderError
        return fault(f"{label} failed at {address}: {_short(str(error), key)}.", RESUME)
    if timed_out(error):
        return ProviderError(f"{label} did not answer in time at {address}.", RESUME)
    if type(error).__module__.partition(".")[0] not in ("openai", "anthropic"):
        return None
    status = getattr(error, "status_code", None)
    detail = _short(said(error), key)
    if disconnected(error):
        return ProviderError(f"{address} cannot be reached.", "Check --base-url and the network.")
    if status == 401:
        return MissingPart(
            f"{address} refuses the key (401): {detail}.", "Check the key in the environment or --key-file."
        )
    if status == 403:
        return MissingPart(f"{address} refuses access (403): {detail}.", "Check the key, and what it may use.")
    if status == 404:
        return ProviderError(
            f"{address} does not know {label} (404): {detail}.", "Check the model's name and --base-url."
        )
    if status == 429:
        return ProviderError(f"{address} limits the rate or the quota is used up (429): {detail}.", RESUME)
    words = f"{label} failed at {address}{f' ({status})' if status else ''}: {detail}."
    if status == 413 or (status in (400, 422) and TOO_LONG.search(detail)):
        return RequestTooLong(words, RESUME)
    if status in (400, 422):
        return RequestRefused(words, "Check the model's name and its settings.")
    return ProviderError(words, RESUME)


def _short(text: str, key: str) -> str:
    return scrubbed(" ".join(text.split()), key)[:300].rstrip(".")
