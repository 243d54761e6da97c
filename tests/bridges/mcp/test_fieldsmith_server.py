"""`fieldsmith mcp` as a foreign client meets it: the real command, asked by the SDK's own client."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from anyio.from_thread import start_blocking_portal
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

import small_burgers
from command_line import COMMAND
from plug_ins import distribution

pytestmark = pytest.mark.slow
INITIAL = """
import numpy as np

def solver(u0_batch, t_coordinate, nu):
    return np.repeat(u0_batch[:, None, :], len(t_coordinate), axis=1)
"""
SMALL = "small-burgers"
"""A task that is installed, and quick."""
Call = Callable[..., Any]


def surroundings(folder: Path) -> dict[str, str]:
    """An environment in which the small task is known by its name."""
    point = {"fieldsmith.tasks": f"{SMALL} = small_burgers:SmallBurgers"}
    plug_in = distribution(folder / "plug-in", "small-tasks", {}, point)
    paths = [str(plug_in), str(Path(small_burgers.__file__).parent), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


@contextmanager
def connected(folder: Path, *options: str) -> Iterator[Call]:
    """A client of a server whose runs lie in a folder; what it calls gives the structured answer, or the text of an error."""
    command, *words = [*COMMAND, "mcp", "--runs", str(folder / "runs"), "--sandbox", "process", *options]
    made = folder / "plug-in"
    if made.exists():
        shutil.rmtree(made)
    server = StdioServerParameters(command=command, args=words, cwd=folder, env=surroundings(folder))
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(Client(server)) as client:

        def call(name: str, **arguments: object) -> Any:
            answer = portal.call(client.call_tool, name, arguments)
            return answer.content[0].text if answer.is_error else answer.structured_content

        yield call


def ended(call: Call, run: str) -> Any:
    """The run when it goes on no more."""
    known: list[str] = []
    while (seen := call("watch_run", run=run, known=known, wait_seconds=60))["state"] in ("starting", "running"):
        known += [row["candidate"] for row in seen["new"]]
    return seen


@pytest.fixture(scope="module")
def call(tmp_path_factory) -> Iterator[Call]:
    with connected(tmp_path_factory.mktemp("served"), "--candidates", "2") as client:
        yield client


@pytest.fixture(scope="module")
def solved(call) -> str:
    """The name of a run that is done."""
    started = call("start_solve", task=SMALL, candidates=1)
    assert ended(call, started["run"])["state"] == "done"
    return started["run"]


def test_a_client_solves_burgers_and_fetches_solver_and_figures(call):
    run = call("start_solve", task="burgers", candidates=1)["run"]
    assert ended(call, run)["state"] == "done"
    fetched = call("fetch_solver", run=run)
    assert fetched["status"] == "ok"
    assert fetched["author_note"].endswith("not an LLM")
    assert 0.0 < fetched["test"]["value"] < 1e-3
    assert 0.0 < fetched["test"]["reference_error"] < fetched["test"]["value"]
    assert Path(fetched["solver_file"]).is_file()
    assert Path(fetched["report"]).is_file()
    names: dict[str, Any] = {}
    exec(fetched["program"], names)
    assert callable(names["solver"])


def test_what_was_fetched_has_the_same_figures_when_it_is_scored_again(call, solved):
    fetched = call("fetch_solver", run=solved)
    again = call("evaluate_program", task=SMALL, program=fetched["program"], split="test", order=False)
    assert again["program"] == fetched["sha256"]
    assert again["test"]["value"] == pytest.approx(fetched["test"]["value"], rel=1e-6)


def test_a_candidate_is_shown_with_the_feedback_that_its_author_got(call, solved):
    shown = call("show_candidate", run=solved, candidate="1")
    assert "nRMSE" in shown["feedback"]
    assert shown["program"] == call("fetch_solver", run=solved)["program"]
    assert "has no candidate '9'. It has 1." in call("show_candidate", run=solved, candidate="9")


def test_the_same_call_with_more_candidates_goes_on_with_the_run(call, solved):
    assert call("start_solve", task=SMALL, candidates=2)["run"] == solved
    assert ended(call, solved)["candidates"] == 2
    assert solved in [row["run"] for row in call("list_runs")["runs"]]


def test_a_program_of_the_clients_own_is_scored(call):
    scored = call("evaluate_program", task=SMALL, program=INITIAL, order=False)
    assert scored["status"] == "ok"
    assert scored["dev"]["value"] > 0.1
    assert scored["test"] is None
    crashed = call("evaluate_program", task=SMALL, program="def solver(:", order=False)
    assert crashed["status"] == "crashed"
    assert crashed["dev"] is None


@pytest.mark.parametrize("tool", ["show_task", "start_solve"])
def test_a_misspelt_task_gets_the_name_that_was_meant(call, tool):
    assert "There is no task 'burger'. Did you mean 'burgers'?" in call(tool, task="burger")


def test_a_statement_is_that_of_the_parameters(call):
    shown = call("show_task", task="burgers", parameters={"nu": 0.02})
    assert "0.006366197724" in shown["statement"]
    assert shown["stub"].startswith("def solver(")
    assert "nu=-1.0 is out of range" in call("show_task", task="burgers", parameters={"nu": -1.0})


@pytest.mark.parametrize("tool", ["show_task", "start_solve", "evaluate_program"])
@pytest.mark.parametrize(
    "place", [small_burgers.PLACE, small_burgers.__file__, "small_burgers:SmallBurgers", "os:path"]
)
def test_no_code_is_imported_because_a_client_names_it(call, tool, place):
    program = {"program": INITIAL} if tool == "evaluate_program" else {}
    assert "names a file or a module, not a task" in call(tool, task=place, **program)


def test_a_client_names_no_folder(call, solved, tmp_path):
    for place in (f"../runs/{solved}", f"./{solved}", str(tmp_path), "..", "/", ""):
        for tool in ("fetch_solver", "watch_run", "stop_run"):
            assert "There is no run" in call(tool, run=place)


def test_what_the_owner_does_not_allow_is_refused(call):
    assert "allows 1 to 2 programs a run" in call("start_solve", task="burgers", candidates=3)
    assert "There is no author 'openai:gpt'" in call("start_solve", task="burgers", author="openai:gpt")
    assert call("show_limits")["authors"] == ["numerics"]


def test_a_run_that_was_stopped_has_no_test_figure_and_goes_on_by_the_same_call(tmp_path):
    with connected(tmp_path, "--candidates", "12") as call:
        run = call("start_solve", task=SMALL)["run"]
        assert f"The run {run} goes on already" in call("start_solve", task=SMALL)
        assert f"1 of 1 runs at once go on: {run}" in call("start_solve", task="advection")
        assert call("watch_run", run=run, wait_seconds=120)["new"]
        stopped = call("stop_run", run=run)
        assert (stopped["state"], stopped["test_value"]) == ("interrupted", None)
        fetched = call("fetch_solver", run=run)
        assert fetched["dev"]["value"] > 0.0
        assert fetched["test"] is None
        assert call("start_solve", task=SMALL, candidates=stopped["candidates"])["run"] == run
        assert ended(call, run)["test_value"] > 0.0


def test_a_model_that_the_owner_allows_may_be_asked_for(tmp_path):
    shrug = f"command:{sys.executable} -c \"print('Sorry, no idea.')\""
    with connected(tmp_path, "--model", shrug, "--max-tokens", "1e6") as call:
        assert call("show_limits")["authors"] == ["numerics", shrug]
        run = call("start_solve", task=SMALL, author=shrug, candidates=1)["run"]
        assert ended(call, run)["spend"]["input_tokens"] > 0
        assert "No program" in call("fetch_solver", run=run)
        assert "no code block" in call("show_candidate", run=run, candidate="1")["feedback"]


def test_a_file_that_lies_where_the_server_is_started_allows_nothing(tmp_path):
    (tmp_path / "fieldsmith.toml").write_text("model = \"command:true\"\nmax-tokens = 1e6\nscale = 'paper'\n")
    with connected(tmp_path) as call:
        assert call("show_limits")["authors"] == ["numerics"]
        assert call("evaluate_program", task=SMALL, program=INITIAL, order=False)["scale"] == "demo"


def processes_with(word: str) -> list[int]:
    """Those whose command line has a word in it."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if word.encode() in place.read_bytes():
                found.append(int(place.parent.name))
        except OSError:
            continue
    return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_no_process_is_left_of_a_server_that_is_ended(tmp_path, number):
    with contextlib.suppress(Exception), connected(tmp_path, "--candidates", "12") as call:
        run = call("start_solve", task=SMALL)["run"]
        while call("watch_run", run=run, wait_seconds=0)["state"] == "starting":
            time.sleep(0.1)
        server, *_ = processes_with(f"mcp\0--runs\0{tmp_path}")
        assert len(processes_with(str(tmp_path))) > 1
        os.kill(server, number)
        call("list_tasks")
    until = time.monotonic() + 20
    while processes_with(str(tmp_path)) and time.monotonic() < until:
        time.sleep(0.1)
    assert processes_with(str(tmp_path)) == []
    with connected(tmp_path) as call:
        assert [row["state"] for row in call("list_runs")["runs"]] == ["interrupted"]


def test_by_http_the_command_serves_who_has_the_token(tmp_path):
    token = "sesame-sesame-sesame"
    process = subprocess.Popen(
        [*COMMAND, "mcp", "--http", "127.0.0.1:0"],
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "FIELDSMITH_MCP_TOKEN": token},
    )
    assert process.stderr
    url = process.stderr.readline().removeprefix("Serving at ").partition(",")[0]
    carried = httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"})
    transport = streamable_http_client(url, http_client=carried)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(Client(transport)) as client:
        answer = portal.call(client.call_tool, "show_limits", {})
    assert answer.structured_content["authors"] == ["numerics"]
    assert httpx2.post(url, json={}).status_code == 401
    process.terminate()
    assert process.wait(timeout=20) == 130


def test_without_the_sdk_one_sentence_says_what_to_install(tmp_path):
    (tmp_path / "mcp.py").write_text("raise ImportError")
    ran = subprocess.run(
        [*COMMAND, "mcp"], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(tmp_path)}
    )
    assert ran.returncode == 3
    assert re.fullmatch(r"fieldsmith: .*mcp package\. pip install 'fieldsmith\[mcp\]'\n", ran.stderr)


HEAT = """title = "Heat"
equations = ["u_t = D*u_xx"]
[domain]
x = [0, 1]
t = [0, 0.1]
[parameters]
D = 1.0
[boundary]
x = "u = 0"
[initial]
u = "sin(pi*x)"
[output]
points = 33
times = 5
[exact]
u = "exp(-pi**2*D*t)*sin(pi*x)"
"""


def test_a_problem_of_the_clients_own_is_checked_and_solved(call):
    faulty = call("check_problem", problem=HEAT.replace("u_xx", "u_xx + q"))
    assert not faulty["ok"]
    assert [(one["weight"], one["line"]) for one in faulty["findings"]] == [("fault", 2)]
    assert "q is not known here" in call("solve_problem", problem=HEAT.replace("u_xx", "u_xx + q"))
    checked = call("check_problem", problem=HEAT)
    assert checked["ok"]
    assert "    ∂u/∂t = D·∂²u/∂x²" in checked["understood"]
    started = call("solve_problem", problem=HEAT, called="my heat", candidates=1)
    assert started["run"].startswith("my-heat-")
    seen = ended(call, started["run"])
    assert seen["state"] == "done"
    fetched = call("fetch_solution", run=started["run"])
    assert fetched["judged_by"] == "the exact solution that the problem gives"
    assert Path(fetched["files"]["report.html"]).is_file()
    if seen["best"] is not None:  # a built-in family suits it
        assert fetched["accuracy"]["asked"] == 1e-3
        assert fetched["accuracy"]["met"] == (fetched["accuracy"]["error"] <= 1e-3)


def test_a_text_that_names_a_file_is_refused_and_a_path_is_no_task(call, tmp_path):
    text = HEAT.replace('u = "sin(pi*x)"', 'u = { file = "/etc/passwd", name = "u" }')
    for tool in ("check_problem", "solve_problem"):
        assert "The text names a file, and this server reads none." in call(tool, problem=text)
    (tmp_path / "heat.toml").write_text(HEAT)
    assert "names a file" in call("start_solve", task=str(tmp_path / "heat.toml"))
