"""`fieldsmith doctor`: what is here, what is missing, the command that mends it."""

import os
import platform
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from fieldsmith.cli.output import current

LIBRARIES = ("numpy", "scipy", "h5py", "sympy", "pydantic", "openai", "anthropic", "docker")
OPTIONAL = {name: f"pip install {name}" for name in ("matplotlib", "mcp", "torch", "xllamacpp")}
MENDS = {
    "docker": "install and start Docker, then: fieldsmith sandbox build",
    "bubblewrap": "apt-get install bubblewrap",
}
KEYS = {"OPENAI_API_KEY": "openai:", "ANTHROPIC_API_KEY": "anthropic:"}

Row = tuple[str, str, str, str]
"""Part, state, what was found, what mends it."""


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """What is installed, which sandbox is used, which keys are present; each gap with the command that mends it.

    Example: fieldsmith doctor
    """
    current.json = as_json
    brought = _plug_ins()
    found = [*_libraries(), *_sandboxes(), *_machine(), *map(_plug_in_row, brought)]
    rows = [dict(zip(("part", "state", "found", "mend"), row, strict=True)) for row in found]
    current.event("result", {"parts": rows, "plug_ins": brought})
    for item in rows:
        mend = f"   -> {item['mend']}" if item["mend"] else ""
        current.say(f"{item['state']:<9} {item['part']:<20} {item['found']}{mend}")
    if any(item["state"] == "missing" and item["part"] in LIBRARIES for item in rows):
        raise typer.Exit(3)


def _libraries() -> Iterator[Row]:
    from fieldsmith import __version__

    yield "fieldsmith", "ok", f"{__version__}, Python {platform.python_version()}", ""
    for name in LIBRARIES:
        version = _version(name)
        yield name, "ok" if version else "missing", version, "" if version else "pip install --upgrade fieldsmith"
    for name, mend in OPTIONAL.items():
        version = _version(name)
        yield name, "ok" if version else "optional", version or "not installed", "" if version else mend


def _sandboxes() -> Iterator[Row]:
    from fieldsmith.sandboxes import survey

    surveyed = survey()
    for name, why in surveyed.items():
        yield f"sandbox {name}", "missing" if why else "ok", why or "ready", MENDS.get(name, "") if why else ""
    isolating = [name for name, why in surveyed.items() if not why and name != "process"]
    usual = (isolating or ["process, built-in author only"])[0]
    yield "sandbox auto", "ok" if isolating else "limited", usual, ""
    for part, state, found in _sandbox_facts(isolating):
        yield part, state, found, ""


def _machine() -> Iterator[Row]:
    """GPU, keys of providers, disk."""
    from fieldsmith.folders import cache_folder

    gpu = _gpu()
    yield "GPU", "ok" if gpu else "optional", gpu or "none found", ""
    for key, prefix in KEYS.items():
        if os.environ.get(key):
            yield key, "ok", "set", ""
        else:
            yield key, "optional", "not set", f"export {key}=... to use {prefix} models"
    yield "disk", *_disk(cache_folder())


def _plug_in_row(plug_in: Mapping[str, str]) -> Row:
    from fieldsmith.plugins import PREFIX

    part = f"{plug_in['group'].removeprefix(PREFIX)} {plug_in['name']}"
    if plug_in["why"]:
        return part, plug_in["state"], plug_in["why"], f"mend or uninstall {plug_in['distribution']}"
    return part, plug_in["state"], f"{plug_in['distribution']} {plug_in['version']}", ""


def _plug_ins() -> list[dict[str, str]]:
    """Every plug-in of this environment with its distribution, version and state; each is imported to know it."""
    from fieldsmith.agents.authors import AUTHORS
    from fieldsmith.environments import ENVIRONMENTS
    from fieldsmith.models import MODELS
    from fieldsmith.numerics.methods import METHODS
    from fieldsmith.plugins import installed
    from fieldsmith.reports.plain import visible
    from fieldsmith.strategies import STRATEGIES
    from fieldsmith.tasks import TASKS

    groups = {group.name: group for group in (TASKS, MODELS, AUTHORS, STRATEGIES, METHODS, ENVIRONMENTS)}
    refused = {left.plug_in: left.why for group in groups.values() for left in group.everything()[1]}
    rows = []
    for plug_in in installed():
        unknown = "" if plug_in.group in groups else f"The group {plug_in.group} is none of {', '.join(groups)}."
        why = visible(unknown or refused.get(plug_in, ""))
        rows.append({**asdict(plug_in), "state": "broken" if why else "ok", "why": why})
    return rows


def _sandbox_facts(isolating: list[str]) -> list[tuple[str, str, str]]:
    """Image, engine and how arrays travel, and what a program that tries finds closed; with the state of each."""
    from fieldsmith.errors import FieldsmithError
    from fieldsmith.reports.plain import visible
    from fieldsmith.sandboxes import blocked, choose, images

    facts: list[tuple[str, str, str]] = []
    for name in isolating:
        try:
            with choose(name) as sandbox:
                closed = blocked(sandbox)
                leaks = [word for word, state in closed.items() if state == "open"]
                ways = ", ".join(word for word in closed if word not in leaks)
                more = f"; open: {', '.join(leaks)}" if leaks else ""
                facts.append((f"{name} blocks", "limited" if leaks else "ok", ways + more))
                facts += [(f"{name} {part}", "ok", words) for part, words in sandbox.facts().items()]
        except FieldsmithError as error:
            facts.append((f"{name} blocks", "missing", visible(f"not known: {error.message}")))
    for variant in images.VARIANTS:
        if "docker" in isolating and (about := images.about(variant)):
            words = f"{about['id'][7:19]}, made {about['created'][:10]} from {about['base'] or '?'}"
            facts.append((f"image {variant}", "ok", words))
    return facts


def _version(name: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _gpu() -> str:
    if shutil.which("nvidia-smi") is None:
        return ""
    command = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return ", ".join(asked.stdout.split("\n")[:-1]) if asked.returncode == 0 else ""


def _disk(folder: Path) -> tuple[str, str, str]:
    """State, what was found and what mends it, of the folder for generated data."""
    there = folder
    while not there.exists():
        there = there.parent
    if not there.is_dir() or not os.access(there, os.W_OK):
        return "missing", f"{folder} cannot be made or written", "set FIELDSMITH_HOME to a folder that can be written"
    free = shutil.disk_usage(there).free / 2**30
    return "ok" if free > 1 else "low", f"{free:.0f} GB free at {folder}", "" if free > 1 else "free some space"
