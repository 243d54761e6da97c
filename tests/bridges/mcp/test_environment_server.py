"""An environment served to clients of the SDK: episodes played over either transport, through kills, many at once; what nobody is told."""

import contextlib
import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, StdioServerParameters
from mcp_types import CallToolResult

import command_line
from awaiting import awaited
from fieldsmith.bridges.mcp.environment_server import EnvironmentServer
from fieldsmith.environments import Call, load
from fieldsmith.orchestrator.episodes.reading import load_episodes
from fieldsmith.orchestrator.episodes.served import served, terms_for
from fieldsmith.orchestrator.index import known_runs
from fieldsmith.orchestrator.listed import listed
from fieldsmith.reports.episodes import render_episodes

TESTS = Path(__file__).parents[2]
THERMOSTAT = f"{TESTS / 'small_environment.py'}:Thermostat"
WORKBENCH = "fieldsmith/pde-workbench-v1"
TEN = [
    ("heat", {"degrees": 5}), ("heat", {"degrees": 50}), ("look", {}), ("heat", {"degrees": 3}), ("go_back", {"step": 1}),
    ("history", {}), ("read_docs", {"action": "heat"}), ("broken", {}), ("heat", {"degrees": 4.5}), ("submit", {}),
]  # fmt: skip
Act = Callable[[Client], Any]


def text_of(result: CallToolResult) -> str:
    return "\n".join(getattr(part, "text", "") for part in result.content)


def fields_of(result: CallToolResult) -> dict[str, Any]:
    assert result.structured_content is not None, text_of(result)
    return result.structured_content


def command(folder: Path, *words: str, environment: str = THERMOSTAT) -> list[str]:
    return [*command_line.COMMAND, "env", "serve", environment, "--run-dir", str(folder), *words]


def on_stdio(words: list[str], work: Act) -> Any:
    parameters = StdioServerParameters(command=words[0], args=words[1:], env={**os.environ, "PYTHONPATH": str(TESTS)})

    async def talk():
        async with Client(parameters, read_timeout_seconds=800) as client:
            return await work(client)

    return awaited(talk)


@contextlib.contextmanager
def by_http(words: list[str]) -> Iterator[str]:
    process = subprocess.Popen([*words, "--http", "127.0.0.1:0"], stderr=subprocess.PIPE, text=True)
    assert process.stderr
    try:
        line = ""
        while "Serving at" not in line:
            line = process.stderr.readline()
            assert line, "the server has ended"
        yield line.split("Serving at ")[1].partition(",")[0]
        process.terminate()
        assert process.wait(30) == 130
    finally:
        process.kill()


def inside(folder: Path, work: Act, *tasks: str, listing: bool = True, environment: str = THERMOSTAT, **terms) -> Any:
    """A client and a server in this process."""
    told = {"steps": 0, "episodes": 1000, "at_once": 0, **terms}

    async def talk():
        with served(environment, terms_for(environment, tasks, **told), folder, "process") as playing:
            async with Client(EnvironmentServer(playing, listing)) as client:
                return await work(client)

    return awaited(talk)


async def played(client: Client, calls: list[tuple[str, dict]], **begin) -> tuple[str, list[dict]]:
    """An episode with these calls: its id, and the fields of each step."""
    slot = fields_of(await client.call_tool("begin_episode", begin))["episode"]
    steps = [fields_of(await client.call_tool(name, {"episode": slot, **given})) for name, given in calls]
    return slot, steps


def without_id(steps: list[dict]) -> list[dict]:
    return [{key: value for key, value in step.items() if key != "episode"} for step in steps]


@pytest.mark.slow
def test_ten_steps_come_out_alike_over_both_transports_and_are_a_run_that_is_replayed(tmp_path):
    async def play(client: Client):
        return await played(client, TEN, task="warm", seed=3)

    _, first = on_stdio(command(tmp_path / "one"), play)
    with by_http(command(tmp_path / "two")) as url:

        async def ask():
            async with Client(url, read_timeout_seconds=800) as client:
                return await play(client)

        _, second = awaited(ask)
    assert without_id(first) == without_id(second)
    assert [(step["status"], step["step"]) for step in first] == [
        ("success", 1), ("validation_error", 1), ("success", 1), ("success", 2), ("success", 3), ("success", 3), ("success", 3),
        ("runtime_error", 4), ("success", 5), ("success", 6),
    ]  # fmt: skip
    assert first[-1]["terminated"]
    env = load(THERMOSTAT)
    env.reset(3, "warm")
    for name, given in TEN:
        env.step(Call(name, given))
    assert sum(step["reward"] for step in first) == pytest.approx(env.episode.last.score)
    assert env.episode.last.score > 0
    ran = command_line.run("env", "replay", tmp_path / "one", env={**os.environ, "PYTHONPATH": str(TESTS)})
    assert re.search(r"^episode 1: 6 steps, score .*, as recorded$", ran.stdout, re.MULTILINE), ran.stdout + ran.stderr
    ran = command_line.run("report", tmp_path / "one")
    assert (ran.returncode, (tmp_path / "one/report.html").is_file()) == (0, True)
    assert json.loads((tmp_path / "one/episodes/0001.json").read_text())["task"] == "warm"


@pytest.mark.slow
def test_nothing_that_judges_hold_back_is_on_the_wire(tmp_path):
    wire = tmp_path / "wire"
    words = " ".join(f"'{word}'" for word in command(tmp_path / "run"))

    async def play(client: Client):
        slot, steps = await played(client, TEN)
        await client.call_tool("fetch_episode", {"episode": slot})
        await client.call_tool("list_episodes")
        await client.list_tools()
        return steps

    steps = on_stdio(["sh", "-c", f"{words} | tee {wire}"], play)
    said = wire.read_text()
    heat = steps[-1]["metrics"]["heat"]
    assert f'"heat":{heat}' in said  # what may be seen is there, so the rest would be
    for hidden in ("secret", "final_off", f"-{heat}", "celsius"):
        assert hidden not in said
    kept = (tmp_path / "run/episodes/0001.json").read_text()
    assert "final_off" in kept


@pytest.mark.slow
def test_a_server_that_is_killed_in_mid_episode_goes_on(tmp_path):
    async def begin(client: Client):
        slot, steps = await played(client, TEN[:5])
        return slot, steps

    async def killed(client: Client):
        found = await begin(client)
        (number,) = [int(line) for line in (tmp_path / "pid").read_text().split()]
        os.kill(number, signal.SIGKILL)
        return found

    words = " ".join(f"'{word}'" for word in command(tmp_path / "run"))
    slot, before = on_stdio(["sh", "-c", f"echo $$ > {tmp_path / 'pid'}; exec {words}"], killed)

    async def rest(client: Client):
        seen = fields_of(await client.call_tool("fetch_episode", {"episode": slot}))
        steps = [fields_of(await client.call_tool(name, {"episode": slot, **given})) for name, given in TEN[5:]]
        return seen, steps

    seen, after = on_stdio(command(tmp_path / "run"), rest)
    assert seen["calls"] == 5
    assert seen["step"] == before[-1]["step"] == 3

    async def whole(client: Client):
        return await played(client, TEN)

    _, alone = inside(tmp_path / "other", whole)
    assert without_id([*before, *after]) == without_id(alone)


@pytest.mark.slow
def test_a_hundred_episodes_at_once_keep_apart(tmp_path):
    async def play(client: Client):
        found: dict[int, tuple[str, list[dict]]] = {}

        async def one(seed: int):
            calls = [("heat", {"degrees": 1 + seed / 50}), ("look", {}), ("heat", {"degrees": 2}), ("submit", {})]
            found[seed] = await played(client, calls, seed=seed)

        async with anyio.create_task_group() as group:
            for seed in range(100):
                group.start_soon(one, seed)
        return found, fields_of(await client.call_tool("list_episodes"))

    found, listed = inside(tmp_path / "run", play)
    assert len({slot for slot, _ in found.values()}) == 100
    assert {one["episode"] for one in listed["episodes"]} == {slot for slot, _ in found.values()}
    assert all([step["step"] for step in steps] == [1, 1, 2, 3] for _, steps in found.values())
    env = load(THERMOSTAT)
    for seed in (0, 57, 99):
        env.reset(seed)
        env.step(Call("heat", {"degrees": 1 + seed / 50}))
        assert found[seed][1][0]["metrics"]["heat"] == env.episode.last.metrics["heat"]


def test_calls_at_once_on_one_episode_are_taken_one_after_the_other(tmp_path):
    async def play(client: Client):
        slot = fields_of(await client.call_tool("begin_episode", {"max_steps": 12}))["episode"]
        steps: list[int] = []

        async def heat():
            steps.append(fields_of(await client.call_tool("heat", {"episode": slot, "degrees": 0.1}))["step"])

        async with anyio.create_task_group() as group:
            for _ in range(10):
                group.start_soon(heat)
        return steps, fields_of(await client.call_tool("fetch_episode", {"episode": slot}))

    steps, seen = inside(tmp_path / "run", play)
    assert sorted(steps) == list(range(1, 11))
    assert [one["step"] for one in seen["steps"]] == list(range(11))


def test_tools_tell_what_a_model_needs(tmp_path):
    async def look(client: Client):
        return client.instructions, {tool.name: tool for tool in (await client.list_tools()).tools}

    instructions, tools = inside(tmp_path / "run", look)
    assert "You sit in a room with a heater" in instructions
    assert list(tools)[:4] == ["list_tasks", "begin_episode", "fetch_episode", "list_episodes"]
    heat = tools["heat"]
    assert heat.description == "Warm the room by some degrees."
    assert heat.input_schema["required"] == ["episode", "degrees"]
    assert heat.input_schema["properties"]["degrees"]["maximum"] == 10
    assert (tools["look"].annotations.read_only_hint, heat.annotations.read_only_hint) == (True, False)
    assert {"go_back", "history", "read_docs", "submit"} <= tools.keys()


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("heat", {"degrees": 1}, "episode is missing. Give the id of an episode, as begin_episode told it."),
        ("heat", {"episode": "e123", "degrees": 1}, "There is no episode 'e123' here. Begin one, and give its id as it was told."),
        ("heat", {"episode": 7}, "episode is missing. Give the id"),
        ("heta", {}, "There is no tool 'heta'. Did you mean 'heat'?"),
        ("begin_episode", {"task": "wrm"}, "There is no task 'wrm' here. Did you mean 'warm'? Tasks: warm, hot."),
        ("begin_episode", {"max_steps": 21}, "An episode of 21 steps cannot be had. Ask for 1 to 20."),
        ("begin_episode", {"max_steps": "many"}, "max_steps is no integer. Steps that the episode has."),
        ("begin_episode", {"seed": -1}, "The seed -1 is out of range. Give 0 to"),
        ("begin_episode", {"sede": 1}, "begin_episode has no argument 'sede'. It takes task, seed, max_steps."),
        ("fetch_episode", {}, "episode is missing."),
        ("fetch_episode", {"episode": "../1"}, "There is no episode '../1' here."),
        ("begin_episode", {"task": "x" * 1_100_000}, "The arguments are too long. Send at most 1000000 characters."),
    ],
)  # fmt: skip
def test_what_is_no_step_is_told_in_a_sentence_with_what_would_be_right(tmp_path, name, arguments, words):
    async def ask(client: Client):
        return await client.call_tool(name, arguments)

    result = inside(tmp_path / "run", ask)
    assert result.is_error
    assert words in text_of(result)
    assert "Traceback" not in text_of(result)


def test_a_client_cannot_have_files_read_or_code_imported(tmp_path):
    evil = tmp_path / "evil.py"
    evil.write_text(f"open({str(tmp_path / 'marker')!r}, 'w')")

    async def ask(client: Client):
        tasks = [f"{evil}:Task", f"{evil}", "os:path", "burgers?scale=paper", f"burgers?data={evil}"]
        return [text_of(await client.call_tool("begin_episode", {"task": task})) for task in tasks]

    for told in inside(tmp_path / "run", ask, environment=WORKBENCH):
        assert "There is no task" in told
    assert not (tmp_path / "marker").exists()


def test_the_owner_says_which_tasks_how_many_steps_and_how_many_episodes(tmp_path):
    async def ask(client: Client):
        listed = fields_of(await client.call_tool("list_tasks"))
        refused = [await client.call_tool("begin_episode", given) for given in ({"task": "warm"}, {"max_steps": 4})]
        begun = [await client.call_tool("begin_episode", {}) for _ in range(3)]
        return listed, refused, begun

    listed, refused, begun = inside(tmp_path / "run", ask, "hot", steps=3, episodes=2)
    assert (list(listed["tasks"]), listed["max_steps"]) == (["hot"], 3)
    assert all(one.is_error for one in refused)
    assert [one.is_error for one in begun] == [False, False, True]
    assert "All 2 episodes that this server's owner allows have been begun." in text_of(begun[2])


@pytest.mark.slow
def test_ids_are_not_listed_by_http_and_cannot_be_guessed(tmp_path):
    with by_http(command(tmp_path / "run")) as url:

        async def ask():
            async with Client(url) as client:
                slots = [fields_of(await client.call_tool("begin_episode", {}))["episode"] for _ in range(2)]
                return slots, [tool.name for tool in (await client.list_tools()).tools], await client.call_tool("list_episodes")  # fmt: skip

        slots, tools, listed = awaited(ask)
    assert all(re.fullmatch(r"e[0-9a-f]{24}", slot) for slot in slots)
    assert "list_episodes" not in tools
    assert listed.is_error


def test_what_the_machine_lacks_costs_nothing_and_may_be_tried_again(tmp_path, monkeypatch):
    async def ask(client: Client):
        slot, (first,) = await played(client, [("broken", {"lacking": True})])
        monkeypatch.setenv("ROOM_MENDED", "1")
        return first, fields_of(await client.call_tool("broken", {"episode": slot, "lacking": True}))

    first, second = inside(tmp_path / "run", ask)
    assert (first["status"], first["step"], first["counted"]) == ("resource_error", 0, False)
    assert (second["status"], second["step"]) == ("success", 1)


def test_a_second_server_of_the_same_question_gets_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    terms = terms_for(THERMOSTAT, (), 0, 10, 1)
    with served(THERMOSTAT, terms) as first:
        with served(THERMOSTAT, terms) as second:
            assert first.folder != second.folder
        folder = first.folder
    with served(THERMOSTAT, terms) as again:
        assert again.folder == folder


def test_an_episode_whose_end_came_just_before_a_kill_gets_its_result_and_is_listed(tmp_path, monkeypatch):
    terms, folder = terms_for(THERMOSTAT, (), 0, 10, 1), tmp_path / "elsewhere"
    with monkeypatch.context() as killed, served(THERMOSTAT, terms, folder) as playing:
        killed.setattr("fieldsmith.orchestrator.episodes.served.finished", lambda *_: 1 / 0)
        slot, _, _ = playing.begin("", 0, None)
        with pytest.raises(ZeroDivisionError):
            playing.take(slot, Call("submit"))
    with served(THERMOSTAT, terms, folder):
        pass
    (run,) = [one for one in known_runs() if one == folder]
    assert (load_episodes(run).state, len(list(run.glob("episodes/*.json")))) == ("done", 1)


def test_what_clients_have_spent_is_unknown_and_not_nothing(tmp_path):
    with served(THERMOSTAT, terms_for(THERMOSTAT, (), 0, 10, 1), tmp_path) as playing:
        playing.take(playing.begin("", 0, None)[0], Call("submit"))
    assert listed(tmp_path).spend.usd is None
    page = render_episodes(load_episodes(tmp_path))
    assert "nobody counted them" in page
    assert "the price is not known" in page


@pytest.mark.slow
def test_the_workbench_is_played_by_ten_calls_over_both_transports(tmp_path):
    calls: list[tuple[str, dict]] = [
        (call.action, dict(call.arguments)) for call in load(WORKBENCH).gold_calls("burgers")
    ]  # pyright: ignore
    ten = [("list_methods", {}), ("read_page", {"topic": "nothing"}), *calls[:-1], ("inspect_errors", {}), ("look_at_solver", {}),
           ("history", {}), ("read_docs", {"action": "write_solver"}), ("convergence_study", {})]  # fmt: skip
    ten = [*ten[:9], ("submit", {})]

    async def play(client: Client):
        return await played(client, ten, task="burgers", max_steps=10)

    options = ("--sandbox", "process", "--task", "burgers")
    _, first = on_stdio(command(tmp_path / "one", *options, environment=WORKBENCH), play)
    with by_http(command(tmp_path / "two", *options, environment=WORKBENCH)) as url:

        async def ask():
            async with Client(url, read_timeout_seconds=800) as client:
                return await play(client)

        _, second = awaited(ask)
    assert [one["status"] for one in first] == [one["status"] for one in second]
    assert first[-1]["terminated"]
    assert sum(one["reward"] for one in first) > 0.5
    assert "test_score" not in json.dumps(first)


@pytest.mark.slow
def test_serving_what_is_not_there_is_told_in_a_sentence(tmp_path):
    for words, told in (
        (("env", "serve", "no/such-v1"), "no/such-v1"),
        (("env", "serve", THERMOSTAT, "--task", "cold"), "has no task 'cold'"),
        (("env", "serve", THERMOSTAT, "--http", "nowhere"), "--http nowhere is not HOST:PORT."),
    ):
        ran = command_line.run(*words, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(TESTS)})
        assert ran.returncode == 2
        assert told in ran.stderr
        assert "Traceback" not in ran.stderr
