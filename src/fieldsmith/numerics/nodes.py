"""Where the samples along an axis lie, as source text for templates."""

from dataclasses import dataclass

from fieldsmith.equations.equation import Nodes


@dataclass(frozen=True)
class Samples:
    """Samples of one kind along an axis: at the centres of equal cells, at their left edges, or with both ends."""

    kind: Nodes

    @property
    def offset(self) -> str:
        """Of the first sample from the lower end, in spacings."""
        return "0.5" if self.kind == "cell_centres" else "0.0"

    @property
    def spacings(self) -> str:
        """How many there are along the axis, for `count` samples."""
        return "(count - 1)" if self.kind == "endpoints" else "count"

    @property
    def places(self) -> str:
        """All of them, for `count` samples from LOW to HIGH."""
        return {
            "cell_centres": "LOW + (np.arange(count) + 0.5) * (HIGH - LOW) / count",
            "left_edges": "LOW + np.arange(count) * (HIGH - LOW) / count",
            "endpoints": "np.linspace(LOW, HIGH, count)",
        }[self.kind]

    def shift(self, finer: str) -> str:
        """How far the first of `finer` samples lies from the first of n, in periods."""
        return f"0.5 / {finer} - 0.5 / n" if self.kind == "cell_centres" else "0.0"

    @property
    def inner(self) -> str:
        """Places of FACTOR * n samples in spacings of n, from the first of these."""
        centres, edges = "(np.arange(FACTOR * n) + 0.5) / FACTOR - 0.5", "np.arange(FACTOR * n) / FACTOR"
        return centres if self.kind == "cell_centres" else edges

    @property
    def first_inner(self) -> str:
        """The inner sample, FACTOR a sample, that is the first sample."""
        return "FACTOR // 2" if self.kind == "cell_centres" else "0"
