"""A run's store at size: how fast evaluations are recorded, how large it is, how long a run takes to read and its report to be written and opened.

    python benchmarks/store.py [--evaluations 1000 10000]

Each evaluation has a program of 3 kB, a prompt of 6 kB, a reply of 4 kB, 32 samples and half a kB of feedback, and is recorded as a run records it: its reply, the candidate, its files. Opening is measured in
headless Chromium where there is one. The folder lies where temporary files do (`TMPDIR`).
"""

import argparse
import math
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from fieldsmith.agents.author import Draft, Plan, Program, Proposal, Refine, Usage
from fieldsmith.evaluation.evaluation import Evaluation, Score
from fieldsmith.models.chat_model import ChatReply, ChatRequest, Message
from fieldsmith.orchestrator.question import Question
from fieldsmith.orchestrator.record import load_run, write_asked, write_candidate
from fieldsmith.orchestrator.run import Asked
from fieldsmith.orchestrator.store import Store
from fieldsmith.reports.html import write_report

SAMPLES = 32
LINE = "    u = u + dt * (np.roll(u, 1) - 2 * u + np.roll(u, -1)) / dx**2\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--evaluations", nargs="*", type=int, default=[1_000, 10_000])
    print(
        "| evaluations | recorded a second | first and last tenth | store, MB | folder, MB | read, s | report written, s | report, MB | opened, s |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for count in parser.parse_args().evaluations:
        with tempfile.TemporaryDirectory() as folder:
            print(row(Path(folder) / "run", count), flush=True)


def row(folder: Path, count: int) -> str:
    folder.mkdir()
    asked = Asked(
        Question("burgers"),
        "Burgers",
        "Solve it.",
        "f" * 64,
        "model",
        "note",
        "fieldsmith solve burgers",
        "2026-01-01 10:00:00",
    )
    write_asked(folder, asked)
    marks = recorded(folder, count)
    tenth = count // 10
    first, last = tenth / (marks[1] - marks[0]), tenth / (marks[10] - marks[9])
    page = folder / "report.html"
    read = seconds(lambda: load_run(folder))
    run = load_run(folder)
    written = seconds(lambda: write_report(run, page))
    whole = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    sizes = [(folder / "run.sqlite").stat().st_size, whole, page.stat().st_size]
    store, all_of_it, report = (f"{size / 1e6:.1f}" for size in sizes)
    rate = f"{count / (marks[10] - marks[0]):.0f} | {first:.0f}, {last:.0f}"
    return f"| {count:,} | {rate} | {store} | {all_of_it} | {read:.2f} | {written:.2f} | {report} | {opened(page)} |"


def recorded(folder: Path, count: int) -> list[float]:
    """When each tenth was recorded."""
    store = Store(folder / "run.sqlite")
    marks, parent = [time.perf_counter()], None
    for n in range(1, count + 1):
        made = store.issue(str(n), Refine((parent,)) if parent else Draft(), "model")
        request = ChatRequest((Message("user", "x" * 6_000),), ordinal=str(n))
        assert store.reply_to(str(n)) is None
        store.keep_reply(request, ChatReply("y" * 4_000, input_tokens=1500, output_tokens=1000), 0.01)
        made = replace(made, proposal=proposal(n), evaluation=evaluation(n))
        store.record(made)
        store.candidates()
        write_candidate(folder, made)
        parent = made if parent is None or made.dev_nrmse < parent.dev_nrmse else parent
        if n % (count // 10) == 0:
            marks.append(time.perf_counter())
    store.set_facts({"state": "done", "message": "Ended.", "seconds": 1.0})
    store.close()
    return marks


def proposal(n: int) -> Proposal:
    program = Program(f"import numpy as np\n\n\ndef solver(u, dt, dx):\n    # {n}\n{LINE * 42}    return u\n")
    usage = Usage(1500, 1000, 0.01, 8.0)
    return Proposal(program, Plan(summary=f"central differences, variant {n}"), "", "x" * 6_000, "y" * 4_000, usage)


def evaluation(n: int) -> Evaluation:
    error = 10.0 ** (-2 - 3 * math.sin(n) ** 2)
    errors = tuple(error * (1 + 0.1 * math.cos(n + k)) for k in range(SAMPLES))
    mean = math.fsum(errors) / SAMPLES
    score = Score(mean, {"u": mean}, 1e-6, 1e-10, 10 * mean, 1.0, 0.9, 200.0, 2.0, 1e-9, samples=errors)
    return Evaluation("ok", "The error sits in the last frames. " * 15, dev=score, seconds=1.0)


def opened(page: Path) -> str:
    """Seconds from the address to the drawn page, the best of three; a dash where there is no browser."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return "-"
    if path is None:
        return "-"
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        return f"{min(seconds(lambda: drawn(browser, page)) for _ in range(3)):.2f}"


def drawn(browser: object, page: Path) -> None:
    tab = browser.new_page()  # type: ignore[attr-defined]
    tab.set_default_timeout(600_000.0)  # of a machine that does other work too
    tab.goto(page.as_uri())
    tab.wait_for_function("() => document.querySelector('#tree li') !== null")
    tab.close()


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
