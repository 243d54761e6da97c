"""A trained operator goes on as an ensemble: noise enters its network, and the fair CRPS of a few members is made small."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from fieldsmith.errors import InputError
from fieldsmith.operators.ensembles import fair_crps
from fieldsmith.operators.networks.normalised import Normalised
from fieldsmith.operators.networks.probabilistic import add_noise, ensemble, noise_of
from fieldsmith.operators.networks.rollout import Stepwise
from fieldsmith.operators.trained import TrainedOperator, digest_of, read_card
from fieldsmith.operators.training.asked import Asked
from fieldsmith.operators.training.samples import Samples
from fieldsmith.operators.training.trainer import Trainer, chunks

DEV_SEED = 1
"""Of the noise that the dev score is taken with, the same after every epoch."""


@dataclass(frozen=True)
class Retrofit(Asked):
    """The same of a training that begins with the weights of another, `backbone` being their digest. Raises InputError for a value out of range.

    So many `members` are drawn for each sample of a step, by `latent` normal numbers each; with one there is no noise, and what is made small is its CRPS, the mean
    absolute error: the deterministic training that an ensemble is compared with. A `frozen` network learns only what becomes of the noise.
    """

    members: int = 2
    latent: int = 32
    frozen: bool = False
    backbone: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, most in (("members", 64), ("latent", 1024)):
            if not 1 <= getattr(self, name) <= most:
                raise InputError(f"--{name} {getattr(self, name)} is out of range.", f"Give 1 to {most}.")
        if self.frozen and self.members == 1:
            raise InputError("--frozen leaves nothing to learn without noise.", "Give --members 2 or more.")
        if self.pushforward:
            raise InputError("A retrofit learns whole rollouts.", "Leave --pushforward out.")

    @classmethod
    def of(cls, folder: Path, **changed: Any) -> "Retrofit":
        """As the operator in a folder was trained, but for what is `changed`. Raises InputError where there is none."""
        known = read_card(folder)["asked"]
        kept = {one.name: known[one.name] for one in fields(Asked) if one.name in known}
        return cls(
            **{
                **kept,
                "pushforward": False,
                "compiled": False,
                "penalties": {},
                "backbone": digest_of(folder),
                **changed,
            }
        )


def begun(folder: Path, asked: Retrofit) -> Normalised:
    """The operator in a folder, with noise in its network if there are members. Raises InputError for one that is an ensemble already, or has changed."""
    trained = TrainedOperator.open(folder, "cpu")
    if digest_of(folder) != asked.backbone:
        raise InputError(
            f"The operator in {folder} is not the one that was to be retrofitted.", "Begin in another --out."
        )
    if noise_of(trained.module) is not None:
        raise InputError(f"The operator in {folder} is an ensemble already.", "Give a deterministic one.")
    if asked.members > 1:
        layout = trained.layout
        add_noise(trained.module.inner, layout.channels, layout.dimensions, asked.latent, asked.frozen)
    return trained.module


class Retrofitter(Trainer):
    """A training whose loss is the mean fair CRPS over frames, results and points, in units of each result's spread; so is its dev error, over whole rollouts."""

    def _loss(self, items: Tensor, draw: torch.Generator) -> Tensor:
        stepwise = isinstance(self.module.inner, Stepwise)
        x, y = self._window(items) if stepwise else (self.given[items], self.solved[items])
        x, y = self._noisy(x.to(self.device), draw), y.to(self.device)
        members = self._members(self.call, x, draw, self.asked.unrolled if stepwise else None)
        return self._crps(members, y).mean()

    @torch.no_grad()
    def error(self, samples: Samples) -> float:
        """Mean CRPS over samples."""
        self.module.eval()
        draw, found = torch.Generator().manual_seed(DEV_SEED), []
        for part in chunks(len(samples)):
            x, y = (torch.from_numpy(one[part]).to(self.device) for one in (samples.given, samples.solved))
            found.append(self._crps(self._members(self.module, x, draw), y).cpu())
        return float(torch.cat(found).mean())

    def _members(self, call: nn.Module, x: Tensor, draw: torch.Generator, frames: int | None = None) -> Tensor:
        """[members, batch, frames, results, *space] with noise from `draw`."""
        if (noise := noise_of(self.module)) is not None:
            noise.source = draw
        return ensemble(call, x, cast(Retrofit, self.asked).members, frames)

    def _crps(self, members: Tensor, truth: Tensor) -> Tensor:
        """Of each sample, [batch]."""
        spread = self.module.get_buffer("solved_spread").view(-1, *[1] * (truth.ndim - 3))
        return (fair_crps(members, truth) / spread).flatten(1).mean(1)
