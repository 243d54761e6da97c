"""An environment for clients of the Model Context Protocol: a tool an action, and an episode's id as an argument of each.

The server keeps no session: whoever has an episode's id goes on with it, over whatever connection, after a restart too.
"""

import asyncio
import json
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult, TextContent, ToolAnnotations
from mcp_types import Tool as ServedTool

from fieldsmith.bridges.mcp.tools import aside
from fieldsmith.environments.action import Action, name_of, schema_of, short_docs
from fieldsmith.environments.calls import Call
from fieldsmith.environments.environment import AnyEnvironment, Environment
from fieldsmith.environments.episode import Episode, Record
from fieldsmith.environments.observation import Step, StepFault
from fieldsmith.errors import FieldsmithError
from fieldsmith.orchestrator.episodes.served import ServedEpisodes, Told, unanswered
from fieldsmith.plugins import meant

LARGEST = 1_000_000
"""Characters of arguments that a call may have."""
MOST_LISTED = 100
MOST_RECORDS, LONGEST_TEXT = 40, 4000
"""Steps that one look at an episode shows, and characters of each."""
PAUSE = 0.5
"""Seconds between two words of progress."""
STEP: dict[str, Any] = {
    "type": "object",
    "properties": {
        "episode": {"type": "string"},
        "step": {"type": "integer", "description": "steps counted so far, this one included"},
        "status": {"type": "string", "description": "success, or why not"},
        "reward": {"type": "number", "description": "change of the score"},
        "metrics": {"type": "object", "additionalProperties": {"type": ["number", "null"]}},
        "steps_left": {"type": "integer"},
        "counted": {"type": "boolean", "description": "whether this call has cost a step"},
        "terminated": {"type": "boolean"},
        "truncated": {"type": "boolean"},
    },
    "required": ["episode", "step", "status", "reward", "metrics", "steps_left", "counted", "terminated", "truncated"],
}


class EnvironmentServer(MCPServer):
    """Tools of its own, and one for each action. `listing`: whether clients may see the ids of all episodes."""

    def __init__(self, episodes: ServedEpisodes, listing: bool) -> None:
        env = episodes.environment()
        super().__init__(env.name, title=env.title, instructions=_instructions(env), log_level="CRITICAL")
        self._episodes = episodes
        only = episodes.terms.tasks[0] if len(episodes.terms.tasks) == 1 else ""
        kinds = env.offered(env.named_task(only)) if only else env.all_actions
        self._id = "episode_id" if any("episode" in kind.model_fields for kind in kinds) else "episode"
        own: dict[str, Callable[..., Mapping[str, Any]]] = {
            "list_tasks": self._list_tasks, "begin_episode": self._begin, "fetch_episode": self._fetch,
        }  # fmt: skip
        self._own = {**own, "list_episodes": self._list_episodes} if listing else own
        self._actions = {self._called(kind): name_of(kind) for kind in kinds}
        varies = not only and type(env).actions_of is not Environment.actions_of
        self._served = [*self._own_tools(), *(self._tool(kind, varies) for kind in kinds)]

    async def list_tools(self) -> list[ServedTool]:
        return self._served

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult:
        """Raises ToolError for what is no step: an unknown tool or episode, what the owner does not allow."""
        if len(json.dumps(arguments)) > LARGEST:
            raise ToolError(f"The arguments are too long. Send at most {LARGEST} characters.")
        told = _progress(context)
        try:
            if name in self._own:
                fields = await aside(lambda: self._asked(name, arguments, told))
                return _result(str(fields.pop("text")), fields)
            if name in self._actions:
                return await aside(lambda: self._step(self._actions[name], dict(arguments), told))
        except (FieldsmithError, StepFault) as error:
            raise ToolError(str(error)) from error
        except ToolError:
            raise
        except Exception as error:  # a stranger's environment may raise anything
            traceback.print_exc(file=sys.stderr)
            raise ToolError(f"The environment fails with {type(error).__name__}; its owner can read more.") from error
        known = [*self._own, *self._actions]
        raise ToolError(f"There is no tool {name[:80]!r}.{meant(name[:80], known)} There are {', '.join(known)}.")

    def _called(self, kind: type[Action]) -> str:
        """An action that is called as one of the server's own tools gives way."""
        name = name_of(kind)
        return f"{name}_action" if name in (*self._own, "list_episodes") else name

    def _tool(self, kind: type[Action], varies: bool) -> ServedTool:
        schema = schema_of(kind)
        which = {"type": "string", "description": "Id of the episode, as begin_episode told it"}
        some = (
            " Not every task offers it, and its arguments may differ: begin_episode and read_docs tell."
            if varies
            else ""
        )
        return ServedTool(
            name=self._called(kind),
            description=f"{short_docs(kind)}{some}",
            input_schema={
                **schema,
                "properties": {self._id: which, **schema["properties"]},
                "required": [self._id, *schema.get("required", [])],
            },
            output_schema=STEP,
            annotations=ToolAnnotations(
                read_only_hint=kind.free, destructive_hint=False, idempotent_hint=kind.free, open_world_hint=False
            ),
        )

    def _own_tools(self) -> list[ServedTool]:
        terms = self._episodes.terms
        arguments = {
            "list_tasks": ("The tasks that there are, each with a sentence.", {}, []),
            "begin_episode": (
                "Begin an episode: gives its id, which every other call takes, the task, and what can be done in it.",
                {
                    "task": {"type": "string", "description": f"Name of the task; {terms.tasks[0]} if left out"},
                    "seed": {"type": "integer", "minimum": 0, "description": "The same seed begins alike", "default": 0},
                    "max_steps": {"type": "integer", "minimum": 1, "maximum": terms.steps, "default": terms.steps,
                                  "description": "Steps that the episode has"},
                },
                [],
            ),
            "fetch_episode": (
                "Read again how far an episode has come: its last steps with what was told after each.",
                {
                    self._id: {"type": "string", "description": "Id of the episode, as begin_episode told it"},
                    "since": {"type": "integer", "minimum": 0, "default": 0, "description": "First call to show; 0 is the beginning"},
                },
                [self._id],
            ),
            "list_episodes": (f"The latest {MOST_LISTED} episodes of this server.", {}, []),
        }  # fmt: skip
        return [
            ServedTool(
                name=name,
                description=about,
                input_schema={"type": "object", "properties": properties, "required": required, "additionalProperties": False},
                annotations=ToolAnnotations(
                    read_only_hint=name != "begin_episode", destructive_hint=False, idempotent_hint=name != "begin_episode", open_world_hint=False
                ),
            )
            for name, (about, properties, required) in arguments.items()
            if name in self._own
        ]  # fmt: skip

    def _asked(self, name: str, arguments: Mapping[str, Any], told: Told) -> dict[str, Any]:
        """What one of the server's own tools gives. Raises ToolError for arguments that it does not take."""
        schema = next(tool.input_schema for tool in self._served if tool.name == name)
        known = schema["properties"]
        for key, value in arguments.items():
            if key not in known:
                raise ToolError(f"{name} has no argument {key[:80]!r}. It takes {', '.join(known) or 'none'}.")
            kind = {"string": str, "integer": int}[known[key]["type"]]
            if not isinstance(value, kind) or isinstance(value, bool):
                raise ToolError(f"{key} is no {known[key]['type']}. {known[key]['description']}.")
        if missing := [key for key in schema["required"] if key not in arguments]:
            raise ToolError(f"{missing[0]} is missing. {known[missing[0]]['description']}.")
        given = {"episode" if key == self._id else key: value for key, value in arguments.items()}
        return dict(self._own[name](**given, **({"told": told} if name == "begin_episode" else {})))

    def _list_tasks(self) -> Mapping[str, Any]:
        known = self._episodes.environment().tasks()
        tasks = {task: known.get(task, "") for task in self._episodes.terms.tasks}
        lines = [f"- {task}: {about}".rstrip(": ") for task, about in tasks.items()]
        return {"text": "\n".join(lines), "tasks": tasks, "max_steps": self._episodes.terms.steps}

    def _begin(self, task: str = "", seed: int = 0, max_steps: int | None = None, told: Told | None = None) -> Mapping[str, Any]:  # fmt: skip
        slot, kept, observation = self._episodes.begin(task, seed, max_steps, told or (lambda _words, _share: None))
        env = self._episodes.environment()
        env.episode = kept.episode
        words = [
            f"This is the episode {slot}: give its id with each call.",
            observation.text,
            f"What can be done in it:\n{env.overview()}",
        ]
        return {"text": "\n\n".join(words), **self._fields(slot, env, kept.episode)}

    def _fetch(self, episode: str, since: int = 0) -> Mapping[str, Any]:
        kept = self._episodes.kept(episode)
        env = self._episodes.environment()
        records = kept.episode.records[since:][-MOST_RECORDS:]
        steps = [_shown(env, record) for record in records]
        told = [f"Step {one['step']}, {one['action']}: {one['status']}.\n{one['text']}" for one in steps]
        state = "has ended" if kept.episode.over else "goes on"
        head = (
            f"Episode {episode} of the task {kept.episode.task} {state}; {len(kept.episode.records) - 1} calls so far."
        )
        return {
            "text": "\n\n".join([head, *told]),
            **self._fields(episode, env, kept.episode),
            "calls": len(kept.episode.records) - 1,
            "steps": steps,
        }

    def _list_episodes(self) -> Mapping[str, Any]:
        env = self._episodes.environment()
        found = [self._fields(slot, env, kept.episode) for slot, kept in self._episodes.listed(MOST_LISTED)]
        lines = [f"- {one['episode']}: {one['task']}, {one['steps_left']} steps left" for one in found]
        return {"text": "\n".join(lines) or "There are none yet.", "episodes": found}

    def _step(self, action: str, arguments: dict[str, Any], told: Told) -> CallToolResult:
        slot = arguments.pop(self._id, None)
        if not isinstance(slot, str) or not slot:
            raise ToolError(f"{self._id} is missing. Give the id of an episode, as begin_episode told it.")
        step, episode = self._episodes.take(slot, Call(action, arguments), told)
        again = (
            "\n\nThis is no fault of yours, and nothing was counted: the same call may be sent again."
            if unanswered(step)
            else ""
        )
        return _result(f"{step.observation.text}{again}", _step_fields(slot, step, episode))

    def _fields(self, slot: str, env: AnyEnvironment, episode: Episode) -> dict[str, Any]:
        last = episode.last
        return {
            "episode": slot,
            "task": episode.task,
            "step": last.step,
            "steps_left": max(0, episode.max_steps - last.step),
            "metrics": env.shown(last.metrics),
            "terminated": last.terminated,
            "truncated": last.truncated,
        }


def _step_fields(slot: str, step: Step, episode: Episode) -> dict[str, Any]:
    return {
        "episode": slot,
        "step": step.number,
        "status": step.status,
        "reward": step.reward,
        "metrics": dict(step.metrics),
        "steps_left": max(0, episode.max_steps - step.number),
        "counted": step.counted,
        "terminated": step.terminated,
        "truncated": step.truncated,
    }


def _shown(env: AnyEnvironment, record: Record) -> dict[str, Any]:
    """A step as its agent may see it: neither its state nor what judges found."""
    text = record.text
    return {
        "step": record.step,
        "from": record.parent,
        "action": record.action,
        "arguments": dict(record.arguments),
        "status": record.status,
        "reward": record.reward,
        "metrics": env.shown(record.metrics),
        "text": text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…",
    }


def _result(text: str, fields: Mapping[str, Any]) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=dict(fields))


def _instructions(env: AnyEnvironment) -> str:
    return (
        f"{env.about()}\n\nBegin an episode with begin_episode and give its id with each call of an action. Each answer tells what came of the action, "
        "the figures, and the steps that are left; an answer with another status than success says what would be right. Actions that only read cost "
        "no step. When you are done, call submit."
    )


def _progress(context: Context[Any, Any] | None) -> Told:
    """Tells a client that asked for it what its step is at; called from the step's thread."""
    loop, last = asyncio.get_running_loop(), [0.0]

    def told(words: str, share: float | None) -> None:
        if context is None or time.monotonic() - last[0] < PAUSE:
            return
        last[0] = time.monotonic()
        coming = context.report_progress(share or 0.0, 1.0 if share is not None else None, words)
        asyncio.run_coroutine_threadsafe(coming, loop)

    return told
