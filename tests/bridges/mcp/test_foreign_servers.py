"""Other people's MCP servers as environments: made, checked, played, and what happens when they fail or change."""

import itertools
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

import command_line
from fieldsmith.bridges.mcp.foreign import same
from fieldsmith.bridges.mcp.foreign_package import make
from fieldsmith.bridges.mcp.foreign_task import Wish
from fieldsmith.bridges.mcp.source import Source, source_of
from fieldsmith.environments import Call, Host, examine, kind_of
from fieldsmith.errors import FieldsmithError, InputError

TESTS = Path(__file__).parents[2]
LABORATORY = shlex.join([sys.executable, str(TESTS / "laboratory_server.py")])
OLD = shlex.join([sys.executable, str(TESTS / "old_mcp_server.py")])
CLOCK = f"{shlex.quote(sys.executable)} -m mcp_server_time --local-timezone UTC"
NUMBERS = itertools.count(1)
FLASKS = Call("pour", {"flask": {"volume": 20, "then": {"volume": 22}}})


def made(folder: Path, command: str = LABORATORY, source: Source | None = None, **wish):
    """The class of the environment that is made of a server; each in a package of a name of its own, as one process loads them all."""
    wish.setdefault("name", f"test/made-{next(NUMBERS)}-v1")
    make(source or source_of(command), Wish(**wish), folder)
    return kind_of(str(folder))


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory):
    folder = tmp_path_factory.mktemp("laboratory") / "lab"
    return made(folder, calls=['pour {"flask": {"volume": 12}}', "readLevel {}"])


@pytest.mark.slow
def test_tools_become_actions_with_their_words_and_those_that_read_are_free(laboratory):
    kinds = {kind.called: kind for kind in laboratory.actions if kind.called}
    assert {name: kind.free for name, kind in kinds.items()} == {
        "pour": False, "read_level": True, "serial": True, "photograph": True, "break_down": False,
    }  # fmt: skip
    env = laboratory()
    assert "Pour flasks into the tank" in env.docs("pour")
    assert "`readLevel` of a foreign server" in env.docs("read_level")


@pytest.mark.slow
def test_the_recorded_calls_do_the_task_and_cheap_answers_do_not(laboratory):
    env = laboratory()
    (task,) = env.tasks()
    assert env.tasks()[task].startswith("Find out what the tool read_level answers")
    env.reset(task=task)
    for call in env.gold_calls(task):
        assert env.step(call).status == "success"
    assert env.episode.last.score == 1.0
    env.reset(task=task)
    env.step(Call("answer", {"text": "13"}))
    step = env.step(Call("submit"))
    assert env.episode.last.score == 0.0
    assert "right" not in step.metrics


@pytest.mark.slow
def test_going_back_is_honest_though_the_server_keeps_its_state_in_memory(laboratory):
    env = laboratory()
    env.reset()
    env.step(FLASKS)
    assert env.step(Call("read_level", {"unit": "ml"})).observation.text.startswith("42")
    env.step(FLASKS)
    assert env.step(Call("read_level")).observation.text.startswith("84")
    step = env.step(Call("go_back", {"step": 1}))
    assert "pour(" in step.observation.text
    assert env.step(Call("read_level")).observation.text.startswith("42")
    other = laboratory()
    other.episode = env.episode
    assert other.step(Call("read_level")).observation.text.startswith("42")


@pytest.mark.slow
def test_a_sum_that_the_server_keeps_is_that_of_the_episode_alone(tmp_path):
    env = made(tmp_path / "old", OLD, calls=['add-up {"by": 1}'])()
    env.reset()
    told = [env.step(call).observation.text.partition("\n")[0] for call in [Call("add_up", {"by": 3})] * 2]
    env.step(Call("go_back", {"step": 1}))
    told.append(env.step(Call("add_up", {"by": 4})).observation.text.partition("\n")[0])
    assert told == ["3", "6", "7"]


@pytest.mark.slow
def test_pictures_are_artifacts_and_structured_answers_are_told(laboratory):
    host = Host()
    env = laboratory(host)
    env.reset()
    step = env.step(Call("photograph"))
    (artifact,) = step.observation.artifacts
    assert artifact.kind == "image/png"
    assert host.content(artifact).startswith(b"\x89PNG")
    assert '"serial": 4711' in env.step(Call("serial")).observation.text


@pytest.mark.slow
def test_what_goes_wrong_in_the_server_is_told_and_changes_nothing(laboratory):
    env = laboratory()
    env.reset()
    env.step(FLASKS)
    step = env.step(Call("break_down", {"how": "refuse"}))
    assert step.status == "runtime_error"
    assert "The tank leaks." in step.observation.text
    step = env.step(Call("break_down", {"how": "end"}))
    assert step.status == "runtime_error"
    assert "ends in the middle of this call, saying: the pump is on fire" in step.observation.text
    assert env.step(Call("pour", {"flask": {"volume": 101}})).status == "validation_error"
    assert env.step(Call("read_level")).observation.text.startswith("42")


def running(script: str) -> list[int]:
    """Processes whose command names that."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                words = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if script.encode() in words:
                found.append(int(folder.name))
    return found


@pytest.mark.slow
def test_a_call_that_takes_too_long_ends_with_all_its_processes(tmp_path):
    (tmp_path / "lonely_server.py").write_text((TESTS / "laboratory_server.py").read_text())
    command = shlex.join([sys.executable, str(tmp_path / "lonely_server.py")])
    kind = made(tmp_path / "lab", command, seconds=6.0, calls=['pour {"flask": {"volume": 1}}'])
    env = kind()
    env.reset()
    assert env.step(Call("break_down", {"how": "hang"})).status == "timeout"
    until = time.monotonic() + 20
    while running("lonely_server.py") and time.monotonic() < until:
        time.sleep(0.05)
    assert running("lonely_server.py") == []


@pytest.mark.slow
def test_a_server_that_is_not_there_is_no_fault_of_the_agents(tmp_path):
    kind = made(tmp_path / "old", OLD, calls=['double-it {"x": 21}'])
    env = kind()
    env.reset()
    before = env.episode
    (pins,) = (tmp_path / "old").rglob("tools.json")
    for command, status in ((["/no/such/program"], "resource_error"), (["false"], "transport_error")):
        kind.source = Source(tuple(command))
        assert env.step(Call("double_it", {"x": 1})).status == status
        assert env.episode == before
    assert json.loads(pins.read_text())["said"]["protocol"] == "2024-11-05"


@pytest.mark.slow
def test_a_tool_that_has_changed_since_is_refused(tmp_path):
    script = tmp_path / "server.py"
    script.write_text((TESTS / "old_mcp_server.py").read_text())
    kind = made(tmp_path / "old", shlex.join([sys.executable, str(script)]), calls=['double-it {"x": 21}'])
    env = kind()
    env.reset()
    assert env.step(Call("double_it", {"x": 2})).observation.text.startswith("4")
    script.write_text(script.read_text().replace('"x": {', '"y": {'))
    step = env.step(Call("double_it", {"x": 2}))
    assert step.status == "resource_error"
    assert (
        "takes other arguments than when the environment was made. Make the environment anew" in step.observation.text
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "wish"),
    [
        pytest.param(
            OLD,
            {"calls": ('add-up {"by": 20}', 'add-up {"by": 22}')},
            id="a server of the first protocol that keeps a sum",
        ),
        pytest.param(
            CLOCK,
            {
                "name": "test/clock-v1",
                "task": ("tokyo", "By how many hours is Tokyo ahead of UTC, as the server writes it?"),
                "expects": "+9.0h",
                "calls": ('convert_time {"source_timezone": "UTC", "time": "12:00", "target_timezone": "Asia/Tokyo"}',),
            },
            id="mcp-server-time",
        ),
    ],
)
def test_the_environment_of_a_server_passes_the_check_and_is_played(tmp_path, command, wish):
    kind = made(tmp_path / "made", command, **wish)
    assert [one.fault for one in examine(kind, Host(), seconds=8.0) if one.fault] == []
    (task,) = kind().tasks()
    ran = command_line.run("env", "run", "./made", "--task", task, "--agent", "gold", "--json", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    result = json.loads(ran.stdout.splitlines()[-1])
    assert result["best"]["score"] == 1.0
    ran = command_line.run("env", "replay", result["run"], cwd=tmp_path)
    assert "as recorded" in ran.stdout


@pytest.mark.slow
def test_a_task_is_made_of_a_tool_that_reads_where_none_is_given(tmp_path):
    ran = command_line.run("env", "from-mcp", LABORATORY, "--only", "serial", "--folder", "serials", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[:2] == [
        "mcp/the-laboratory-v1 is in serials, with serial, answer. Next:", "  fieldsmith env check ./serials",
    ]  # fmt: skip
    env = kind_of(str(tmp_path / "serials"))()
    (task,) = env.tasks()
    env.reset(task=task)
    for call in env.gold_calls(task):
        env.step(call)
    assert env.episode.last.score == 1.0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((OLD,), "No tool says that it only reads, so none was called: there is no task. Give a call to record, such as --call 'double_it {"),
        ((OLD, "--call", 'double-it {"x": "two"}'), "x = 'two': 'two' is not of type 'number', 'null'. Right would be: x (number or null)"),
        ((OLD, "--call", "doubel-it {}"), "There is no action 'doubel-it'. Did you mean 'double_it'?"),
        ((OLD, "--call", "double-it {x}"), "The call 'double-it {x}' cannot be read"),
        ((OLD, "--only", "triple-it"), "The server has no tool 'triple-it'."),
        ((LABORATORY, "--call", 'break_down {"how": "refuse"}'), "break_down fails: "),
        ((LABORATORY, "--call", 'break_down {"how": "clock"}'), "break_down answers otherwise the second time"),
        ((OLD, "--expects", "42"), "Nothing shows that the task can be done. Give its calls"),
        ((OLD, "--name", "Ancient"), "'Ancient' is no name of an environment. Write it as namespace/name-v1."),
        (("false",), "The server 'false' does not answer as an MCP server"),
        (("/no/such/program",), "cannot be started: No such file or directory"),
        (("http://127.0.0.1:9/mcp",), "does not answer as an MCP server: All connection attempts failed"),
        ((OLD, "--env", "KEY=abc"), "'KEY' is given with more than a name. Give the variable's name only; its value is never stored."),
        ((OLD, "--env", "NO_SUCH_VARIABLE"), "The environment variable NO_SUCH_VARIABLE, which the server needs, is not set."),
        ((OLD, "--bearer", "KEY"), "--header and --bearer are for a URL"),
        (("'",), "cannot be read: No closing quotation"),
    ],
)  # fmt: skip
def test_what_cannot_be_made_is_told_in_a_sentence_and_nothing_is_written(tmp_path, words, told):
    ran = command_line.run("env", "from-mcp", *words, cwd=tmp_path)
    assert ran.returncode in (2, 3, 4)
    assert told in ran.stderr
    assert "Traceback" not in ran.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_key_reaches_the_server_by_its_name_alone_and_is_written_nowhere(tmp_path, monkeypatch):
    monkeypatch.setenv("LABORATORY_KEY", "sesame-4711")
    monkeypatch.setenv("ANOTHER_KEY", "not for strangers")
    source = source_of(LABORATORY, variables=("LABORATORY_KEY",))
    calls = ('break_down {"how": "secret"}',)
    kind = made(tmp_path / "lab", source=source, calls=calls, expects="something else")
    env = kind()
    env.reset()
    assert env.step(Call("break_down", {"how": "secret"})).observation.text.startswith("sesame-4711")
    written = "".join(file.read_text() for file in (tmp_path / "lab").rglob("*") if file.suffix in (".json", ".py", ".md", ".toml", ".jsonl"))  # fmt: skip
    assert "LABORATORY_KEY" in written
    assert "sesame" not in written


@pytest.fixture
def by_http(monkeypatch):
    """The address of the laboratory by HTTP, which wants a token."""
    monkeypatch.setenv("LABORATORY_TOKEN", "open-sesame")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, TESTS / "laboratory_server.py", str(port)], env=os.environ)
    until = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1.0).close()
            break
        except OSError:
            assert time.monotonic() < until
            time.sleep(0.05)
    yield f"http://127.0.0.1:{port}/mcp"
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.mark.slow
def test_a_server_is_asked_by_http_with_its_token(tmp_path, by_http):
    kind = made(tmp_path / "lab", source=source_of(by_http, bearer="LABORATORY_TOKEN"), calls=("serial {}",))
    env = kind()
    env.reset()
    assert '"serial": 4711' in env.step(Call("serial", {"from": "here"})).observation.text
    with pytest.raises(FieldsmithError, match="does not answer as an MCP server"):
        make(source_of(by_http), Wish(calls=("serial {}",)), tmp_path / "none")
    (pins,) = (tmp_path / "lab").rglob("tools.json")
    assert "open-sesame" not in pins.read_text()


@pytest.mark.parametrize(
    ("answer", "expects", "right"),
    [
        ("42", "42", True),
        (" 4.2e1 ", "42", True),
        ("42.0000001", "42", True),
        ("42.1", "42", False),
        ("forty-two", "42", False),
        ('{"b": 1, "a": [2]}', '{"a": [2], "b": 1.0}', True),
        ("two  words\n", "two words", True),
        ("Two words", "two words", False),
        ("nan", "nan", True),
        ("", "0", False),
    ],
)
def test_answers_are_compared_as_what_they_are(answer, expects, right):
    assert same(answer, expects, 1e-6) is right


def test_a_strangers_name_cannot_become_code(tmp_path):
    script = tmp_path / "server.py"
    text = (TESTS / "old_mcp_server.py").read_text()
    script.write_text(text.replace('"name": "ancient"', '"name": \'x"""\\nimport os; os.abort() #\''))
    kind = made(tmp_path / "made", shlex.join([sys.executable, str(script)]), calls=['double-it {"x": 1}'])
    assert re.fullmatch(r"[\w ./:+()-]+", kind.title)


def test_a_place_that_is_taken_stays_as_it_is(tmp_path):
    (tmp_path / "there").mkdir()
    with pytest.raises(InputError, match="there is there already"):
        made(tmp_path / "there", OLD, calls=['double-it {"x": 1}'])
    assert list((tmp_path / "there").iterdir()) == []
