"""Why a reply ended, in the words of many servers: whole, too long, refused, broken off, or a word that nobody knows."""

import re

SERVERS_FAULT = re.compile(
    r"error|abort|cancel|time_?d?_?out|fail|insufficient|overload|unavailable|interrupt|disconnect|pause|evict|preempt"
    r"|malformed|network|exhausted|busy|crash|kill",
)
"""DeepSeek's insufficient_system_resource, vLLM's abort, Zhipu's network_error, Gemini's malformed_function_call …"""
TOO_LONG = re.compile(r"length|max_?\w*tokens|token_?limit|context|^limit$")
REFUSED = re.compile(r"filter|safety|recitation|prohibited|blocklist|blocked|spii|sensitive|moderat|guardrail|policy")
WHOLE = re.compile(
    r"(?:(?:natural|normal)_)?(?:stop(?:_sequence|_str|ped)?|eos(?:_token)?|end(?:_turn|_of_turn|ed)?|completed?"
    r"|(?:tool_|function_)?calls?|tool_use|done|finish(?:ed)?|normal|success)"
)


def broken_off(reason: object) -> bool:
    """Whether the server, not the model, ended the reply: a fault that the same request may not meet again."""
    told = _plain(reason)
    return not (WHOLE.fullmatch(told) or REFUSED.search(told)) and SERVERS_FAULT.search(told) is not None


def ending(reason: object, called: bool = False) -> str:
    """`stop`, `calls`, `length`, `refusal` or `content_filter`; any other word says nothing of the reply's being whole.

    A server that gives no reason is taken to have ended the reply as it should. A whole reply ends with `calls` where the model
    `called` something, whichever of the words for a whole one the server has.
    """
    told = _plain(reason)
    if not told or WHOLE.fullmatch(told):
        return "calls" if called else "stop"
    if told in ("refusal", "refused"):
        return "refusal"
    if REFUSED.search(told):
        return "content_filter"
    return "length" if TOO_LONG.search(told) and not broken_off(reason) else str(reason)


def _plain(reason: object) -> str:
    word = "" if reason is None else str(reason).strip().lower().replace("-", "_")
    return word.rpartition("finish_reason_")[2].rpartition("finishreason.")[2]
