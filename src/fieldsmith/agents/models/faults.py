"""Provider faults in one sentence each."""

import re

from fieldsmith.agents.models.keys import scrubbed
from fieldsmith.errors import FieldsmithError, MissingPart, ProviderError, RequestRefused, RequestTooLong

TOO_LONG = re.compile(
    r"context (length|size|window)|exceed\w*[^.]{0,60}context|too (long|large|many tokens)", re.IGNORECASE
)
"""In the words of providers that refuse a request for its length."""
RESUME = "The same command resumes."


def refuses_streams(error: Exception) -> bool:
    """Whether a request was refused because of how its answer was to be sent (OpenAI: unverified organizations)."""
    return getattr(error, "status_code", None) in (400, 422) and "stream" in str(error).lower()


def explained(error: Exception, label: str, address: str, key: str) -> FieldsmithError | None:
    """A fault of an SDK (both SDKs name theirs alike) as an error for a person; None for any other."""
    kind = type(error).__name__
    if type(error).__module__.partition(".")[0] not in ("openai", "anthropic"):
        return None
    status = getattr(error, "status_code", None)
    detail = scrubbed(" ".join(str(getattr(error, "message", error)).split()), key)[:300]
    if kind in ("APITimeoutError",):
        return ProviderError(f"{label} did not answer in time at {address}.", RESUME)
    if kind == "APIConnectionError":
        return ProviderError(f"{address} cannot be reached.", "Check --base-url and the network.")
    if status in (401, 403):
        return MissingPart(f"{address} refuses the key ({status}).", "Check the key in the environment or --key-file.")
    if status == 404:
        return ProviderError(
            f"{address} does not know {label} (404): {detail.rstrip('.')}.", "Check the model's name and --base-url."
        )
    if status == 429:
        return ProviderError(f"{address} limits the rate or the quota is used up (429): {detail.rstrip('.')}.", RESUME)
    fault = ProviderError
    if status in (400, 413, 422):
        fault = RequestTooLong if status == 413 or TOO_LONG.search(detail) else RequestRefused
    return fault(f"{label} failed at {address}{f' ({status})' if status else ''}: {detail.rstrip('.')}.", RESUME)
