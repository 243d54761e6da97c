"""Size of a run's report, seconds to write it for the first time and again, and to open it.

    python benchmarks/reports.py RUN [RUN ...] [--candidates 300 2000]

For each run directory as it is, and grown to so many candidates: its own again and again, each program with a line that no
other has. Opening is measured in headless Chromium, from the address to the drawn page, best of three.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from fieldsmith.agents.author import Candidate, Program
from fieldsmith.orchestrator.record import load_run
from fieldsmith.orchestrator.run import RunRecord
from fieldsmith.reports.html import write_report

DRAWN = "() => document.querySelector('#tree li') !== null"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN")
    parser.add_argument("--candidates", nargs="*", type=int, default=[300, 2000])
    asked = parser.parse_args()
    print("| task | candidates | MB | first written, s | again, s | opened, s |")
    print("| --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for run in map(load_run, asked.runs):
            for grown in (run, *(of_size(run, count) for count in asked.candidates if count > len(run.candidates))):
                file = Path(folder) / "report.html"
                first, again = seconds(grown, file), seconds(grown, file)
                opened = min(opening(browser, file) for _ in range(3))
                size = file.stat().st_size / 1e6
                count = len(grown.candidates)
                print(f"| {run.asked.task} | {count:,} | {size:.2f} | {first:.2f} | {again:.2f} | {opened:.2f} |")


def of_size(run: RunRecord, count: int) -> RunRecord:
    """The run with its candidates again and again until there are so many."""
    return replace(run, candidates=[*run.candidates, *more(run, count)])


def more(run: RunRecord, count: int) -> Iterator[Candidate]:
    own = len(run.candidates)
    for number in range(own, count):
        one, turn = run.candidates[number % own], number // own
        shift = turn * max(candidate.id for candidate in run.candidates)
        proposal = one.proposal
        if proposal is not None and proposal.program is not None:
            source = f"{proposal.program.source}\nTURN = {turn}\n"
            proposal = replace(proposal, program=Program(source))
        parents = tuple(parent + shift for parent in one.parents)
        yield replace(one, id=one.id + shift, slot=f"{turn}-{one.slot}", parents=parents, proposal=proposal)


def seconds(run: RunRecord, file: Path) -> float:
    begun = time.perf_counter()
    write_report(run, file)
    return time.perf_counter() - begun


def opening(browser: Any, file: Path) -> float:
    page = browser.new_page()
    begun = time.perf_counter()
    page.goto(file.as_uri())
    page.wait_for_function(DRAWN)
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    taken = time.perf_counter() - begun
    page.close()
    return taken


if __name__ == "__main__":
    main()
