"""`fieldsmith mcp skill`: a folder in the public form, that names the tools there are."""

import json
import re
from pathlib import Path

import pytest

from command_line import run
from fieldsmith.bridges.mcp.allowed import Allowed
from fieldsmith.bridges.mcp.fieldsmith_server import Desk, tools_of
from fieldsmith.bridges.mcp.skill import write_skill
from fieldsmith.errors import InputError
from fieldsmith.orchestrator.question import Question


def test_the_skill_has_the_public_form(tmp_path):
    file = write_skill(tmp_path)
    assert file == tmp_path / "fieldsmith" / "SKILL.md"
    head = re.match(
        r"---\nname: ([a-z0-9-]{1,64})\ndescription: (.{1,1024})\n(?:compatibility: .{1,500}\n)?---\n\n#",
        file.read_text(),
    )
    assert head
    assert head[1] == file.parent.name


def test_the_skill_names_tools_that_are_there(tmp_path):
    tools = {tool.name for tool in tools_of(Desk(Allowed(Question(task=""), tmp_path)))}
    named = set(re.findall(r"`(\w+_\w+)`", write_skill(tmp_path).read_text()))
    figures = {"by_kind", "reference_error", "cpu_seconds", "time_limit", "lower_is_better"}
    assert named - figures == tools - {"list_runs"}


def test_the_page_lists_the_tools_that_are_there(tmp_path):
    tools = [tool.name for tool in tools_of(Desk(Allowed(Question(task=""), tmp_path)))]
    page = (Path(__file__).parents[3] / "docs" / "mcp.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == tools


def test_another_skill_of_that_name_is_left_alone(tmp_path):
    write_skill(tmp_path)
    file = write_skill(tmp_path)
    file.write_text("---\nname: something\ndescription: else\n---\n")
    with pytest.raises(InputError, match="another skill"):
        write_skill(tmp_path)


@pytest.mark.slow
def test_the_command_says_how_to_connect(tmp_path):
    said = run("mcp", "skill", tmp_path / "skills", "--runs", tmp_path / "runs").stdout
    configuration = json.loads(re.search(r"^\{.*^\}", said, re.MULTILINE | re.DOTALL)[0])  # pyright: ignore
    server = configuration["mcpServers"]["fieldsmith"]
    assert server["args"][-3:] == ["mcp", "--runs", str(tmp_path / "runs")]
    assert "claude mcp add fieldsmith -- " in said
