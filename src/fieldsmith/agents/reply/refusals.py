"""Replies in which a model refuses to answer, told apart from prose about what a method cannot do."""

import re

STOPS = ("refusal", "content_filter")
"""Why a reply ended where the provider itself says that it is a refusal."""
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
    """What is told of a reply without a program that is a refusal; empty where it is none.

    `prose` says that the reply holds no blocks: only then are its words looked at.
    """
    words = " ".join(said.split())
    if stop not in STOPS and not (prose and REFUSAL.search(_plain(words[:BEGINNING]))):
        return ""
    shown = f", saying: {words[:SHOWN]}" if words else " and said nothing"
    return f"The model refused to answer{shown}"


def _plain(words: str) -> str:
    text = re.sub(r"[*_]", "", words.lower())
    for short, long in SPELLED_OUT:
        text = text.replace(short, long)
    return text
