"""The built-in author's solver and learned operators on the five tasks of CodePDE: errors, seconds a solve, and after how many solves a network pays off.

    python benchmarks/beside_operators.py                  # two cores; each command below 20 minutes
    python benchmarks/beside_operators.py --scale paper    # the paper's sizes, for a GPU
    python benchmarks/beside_operators.py --tasks burgers darcy --operators fno unet
    python benchmarks/beside_operators.py --table          # of what is there; nothing is run

calls `solve`, `operators train`, `operators rank` and `operators breakeven` as anybody would, in `--out` (runs/beside by default). The same command goes on where it was ended. Nothing is
tuned: an operator has its usual settings but for the sizes below, the same for all tasks of as many dimensions, and its weights are chosen on dev. It prints one table, in Markdown, and writes one
picture, `docs/images/beside.png` unless `--picture` says otherwise: of each task the solver's error against its seconds as it is made cheaper, and the operators.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fieldsmith.tasks import load

ROOT = Path(__file__).parents[1]
TASKS = ("advection", "burgers", "reacdiff1d", "cns1d", "darcy")
OPERATORS = ("fno", "f-fno", "unet")
LINE, PLANE = 1, 2
BEYOND = {"": "", "above": "< ", "below": "> "}
"""The operator errs more than the solver on the fewest points: less than that; or less than the solver on all: more."""


@dataclass(frozen=True)
class Size:
    """Of a training: samples, epochs by number of axes, settings by operator and number of axes."""

    samples: int
    epochs: Mapping[int, int]
    settings: Mapping[tuple[str, int], Sequence[str]]
    options: Sequence[str] = ()


SIZES = {
    "small": Size(
        128,
        {LINE: 200, PLANE: 60},
        {
            ("fno", PLANE): ("modes=16", "width=24", "depth=3"),
            ("f-fno", LINE): ("depth=4",),
            ("f-fno", PLANE): ("modes=16", "width=24", "depth=4"),
            ("unet", LINE): ("features=16",),
            ("unet", PLANE): ("features=8",),
        },
    ),
    "paper": Size(1000, {LINE: 500, PLANE: 500}, {}, ("--scale", "paper")),
}


def called(*words: str) -> dict[str, Any]:
    """The last JSON object that a command prints; its progress is shown. Ends the script where it fails."""
    print("fieldsmith", *words, file=sys.stderr)
    done = subprocess.run(
        [sys.executable, "-m", "fieldsmith.cli.main", *words, "--json"], stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"`fieldsmith {' '.join(words)}` ended with exit code {done.returncode}.")
    return json.loads(done.stdout.splitlines()[-1])


def solved(task: str, out: Path, size: Size) -> Path:
    folder = out / f"{task}-solver"
    if not (folder / "result.json").exists():
        called("solve", task, "--sandbox", "bubblewrap", "--run-dir", str(folder), *size.options)
    return folder


def trained(task: str, operator: str, out: Path, size: Size) -> Path:
    folder = out / f"{task}-{operator}"
    if not (folder / "card.json").exists():
        axes = PLANE if task == "darcy" else LINE
        words = [word for one in size.settings.get((operator, axes), ()) for word in ("--set", one)]
        words += [
            "--samples",
            str(size.samples),
            "--epochs",
            str(size.epochs[axes]),
            "--out",
            str(folder),
            *size.options,
        ]
        called("operators", "train", task, "--operator", operator, *words)
    return folder


def judged(task: str, operators: Sequence[str], out: Path, size: Size) -> None:
    """Leaves the ranking and the breakeven of a task in a file, with the operators' cards."""
    run = solved(task, out, size)
    folders = [trained(task, operator, out, size) for operator in operators]
    file = out / f"{task}.json"
    known = json.loads(file.read_text()) if file.exists() else {}
    if set(known.get("cards", {})) == set(operators):
        return
    names, place = [str(folder) for folder in folders], ("--sandbox", "bubblewrap", *size.options)
    ranking = called("operators", "rank", task, *names, str(run), *place)
    even = called("operators", "breakeven", task, *names, "--against", str(run), *place)
    cards = {
        one: json.loads((folder / "card.json").read_text()) for one, folder in zip(operators, folders, strict=True)
    }
    file.write_text(json.dumps({"entries": ranking["entries"], "breakeven": even, "cards": cards}, indent=1))


def rows(out: Path, tasks: Sequence[str]) -> Iterator[list[str]]:
    for task in tasks:
        found = read(out, task)
        even = {row["name"]: row for row in found["breakeven"]["rows"]} if found else {}
        for one in found.get("entries", []):
            cells = [task, one["name"].split("/")[-1], number(one["nrmse"]), f"{one['together'] * 1e3:.3g} ms"]
            if one["kind"] == "solver":
                yield [*cells, "", "", "", "", ""]
                continue
            row = even[one["name"]]
            yield [
                *cells, f"{one['parameters']:,}", f"{one['data']:.0f} s", f"{one['training']:.0f} s",
                f"{BEYOND[row['beyond']]}{row['solver_seconds'] * 1e3:.3g} ms", solves(row),
            ]  # fmt: skip


def read(out: Path, task: str) -> dict[str, Any]:
    file = out / f"{task}.json"
    return json.loads(file.read_text()) if file.exists() else {}


def number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2e}"


def solves(row: Mapping[str, Any]) -> str:
    """N* with its interval; never where the operator's answer is no cheaper."""
    if row["solves"] is None:
        return "never"
    low, high = row["low"], row["high"]
    return f"{row['solves']:,.0f} ({low:,.0f} to {'never' if high is None else f'{high:,.0f}'})"


def drawn(out: Path, tasks: Sequence[str], picture: Path) -> None:
    """Error against seconds, a panel a task: the solver as it is made cheaper, and the operators."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    known = [task for task in tasks if read(out, task)]
    figure, panels = plt.subplots(1, len(known), figsize=(3.1 * len(known), 3.2), squeeze=False, layout="constrained")
    for panel, task in zip(panels[0], known, strict=True):
        found = read(out, task)
        curve = sorted((one["seconds"], one["nrmse"]) for one in found["breakeven"]["curve"] if one["nrmse"])
        lowest = [p for n, p in enumerate(curve) if all(q[1] > p[1] for q in curve[:n])]
        panel.plot(*zip(*lowest, strict=True), "o-", ms=4, color="#0f6b70", label="forged solver, made cheaper")
        for mark, color, one in zip("s^D", ("#a8481a", "#7a4fa3", "#5b6470"), operators_of(found), strict=False):
            panel.plot(
                [one["together"]],
                [one["nrmse"]],
                mark,
                color=color,
                ms=7,
                label=one["name"].split("/")[-1].removeprefix(f"{task}-"),
            )
        panel.set(xscale="log", yscale="log", title=load(task).title, xlabel="seconds a solve")
        panel.grid(alpha=0.25)
    panels[0][0].set_ylabel("nRMSE on test")
    figure.legend(
        *panels[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=min(4, len(known)), frameon=False
    )
    picture.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(picture, dpi=130)


def operators_of(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    return sorted((one for one in found["entries"] if one["kind"] == "operator"), key=lambda one: one["name"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", choices=SIZES, default="small")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=TASKS)
    parser.add_argument("--operators", nargs="+", default=OPERATORS)
    parser.add_argument("--out", type=Path, default=ROOT / "runs" / "beside")
    parser.add_argument("--picture", type=Path, default=ROOT / "docs" / "images" / "beside.png")
    parser.add_argument("--table", action="store_true", help="table and picture of what is there")
    asked = parser.parse_args()
    if not asked.table:
        for task in asked.tasks:
            judged(task, asked.operators, asked.out, SIZES[asked.scale])
    print(
        "| task | | nRMSE on test | a solve | parameters | samples | training | solver that errs as much | pays off after |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for cells in rows(asked.out, asked.tasks):
        print("| " + " | ".join(cells) + " |")
    if any(read(asked.out, task) for task in asked.tasks):
        drawn(asked.out, asked.tasks, asked.picture)


if __name__ == "__main__":
    main()
