"""Actions that compose programs: their arguments are the blocks and numbers that there are to choose, one argument each.

For an equation they name what fits it and nothing else, so that little can go wrong; the general ones name all of the built-in families.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, WithJsonSchema, create_model

from fieldsmith.environments.action import Action
from fieldsmith.environments.observation import Unfit
from fieldsmith.environments.pde_workbench.actions import LOOKS, RUNS
from fieldsmith.environments.pde_workbench.composing import LOOK, Course
from fieldsmith.numerics.methods import BUILT_INS

MOST_LETTERS = 100


class Listing(Action):
    """See which families of methods and which blocks fit this equation, and good settings. Costs no step."""

    free: ClassVar[bool] = True
    called: ClassVar[str] = "list_methods"
    needs: ClassVar = LOOKS
    family: str | None = None


class Composing(Action):
    """What is chosen; what is left out is None. Names that the schema does not have are answered in words of the family."""

    model_config = ConfigDict(extra="allow")
    needs: ClassVar = RUNS

    def given(self) -> dict[str, str | float]:
        """What was not left out. Raises Unfit for what is neither a name nor a number."""
        found = {name: value for name, value in self.model_dump().items() if value not in (None, "")}
        for name, value in found.items():
            if not isinstance(value, str | int | float) or len(str(value)) > MOST_LETTERS:
                raise Unfit(f"{name[:MOST_LETTERS]} is neither the name of a block nor a number.", LOOK)
        return found


class Choosing(Composing):
    """Have the program written by a family of numerical methods: name the family, and blocks or numbers that should not be as usual. It is run on the dev samples at once."""

    called: ClassVar[str] = "choose_method"
    suffices: ClassVar[bool] = True


class Changing(Composing):
    """Change one or a few blocks or numbers of the present program's method; all others stay. The new program is run on the dev samples at once."""

    called: ClassVar[str] = "change_method"


def composing_actions(
    courses: Sequence[Course], change: Mapping[str, str | float] | None = None
) -> tuple[type[Action], ...]:
    """list_methods, choose_method and change_method for these families; `change` is a sensible one of the first."""
    suited = [course for course in courses if not course["why_not"]]
    names = [course["family"] for course in suited]
    listed = _text(names, "One family to see in full; all of them in short if left out", str | None)
    family = _text(names, "The family of methods; list_methods tells about each")
    return (
        _derived(Listing, {"family": (listed, None)}, {"family": names[0]}),
        _derived(Choosing, {"family": (family, ...), **_arguments(suited, "as usual")}, {"family": names[0]}),
        _derived(Changing, _arguments(suited, "as it is"), change or {}),
    )


def general() -> tuple[type[Action], ...]:
    """The same for whatever equation: all that the built-in families know."""
    return composing_actions([_course(kind.name, kind().choices) for kind in BUILT_INS])


def _course(name: str, choices: Any) -> Course:
    usual = choices.from_dict({})
    blocks = {kind: [{"name": b.name, "why_not": ""} for b in choices.options(kind)] for kind in choices.kinds()}
    numbers = {
        name: {"summary": n.summary, "low": n.low, "high": n.high, "usual": getattr(usual, name)}
        for name, n in choices.known_numbers().items()
    }
    return {"family": name, "why_not": "", "blocks": blocks, "numbers": numbers}


def _derived(base: type[Action], fields: Mapping[str, Any], example: Mapping[str, Any]) -> type[Action]:
    kind = create_model(base.__name__, __base__=base, __doc__=base.__doc__, __module__=__name__, **fields)
    kind.example = example
    return kind


def _arguments(courses: Sequence[Course], left_out: str) -> dict[str, Any]:
    """An argument for every kind of block of which some family has a choice, and for every number."""
    blocks: dict[str, dict[str, list[str]]] = {}
    numbers: dict[str, dict[str, Mapping[str, Any]]] = {}
    for course in courses:
        for kind, names in _choices(course):
            blocks.setdefault(kind, {})[course["family"]] = names
        for name, about in course["numbers"].items():
            numbers.setdefault(name, {})[course["family"]] = about
    several = len(courses) > 1
    return {
        **{kind: (_block(of, left_out, several), None) for kind, of in blocks.items()},
        **{name: (_number(of, left_out, several), None) for name, of in numbers.items()},
    }


def _choices(course: Course) -> Iterator[tuple[str, list[str]]]:
    for kind, options in course["blocks"].items():
        names = [block["name"] for block in options if not block["why_not"]]
        if len(names) > 1:
            yield kind, names


def _block(of: Mapping[str, list[str]], left_out: str, several: bool) -> Any:
    names = [*dict.fromkeys(name for names in of.values() for name in names)]
    each = "; ".join(f"{family}: {', '.join(names)}" for family, names in of.items())
    told = each if len(of) > 1 else f"of {next(iter(of))}" if several else "which block"
    return _text(names, f"{told}; {left_out} if left out", str | None)


def _number(of: Mapping[str, Mapping[str, Any]], left_out: str, several: bool) -> Any:
    told = "; ".join(f"{f'{family}: ' if several else ''}{about['summary']}" for family, about in of.items())
    usual = [about["usual"] for about in of.values()]
    low, high = min(about["low"] for about in of.values()), max(about["high"] for about in of.values())
    schema = {
        "type": "integer" if all(isinstance(value, int) for value in usual) else "number",
        "minimum": low,
        "maximum": high,
        "description": f"{told}; {left_out} if left out",
        "examples": _around(usual, low, high),
    }
    return Annotated[float | None, WithJsonSchema(schema)]


def _around(usual: Sequence[float], low: float, high: float) -> list[float]:
    """Sensible values: the usual ones, half of them and twice. By chance from the whole range, programs would mostly run out of time."""
    half = [value // 2 if isinstance(value, int) else value / 2 for value in usual]
    return sorted({value for value in (*half, *usual, *(2 * value for value in usual)) if low <= value <= high})


def _text(names: Sequence[str], description: str, kind: Any = str) -> Any:
    """A text that models are told to take from a list; another one is answered in words of the family."""
    schema = {"type": "string", "description": description, **({"enum": [*names]} if names else {})}
    return Annotated[kind, WithJsonSchema(schema), Field(max_length=MOST_LETTERS)]
