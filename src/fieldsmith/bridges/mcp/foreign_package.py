"""Writes the package of an environment from a foreign server: its tools pinned, a task that a real call has been recorded for, pages."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from mcp_types import Tool as ServedTool

from fieldsmith.bridges.mcp.foreign_schemas import Tool, ToolAction, action_names, action_of
from fieldsmith.bridges.mcp.foreign_server import Ended, Listed, asked
from fieldsmith.bridges.mcp.foreign_task import START, Recorded, Wish, recorded_task
from fieldsmith.bridges.mcp.source import Source
from fieldsmith.environments.action import Needs, schema_of, short_docs
from fieldsmith.environments.calls import argument_words
from fieldsmith.environments.naming import NAME
from fieldsmith.environments.observation import Lacking, StepFault
from fieldsmith.environments.scaffolding import class_of, package_of, render
from fieldsmith.errors import InputError, MissingPart, ProviderError
from fieldsmith.plugins import meant

FROM = Path(__file__).parent / "scaffold"
SHOWN_SCHEMA = 2000
"""Characters of what a tool gives that stand on its page."""


@dataclass(frozen=True)
class Made:
    """`left_out` says of tools that are no actions why."""

    name: str
    folder: Path
    actions: tuple[str, ...]
    task: str
    left_out: tuple[str, ...] = ()


def make(source: Source, wish: Wish, folder: Path | None) -> Made:
    """Ask the server and write the package. Raises InputError, MissingPart and ProviderError; then nothing is written."""
    try:
        return _made(source, wish, folder)
    except StepFault as fault:
        kind = MissingPart if isinstance(fault, Lacking) else ProviderError
        raise kind(fault.message, fault.hint) from None
    except Ended as ended:
        raise ProviderError(f"The server {source.words!r} ends in the middle of a call. {ended}".rstrip()) from None


def _made(source: Source, wish: Wish, folder: Path | None) -> Made:
    listed = asked(source, lambda connection: connection.listed(), START)
    names = _names(wish, listed)
    tools, left_out = _tools(listed, wish)
    kinds = {tool.action: action_of(tool, Needs(seconds=wish.seconds)) for tool in tools}
    recorded = recorded_task(source, wish, kinds)
    title = _safe(listed.info.title or listed.info.name if listed.info else names["package"])
    what = f"the tools of the MCP server {title}"
    words = {
        **names,
        "title": f"Tools of {title}",
        "about": f"You have {what}: find out with them what the task asks for, and state it with `answer`.",
        "task": recorded.task,
        "max_steps": max(20, 2 * len(recorded.calls)),
        "memory": _memory(source, wish),
    }
    place = folder or Path(names["package"])
    render(FROM, place, words, _content(source, wish, listed, tools, kinds, recorded))
    return Made(names["id"], place, (*kinds, "answer"), recorded.task, tuple(left_out))


def _names(wish: Wish, listed: Listed) -> dict[str, str]:
    """What environment, package and class are called. Raises InputError."""
    said = (listed.info.name if listed.info else "server").lower().rpartition("/")[2]
    server = re.sub(r"[^a-z0-9]+", "-", said).strip("-").removeprefix("mcp-").removesuffix("-mcp")[:30].strip("-")
    server = server if len(server) > 1 and server[0].isalpha() else f"server-{server}".strip("-")
    whole = wish.name or f"mcp/{server}-v1"
    found = NAME.fullmatch(whole)
    if found is None:
        raise InputError(f"{whole!r} is no name of an environment.", "Write it as namespace/name-v1.")
    package = package_of(found["stem"] if wish.name else f"{found['stem']}-tools")
    return {"id": whole, "package": package, "distribution": package.replace("_", "-"), "class": class_of(package)}


def _tools(listed: Listed, wish: Wish) -> tuple[list[Tool], list[str]]:
    """Those that become actions, and why others do not."""
    served = {tool.name: tool for tool in listed.tools}
    for name in (*wish.only, *wish.reads):
        if name not in served:
            words = f"The server has no tool {name!r}.{meant(name, served)}"
            raise InputError(words, f"It has {', '.join(served) or 'none'}.")
    chosen = [served[name] for name in (wish.only or served)]
    if not chosen:
        raise InputError("The server has no tools.", "Only tools become actions; its prompts and resources do not.")
    called = action_names([tool.name for tool in chosen], taken=("answer",))
    found, left_out = [], []
    for one in chosen:
        tool = _pinned(one, called[one.name], one.name in wish.reads)
        try:
            schema_of(action_of(tool, Needs()))
            found.append(tool)
        except Exception as error:  # of a schema that pydantic or the checker's library cannot follow
            left_out.append(f"{one.name} is left out: {' '.join(str(error).split())[:300].rstrip('.')}.")
    if not found:
        raise InputError("None of the server's tools can become an action.", left_out[0])
    return found, left_out


def _pinned(one: ServedTool, action: str, reads: bool) -> Tool:
    hint = bool(one.annotations and one.annotations.read_only_hint)
    about = one.description or one.title or ""
    return Tool(one.name, action, about, one.input_schema, one.output_schema, reads or hint)


def _memory(source: Source, wish: Wish) -> str:
    if source.url:
        return (
            "The server is asked over the network and shared with others: what calls have changed in it stays when an agent goes back, "
            "and a new episode finds it as the last one left it."
        )
    if wish.stateless:
        return "Each step starts the server anew, which keeps nothing between calls (`stateless` in `tools.json`)."
    return (
        "Each step starts the server anew and repeats the calls of the episode so far that may have changed something, so that going back and "
        "resuming are honest though the server keeps its state in memory. Set `stateless` in `tools.json` to true where it keeps none."
    )


def _content(
    source: Source,
    wish: Wish,
    listed: Listed,
    tools: Sequence[Tool],
    kinds: Mapping[str, type[ToolAction]],
    recorded: Recorded,
) -> dict[str, str]:
    """The files beside the package's modules."""
    pins = {
        "server": source.to_dict(),
        "stateless": wish.stateless,
        "seconds": wish.seconds,
        "said": {
            "name": listed.info.name if listed.info else "",
            "version": listed.info.version if listed.info else "",
            "protocol": listed.protocol,
        },
        "tools": [asdict(tool) for tool in tools],
    }
    task = {"about": recorded.about, "expects": recorded.expects, "tolerance": wish.tolerance}
    lines = [json.dumps({"action": c.action, "arguments": c.arguments}, ensure_ascii=False) for c in recorded.calls]
    return {
        "tools.json": json.dumps(pins, indent=1, ensure_ascii=False) + "\n",
        "tasks.json": json.dumps({recorded.task: task}, indent=1, ensure_ascii=False) + "\n",
        f"gold/{recorded.task}.jsonl": "\n".join(lines) + "\n",
        "docs/answer.md": ANSWER,
        **{f"docs/{tool.action}.md": _page(tool, kinds[tool.action]) for tool in tools},
    }


ANSWER = """States what the task asks for, as `text`: a number, or the words asked for. Numbers may be written in any way that Python reads, and
are right within the task's tolerance; JSON is compared as JSON; other words are compared as they stand, whatever blanks are between them.

You may answer as often as there are steps, and only the last answer counts. Whether it is right is told when you submit, not before, so find it
with the tools rather than by guessing.
"""


def _page(tool: Tool, kind: type[ToolAction]) -> str:
    """The long page of a tool, in its server's words."""
    schema = kind.model_json_schema()
    required = schema.get("required", [])
    listed = [argument_words(name, one, name in required) for name, one in schema_of(kind)["properties"].items()]
    reads = "It only reads: calls cost no step." if tool.reads else "It may change something: each call costs a step."
    gives = (
        f"\n\nIt gives\n\n```json\n{json.dumps(tool.output_schema, indent=1)[:SHOWN_SCHEMA]}\n```"
        if tool.output_schema
        else ""
    )
    taken = "\n".join(f"- {words}" for words in listed) or "- nothing"
    return (
        f"{tool.description.strip() or short_docs(kind)}\n\nThis is the tool `{tool.name}` of a foreign server, whose words these are. {reads} "
        f"Arguments that do not fit are refused before the server is asked, with what would be right. What the server refuses or fails at is told as "
        f"it says it, and changes nothing.\n\nIt takes\n\n{taken}{gives}\n"
    )


def _safe(text: str) -> str:
    """A stranger's words that may stand in a line of Python, TOML or Markdown."""
    return " ".join("".join(c if c.isalnum() or c in " .,:-_/+()" else " " for c in text).split())[:80] or "a server"
