"""A trained operator: its folder, and the function that a task asks for.

In the folder lie `model.safetensors`, the weights, and `card.json`, what they are and what they cost; the weights' file carries the card, too.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from fieldsmith.errors import InputError
from fieldsmith.operators import device as devices
from fieldsmith.operators import open_operator
from fieldsmith.operators.layout import Layout
from fieldsmith.operators.networks.normalised import Normalised
from fieldsmith.operators.observed import Observed, seen_inputs
from fieldsmith.operators.training.trainer import chunks

WEIGHTS, CARD = "model.safetensors", "card.json"

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
        """Results by name for arguments by name, arrays [batch, ...]. Raises InputError for times that it was not trained for."""
        whole, seen = self.layout.encoded(inputs), Observed.of_card(self.card)
        given = seen.noisy(seen.thinned(whole, self.layout), self.module.spreads, self.layout)
        channels = torch.from_numpy(np.ascontiguousarray(given))
        parts = [self.module(channels[part].to(self.device)).cpu() for part in chunks(len(given))]
        frames = torch.cat(parts).float().numpy()
        if not seen.whole:
            frames, first = (seen.filled(one, self.layout, whole.shape[2:]) for one in (frames, given[:, self.layout.state]))  # fmt: skip
            inputs = seen_inputs(inputs, first, self.layout)
        return self.layout.decoded(frames, inputs)


def read_card(folder: Path) -> dict[str, Any]:
    """What is known of the operator in a folder. Raises InputError where there is none."""
    try:
        return json.loads((folder / CARD).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(
            f"There is no trained operator in {folder}.", "`fieldsmith operators train` leaves one."
        ) from None
    except (OSError, ValueError) as error:
        raise InputError(f"{folder / CARD} cannot be read: {error}.", "Train the operator again.") from None
