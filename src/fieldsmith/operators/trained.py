"""A trained operator: its folder, and the function that a task asks for.

In the folder lie `model.safetensors`, the weights, and `card.json`, what they are and what they cost; the weights' file carries the card, too.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from fieldsmith import tasks
from fieldsmith.errors import InputError
from fieldsmith.operators import device as devices
from fieldsmith.operators import open_operator
from fieldsmith.operators.ensembles import Scores, scores
from fieldsmith.operators.layout import Layout
from fieldsmith.operators.networks.normalised import Normalised
from fieldsmith.operators.networks.probabilistic import add_noise, ensemble, noise_of
from fieldsmith.operators.observed import Observed, seen_inputs
from fieldsmith.operators.training.samples import Samples, of_split
from fieldsmith.operators.training.trainer import CHUNK, chunks
from fieldsmith.tasks.places import is_problem_file
from fieldsmith.tasks.task import SplitName, Task

WEIGHTS, CARD = "model.safetensors", "card.json"
MEMBERS = 16
"""Answers of an ensemble whose mean is its answer."""
SEED = 0
"""Of their noise: the same call has the same answer."""

TOLD: Mapping[str, frozenset[str]] = {
    "task": frozenset({"name", "place", "parameters", "scale", "fingerprint"}),
    "asked": frozenset({"operator", "settings"}),
    "layout": frozenset({"axes"}),
    "course": frozenset({"seconds"}),
    "versions": frozenset({"torch"}),
    **dict.fromkeys(("parameters", "samples", "sample_seconds", "device"), frozenset()),
}
"""What every card says, and what of it is needed."""

Solver = Callable[..., np.ndarray | tuple[np.ndarray, ...]]


def module_of(operator: str, settings: Mapping[str, object], layout: Layout) -> Normalised:
    """An untrained network for a layout. Raises InputError for settings that the operator does not know, or a task that it is not for."""
    kind = open_operator(operator)
    kind.check(layout)
    inner: nn.Module = kind.module(layout, kind.settings.from_dict(settings))
    return Normalised(inner, layout.channels, len(layout.results))


@dataclass(frozen=True)
class TrainedOperator:
    """Weights on a device, ready to be called as a task asks for."""

    module: Normalised
    layout: Layout
    card: Mapping[str, Any]
    device: torch.device

    @classmethod
    def open(cls, folder: Path, device: str = "auto") -> "TrainedOperator":
        """What lies in a folder. Raises InputError for one without an operator, or with a damaged one."""
        card = read_card(folder)
        try:
            layout = Layout.from_dict(card["layout"])
            module = module_of(card["asked"]["operator"], card["asked"]["settings"], layout)
            if card["asked"].get("members", 1) > 1:
                add_noise(module.inner, layout.channels, layout.dimensions, card["asked"]["latent"])
            module.load_state_dict(load_file(folder / WEIGHTS))
        except (OSError, SafetensorError, KeyError, TypeError, RuntimeError) as error:
            words = f"The operator in {folder} cannot be read: {' '.join(str(error).split())[:200].rstrip('.')}."
            raise InputError(words, "Train it again.") from None
        chosen = devices.chosen(device)
        return cls(module.to(chosen).eval(), layout, card, chosen)

    def as_solver(self) -> Solver:
        """The function that the task asks for: arguments in its order, one array for one result, else a tuple of arrays. Results are double precision."""

        def solver(*arguments: np.ndarray | float) -> np.ndarray | tuple[np.ndarray, ...]:
            found = self.solve(dict(zip(self.layout.arguments, arguments, strict=True)))
            arrays = tuple(found[name] for name in self.layout.results)
            return arrays[0] if len(arrays) == 1 else arrays

        return solver

    @torch.no_grad()
    def solve(self, inputs: Mapping[str, np.ndarray | float]) -> dict[str, np.ndarray]:
        """Results by name for arguments by name, arrays [batch, ...]; of an ensemble the mean. Raises InputError for times that it was not trained for."""
        whole, seen = self.layout.encoded(inputs), Observed.of_card(self.card)
        given = seen.noisy(seen.thinned(whole, self.layout), self.module.spreads, self.layout)
        parts = [part.mean(0).cpu() for part in self.members(np.ascontiguousarray(given))]
        frames = torch.cat(parts).float().numpy()
        if not seen.whole:
            frames, first = (seen.filled(one, self.layout, whole.shape[2:]) for one in (frames, given[:, self.layout.state]))  # fmt: skip
            inputs = seen_inputs(inputs, first, self.layout)
        return self.layout.decoded(frames, inputs)

    @property
    def count(self) -> int:
        """Members of the ensemble that it answers with; 1 of a deterministic one."""
        return MEMBERS if noise_of(self.module) is not None else 1

    @torch.no_grad()
    def members(self, given: np.ndarray, seed: int = SEED) -> Iterator[Tensor]:
        """Inputs [batch, channels, *space] to [members, batch, frames, results, *space], on the device, a part of the batch at a time."""
        noise = noise_of(self.module)
        if noise is not None:
            noise.source = torch.Generator().manual_seed(seed)
        for part in chunks(len(given)):
            yield ensemble(self.module, torch.from_numpy(given[part]).to(self.device), self.count)

    def seen(self, task: Task, name: SplitName) -> Samples:
        """A split that programs are judged on, as the operator sees it."""
        seen = Observed.of_card(self.card)
        samples = of_split(task, self.layout, name, seen)
        return replace(samples, given=seen.noisy(samples.given, self.module.spreads, self.layout))

    def scores(self, samples: Samples) -> Scores:
        """What an ensemble is judged by, over samples."""
        truths = torch.from_numpy(samples.solved).split(CHUNK)
        parts = ((part.cpu(), truth) for part, truth in zip(self.members(samples.given), truths, strict=True))
        return scores(parts, self.layout.results)


def digest_of(folder: Path) -> str:
    """Sixteen hexadecimal digits over the weights in a folder. Raises InputError where there are none."""
    try:
        return hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()[:16]
    except OSError as error:
        words = f"The weights in {folder} cannot be read: {error.strerror or error}."
        raise InputError(words, "Train the operator again.") from None


def read_card(folder: Path) -> dict[str, Any]:
    """What is known of the operator in a folder. Raises InputError where there is none."""
    try:
        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(
            f"There is no trained operator in the folder {str(folder)!r}.", "`fieldsmith operators train` leaves one."
        ) from None
    except (OSError, ValueError) as error:
        raise InputError(f"{folder / CARD} cannot be read: {error}.", "Train the operator again.") from None
    for name, within in TOLD.items():
        found = card.get(name) if isinstance(card, dict) else None
        if found is None or (within and not (isinstance(found, dict) and found.keys() >= within)):
            words = f"{folder / CARD} is no whole card of an operator: what it says of {name} is missing or not whole."
            raise InputError(words, "Train the operator again.")
    return card


def task_of(card: Mapping[str, Any], folder: Path) -> Task:
    """The task that the operator in a folder was trained on, which of a problem file has a copy. Raises InputError where its data has changed since."""
    known = card["task"]
    if is_problem_file(known["place"]):
        name = str(folder / known["place"])
    else:
        name = known["name"] if known["name"] in tasks.names() else known["place"]
    problem = tasks.load(name, {name: str(value) for name, value in known["parameters"].items()}, known["scale"])
    if problem.fingerprint != known["fingerprint"]:
        raise InputError(
            f"The data of {known['name']} is another than this operator was trained on.", "Train it again."
        )
    return problem
