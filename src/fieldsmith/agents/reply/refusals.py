"""Replies in which a model refuses to answer, told apart from prose about what a method cannot do and from what a provider broke off."""

import re

STOPS = ("refusal", "content_filter")
"""Why a reply ended where the provider itself says that it is a refusal, the model's or its own filter's."""
BEGINNING = 600
"""Characters in which a refusal is said, if there is one."""
SHOWN = 300

SPELLED_OUT = (
    ("’", "'"),
    ("can't", "cannot"),
    ("can not", "cannot"),
    ("won't", "will not"),
    ("n't", " not"),
    ("'m ", " am "),
    ("'ll ", " will "),
)
UNWILLING = (
    r"\bi (?:cannot|will not(?: be able to)?|must not|do not feel comfortable|am not comfortable"
    r"|am (?:not (?:able|allowed|permitted|willing|going)|unable) to)(?: with)?(?: in good conscience| \w+ly| just)?"
)
ANSWER = r"(?:help(?! (?:but|noticing|wondering))|helping|assist|assisting|comply|complying)\b"
MAKE = (
    r"(?:answer|answering|respond|reply|write|writing|provide|providing|fulfill?|fulfilling|create|creating|generate|generating|produce"
    r"|producing|continue|continuing|do|doing|support|proceed|engage|complete|completing|offer|share|give|carry out|process|discuss)"
)
ASKED = (
    r"(?: (?:with|to|in|on|you|the|this|that|such|any|an?|your|my|for|numerical|requested|more|further|python))*(?: \w+)?"
    r" (?:code|programs?|solvers?|scripts?|software|implementations?|responses?|requests?|assistance|help|conversation|tasks?|questions?)\b"
)
OVER = r"(?: (?:with|to|in|on))?(?: (?:this|that|it|so))?(?: for you)?(?: here)?(?=[.,;:!]|$)"
"""The end of a clause: `I cannot do that.`, but not `I cannot do this with forward Euler`."""
REFUSAL = re.compile(
    rf"{UNWILLING} (?:{ANSWER}|{MAKE}(?:{ASKED}|{OVER}))"
    r"|\bi (?:must |have to |will have to |need to |will |am going to )?(?:respectfully |politely )?(?:decline|refuse)"
    rf"(?=[.,;:!]|$| (?:to )?(?:{ANSWER}|{MAKE})|{ASKED})"
    rf"|^(?:i am )?(?:(?:very |so )?sorry\W+)?(?:but )?(?:unable|not able) to {ANSWER}"
    r"|\bas an ai\b[^.!?]{0,80}? (?:cannot|will not|do not|am not|am unable)\b"
    r"|\b(?:against|violates?)(?: \w+){0,3} (?:guidelines|policy|policies)\b"
)


def refusal(said: str, stop: str, prose: bool) -> str:
    """What is told of a reply without a program that was refused, or broken off by the provider; empty where it is neither.

    `prose` says that the reply holds no blocks: only then are its words looked at. A reply that has begun with its program was not
    refused by the model, whatever ended it.
    """
    words = " ".join(said.split())[:SHOWN]
    if prose and (stop == "refusal" or REFUSAL.search(_plain(" ".join(said.split())[:BEGINNING]))):
        return f"The model refused to answer{f', saying: {words}' if words else ' and said nothing'}"
    if stop == "content_filter":
        return f"The provider's content filter {f'broke the reply off, which begins: {words}' if words else 'kept the reply back'}"
    return f"The provider broke the reply off as a refusal; it begins: {words}" if stop in STOPS else ""


def _plain(words: str) -> str:
    text = re.sub(r"[*_]", "", words.lower())
    for short, long in SPELLED_OUT:
        text = text.replace(short, long)
    return text
