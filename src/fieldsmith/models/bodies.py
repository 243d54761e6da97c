"""Answers that are no reply, in words: the page of a proxy or of a login, nothing at all, text, JSON of another form."""

import html
import json
import re
from collections.abc import Mapping
from typing import Any

from fieldsmith.models.keys import scrubbed

PAGE = re.compile(
    r"\A\s*(?:(?:<!--.*?-->|<\?xml[^>]*>)\s*)*<(?:!doctype\s+html|(?:html|head|body|title|meta|script|style|center|h1|div|p)\b)",
    re.IGNORECASE | re.DOTALL,
)
HEADINGS = ("title", "h1", "h2")
"""Where a page says what it is, the likeliest place first."""
UNSEEN = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|\Z)|<!--.*?-->|<[^>]*>", re.IGNORECASE | re.DOTALL)
SHOWN = 80


def is_page(text: str) -> bool:
    """Whether a text is an HTML page."""
    return PAGE.match(text.lstrip("\ufeff")) is not None


def named(words: str) -> str:
    """What a server said; where that is a page, what page it is."""
    return described(words) if is_page(words) else words


def described(body: object, key: str = "") -> str:
    """What came, as words that follow `with`: of a text what it is and how it begins, of a page its title; never the key."""
    text = scrubbed(body if isinstance(body, str) else _as_json(body), key)
    if not text.strip():
        return "nothing" if isinstance(body, str) else "something else"
    if is_page(text):
        title = shown(_title(text))
        return f"an HTML page (“{title}”)" if title else "an HTML page"
    what = "text that is no whole JSON" if isinstance(body, str) else "JSON of another form"
    return f"{what} (“{shown(text)}”)"


def shown(text: str) -> str:
    """The beginning of a text, in one line."""
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1].rstrip()}…"


def _title(page: str) -> str:
    """What a page calls itself; where it does not, what it says."""
    for tag in HEADINGS:
        found = re.search(rf"<{tag}\b[^>]*>(.*?)</{tag}\s*>", page, re.IGNORECASE | re.DOTALL)
        if found and (words := _seen(found[1])):
            return words
    return _seen(page)


def _seen(page: str) -> str:
    return html.unescape(UNSEEN.sub(" ", page)).strip()


def _as_json(answer: Any) -> str:
    """What an SDK made of an answer, as the JSON that it came from; empty where there is none."""
    if answer is None:
        return ""
    plain = answer if isinstance(answer, Mapping | list) else getattr(answer, "model_dump", dict)
    told = plain(mode="json", exclude_unset=True, warnings=False) if callable(plain) else plain
    return json.dumps(told, ensure_ascii=False, default=str)
