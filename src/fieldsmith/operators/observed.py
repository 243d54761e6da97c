"""What an operator sees of the fields that it is given: every so many-th point, with noise, as instruments would have it.

It answers at the points that it sees. For the call of a task, which asks at all points, its answer is interpolated (by Fourier series along periodic axes, by cubic splines along
others), the first frame included, which is what it saw.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from fieldsmith.errors import InputError
from fieldsmith.evaluation.thinned import filled
from fieldsmith.operators.layout import Inputs, Layout
from fieldsmith.tasks.task import Case

Solutions = Mapping[str, np.ndarray]
"""Results by name, [batch, ...]."""
DRAWN = 30
"""Begins the seed of the noise on what is judged: the same for every operator, so that none is lucky."""


@dataclass(frozen=True)
class Observed:
    """Every `stride`-th point along each axis, from the first; `noise` is Gaussian, a share of a field's spread over the training samples, independent at each point."""

    stride: int = 1
    noise: float = 0.0

    @classmethod
    def of_card(cls, card: Mapping[str, Any]) -> "Observed":
        asked = card["asked"]
        return cls(asked.get("coarsened", 1), asked.get("observed_noise", 0.0))

    @property
    def whole(self) -> bool:
        """Whether fields are seen as they are."""
        return self.stride == 1 and self.noise == 0

    def __str__(self) -> str:
        points = "" if self.stride == 1 else f"every {self.stride}{_ORDINAL.get(self.stride, 'th')} point"
        return ", ".join(filter(None, (points, f"noise {self.noise:g}" if self.noise else "")))

    def thinned(self, values: np.ndarray, layout: Layout) -> np.ndarray:
        """[..., *space] at the points that are seen. Raises InputError where they would not leave whole intervals."""
        if self.stride == 1:
            return values
        for axis, points in zip(layout.axes, values.shape[-layout.dimensions :], strict=True):
            intervals = points - 1 if axis.ends else points
            if not (axis.periodic or axis.ends):
                words = f"The points of {layout.task} along {axis.name} are centres of cells between two ends."
                raise InputError(f"{words} Every {self.stride}-th of them leaves one side wider.", "Leave --coarsened out.")  # fmt: skip
            if intervals % self.stride or intervals // self.stride < 4:
                words = f"{layout.task} has {intervals} intervals along {axis.name}, which --coarsened {self.stride} does not divide into 4 or more."
                raise InputError(words, "Give a divisor of it.")
        return values[(..., *[slice(None, None, self.stride)] * layout.dimensions)]

    def noisy(self, given: np.ndarray, spreads: np.ndarray, layout: Layout) -> np.ndarray:
        """Channels [batch, channels, *space] with noise on those that are fields; `spreads` [channels]. The draws follow from the shape alone."""
        if not self.noise:
            return given
        fields = len(layout.fields)
        drawn = np.random.default_rng([DRAWN, *given.shape]).standard_normal(given[:, :fields].shape)
        scale = self.noise * spreads[:fields].reshape(-1, *[1] * layout.dimensions)
        return np.concatenate([given[:, :fields] + np.asarray(scale * drawn, given.dtype), given[:, fields:]], axis=1)

    def filled(self, values: np.ndarray, layout: Layout, space: tuple[int, ...]) -> np.ndarray:
        """[..., *seen] on all points `space`."""
        for n, (axis, points) in enumerate(zip(layout.axes, space, strict=True), start=-layout.dimensions):
            values = filled(values, values.ndim + n, points, self.stride, axis.periodic)
        return values

    def error(self, outputs: Solutions, reference: Solutions, layout: Layout) -> float:
        """Mean relative error at the points that are seen, of frames after the first: what the operator itself says, interpolated by nobody, and learned to make small."""
        found, wanted = (self.thinned(layout.solved(one), layout) for one in (outputs, reference))
        norms = norms_of({name: self.thinned(np.asarray(one), layout) for name, one in reference.items()})
        return float(np.mean(np.linalg.norm((found - wanted).reshape(len(found), -1), axis=1) / norms))


WHOLE = Observed()
"""All points, as they are."""


class Seen:
    """Errors of judged calls by split at the points that an operator sees, where those are not all, or not as they are. Called with the arrays of each."""

    def __init__(self, card: Mapping[str, Any]) -> None:
        self.observed, self.layout = Observed.of_card(card), Layout.from_dict(card["layout"])
        self.words, self.errors = str(self.observed), dict[str, float]()

    def __call__(self, split: str, case: Case, outputs: Solutions) -> None:
        if not self.observed.whole:
            self.errors[split] = self.observed.error(outputs, case.reference, self.layout)


def norms_of(solutions: Solutions) -> np.ndarray:
    """Of each sample over all results, frames and points, single precision."""
    squares = [np.einsum("bi,bi->b", rows, rows) for rows in (one.reshape(len(one), -1) for one in solutions.values())]
    return np.sqrt(np.sum(squares, axis=0)).astype(np.float32)


_ORDINAL = {2: "nd", 3: "rd"}


def through(card: Mapping[str, Any], noise: float | None) -> dict[str, Any]:
    """The card of an operator that sees fields through another noise than it was trained with; None leaves it as it is."""
    return dict(card) if noise is None else {**card, "asked": {**card["asked"], "observed_noise": noise}}


def seen_inputs(inputs: Inputs, first: np.ndarray, layout: Layout) -> Inputs:
    """The arguments of a call with first frames [batch, results, *space] as they were seen."""
    return {**inputs, **{name: first[:, n] for n, name in enumerate(filter(None, layout.starts))}}
