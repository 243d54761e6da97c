"""How long the time steps of explicit schemes may be, as formulas with an equation's own coefficients."""

import math
from collections.abc import Iterator, Sequence

from fieldsmith.equations.couplings import Oscillation
from fieldsmith.equations.expressions import Expression
from fieldsmith.equations.facts import HIGHER, SLOPES, Limit, odd_factor
from fieldsmith.equations.reading import Reading


def limits_of(
    reading: Reading,
    oscillations: Sequence[Oscillation] = (),
    squares: Sequence[tuple[int, list[Expression]]] = (),
) -> list[Limit]:
    """The limits of explicit steps; `squares` holds the speeds of slopes."""
    names = [f"d{axis.name}" for axis in reading.equation.axes]
    spacings = [reading.spacing(axis) for axis in reading.equation.axes]
    limits = [limit for k, h in enumerate(spacings) for limit in _transport_limit(reading, k, names[k], h)]
    limits += [limit for i, slopes in squares for limit in _slope_limits(reading, i, slopes, names)]
    limits += [_oscillation_limit(reading, one, names, spacings) for one in oscillations]
    for i in range(len(reading.unknowns)):
        limits += _diffusion_limit(reading, i, names, spacings)
        limits += _higher_limits(reading, i, names, spacings)
    return list(dict.fromkeys(limits))


def _transport_limit(reading: Reading, k: int, name: str, h: float | None) -> list[Limit]:
    speeds = reading.speeds(k)
    if speeds is None:
        return [Limit("transport", f"dt <= {name} / max|wave speed|", None, None)]
    if not speeds:
        return []
    known = [size for size in map(reading.size, speeds) if size is not None]
    value = h / max(known) if h and len(known) == len(speeds) and max(known) > 0 else None
    rough = any(reading.number(speed) is None for speed in speeds)
    shown = ", ".join(map(reading.magnitude, (s for s in speeds if reading.text(s)))) or "abs(wave speed)"
    biggest = shown if speeds[0].is_number and len(speeds) == 1 else f"max({shown})"
    fastest = [reading.largest(speed) for speed in speeds]
    most = fastest[0] if len(fastest) == 1 else f"max({', '.join(fastest)})"
    rate = f"{most} / {name}" if all(fastest) else ""
    return [_limit(reading, "transport", f"dt <= {name} / {biggest}", value, rough, rate)]


def _slope_limits(reading: Reading, i: int, speeds: list[Expression], names: list[str]) -> Iterator[Limit]:
    for speed, name in zip(speeds, names, strict=True):
        if speed != 0:
            fastest = reading.magnitude(speed) if reading.text(speed) else f"abs(d({reading.name(i)}_t)/d(slope))"
            yield Limit(SLOPES, f"dt <= {name} / max({fastest})", None, None)


def _oscillation_limit(reading: Reading, one: Oscillation, names: list[str], spacings: list[float | None]) -> Limit:
    """Central differences make frequencies of up to speed * (2/h)**n; RK4 takes 2.8 over it, leapfrog 2."""
    n, speed = one.order, reading.code(one.speed)
    if one.speed.has(*reading.unknowns, *reading.places):
        speed = f"max({speed})"
    times = "" if one.speed == 1 else f"{speed} * "
    used = [names[k] for k in one.axes]
    powers = " + ".join(f"1/{name}**{max(2, n)}" for name in used)
    if len(used) == 1:
        width = used[0] if n == 1 else f"{2.0 ** (1 - n):g} * {used[0]}**{n}"
        formula = f"{width} / {speed}" if times else width
    else:
        formula = f"1 / ({times}sqrt({powers}))" if n == 1 else f"{2.0 ** (1 - n):g} / ({times}({powers}))"
    formula = f"dt <= {formula}" if n == 1 else f"dt <= about {formula}"
    size, widths = reading.size(one.speed), [spacings[k] for k in one.axes]
    known = [h for h in widths if h is not None]
    value = None
    if size and len(known) == len(widths):
        value = (
            sum(h**-2 for h in known) ** -0.5 / size if n == 1 else 2.0 ** (1 - n) / sum(h**-n for h in known) / size
        )
    rough = reading.number(one.speed) is None
    return _limit(reading, "waves" if n == 1 else "oscillations", formula, value, rough, "")


def _diffusion_limit(reading: Reading, i: int, names: list[str], spacings: list[float | None]) -> list[Limit]:
    second = reading.diffusivities(i)
    # What amplifies sets no limit of its own: derivatives of higher order must hold it.
    used = [k for k, c in enumerate(second) if c != 0 and not reading.amplifies(c)]
    if not used:
        return []
    if len({second[k] for k in used}) == 1 and len(used) > 1:
        formula = f"dt <= 1 / (2 * {reading.bound(second[used[0]])} * ({' + '.join(f'1/{names[k]}**2' for k in used)}))"
    elif len(used) == 1:
        formula = f"dt <= {names[used[0]]}**2 / (2 * {reading.bound(second[used[0]])})"
    else:
        formula = "dt <= 1 / (2 * (" + " + ".join(f"{reading.bound(second[k])}/{names[k]}**2" for k in used) + "))"
    total = 0.0
    for k in used:
        size, h = reading.size(second[k]), spacings[k]
        if size is None or h is None:
            return [Limit("diffusion", formula, None, None)]
        total += size / h**2
    rough = any(reading.number(second[k]) is None for k in used)
    largest = {k: reading.largest(second[k]) for k in used}
    rate = " + ".join(f"2 * {largest[k]} / {names[k]}**2" for k in used) if all(largest.values()) else ""
    return [_limit(reading, "diffusion", formula, 1.0 / (2.0 * total) if total else None, rough, rate)]


def _higher_limits(reading: Reading, i: int, names: list[str], spacings: list[float | None]) -> list[Limit]:
    found = []
    for counts, mark in reading.derivatives(i).items():
        n = sum(counts)
        if n < 3 or max(counts) != n or not reading.marked_rates[i].has(mark):
            continue
        k = counts.index(n)
        coefficient = reading.coefficient(i, i, counts)
        if coefficient == 0:
            continue
        # Central differences: even derivatives reach 2^n/h^n, and forward Euler's interval is 2 long.
        factor = 2.0 ** (1 - n) if n % 2 == 0 else odd_factor(n)
        size, h = reading.size(coefficient), spacings[k]
        value = factor * h**n / size if size and h else None
        over = "" if coefficient in (1, -1) else f" / {reading.magnitude(coefficient)}"
        formula = f"dt <= about {factor:g} * {names[k]}**{n}{over}"
        largest = reading.largest(coefficient)
        # Half its reciprocal keeps Fourier derivatives, which reach (pi/h)^n, within RK4's interval too.
        rate = f"{math.pi**n / 5.0:.3g} * {largest} / {names[k]}**{n}" if largest else ""
        rough = reading.number(coefficient) is None
        found.append(_limit(reading, f"{HIGHER} {n}", formula, value, rough, rate))
    return found


def _limit(reading: Reading, term: str, formula: str, value: float | None, rough: bool, rate: str) -> Limit:
    interval = reading.interval()
    steps = math.ceil(interval / value) if value and interval and interval / value < 1e15 else None
    return Limit(term, formula, value, steps, rough and value is not None, rate)
