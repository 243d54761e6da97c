"""What is added to the loss so that large batches generalise as small ones do: squared gradient norms of micro-batches (Novack et al., arXiv 2211.15853).

A micro-batch is a part of the batch. Of each the squared norm of a gradient with respect to the weights is taken, and their mean is the penalty:

- `gradient-norm`: of the mean loss of its samples.
- `fisher-trace`: of the mean loss, had the samples the solutions that the network itself would draw. The relative error |a - y|/|y| is the logarithm of a density that
  falls alike in all directions, so that its gradient by an answer `a` to such a solution is 1/|y| long and points anywhere: a direction is drawn for each sample.
- `jacobian`: of the mean answer along one direction that is drawn for the micro-batch, in units of the solutions as they are normalised (their unit Jacobian).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from fieldsmith.errors import InputError
from fieldsmith.operators.training.losses import LEAST, relative_errors
from fieldsmith.plugins import meant

KINDS = ("gradient-norm", "fisher-trace", "jacobian")


class Answered(NamedTuple):
    """What a network answers to some samples, [batch, frames, results, *space], beside their solutions, and norms [batch] in place of those of these."""

    found: Tensor
    wanted: Tensor
    norms: Tensor | None = None


Answers = Callable[[Tensor], Answered]
"""From numbers of samples."""


def parsed(words: Sequence[str]) -> dict[str, float]:
    """Weights by kind from texts such as `gradient-norm=0.01`. Raises InputError."""
    found: dict[str, float] = {}
    for word in words:
        kind, _, text = word.partition("=")
        try:
            weight = float(text)
        except ValueError:
            raise InputError(f"--penalty {word} has no weight.", f"Write --penalty {kind or KINDS[0]}=0.01.") from None
        found[kind] = weight
    return found


def check(weights: Mapping[str, float]) -> None:
    """Raises InputError for a kind that is not known, and for a weight that is none."""
    for kind, weight in weights.items():
        if kind not in KINDS:
            raise InputError(f"There is no penalty {kind!r}.{meant(kind, KINDS)}", f"Known are {', '.join(KINDS)}.")
        if not 0 < weight < 1e9:
            raise InputError(f"--penalty {kind}={weight:g} is out of range.", "Give a weight above 0, such as 0.01.")


def penalty(
    weights: Mapping[str, float], answers: Answers, module: nn.Module, items: Tensor, micro: int, spread: Tensor, draw: torch.Generator
) -> Tensor:  # fmt: skip
    """The weighted sum for a batch of samples, `micro` to a micro-batch; it can be differentiated. `spread` [results] is the unit of each result."""
    learned = [one for one in module.parameters() if one.requires_grad]
    total = torch.zeros((), device=spread.device)
    parts = items.split(micro)
    for part in parts:
        told = answers(part)
        for kind, weight in weights.items():
            total = total + weight / len(parts) * _squared(_figure(kind, told, spread, draw), learned)
    return total


def _figure(kind: str, told: Answered, spread: Tensor, draw: torch.Generator) -> Tensor:
    """The number whose gradient counts."""
    if kind == "gradient-norm":
        return relative_errors(*told).mean()
    if kind == "fisher-trace":
        norms = told.wanted.flatten(1).norm(dim=1) if told.norms is None else told.norms
        along = (told.found * _directions(told.found, len(told.found), draw)).flatten(1).sum(1)
        return (along / norms.clamp_min(LEAST)).mean()
    units = spread.view(-1, *[1] * (told.found.ndim - 3))
    return (told.found / units * _directions(told.found, 1, draw)).flatten(1).sum(1).mean()


def _directions(like: Tensor, count: int, draw: torch.Generator) -> Tensor:
    """So many answers of length 1, all directions alike."""
    drawn = torch.randn((count, *like.shape[1:]), generator=draw)
    return (drawn / drawn.flatten(1).norm(dim=1).view(-1, *[1] * (drawn.ndim - 1))).to(like.device, like.dtype)


def _squared(figure: Tensor, learned: Sequence[nn.Parameter]) -> Tensor:
    """||gradient||^2 of a number by all weights."""
    parts = torch.autograd.grad(figure, learned, create_graph=True, allow_unused=True)
    found = [one.abs().square().sum() for one in parts if one is not None]
    return torch.stack(found).sum() if found else figure * 0
