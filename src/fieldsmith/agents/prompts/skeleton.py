"""A program with the loops written and the numerics left open, made from a brief's signature and its equation."""

import ast
import re

from fieldsmith import syntax
from fieldsmith.agents.prompts.frame import USED, Frame
from fieldsmith.agents.prompts.steps import lawson, runge_kutta
from fieldsmith.equations.facts import Methods
from fieldsmith.tasks.task import Argument, Brief, Result

GAP = re.compile(r'^def (.*):\n    """.*"""\n    raise NotImplementedError\("TODO"\)', re.MULTILINE)
"""A function that is left open, with its name and arguments."""
OPERATOR = re.compile(r'^def (.*):\n    """\w+ derivative of f ', re.MULTILINE)


def gaps_of(frame: str) -> list[str]:
    """The functions that a program with gaps leaves open, with their arguments."""
    return GAP.findall(frame)


def operators_of(frame: str) -> list[str]:
    """The derivatives that a program with gaps has as functions, with their arguments."""
    return OPERATOR.findall(frame)


def filling_of(frame: str, program: str) -> str:
    """What a program has in place of the gaps: the functions that were open, and whatever it has besides.

    Empty unless all else is as it was in the program with gaps.
    """
    try:
        known, nodes = syntax.parse(frame).body, syntax.parse(program).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    names = {gap.partition("(")[0] for gap in gaps_of(frame)}
    kept = {ast.dump(node): node for node in known if getattr(node, "name", "") not in names}
    written = [node for node in nodes if ast.dump(node) not in kept]
    whole = kept.keys() <= {ast.dump(node) for node in nodes}
    anew = {getattr(node, "name", None) for node in written} & {getattr(node, "name", "") for node in kept.values()}
    if not names or not whole or anew:
        return ""
    return "\n\n\n".join(filter(None, (ast.get_source_segment(program, node) for node in written)))


def skeleton(brief: Brief, methods: Methods | None = None) -> str:
    """Python source; empty where the signature does not say how results follow from arguments.

    Where `methods` has formulas for the limits of explicit steps, steps of RK4 are written too and only the equation's right-hand
    side is left open.
    """
    equation = brief.equation
    if equation is None:
        return ""
    asked = {brief.signature.function, *(a.name for a in brief.signature.arguments)}
    if (asked | equation.constants.keys()) & {"np", *USED}:
        return ""
    if methods is not None and methods.timed:
        return ""  # its steps would have to know the time
    source = (_Steady if equation.steady else _Evolution)(brief, asked, methods).source()
    constants = [
        f"{name} = {float(value)!r}"
        for name, value in equation.constants.items()
        if name not in asked and re.search(rf"\b{name}\b", source)
    ]
    if not constants:
        return source
    return source.replace("import numpy as np\n", "\n".join(["import numpy as np", "", *constants, ""]), 1)


class _Evolution(Frame):
    """Outer loop over output times, inner loop of steps; what is left open of a step depends on what is known of it."""

    def source(self) -> str:
        starts = {a.of: a for a in self.arguments("initial")}
        times = self.arguments("times")
        space = tuple(axis.name for axis in self.axes)
        results = self.signature.results
        fits = all(r.of in starts and r.axes == ("batch", "time", *space) for r in results)
        if not times or not results or not fits or len(starts) != len(results):
            return ""
        state = {r: self.free(r.of) for r in results}
        frames = {r: self.free(r.name if r.name != r.of else f"{r.name}_frames") for r in results}
        given = [a.name for a in (*self.arguments("coefficient"), *self.arguments("parameter"))]
        parts = self._stepping(state, given) or self._open(state, given)
        return "\n".join([*parts, *self._solver(state, frames, starts, times[0], given)]) + "\n"

    def _stepping(self, state: dict[Result, str], given: list[str]) -> list[str]:
        """Steps of fourth order, where the limits of a step are known."""
        methods, rates = self.methods, self._rates(state)
        if methods is None or not rates:
            return []
        parted = methods.high_factors and methods.low_terms not in ("", "0")
        paced = methods.transports or methods.reaction_rate  # else nothing says how long a step may be
        if methods.stiff and methods.smooth and parted and paced:
            return lawson(self, next(iter(state.values())), given, methods)
        return runge_kutta(self, list(state.values()), given, rates)

    def _rates(self, state: dict[Result, str]) -> list[str]:
        """Reciprocals of the limits of explicit steps, in the names that are used here; none where one is unknown."""
        methods, arguments = self.methods, (*self.arguments("coefficient"), *self.arguments("parameter"))
        renamed = (
            any(name != result.of for result, name in state.items())
            or any(a.name != a.of for a in arguments)
            or any(name != f"d{axis}" for axis, name in self.spacings.items())
            or self.own["np"] != "np"
        )
        if methods is None or renamed or methods.balanced or not methods.limits or not methods.bounded:
            return []
        rates = [limit.rate for limit in methods.limits]
        reaction = [methods.reaction_rate] if methods.reaction_rate else []
        return [] if not all(rates) or (methods.reacts and not reaction) else [*rates, *reaction]

    def _open(self, state: dict[Result, str], given: list[str]) -> list[str]:
        fields, spacings = list(state.values()), list(self.spacings.values())
        own = self.own
        names = " and ".join([", ".join(fields[:-1]), fields[-1]] if fields[1:] else fields)
        return [
            "import numpy as np",
            "",
            "",
            f"def {own['largest_step']}({', '.join([*fields, *spacings, *given])}):",
            '    """The largest time step that is stable and accurate for this state."""',
            '    raise NotImplementedError("TODO")',
            "",
            "",
            f"def {own['step']}({', '.join([*fields, own['dt'], *spacings, *given])}):",
            f'    """{names} [batch, {self.space()}] one step of length {own["dt"]} later.{self.walls()}"""',
            '    raise NotImplementedError("TODO")',
            "",
            "",
        ]

    def _solver(
        self,
        state: dict[Result, str],
        frames: dict[Result, str],
        starts: dict[str, Argument],
        times: Argument,
        given: list[str],
    ) -> list[str]:
        own, fields = self.own, list(state.values())
        counts, spacings = list(self.counts.values()), list(self.spacings.values())
        lines = [self.header()]
        lines += [f"    {state[r]} = np.array({starts[r.of].name}, dtype=float)" for r in state]
        lines += [f"    {own['times']} = np.asarray({times.name}, dtype=float)", *self.sizes(fields[0])]
        shape = ", ".join([own["batch"], f"len({own['times']})", *counts])
        for result, name in frames.items():
            lines += [f"    {name} = np.full(({shape}), np.nan)", f"    {name}[:, 0] = {state[result]}"]
        largest = f"{own['largest_step']}({', '.join([*fields, *spacings, *given])})"
        stepped = f"{own['step']}({', '.join([*fields, own['dt'], *spacings, *given])})"
        whole = " and ".join(f"np.isfinite({name}).all()" for name in fields)
        whole = f"({whole})" if len(fields) > 1 else whole
        left, shortest, dt = own["left"], own["shortest"], own["dt"]
        lines += [
            f"    for {own['frame']} in range(1, len({own['times']})):",
            f"        {left} = {own['times']}[{own['frame']}] - {own['times']}[{own['frame']} - 1]",
            f"        {shortest} = 1e-4 * min({left}, {largest})",
            f"        while {left} > 0:",
            f"            {dt} = {left} / max(1, np.ceil({left} / {largest}))",
            f"            if {dt} < {shortest}:",
            "                break  # what shortens the steps so much is growing without bound",
            f"            {', '.join(fields)} = {stepped}",
            f"            {left} -= {dt}",
            f"        if {left} > 0 or not {whole}:",
            "            break  # unstable: the frames from here on stay NaN",
        ]
        lines += [f"        {name}[:, {own['frame']}] = {state[result]}" for result, name in frames.items()]
        return [*lines, f"    return {', '.join(frames.values())}"]


class _Steady(Frame):
    """A loop over samples; the solution of one is left open."""

    def source(self) -> str:
        space = tuple(axis.name for axis in self.axes)
        arrays = [a for a in self.signature.arguments if a.axes == ("batch", *space)]
        others = [a.name for a in self.signature.arguments if not a.axes]
        results = self.signature.results
        if not arrays or len(arrays) + len(others) != len(self.signature.arguments):
            return ""
        if not results or any(r.axes != ("batch", *space) for r in results):
            return ""
        own = self.own
        found = {r: self.free(r.name) for r in results}
        given = [a.name for a in arrays]
        spacings = list(self.spacings.values())
        shape = ", ".join([own["batch"], *self.counts.values()])
        one = ", ".join([*(f"{name}[{own['sample']}]" for name in given), *spacings, *others])
        targets = ", ".join(f"{name}[{own['sample']}]" for name in found.values())
        lines = [
            "import numpy as np",
            "",
            "",
            f"def {own['solve_one']}({', '.join([*given, *spacings, *others])}):",
            f'    """{" and ".join(found.values())} [{self.space()}] for one sample.{self.walls()}"""',
            '    raise NotImplementedError("TODO")',
            "",
            "",
            self.header(),
            *(f"    {name} = np.asarray({name}, dtype=float)" for name in given),
            *self.sizes(given[0]),
            *(f"    {name} = np.empty(({shape}))" for name in found.values()),
            f"    for {own['sample']} in range({own['batch']}):",
            f"        {targets} = {own['solve_one']}({one})",
            f"    return {', '.join(found.values())}",
        ]
        return "\n".join(lines) + "\n"
