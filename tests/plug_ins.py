"""Distributions of others, as small as Python takes them: a folder for PYTHONPATH with modules and their metadata."""

import os
from collections.abc import Mapping
from pathlib import Path


def distribution(
    folder: Path, name: str, modules: Mapping[str, str], points: Mapping[str, str], version: str = "1.0"
) -> Path:
    """Writes modules by name and entry points by group, each a line `name = module:object`; the folder."""
    for module, source in modules.items():
        (folder / f"{module}.py").write_text(source)
    about = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (about / "entry_points.txt").write_text("".join(f"[{group}]\n{lines}\n" for group, lines in points.items()))
    return folder


def with_plug_ins(folder: Path) -> dict[str, str]:
    """An environment in which Python finds what lies in the folder."""
    paths = [str(folder), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
