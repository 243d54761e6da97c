"""Provider faults in one sentence each, whether they come as a status or are told within an answer."""

import json
import re
from collections.abc import Mapping

from fieldsmith.errors import (
    FieldsmithError,
    MissingPart,
    ProviderError,
    RequestFiltered,
    RequestRefused,
    RequestTooLong,
)
from fieldsmith.models.bodies import named
from fieldsmith.models.keys import scrubbed

TOO_LONG = re.compile(
    r"context[ _](length|size|window)|exceed\w*[^.]{0,60}(context|configured limit|token limit)|maximum prompt length"
    r"|\b(prompt|input|request|messages?|conversation)\b[^.]{0,40}\btoo (long|large|many tokens)|too many (input )?tokens",
    re.IGNORECASE,
)
"""In the words of providers that refuse a request for its length."""
FILTERED = re.compile(
    r"content[ _-]?(?:filter|management|policy)|\bfiltered\b|\bflagged\b|moderation|usage polic|prohibited[ _]content",
    re.IGNORECASE,
)
"""In the codes and words of providers whose filter refuses a request."""
STREAMING = re.compile(r"\bstream(s|ed|ing|_options)?\b", re.IGNORECASE)
LASTING = re.compile(
    r"quota|billing|credit|balance|payment|invalid|unsupported|context|too_?long|too_?large|policy|moderation|permission|auth|not_?found|bad_?request"
    r"|^4(?!08|09|29)\d\d$",
    re.IGNORECASE,
)
"""Codes of faults that stay when the same is asked again."""
LASTING_WORDS = re.compile(
    r"insufficient (?:credits?|balance|funds|quota)|(?:credit|balance|quota)[^.]{0,40}\b(?:too low|exhausted|used up|exceeded)"
    r"|(?:invalid|incorrect|wrong|missing|no) (?:api[ _-]?)?key|unauthori[sz]ed|payment required|does not exist|not found",
    re.IGNORECASE,
)
"""In the words of faults that come without a code."""
USED_UP = re.compile(
    r"insufficient|billing|payment|prepaid|\b(?:credit|balance)[^.]{0,40}\b(?:low|exhausted|used up|exceeded)",
    re.IGNORECASE,
)
"""In codes and words of a 429 that is no rate limit: nothing more may be asked until somebody pays."""
RATE = re.compile(
    r"\b(?:429|529|1002)\b|rate.?limit|too.?many.?requests|slow.?down|overloaded|throttl|\bqps\b|resource.?exhausted|at capacity",
    re.IGNORECASE,
)
"""In codes and words of faults by which a server wants to be asked less."""
NO_SYSTEM = re.compile(
    r"\b(?:system|developer)['\"]?[ _-](?:role|message|prompt|instruction)s?\b[^.]{0,40}\bnot\b"
    r"|\bnot (?:supported?|allowed|accept\w*)[^.]{0,30}\b(?:system|developer)\b|does not support ['\"]?(?:system|developer)"
    r"|only user(?:,| and)[^.]{0,40} (?:roles|messages)|roles must alternate|must start with a user"
    r"|(?:unknown|invalid|unexpected|unsupported)[^.]{0,20} role[^.]{0,20}\b(?:system|developer)"
    r"|['\"](?:system|developer)['\"] is not\b|\brole\b[^.]{0,60}\bshould be\b[^.]{0,20}['\"](?:user|assistant)",
    re.IGNORECASE,
)
"""In the words of servers whose model has no system role (Gemma, Mistral 7B)."""
NO_NEW_LIMIT = re.compile(
    r"(?:unrecogni[sz]ed|unknown|unsupported|unexpected|invalid|extra|not (?:permitted|supported|allowed))[^.]{0,60}\bmax_completion_tokens"
    r"|\bmax_completion_tokens\W[^.]{0,60}(?:unrecogni[sz]ed|unknown|unexpected|extra|not (?:permitted|supported|allowed))",
    re.IGNORECASE,
)
"""In the words of servers that take no max_completion_tokens; those that take no max_tokens name it as what they want."""
TOOLS = r"(?:tools?|tool[ _-](?:use|calls?|calling|choice)|functions?|function[ _-]call(?:s|ing)?)\b"
NO = r"(?:not |n't )(?:supported|allowed|accepted|available|enabled|permitted|implemented|recogni[sz]ed|compatible)"
NO_TOOLS = re.compile(
    rf"\b{TOOLS}[^.]{{0,60}}(?:\b{NO}|\bunsupported|\bdisabled|\brequires? --)"
    rf"|(?:\bnot|n't) (?:support|allow|accept|take|have)\w*[^.]{{0,40}}\b{TOOLS}|no endpoints found[^.]{{0,40}}\b{TOOLS}"
    rf"|\b(?:unrecogni[sz]ed|unknown|unsupported|unexpected)[^.]{{0,60}}\b{TOOLS}",
    re.IGNORECASE,
)
"""In the words of servers that take no tools, or whose model takes none."""
SCHEMA = re.compile(r"schema|propert|parameters|declarations|tools?[\[.]\d|tools\.", re.IGNORECASE)
"""In the words of those that take tools, but not this one."""
FORCED = re.compile(r"tool[ _-]?choice|forces? tool", re.IGNORECASE)
"""In the words of those whose model cannot be made to call a tool."""
ECHOED = re.compile(
    r"reasoning_(?:content|details)|\breasoning\b[^.]{0,40}(?:unsupported|unknown|extra|unexpected|not)|encrypted[ _]content"
    r"|extra_content|\bsignature|thinking\W* blocks?",
    re.IGNORECASE,
)
"""In the words of those that do not take back what their model thought."""
WORDS = ("message", "detail", "msg", "error_msg", "error_message", "status_msg", "reason")
CODES = ("code", "status_code", "error_code", "statusCode", "status", "type")
RESUME = "The same command resumes."


def field_of(thing: object, name: str) -> object:
    """A field of a JSON object, whether an SDK has made an object of it or not; None where there is none."""
    return thing.get(name) if isinstance(thing, Mapping) else getattr(thing, name, None)


class ToldFault(Exception):
    """A fault that an answer tells in place of the reply, or in the middle of it: its code and its words."""

    def __init__(self, code: str, words: str) -> None:
        words = named(words)
        super().__init__(f"{code}: {words}" if code else words)
        self.code, self.words = code, words

    @property
    def lasting(self) -> bool:
        return bool(LASTING.search(self.code) or TOO_LONG.search(self.words) or LASTING_WORDS.search(self.words))


def told_in(error: Exception) -> ToldFault | None:
    """The fault that an SDK read from a stream whose status was good; None for any other."""
    status, body = getattr(error, "status_code", None), getattr(error, "body", None)
    if type(error).__name__ not in ("APIError", "APIStatusError") or status not in (None, 200) or body is None:
        return None
    return _fault(_told(body)) or ToldFault("", said(error))


def fault_of(answer: object) -> ToldFault | None:
    """The fault that an answer of good status tells, or a choice of it, in the places that servers have for it; None for none."""
    if isinstance(answer, list):
        answer = answer[0] if answer else None
    error = field_of(answer, "error") or field_of(answer, "errors")
    if error:
        return _fault(error) or ToldFault("", str(error))
    base = field_of(answer, "base_resp")
    if field_of(base, "status_code"):
        return _fault(base)
    if any(field_of(answer, name) for name in ("choices", "content", "output")):
        return None
    named = field_of(answer, "object") == "error" or field_of(answer, "type") == "error"
    coded = any(field_of(answer, name) for name in CODES[:4])
    return _fault(answer) if named or coded or isinstance(field_of(answer, "detail"), str) else None


def _fault(told: object) -> ToldFault | None:
    """A fault from the object that tells it, or from words alone; None where it has no words."""
    if isinstance(told, list):
        told = told[0] if told else None
    if isinstance(told, str):
        return ToldFault("", told)
    words = next((text for name in WORDS if isinstance(text := field_of(told, name), str) and text), "")
    words = words or _refused_fields(told)
    code = next((value for name in CODES if (value := field_of(told, name)) and isinstance(value, str | int)), "")
    raw = _behind(told)
    if raw and raw not in words:
        words = f"{words} ({raw})" if words else raw
    return ToldFault(str(code), words) if words else None


def _refused_fields(told: object) -> str:
    """What a server that checks requests by a schema (FastAPI) finds wrong, as a field and its words each."""
    detail = field_of(told, "detail")
    said = []
    for one in detail if isinstance(detail, list) else ():
        place, words = field_of(one, "loc"), field_of(one, "msg")
        if isinstance(words, str) and words:
            names = [str(name) for name in place if name != "body"] if isinstance(place, list) else []
            said.append(": ".join([*([".".join(names)] if names else []), words]))
    return "; ".join(said)


def _behind(told: object) -> str:
    """What stood behind a router said, which passes its words on as they came."""
    raw = field_of(field_of(told, "metadata"), "raw")
    if not isinstance(raw, str):
        return ""
    try:
        inner = _fault(_told(json.loads(raw)))
    except (ValueError, RecursionError):
        inner = None
    return inner.words if inner else named(raw.strip())[:200]


def _told(body: object) -> object:
    """The part of an answer's body that tells of a fault."""
    return body.get("error", body) if isinstance(body, dict) else body


def said(error: Exception) -> str:
    """The provider's own words. What an SDK makes of a fault may be the whole answer as Python prints it."""
    if isinstance(error, ToldFault):
        return error.words
    told = _fault(_told(getattr(error, "body", None)))
    return told.words if told else named(str(getattr(error, "message", error)))


def timed_out(error: Exception) -> bool:
    return type(error).__name__ in ("APITimeoutError", "ReadTimeout", "TooLate")


def disconnected(error: Exception) -> bool:
    """Whether a connection failed; in the middle of an answer some SDKs pass on the errors of their HTTP library."""
    return type(error).__name__ == "APIConnectionError" or type(error).__module__.startswith(("httpx", "httpcore"))


def headers_of(error: Exception) -> Mapping[str, str]:
    """The headers of the answer that an SDK made an error of; none of any other."""
    return getattr(getattr(error, "response", None), "headers", {})


def limits_rate(error: Exception) -> bool:
    """Whether a fault says that the server wants to be asked less, or later."""
    if isinstance(error, ToldFault):
        return RATE.search(str(error)) is not None
    status = getattr(error, "status_code", None)
    return status in (429, 529) or (status == 503 and "retry-after" in headers_of(error))


def lasts(error: Exception) -> bool:
    """Whether a fault stays when the same is asked again."""
    if isinstance(error, ToldFault):
        return error.lasting
    status = getattr(error, "status_code", None)
    if status == 429:
        told = _fault(_told(getattr(error, "body", None)))
        return bool(told and USED_UP.search(str(told))) and "retry-after" not in headers_of(error)
    return isinstance(status, int) and 400 <= status < 500 and status not in (408, 409, 425)


def lacks_system_role(error: Exception) -> bool:
    """Whether a request was refused because it had words of the system."""
    return _about_form(error) and bool(NO_SYSTEM.search(said(error)))


def wants_limit(error: Exception) -> str:
    """What a server wants the limit of a reply's tokens to be called that has refused a request for it; empty for another fault."""
    words = said(error) if _about_form(error) else ""
    if "max_completion_tokens" not in words:
        return ""
    return "max_tokens" if NO_NEW_LIMIT.search(words) else "max_completion_tokens"


def refuses_tools(error: Exception) -> bool:
    """Whether a request was refused because it had tools; not because of the schema of one."""
    asked = _about_form(error) or getattr(error, "status_code", None) == 404
    return asked and bool(NO_TOOLS.search(said(error))) and not SCHEMA.search(said(error))


def cannot_force(error: Exception) -> bool:
    """Whether a request was refused because it asked for a call of a tool."""
    return _about_form(error) and bool(FORCED.search(said(error)))


def refuses_caches(error: Exception) -> bool:
    """Whether a request was refused because it said what may be kept of it."""
    return _about_form(error) and "cache_control" in said(error)


def refuses_thoughts(error: Exception) -> bool:
    """Whether a request was refused because of thoughts that it sent back or asked for."""
    return _about_form(error) and bool(ECHOED.search(said(error)))


def _about_form(error: Exception) -> bool:
    """Whether a fault may be one of the request's form: llama.cpp answers 500 where a chat template fails."""
    return isinstance(error, ToldFault) or getattr(error, "status_code", None) in (400, 405, 422, 500, 501)


def refuses_streams(error: Exception) -> bool:
    """Whether a request was refused because of how its answer was to be sent (OpenAI: unverified organizations)."""
    return getattr(error, "status_code", None) in (400, 405, 422, 501) and bool(STREAMING.search(said(error)))


def explained(error: Exception, label: str, address: str, key: str, way: str = "") -> FieldsmithError | None:
    """A fault of an SDK (both SDKs name theirs alike) as an error for a person; None for any other.

    `way` says through which proxy the address is asked, if through one.
    """
    if isinstance(error, ToldFault):
        told = f"{error.code} {error.words}"
        fault = RequestTooLong if TOO_LONG.search(told) else RequestFiltered if FILTERED.search(told) else ProviderError
        return fault(f"{label} failed at {address}: {_short(str(error), key)}.", RESUME)
    if timed_out(error):
        return ProviderError(f"{label} did not answer in time at {address}.", RESUME)
    if type(error).__module__.partition(".")[0] not in ("openai", "anthropic"):
        return None
    status = getattr(error, "status_code", None)
    detail = _short(said(error), key)
    if disconnected(error):
        why = untrusted(error)
        hint = f"Check {'the proxy, ' if way else ''}--base-url and the network."
        if why:
            hint = "Name the file of the authority's certificate in SSL_CERT_FILE."
        return ProviderError(f"{address} cannot be reached{way}{f': {why}' if why else ''}.", hint)
    if status == 401:
        return MissingPart(
            f"{address} refuses the key (401): {detail}.", "Check the key in the environment or --key-file."
        )
    if status == 404:
        return ProviderError(
            f"{address} does not know {label} (404): {detail}.", "Check the model's name and --base-url."
        )
    if status == 429:
        return ProviderError(f"{address} limits the rate or the quota is used up (429): {detail}.", RESUME)
    words = f"{label} failed at {address}{f' ({status})' if status else ''}: {detail}."
    if status == 413 or (status in (400, 422) and TOO_LONG.search(detail)):
        return RequestTooLong(words, RESUME)
    if status in (400, 403, 422) and FILTERED.search(
        f"{field_of(_told(getattr(error, 'body', None)), 'code')} {detail}"
    ):
        return RequestFiltered(words, RESUME)
    if status == 403:
        return MissingPart(f"{address} refuses access (403): {detail}.", "Check the key, and what it may use.")
    if status in (400, 422):
        return RequestRefused(words, "Check the model's name and its settings.")
    return ProviderError(words, RESUME)


def untrusted(error: BaseException | None) -> str:
    """What is wrong with a server's certificate, where that is why it cannot be reached."""
    while error is not None:
        if type(error).__name__ == "SSLCertVerificationError" or "CERTIFICATE_VERIFY_FAILED" in str(error):
            return f"its certificate is not trusted ({getattr(error, 'verify_message', '') or error})"
        error = error.__cause__ or error.__context__
    return ""


def _short(text: str, key: str) -> str:
    return scrubbed(" ".join(text.split()), key)[:300].rstrip(".")
