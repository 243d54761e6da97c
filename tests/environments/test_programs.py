"""Programs of this machine that a step runs: what they see of the owner's environment, and how much they may write."""

import resource
import sys
import threading

import numpy as np
import pytest

from fieldsmith.environments import Host, Lacking, Needs
from fieldsmith.environments.programs import MOST_READ
from fieldsmith.environments.tools import tools_for


def ran(words, needs=None, **more):
    with Host() as host, tools_for(host, needs or Needs(), (0,)) as tools:
        return tools.run(words, **more)


def test_keys_of_whoever_runs_an_environment_are_not_handed_on(monkeypatch):
    for name in ("OPENAI_API_KEY", "FIELDSMITH_MCP_TOKEN", "LICENCE"):
        monkeypatch.setenv(name, f"value of {name}")
    assert "value of" not in ran(["env"]).stdout
    told = ran(["env"], Needs(variables=("LICENCE",)), env={"ADDED": "more"}).stdout
    assert "LICENCE=value of LICENCE" in told
    assert "ADDED=more" in told
    assert "OPENAI" not in told
    monkeypatch.delenv("LICENCE")
    with pytest.raises(Lacking, match="The environment variable LICENCE is not set"):
        ran(["env"], Needs(variables=("LICENCE",)))


def test_what_is_written_without_end_fills_no_memory():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    told = ran(["sh", "-c", "head -c 400000000 /dev/zero; echo end"]).stdout
    assert len(told) == MOST_READ
    assert told.endswith("end\n")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150_000


def test_long_input_reaches_a_program_that_answers_as_it_reads():
    text = "".join(f"{n}\n" for n in np.arange(200_000))
    assert ran(["cat"], stdin=text).stdout == text
    assert ran(["true"], stdin=text).code == 0, "a program need not read"


@pytest.mark.slow
def test_a_daemon_that_holds_its_pipes_is_not_waited_for(tmp_path):
    code = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    while not os.path.exists(sys.argv[1]):
        time.sleep(0.1)
    os._exit(0)
print("started")
"""
    over = tmp_path / "over"
    watchdog = threading.Timer(60, over.touch)
    watchdog.start()
    told = ran([sys.executable, "-c", code, str(over)], stdin="unread" * 100_000).stdout
    assert not over.exists(), "it ended only when the daemon did"
    watchdog.cancel()
    over.touch()
    assert told == "started\n"
