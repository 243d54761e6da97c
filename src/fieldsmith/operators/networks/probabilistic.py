"""Noise for a network that has none: its hidden channels are scaled and shifted by what is drawn at every call.

The form is conditional normalisation (Diaconu et al., Probabilistic retrofitting of learned simulators, arXiv 2603.01949): before every activation h becomes
(1 + s(z)) h + b(z), where s and b are affine in a perceptron of the normal vector z. Both begin as zero, so that the network begins as what it was. One vector serves
all points of a sample, so that it does not matter how many there are; what becomes of it in space is up to the network.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from fieldsmith.errors import InputError
from fieldsmith.operators.networks.rollout import OneShot, Stepwise

ACTIVATIONS = (
    nn.CELU, nn.ELU, nn.GELU, nn.Hardswish, nn.LeakyReLU, nn.Mish, nn.PReLU, nn.ReLU, nn.SELU, nn.Sigmoid, nn.SiLU, nn.Softplus, nn.Tanh,
)  # fmt: skip
HIDDEN = 64
"""Channels of the perceptron that all scales and shifts are read from."""
POINTS = 32
"""Along each axis of the field that channels are counted with."""


class Conditioned(nn.Module):
    """An activation whose input [batch, channels, *space] is scaled and shifted by `drawn` [batch, HIDDEN]."""

    def __init__(self, activation: nn.Module) -> None:
        super().__init__()
        self.activation = activation
        self.head: nn.Linear | None = None
        self.drawn: Tensor | None = None

    def widen(self, channels: int) -> None:
        """For so many channels: all scales 1 and all shifts 0."""
        self.head = nn.Linear(HIDDEN, 2 * channels)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, x: Tensor) -> Tensor:
        if self.head is not None and self.drawn is not None:
            scale, shift = self.head(self.drawn).view(*x.shape[:2], 2, *[1] * (x.ndim - 2)).unbind(2)
            x = torch.addcmul(x + shift, x, scale)
        return self.activation(x)


class Noisy(nn.Module):
    """`network`, [batch, channels_in, *space] to [batch, channels_out, *space], with `latent` normal numbers drawn for each sample at each call.

    They come from `source`, torch's own generator where it is None. Raises InputError for a network without an activation that noise could enter.
    """

    def __init__(
        self, network: nn.Module, channels_in: int, dimensions: int, latent: int, frozen: bool = False
    ) -> None:
        super().__init__()
        self.latent, self.frozen = latent, frozen
        self.source: torch.Generator | None = None
        if frozen:
            network.requires_grad_(False)
        self.network = network
        self.embedding = nn.Linear(latent, HIDDEN)
        self.sites = _conditioned(network)
        _count_channels(network, self.sites, channels_in, dimensions)
        if not any(site.head is not None for site in self.sites):
            words = "This operator's network has no activation among its modules that noise could enter."
            raise InputError(
                words, "Activations are found as modules (nn.GELU, nn.ReLU, ...), on [batch, channels, *space]."
            )

    def train(self, mode: bool = True) -> "Noisy":
        """As of any module; a frozen network keeps the means and spreads of its normalisations."""
        super().train(mode)
        if self.frozen:
            self.network.train(False)
        return self

    def forward(self, x: Tensor) -> Tensor:
        drawn = torch.randn(len(x), self.latent, generator=self.source).to(self.embedding.weight)
        embedded = functional.gelu(self.embedding(drawn))
        for site in self.sites:
            site.drawn = embedded
        try:
            return self.network(x)
        finally:
            for site in self.sites:
                site.drawn = None


def add_noise(inner: nn.Module, channels_in: int, dimensions: int, latent: int, frozen: bool = False) -> None:
    """Put noise into the network of a `OneShot` or `Stepwise`. Raises InputError for other modules, and for a network that noise cannot enter."""
    if not isinstance(inner, OneShot | Stepwise):
        words = (
            "Noise enters networks that give all frames at once or one after the other, each from the one before alone."
        )
        raise InputError(words, "Retrofit an operator of another kind.")
    inner.network = Noisy(inner.network, channels_in, dimensions, latent, frozen)


def noise_of(module: nn.Module) -> Noisy | None:
    """The noisy network within a module, if there is one."""
    return next((one for one in module.modules() if isinstance(one, Noisy)), None)


def _conditioned(network: nn.Module) -> list[Conditioned]:
    """Every activation within a network, each replaced by a conditioned one."""
    found = []
    for parent in list(network.modules()):
        if isinstance(parent, Conditioned):
            continue
        for name, child in list(parent.named_children()):
            if isinstance(child, ACTIVATIONS):
                site = Conditioned(child)
                setattr(parent, name, site)
                found.append(site)
    return found


@torch.no_grad()
def _count_channels(network: nn.Module, sites: Sequence[Conditioned], channels_in: int, dimensions: int) -> None:
    """Widen each conditioned activation for what comes to it: [2, channels, *space] of a field with two samples; others are left alone."""
    came: dict[Conditioned, set[int]] = {site: set() for site in sites}

    def look(site: nn.Module, given: tuple[Tensor, ...]) -> None:
        assert isinstance(site, Conditioned)
        shape = given[0].shape
        came[site].add(shape[1] if len(shape) == 2 + dimensions and shape[0] == 2 else 0)

    hooks = [site.register_forward_pre_hook(look) for site in sites]
    was = network.training
    network.eval()(torch.zeros(2, channels_in, *[POINTS] * dimensions))
    network.train(was)
    for hook in hooks:
        hook.remove()
    for site, channels in came.items():
        if len(channels) == 1 and 0 not in channels:
            site.widen(*channels)


def ensemble(call: Callable[..., Tensor], x: Tensor, members: int, frames: int | None = None) -> Tensor:
    """So many answers to each input: [batch, channels, *space] to [members, batch, frames, results, *space]."""
    rows = x.repeat_interleave(members, 0)
    found = call(rows) if frames is None else call(rows, frames)
    return found.unflatten(0, (len(x), members)).movedim(1, 0)
