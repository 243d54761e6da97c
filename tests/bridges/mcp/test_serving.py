"""How a server is served: what reaches the wire, who is let in, and that it ends at once."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult

from awaiting import awaited
from fieldsmith.bridges.mcp.serving import Address
from fieldsmith.errors import InputError

pytestmark = pytest.mark.slow

SERVER = Path(__file__).parents[2] / "small_mcp_server.py"
RIGHT = "sesame-sesame-sesame"


def ask(server: object, name: str, **arguments: object) -> CallToolResult:
    async def call() -> CallToolResult:
        async with Client(server, read_timeout_seconds=60) as client:  # pyright: ignore[reportArgumentType]
            return await client.call_tool(name, arguments)

    return awaited(call)


def on_stdio(name: str, **arguments: object) -> CallToolResult:
    return ask(StdioServerParameters(command=sys.executable, args=[str(SERVER)]), name, **arguments)


def text_of(result: CallToolResult) -> str:
    return "".join(getattr(part, "text", "") for part in result.content)


@pytest.fixture
def served() -> Iterator[Callable[..., str]]:
    """Starts the server at an address, with a token in its environment or none; gives its address by HTTP."""
    running: list[subprocess.Popen[str]] = []

    def start(address: str = "127.0.0.1:0", token: str = "") -> str:
        environment = {**os.environ, "FIELDSMITH_MCP_TOKEN": token}
        process = subprocess.Popen(
            [sys.executable, SERVER, address], stderr=subprocess.PIPE, text=True, env=environment
        )
        running.append(process)
        assert process.stderr
        told = ""
        while "Serving at" not in told:
            line = process.stderr.readline()
            assert line, told
            told += line
        return told

    yield start
    for process in running:
        process.terminate()
        assert process.wait(timeout=20) == 130
        assert process.stderr
        assert process.stderr.read() in ("", "asleep\n")


def url_of(told: str) -> str:
    return told.rpartition("Serving at ")[2].partition(",")[0]


def by_http(url: str, token: str | None, **headers: str) -> CallToolResult:
    """The sum of 1 and 2, asked with a token or without."""
    carried = headers | ({"Authorization": f"Bearer {token}"} if token else {})
    return ask(streamable_http_client(url, http_client=httpx2.AsyncClient(headers=carried)), "add", left=1, right=2)


def send(url: str, method: str, parameters: dict[str, object], **headers: str) -> httpx2.Response:
    """One request as older clients make it."""
    asked = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
    accepted = {"Accept": "application/json, text/event-stream"}
    return httpx2.post(url, json=asked, headers=accepted | headers, timeout=60)


def status_of(url: str, **headers: str) -> int:
    return send(url, "tools/list", {}, **headers).status_code


def test_what_tools_print_does_not_reach_the_wire():
    assert on_stdio("add", left=1, right=2).structured_content == {"result": 3.0}


def test_an_error_of_the_user_is_an_answer_with_its_hint():
    result = on_stdio("refuse", key="abc")
    assert result.is_error
    assert text_of(result) == "There is no 'abc'. Give another."


def test_of_a_fault_the_client_learns_nothing_more():
    result = on_stdio("crash")
    assert result.is_error
    assert "secret" not in text_of(result)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"left": "many", "right": 2}, "left = 'many': Input should be a valid number"),
        ({"left": 1}, "right is missing. It takes left, right."),
        (
            {"left": 1, "right": 2, "rigth": 3},
            "There is no argument 'rigth'. Did you mean 'right'? It takes left, right.",
        ),
    ],
)
def test_wrong_arguments_are_answered_with_what_would_be_right(arguments, words):
    result = on_stdio("add", **arguments)
    assert result.is_error
    assert words in text_of(result)
    assert "pydantic" not in text_of(result)


def test_loopback_needs_no_token(served):
    assert by_http(url_of(served()), None).structured_content == {"result": 3.0}


def test_a_token_lets_in_only_who_carries_it(served):
    url = url_of(served(token=RIGHT))
    assert by_http(url, RIGHT).structured_content == {"result": 3.0}
    assert status_of(url) == 401
    assert status_of(url, Authorization=f"Bearer {RIGHT}x") == 401
    assert status_of(url, Authorization=f"Basic {RIGHT}") == 401


def test_any_other_address_gets_a_token_of_its_own(served):
    told = served("0.0.0.0:0")
    made = told.partition("Token for this time: ")[2].partition(" ")[0]
    url = url_of(told).replace("0.0.0.0", "127.0.0.1")
    assert status_of(url) == 401
    assert by_http(url, made).structured_content == {"result": 3.0}


def test_a_page_of_the_web_cannot_pass_for_this_machine(served):
    url = url_of(served())
    assert status_of(url, Host="evil.example") == 421
    assert status_of(url, Origin="http://evil.example") == 403


def test_a_token_that_can_be_guessed_is_refused():
    ran = subprocess.run(
        [sys.executable, SERVER, "127.0.0.1:0"],
        capture_output=True,
        text=True,
        env={**os.environ, "FIELDSMITH_MCP_TOKEN": "1234"},
    )
    assert "FIELDSMITH_MCP_TOKEN can be guessed" in ran.stderr


@pytest.mark.parametrize("text", ["8765", "127.0.0.1", "127.0.0.1:http", ":1", "127.0.0.1:99999"])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(InputError, match="HOST:PORT"):
        Address.parse(text)


@pytest.mark.parametrize(
    ("text", "here"),
    [("127.0.0.1:1", True), ("[::1]:1", True), ("localhost:1", True), ("0.0.0.0:1", False), ("[::]:1", False)],
)
def test_only_this_machine_reaches_loopback(text, here):
    assert Address.parse(text).is_loopback is here


@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM", "SIGHUP", "closed"])
def test_a_server_ends_at_once_though_a_tool_blocks(how):
    process = subprocess.Popen(
        [sys.executable, SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdin
    assert process.stderr
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    for message in (
        {"id": 1, "method": "initialize", "params": hello},
        {"method": "notifications/initialized"},
        {"id": 2, "method": "tools/call", "params": {"name": "sleep", "arguments": {}}},
    ):
        process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    process.stdin.flush()
    assert process.stderr.readline() == "asleep\n"
    if how == "closed":
        process.stdin.close()
    else:
        process.send_signal(signal.Signals[how])
    assert process.wait(timeout=20) == (0 if how == "closed" else 130)


def test_a_server_by_http_ends_at_once_though_a_tool_blocks(served):
    url = url_of(served())

    def wait() -> None:
        with contextlib.suppress(httpx2.HTTPError):
            send(url, "tools/call", {"name": "sleep", "arguments": {}})

    threading.Thread(target=wait, daemon=True).start()
    time.sleep(1)  # the fixture ends the server
