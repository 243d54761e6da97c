"""What words state outright of a method: its order in space, and the errors it has. Read conservatively: what may mean something else is left out."""

import re
from collections.abc import Iterator

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-", strict=True))
MANY = re.compile(r"\b(?:spectral|exponential|infinite)(?:ly)?[\s-]+(?:order|accura|converg)", re.IGNORECASE)
"""An order of which no number can be held against a measured one."""
BY_WORD = re.compile(rf"\b({'|'.join(ORDINALS)}|[1-9](?:st|nd|rd|th))[\s-]+order\b", re.IGNORECASE)
BY_SIZE = re.compile(r"\bO\(\s*(?:dx|h|(?:Δ|\\Delta\s*)x|\\?delta\s*x)\s*(?:\^|\*\*)?\s*\{?([1-9])\}?\s*\)")
OF_SOMETHING_ELSE = re.compile(
    r"\s*(?:partial\s+)?(?:derivative|differential|ode|pde|system|term|operator|reaction|of\s+magnitude)", re.IGNORECASE
)
"""After an order: it is not a method's."""
IN_SPACE_TOO = re.compile(
    r"\s*(?:accura\w+\s+)?in\s+(?:both\s+)?(?:time\s+and\s+(?:in\s+)?space|space\s+and\s+(?:in\s+)?time)", re.IGNORECASE
)
NOT_IN_SPACE = re.compile(
    r"runge|kutta|\brk\w*|ssp|\w*etd|imex|adams|bdf|strang|splitting|crank|nicolson|euler\b|heun|leap-?frog|rosenbrock|radau|dop853|lsoda|multistep|"
    r"\btime\b|temporal|hyperbolic|parabolic|elliptic|equations?\b",
    re.IGNORECASE,
)
"""In the part of a sentence in which an order is named: it is that of time stepping, or of the equation."""
REJECTED = re.compile(
    r"\b(?:not|no|too|than|instead|avoid\w*|unlike|without|insufficient|would|could|only|drops?|degrad\w*|reduc\w*)\b",
    re.IGNORECASE,
)
"""In that part: the method may be one that was not taken."""
SENTENCE = re.compile(r";|\.(?=\s|$)")
PART = re.compile(r"[;.,:(){}\[\]+]|\b(?:with|and|plus|for|by|using|then|so|but)\b", re.IGNORECASE)
FIGURE = (
    r"((?:\d+(?:\.\d+)?\s*(?:\*|×|·|x|\\times|\\cdot)\s*)?10\s*(?:\^|\*\*)\s*\{?\s*-\d{1,3}\}?(?!\d)|\d+(?:\.\d+)?e-?\d{1,3}(?!\d)"
    r"|\d+(?:\.\d+)?(?=\s*(?:\\?%|per\s?cent))|0\.0\d+)"
)
BY_ERROR = re.compile(
    rf"(?<!local )(?<!truncation )(?<!rounding )(?<!round-off )(?<!target )(?<!desired )\b(?:nrmse|errors?)\b(?!\s+tolerance)[^.;:\d]{{0,24}}?"
    rf"(below|under|less than|at most|<=|<|≤|of about|about|around|roughly|~|≈|of|=|near)\s*{FIGURE}",
    re.IGNORECASE,
)
BOUNDS = ("below", "under", "less than", "at most", "<=", "<", "≤")
PERCENT = re.compile(r"\s*(?:\\?%|per\s?cent)", re.IGNORECASE)
RANGE = re.compile(r"\s*(?:-|–|—|/|\.\.|…|\bto\b|\bor\b|±|\+)\s*[\d.]|\.?\d")
"""After a figure: it is the first of several, or not the whole of it."""
CRITERION = re.compile(r"\b(?:until|till|while|if|when(?:ever)?|unless|once|as\s+long\s+as)\b", re.IGNORECASE)
"""Before an error in its sentence: a program goes by it, and it is not promised."""


def order_in(words: str) -> float | None:
    """The order in space that words name of a method.

    None where none is named, where several are or one may be of what was not taken, and where it is said without a number.
    """
    words = _plain(words)
    if MANY.search(words):
        return None
    named = {float(match[1]) for match in BY_SIZE.finditer(words)}
    for match in BY_WORD.finditer(words):
        before, after = SENTENCE.split(words[: match.start()])[-1], SENTENCE.split(words[match.end() :])[0]
        part = _part(before, after)
        if OF_SOMETHING_ELSE.match(after) or (NOT_IN_SPACE.search(part) and not IN_SPACE_TOO.match(after)):
            continue
        if REJECTED.search(part):
            return None
        word = match[1].lower()
        named.add(float(ORDINALS.index(word) + 1) if word in ORDINALS else float(word[0]))
    return named.pop() if len(named) == 1 else None


def errors_in(words: str) -> Iterator[tuple[float, bool]]:
    """The errors that words state, as ratios, each with whether it is said roughly; ranges and criteria are none."""
    words = _plain(words)
    for match in BY_ERROR.finditer(words):
        after = words[match.end() :]
        percent = PERCENT.match(after)
        if RANGE.match(after[percent.end() :] if percent else after):
            continue
        if CRITERION.search(SENTENCE.split(words[: match.start()])[-1]):
            continue
        yield _number(match[2]) / (100.0 if percent else 1.0), match[1].lower() not in BOUNDS


def _plain(words: str) -> str:
    """With powers as `^`, which tells 10⁻² from the range 10-2, and minus signs as hyphens."""
    raised = re.sub(f"[{''.join(RAISED)}]+", lambda match: "^" + "".join(RAISED[one] for one in match[0]), words)
    return raised.replace("−", "-")


def _part(before: str, after: str) -> str:
    """What stands around an order in its part of the sentence; the parts beside it too where it stands alone, as in `RK4 (fourth order)`."""
    left, right = PART.split(before), PART.split(after)
    alone = not re.sub(r"accura\w+", "", right[0]).strip()
    return " ".join((*left[-2 if alone else -1 :], *right[: 2 if alone else 1]))


def _number(text: str) -> float:
    """A number as people write it: 1e-6, 0.001, 10^-6, 2 x 10^{-6}."""
    plain = re.sub(r"[\s{}]", "", text)
    power = re.fullmatch(r"(?:([\d.]+)(?:\*|×|·|x|\\times|\\cdot))?10(?:\^|\*\*)(-\d+)", plain)
    return float(power[1] or 1.0) * 10.0 ** int(power[2]) if power else float(plain)
