"""Exploits of a program that has learnt the dev split by heart, as feedback may teach it: its answers are given for test inputs.

No test reference is looked at to write them; which dev answers a program carries with it is chosen by the test inputs alone, so that it stays small.
"""

import base64
import zlib
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from fieldsmith.bench.audit.carried import spread, stretched
from fieldsmith.bench.audit.exploit import Exploit
from fieldsmith.bench.audit.programs import arrays, choices, initial, program
from fieldsmith.evaluation.measuring import as_samples
from fieldsmith.tasks.task import Case, Signature

FEATURES = 512
"""Values of each input by which samples are told apart, evenly picked."""
MOST_NUMBERS = 500_000
"""That a program carries; answers of more are thinned along all axes, with straight lines between."""
UNPACK = """
import base64, zlib

def unpacked(text, shape):
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), np.float32).reshape(shape).astype(float)
"""
Arrays = Mapping[str, np.ndarray]


def learnt(signature: Signature, dev: Sequence[Case], test: Sequence[Case]) -> Iterator[Exploit]:
    """Nothing where dev has no references."""
    if not all(case.reference for case in dev):
        return
    answers = [as_samples(signature, case.reference) for case in dev]
    yield from _fitted(signature, dev)
    if len({tuple(a[name].shape[1:] for name in a) for a in answers}) > 1:  # calls of different sizes
        return
    known = {name: np.concatenate([a[name] for a in answers]) for name in answers[0]}
    wanted = signature.shapes(test[0].inputs)
    lead = 1 if signature.batched else 0
    if all(known[name].shape[1:] == wanted[name][lead:] for name in known):
        yield _average(signature, known)
    keys, asked = _keys(signature, dev), _keys(signature, test)
    if keys.shape[1] == asked.shape[1] > 0:
        yield _nearest(signature, known, keys, asked)


def _fitted(signature: Signature, dev: Sequence[Case]) -> Iterator[Exploit]:
    """A factor of what is given and a constant, of least squares on dev."""
    constants = {
        r.name: float(np.mean(np.concatenate([case.reference[r.name].ravel() for case in dev])))
        for r in signature.results
    }
    lines = "\n".join(f"answers[{name!r}] = np.full(shapes[{name!r}], {value!r})" for name, value in constants.items())
    yield Exploit("learnt", "the mean of all dev answers, one number", program(signature, lines))
    axes = {one.name: one.axes for one in (*signature.arguments, *signature.results)}
    for words, chosen in choices(signature):
        written = []
        for name, argument in chosen.items():
            pairs = [
                (spread(c.inputs[argument], axes[argument], axes[name], c.reference[name].shape), c.reference[name])
                for c in dev
            ]
            given, wanted = (np.concatenate([pair[k].ravel() for pair in pairs]) for k in (0, 1))
            slope = float(np.cov(given, wanted)[0, 1] / (np.var(given, ddof=1) or 1.0)) if given.size > 1 else 0.0
            rest = float(wanted.mean() - slope * given.mean())
            at = f"spread(given[{argument!r}], axes[{argument!r}], axes[{name!r}], shapes[{name!r}])"
            written.append(f"answers[{name!r}] = {slope!r} * {at} + {rest!r}")
        yield Exploit(
            "learnt", f"{words}, times a number plus a number fitted on dev", program(signature, "\n".join(written))
        )


def _average(signature: Signature, known: Arrays) -> Exploit:
    """The mean of the dev answers at each place, whatever is given."""
    means = {name: values.mean(axis=0)[None] for name, values in known.items()}
    lines = "\n".join(
        f"answers[{name!r}] = np.broadcast_to(table_{n}[0], shapes[{name!r}]) + 0.0" for n, name in enumerate(means)
    )
    words = "the mean of the dev answers at each place"
    return Exploit("learnt", words, program(signature, _thawed(signature, means, lines), _tables(means)))


def _nearest(signature: Signature, known: Arrays, keys: np.ndarray, asked: np.ndarray) -> Exploit:
    """For each test sample the dev answer whose input is nearest."""
    near = np.unique([np.argmin(np.sum((keys - one) ** 2, axis=1)) for one in asked])
    carried = {name: values[near] for name, values in known.items()}
    used = [argument.name for argument in _telling(signature)]
    take = "picked" if signature.batched else "picked_whole"
    lines = (
        f"asked = np.concatenate([{take}(given[name]) for name in {used!r}], axis=1)\n"
        "near = [int(np.argmin(np.sum((keys - one) ** 2, axis=1))) for one in asked]\n"
        + "\n".join(
            f"answers[{name!r}] = table_{n}[near]" + ("" if signature.batched else "[0]")
            for n, name in enumerate(carried)
        )
    )
    head = f"""{_tables(carried)}
keys = unpacked({_packed(keys[near])!r}, {keys[near].shape!r})

def picked(values):
    rows = np.asarray(values, float).reshape(len(values), -1)
    return rows[:, np.linspace(0, rows.shape[1] - 1, min(rows.shape[1], {FEATURES})).astype(int)]

def picked_whole(values):
    return picked(np.asarray(values, float)[None])
"""
    return Exploit("learnt", "the dev answer of the nearest dev input", program(signature, _thawed(signature, carried, lines), head))  # fmt: skip


def _telling(signature: Signature) -> list:
    """The arguments by which samples are told apart."""
    return [one for one in arrays(signature) if not signature.batched or one.axes[:1] == ("batch",)]


def _keys(signature: Signature, cases: Sequence[Case]) -> np.ndarray:
    """The picked values of each sample's inputs, [samples, features], as single precision holds them."""
    rows = []
    for case in cases:
        parts = []
        for argument in _telling(signature):
            values = np.asarray(case.inputs[argument.name], float)
            flat = (values if signature.batched else values[None]).reshape(len(values) if signature.batched else 1, -1)
            parts.append(flat[:, np.linspace(0, flat.shape[1] - 1, min(flat.shape[1], FEATURES)).astype(int)])
        if parts:
            rows.append(np.concatenate(parts, axis=1))
    if not rows or len({row.shape[1] for row in rows}) > 1:
        return np.zeros((0, 0))
    return np.concatenate(rows).astype(np.float32).astype(float)


def _thawed(signature: Signature, tables: Arrays, lines: str) -> str:
    """Lines before which the tables get back the sizes that they had, and after which first frames are what is given."""
    start, lead = initial(signature), 1 if signature.batched else 0
    before, after = [], []
    for n, (name, values) in enumerate(tables.items()):
        before.append(f"table_{n} = thawed_{n}")
        for axis in range(1, values.ndim):
            before.append(f"table_{n} = stretched(table_{n}, {axis}, shapes[{name!r}][{axis - 1 + lead}])")
        result = next(r for r in signature.results if r.name == name)
        if start is not None and result.axes[:2] == ("batch", "time"):
            after.append(f"answers[{name!r}][:, 0] = given[{start[name]!r}]")
    return "\n".join([*before, lines, *after])


def _tables(tables: Arrays) -> str:
    """The head of a program with these arrays."""
    written = [UNPACK]
    share = MOST_NUMBERS / max(1, sum(values.size for values in tables.values()))
    for n, values in enumerate(tables.values()):
        thin = values
        if share < 1.0:
            factor = share ** (1.0 / max(1, values.ndim - 1))
            for axis in range(1, values.ndim):
                thin = stretched(thin, axis, max(2, min(values.shape[axis], int(values.shape[axis] * factor))))
        written.append(f"thawed_{n} = unpacked({_packed(thin)!r}, {thin.shape!r})")
    return "\n".join(written)


def _packed(values: np.ndarray) -> str:
    return base64.b64encode(zlib.compress(np.ascontiguousarray(values, np.float32).tobytes(), 1)).decode()
