"""The `fieldsmith` command in a process of its own, forked from one that has imported all it may need.

Most of the time that a short command takes is its start. Tests of what a command says and does share that start; a test
about the process itself, such as its pipes, its signals or what it imports, starts one with `COMMAND`.
"""

import atexit
import functools
import gc
import importlib
import json
import os
import pkgutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

COMMAND = [sys.executable, "-m", "fieldsmith.cli.main"]
ROOMS = (
    "agents", "boxes", "bridges", "cli", "environments", "equations", "evaluation", "numerics", "orchestrator", "problems", "reports", "sandboxes", "tasks",
)  # fmt: skip
IMPORTED_FIRST = "FIELDSMITH_TESTS_IMPORT"
"""In the environment of a command: a module of PYTHONPATH that changes what it finds."""
NOT_IMPORTED = ("fieldsmith.sandboxes.worker", "fieldsmith.reports.figures")
"""What runs elsewhere, and what needs Matplotlib, which the command imports for figures alone."""


def run(
    *words: object, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """How `fieldsmith` with these words ends, as told by `subprocess.run`; `env` is the whole environment."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        asked = {
            "words": [str(word) for word in words],
            "folder": str(cwd or Path.cwd()),
            "environment": dict(os.environ if env is None else env),
            "files": [os.devnull, str(out), str(err)],
        }
        server = _server()
        assert server.stdin
        assert server.stdout
        server.stdin.write(json.dumps(asked) + "\n")
        server.stdin.flush()
        code = int(server.stdout.readline())
        return subprocess.CompletedProcess(list(words), code, out.read_text("utf-8"), err.read_text("utf-8"))


@functools.cache
def _server() -> "subprocess.Popen[str]":
    """The process that has imported the command; one thread of its linear algebra, since forks keep no threads."""
    started = subprocess.Popen(
        [sys.executable, "-P", __file__],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(started.communicate)
    return started


def _serve() -> None:
    for name in _modules():
        importlib.import_module(name)
    gc.freeze()
    for line in sys.stdin:
        child = os.fork()
        if not child:
            return _become(**json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _modules() -> Iterator[str]:
    for room in ROOMS:
        path = importlib.import_module(f"fieldsmith.{room}").__path__
        for module in pkgutil.walk_packages(path, f"fieldsmith.{room}."):
            if not module.name.startswith(NOT_IMPORTED):
                yield module.name


def _become(words: list[str], folder: str, environment: dict[str, str], files: list[str]) -> None:
    """Be the command, until its end."""
    for number, file in enumerate(files):
        os.dup2(os.open(file, os.O_RDWR | os.O_CREAT), number)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:0] = filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))
    importlib.invalidate_caches()
    sys.argv = ["fieldsmith", *words]
    if first := environment.get(IMPORTED_FIRST):
        importlib.import_module(first)
    from fieldsmith.cli.main import main

    main()


if __name__ == "__main__":
    _serve()
