"""`fieldsmith env`: tools that an agent acts on; what there is, what one is like, whether it is sound, and one of one's own."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fieldsmith.cli.findings import tell
from fieldsmith.cli.output import current

if TYPE_CHECKING:
    from fieldsmith.environments.environment import AnyEnvironment

AsJson = Annotated[bool, typer.Option("--json", help="JSON lines on standard output.")]
Which = Annotated[
    str,
    typer.Argument(metavar="ENV", help="Environment: a name, a folder, path/to/file.py:Class or package.module:Class."),
]


def env(context: typer.Context, as_json: AsJson = False) -> None:
    """Tools that an agent acts on. Without a command: list.

    Example: fieldsmith env new my_tool
    """
    current.json = as_json
    if context.invoked_subcommand is None:
        list_environments(as_json)


def list_environments(as_json: AsJson = False) -> None:
    """Every environment, those of plug-ins too; of one that cannot be used, why.

    Example: fieldsmith env list
    """
    from fieldsmith.environments import ENVIRONMENTS, kind_of
    from fieldsmith.environments.action import name_of
    from fieldsmith.reports.plain import visible

    current.json = current.json or as_json
    found, refused = ENVIRONMENTS.everything()
    kinds = {name: kind_of(name) for name in sorted(found)}
    rows = [
        {"name": name, "title": kind.title, "actions": [name_of(action) for action in kind.actions]}
        for name, kind in kinds.items()
    ]
    told = [{**asdict(one.plug_in), "why": one.why} for one in refused]
    current.event("result", {"environments": rows, "refused": told})
    width = max(map(len, kinds), default=0)
    for name, kind in kinds.items():
        current.say(f"{name:{width}}  {kind.title}")
    shown = "`fieldsmith env show ENV` tells its tasks and actions. " if kinds else "There are none. "
    current.say(f"{shown}`fieldsmith env new NAME` begins one of your own.")
    for plug_in in refused:
        current.progress(f"Left out: {visible(plug_in.why)}")


def show(
    environment: Which,
    action: Annotated[str | None, typer.Argument(help="Action whose page to show.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print what an environment is: tasks, actions, figures, limits, what this machine lacks; or the page of one action.

    Example: fieldsmith env show ./my_tool
    """
    from fieldsmith.environments import Host, load

    current.json = current.json or as_json
    with Host() as host:
        chosen = load(environment, host)
        if action is not None:
            page = chosen.docs(action)
            current.event("result", {"environment": chosen.name, "action": action, "page": page})
            current.say(page)
            return
        fields = _described(chosen)
    current.event("result", fields)
    for line in _lines(fields):
        current.say(line)


def check(
    environment: Which,
    seconds: Annotated[float, typer.Option(min=1.0, help="How long what is tried by chance may take.")] = 60.0,
    as_json: AsJson = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Check that an environment is sound: schemas, pages, statuses, states, limits, gold sequences, and that cheating earns nothing.

    Example: fieldsmith env check ./my_tool
    """
    from fieldsmith.environments import Host, kind_of, load
    from fieldsmith.environments.check import examine

    current.json, current.quiet = current.json or as_json, quiet
    with Host() as host:
        chosen = load(environment, host)
        tell(examine(kind_of(environment), host, seconds), {"environment": chosen.name})


def new(
    name: Annotated[str, typer.Argument(help="What it is called, such as my_tool.")],
    folder: Annotated[
        Path | None, typer.Option(help="Where to put it; a folder of its name here, if left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a package with an environment to begin with: two actions, pages, gold sequences, tests.

    Example: fieldsmith env new my_tool
    """
    from fieldsmith.environments.scaffolding import write
    from fieldsmith.folders import expanded

    current.json = current.json or as_json
    place = expanded(folder) if folder else Path(name.replace("-", "_"))
    called = write(name, place)
    current.event("result", {"environment": called, "folder": str(place)})
    current.say(f"{called} is in {place}. Next:")
    current.say(f"  fieldsmith env check {typed(place)}")
    current.say(f"  pip install -e {typed(place)}    # from then on it is called {called}")


def typed(place: Path) -> str:
    """A folder as it is given to a command: one that stands alone could be the name of a package."""
    import shlex

    return shlex.quote(str(place) if place.is_absolute() or len(place.parts) > 1 else f"./{place}")


def _described(env: "AnyEnvironment") -> dict[str, Any]:
    """All that `show` tells, as plain values."""
    from fieldsmith.environments.action import EVERYWHERE, name_of, schema_of, short_docs
    from fieldsmith.environments.missing import missing

    return {
        "environment": env.name,
        "title": env.title,
        "about": env.about(),
        "tasks": {task: {"about": words, "gold": env.gold.get(task)} for task, words in env.tasks().items()},
        "actions": [
            {
                "name": name_of(kind),
                "about": short_docs(kind),
                "free": kind.free,
                "arguments": schema_of(kind),
                # Those that every environment has are done by its own words and judgement.
                "needs": asdict(env.judging if kind in EVERYWHERE else kind.needs),
            }
            for kind in env.all_actions
        ],
        "measures": [asdict(measure) for measure in env.measures],
        "max_steps": env.max_steps,
        "missing": list(missing(env)),
    }


def _lines(fields: Mapping[str, Any]) -> Iterator[str]:
    yield f"{fields['environment']}: {fields['title']}"
    if fields["about"]:
        yield f"\n{fields['about']}"
    yield "\nTasks"
    for task, told in fields["tasks"].items():
        gold = "" if told["gold"] is None else f" Gold score {told['gold']:g}."
        yield f"  {task}: {told['about']}{gold}"
    yield f"\nActions, {fields['max_steps']} steps an episode"
    for action in fields["actions"]:
        yield from _action_lines(action)
    yield "\nFigures"
    for one in fields["measures"]:
        yield f"  {one['name']}{_unit(one)}: {one['meaning']}{_remarks(one)}"
    yield "\nThis machine lacks" if fields["missing"] else "\nThis machine has all that it needs."
    for words in fields["missing"]:
        yield f"  {words}"
    yield "\n`fieldsmith env show ENV ACTION` prints the whole page of an action."


def _action_lines(action: Mapping[str, Any]) -> Iterator[str]:
    from fieldsmith.environments.calls import argument_words

    needs, schema = action["needs"], action["arguments"]
    where = f", in the sandbox with the image {needs['image']}" if needs["place"] == "sandbox" else ""
    more = f", runs {', '.join(needs['programs'])}" if needs["programs"] else ""
    more += f", {needs['gpus']} GPU" if needs["gpus"] else ""
    cost = "free" if action["free"] else f"{needs['seconds']:g} s at most"
    yield f"  {action['name']}: {action['about']} ({cost}{where}{more})"
    required = schema.get("required", [])
    for name, part in schema["properties"].items():
        yield f"      {argument_words(name, part, name in required)}"


def _unit(measure: Mapping[str, Any]) -> str:
    return f" [{measure['unit']}]" if measure["unit"] else ""


def _remarks(measure: Mapping[str, Any]) -> str:
    ways = {True: ", lower is better", False: ", higher is better", None: ""}
    return ways[measure["lower_is_better"]] + (", for judges only" if measure["held_out"] else "")
