"""A small picture of each example of a problem file, for the documentation.

    python benchmarks/example_pictures.py runs/soliton runs/drum …    # of solved runs, from their best/solution.nc
    python benchmarks/example_pictures.py --exact                     # of the examples that have an exact solution

An interval is drawn over time, a plane at its last time, a box cut through the middle at its last time, or before where the field is gone by then; of a complex unknown the modulus.
"""

import argparse
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from fieldsmith.boxes.asked import asked_inputs
from fieldsmith.boxes.form import Form
from fieldsmith.boxes.samples import asked_points, asked_times
from fieldsmith.errors import InputError
from fieldsmith.files import write_whole
from fieldsmith.orchestrator.film import Panel, coloured, drawn
from fieldsmith.orchestrator.solution import Solution, Trust, read_solution, solution_of
from fieldsmith.problems import Problem

ROOT = Path(__file__).parents[1]
EXAMPLES, PICTURES = ROOT / "examples" / "problems", ROOT / "docs" / "pictures" / "problems"
MOST_BYTES, SIDES = 60_000, (300, 260, 220, 180, 140)
"""Of a picture, and pixels of a map's width until it is small enough."""
MOST_PANELS, HEIGHT = 2, 0.75
LEAST = 0.3
"""Of the range over all times: a field with less is gone."""


def panels(solution: Solution) -> Iterator[tuple[Panel, str]]:
    """The maps of a solution with the time that each shows, if it is one."""
    space, places = list(solution.space), solution.coordinates
    for name, values in list(_real(solution).items())[:MOST_PANELS]:
        moment = ""
        if len(space) == 1:
            across, up, height = solution.time, space[0], HEIGHT
        else:
            across, up, height = space[0], space[1], 0.0
            if solution.time:
                n = last_shape(values)
                values, moment = values[n], f"{solution.time} = {places[solution.time][n]:.4g}"
            for one in space[2:]:
                values = values[..., len(places[one]) // 2]
        lines = places[across], places[up]
        extent = (
            (*solution.ends[across], *solution.ends[up])
            if len(space) > 1
            else (lines[0][0], lines[0][-1], *solution.ends[up])
        )
        around = [end - line[-1] > 0.5 * (line[-1] - line[-2]) for end, line in zip(extent[1::2], lines, strict=True)]
        unit = solution.about[name].unit if name in solution.about else "1"
        title = name if unit == "1" else f"{name} [{unit}]"
        labels = [f"{n} [{u}]" if (u := solution.about[n].unit) != "1" else n for n in (across, up)]
        yield Panel(title, values[None], lines, extent, (labels[0], labels[1]), (around[0], around[1]), height), moment


def last_shape(values: np.ndarray) -> int:
    """The last output time at which a field [time, *points] is not all but constant."""
    ranges = np.ptp(values.reshape(len(values), -1), axis=1)
    return int(np.flatnonzero(ranges >= LEAST * np.ptp(values))[-1])


def _real(solution: Solution) -> dict[str, np.ndarray]:
    """The fields by name, of complex ones the modulus."""
    found: dict[str, np.ndarray] = {}
    for name, values in solution.fields.items():
        whole = name.removesuffix("_real")
        if f"{whole}_imag" in solution.fields:
            found[f"|{whole}|"] = np.hypot(values, solution.fields[f"{whole}_imag"])
        elif f"{name.removesuffix('_imag')}_real" not in solution.fields:
            found[name] = values
    return found


def picture(solution: Solution) -> bytes:
    """A PNG of at most `MOST_BYTES`, maps side by side."""
    content = b""
    for side in SIDES:
        maps = [drawn(panel, 0, side, moment) for panel, moment in panels(solution)]
        target = io.BytesIO()
        coloured(np.concatenate(maps, axis=1)).save(target, "PNG", optimize=True)
        content = target.getvalue()
        if len(content) <= MOST_BYTES:
            break
    return content


def exact(form: Form) -> Solution:
    """The exact solution that a problem gives, as a run would leave it."""
    names, lines = [*form.space], [*asked_points(form).values()]
    if form.system.time:
        names, lines = [form.system.time.name, *names], [np.array(asked_times(form)), *lines]
    mesh = dict(zip(names, np.meshgrid(*lines, indexing="ij"), strict=True))
    found: dict[str, np.ndarray] = {}
    for one in form.results:
        values = form.problem.field(one.of, mesh)
        part = np.imag(values) if one.part == "imag" else np.real(values)
        found[one.name] = part[None] if form.batched else part
    return solution_of(form, asked_inputs(form), found, Trust(0.0, "exact", ""))


def examples() -> Iterator[tuple[str, Solution]]:
    """The examples that give an exact solution."""
    for file in sorted(EXAMPLES.glob("*.toml")):
        problem = Problem.from_toml(file)
        if problem.exact:
            yield file.stem, exact(Form(problem))


def of_runs(folders: Sequence[Path]) -> Iterator[tuple[str, Solution]]:
    """The examples that were solved in these runs, known by their titles."""
    titles = {Problem.from_toml(file).title: file.stem for file in EXAMPLES.glob("*.toml")}
    for folder in folders:
        solution = read_solution(folder / "best" / "solution.nc")
        yield titles.get(str(solution.told["title"]), folder.name), solution


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="*", type=Path, help="folders of runs")
    parser.add_argument("--exact", action="store_true", help="draw the exact solutions of the examples")
    parser.add_argument("--out", type=Path, default=PICTURES, help="folder of the pictures")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    try:
        for name, solution in (*(examples() if options.exact else ()), *of_runs(options.runs)):
            content = picture(solution)
            write_whole(options.out / f"{name}.png", content)
            print(f"{options.out / name}.png: {len(content) / 1000:.0f} kB")
    except InputError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
