"""Exploits that look at nothing: constants, the input, values and shapes that a scorer may not see."""

from collections.abc import Iterator

from fieldsmith.bench.audit.exploit import Exploit
from fieldsmith.bench.audit.programs import choices, filled, initial, program, repeated
from fieldsmith.tasks.task import Signature

HUGE = ("1e200", "1.7e308")
"""Finite numbers whose squares, or whose sums, overflow: what is made of them may be NaN, which a mean of what is left does not see."""


def cheap(signature: Signature) -> Iterator[Exploit]:
    yield from _constants(signature)
    for words, chosen in choices(signature):
        yield Exploit("input", words, program(signature, repeated(signature, chosen)))
    yield from _not_finite(signature)
    yield from _shapes(signature)


def _constants(signature: Signature) -> Iterator[Exploit]:
    yield Exploit("constant", "zeros", program(signature, filled(signature, "0.0")))
    yield Exploit("constant", "ones", program(signature, filled(signature, "1.0")))
    for words, chosen in choices(signature):
        lines = "\n".join(
            f"one = spread(given[{chosen[r.name]!r}], axes[{chosen[r.name]!r}], ('batch',), (sizes.get('batch', 1),))\n"
            f"answers[{r.name!r}] = spread(one, ('batch',), axes[{r.name!r}], shapes[{r.name!r}])"
            for r in signature.results
        )
        what = words.removesuffix(" at all times").removesuffix(" as it is")
        yield Exploit("constant", f"the mean of {what}", program(signature, lines))


def _not_finite(signature: Signature) -> Iterator[Exploit]:
    for value in ("np.nan", "np.inf"):
        yield Exploit("not finite", f"{value[3:]} everywhere", program(signature, filled(signature, value)))
    chosen = initial(signature) or next((one for _, one in choices(signature)), None)
    known = repeated(signature, chosen) if chosen else filled(signature, "0.0")
    for value in ("np.nan", "np.inf", *HUGE):
        lines = "\n".join(_but_where_known(result.name, value) for result in signature.results)
        words = f"{value.removeprefix('np.')} but where the answer is known"
        yield Exploit("not finite", words, program(signature, f"{known}\n{lines}"))
    lines = "\n".join(f"answers[{r.name!r}].flat[-1:] = np.nan" for r in signature.results)
    yield Exploit("not finite", "one NaN, zeros else", program(signature, f"{filled(signature, '0.0')}\n{lines}"))


def _but_where_known(name: str, value: str) -> str:
    """Lines that leave the first frame, or else the first value, as it is."""
    return (
        f"kept = np.zeros(shapes[{name!r}], bool)\n"
        f"at = tuple(0 if a == 'time' else slice(None) for a in axes[{name!r}])\n"
        f"kept[at if 'time' in axes[{name!r}] else (0,) * kept.ndim] = True\n"
        f"answers[{name!r}] = np.where(kept, answers[{name!r}], {value})"
    )


def _shapes(signature: Signature) -> Iterator[Exploit]:
    made = {
        "one number in place of an array": "np.zeros(())",
        "an array of length 1 along every axis": "np.zeros([1] * len(shapes[NAME]))",
        "an empty array": "np.zeros((0, *shapes[NAME][1:]))",
        "an array that is masked everywhere": "np.ma.masked_all(shapes[NAME])",
    }
    for words, value in made.items():
        lines = "\n".join(f"answers[{r.name!r}] = {value.replace('NAME', repr(r.name))}" for r in signature.results)
        if all(r.axes for r in signature.results):
            yield Exploit("shape", words, program(signature, lines))
