"""What a training has come to, in one file that is written in one step: weights, optimiser and figures, so that it goes on exactly where it was."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import nn

from fieldsmith.files import write_whole

FILE = "state.safetensors"


@dataclass
class Course:
    """Figures of a training. `step` counts those that are done, `best` is the smallest dev error with the epoch after which it was found.

    `seconds` are those of the clock over all sittings, `cpu_seconds` of the processor; `history` has a row for each epoch; `loss` sums up the one that is under way.
    """

    epochs: int = 0
    step: int = 0
    best: float | None = None
    best_epoch: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    loss: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)
    peak_mb: float | None = None
    sittings: int = 0


def stored(file: Path, course: Course, module: nn.Module, optimiser: torch.optim.Optimizer) -> None:
    """Write all of it. Raises OSError."""
    tensors = {f"module/{name}": value for name, value in module.state_dict().items()}
    for number, state in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser/{number}/{name}": torch.as_tensor(value) for name, value in state.items()}
    write_whole(file, save({name: value.contiguous() for name, value in tensors.items()}, _told(asdict(course))))


def restored(file: Path, module: nn.Module, optimiser: torch.optim.Optimizer) -> Course | None:
    """Bring module and optimiser to where they were; None where there is no file, or it is damaged."""
    read = _read(file)
    if read is None:
        return None
    tensors, course = read
    module.load_state_dict(_below("module/", tensors))
    states: dict[int, dict[str, torch.Tensor]] = {}
    for name, value in _below("optimiser/", tensors).items():
        number, _, what = name.partition("/")
        states.setdefault(int(number), {})[what] = value
    optimiser.load_state_dict({"state": states, "param_groups": optimiser.state_dict()["param_groups"]})
    return Course(**course)


def weights(module: nn.Module, card: Mapping[str, Any]) -> bytes:
    """Weights as a safetensors file that carries its card."""
    return save({name: value.contiguous() for name, value in module.state_dict().items()}, _told(card))


def _below(head: str, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name.removeprefix(head): value for name, value in tensors.items() if name.startswith(head)}


def _told(content: Mapping[str, Any]) -> dict[str, str]:
    return {"content": json.dumps(content)}


def _read(file: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]] | None:
    try:
        with safe_open(file, "pt") as opened:
            content = json.loads((opened.metadata() or {})["content"])
        return load_file(file), content
    except (OSError, SafetensorError, KeyError, ValueError):
        return None
