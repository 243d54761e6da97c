"""What a person asks of a training."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from fieldsmith.errors import InputError
from fieldsmith.operators.training.penalties import check

PRECISIONS = ("float32", "bfloat16")


@dataclass(frozen=True)
class Asked:
    """Which operator, on how many samples, for how long. Raises InputError for a value out of range.

    With `minutes` the number of epochs is what fits into them, told from the first steps. `noise` is added to inputs while learning, as a share of each channel's spread.
    Every `coarsened`-th point along each axis is seen, through `observed_noise`, when the operator is judged too (`observed.py`). Operators
    that go frame by frame learn `unrolled` steps at a time; with `pushforward` only the last of them, from where the others lead (Brandstetter et al., arXiv 2202.03376, section 3.2).
    A batch is taken in `accumulated` parts, which need that much less memory. `patience` epochs without a better dev error end the training; 0 never does. Each of several
    `processes` takes a batch of its own, so that a step has so many times as many samples. `penalties` are weights by kind (`penalties.py`), of micro-batches of `micro` samples.
    """

    operator: str
    settings: Mapping[str, object] = field(default_factory=dict)
    samples: int = 256
    epochs: int = 100
    minutes: float = 0.0
    batch: int = 16
    rate: float = 1e-3
    decay: float = 1e-5
    noise: float = 0.0
    coarsened: int = 1
    observed_noise: float = 0.0
    unrolled: int = 1
    pushforward: bool = False
    accumulated: int = 1
    patience: int = 0
    precision: str = "float32"
    compiled: bool = False
    seed: int = 0
    processes: int = 1
    penalties: Mapping[str, float] = field(default_factory=dict)
    micro: int = 4

    def __post_init__(self) -> None:
        least = {"samples": 1, "epochs": 1, "batch": 1, "unrolled": 1, "accumulated": 1, "processes": 1, "patience": 0, "seed": 0, "micro": 1, "minutes": 0, "decay": 0, "noise": 0, "coarsened": 1, "observed_noise": 0}  # fmt: skip
        for name, low in least.items():
            value = getattr(self, name)
            if not low <= value < 1e9:
                raise InputError(f"--{name.replace('_', '-')} {value:g} is out of range.", f"Give {low} or more.")
        if not 0 < self.rate <= 1:
            raise InputError(f"--rate {self.rate:g} is out of range.", "Give a learning rate such as 0.001.")
        if self.precision not in PRECISIONS:
            raise InputError(f"--precision {self.precision} is not known.", f"Give {' or '.join(PRECISIONS)}.")
        if self.accumulated > self.batch:
            raise InputError(f"--accumulated {self.accumulated} is more than the {self.batch} samples of a batch.", "")
        if self.penalties and self.processes > 1:
            raise InputError("--penalty does not go with --processes.", "Leave one of them out.")
        if self.pushforward and self.unrolled < 2:
            raise InputError("--pushforward needs steps to be pushed through.", "Give --unrolled 2 or more.")
        check(self.penalties)
        if self.penalties and self.compiled:
            raise InputError("--penalty needs second derivatives, which --compile does not give.", "Leave one out.")

    @property
    def digest(self) -> str:
        """Eight hexadecimal digits over all of it."""
        return hashlib.sha256(json.dumps(self.asdict(), sort_keys=True).encode()).hexdigest()[:8]

    def asdict(self) -> dict[str, Any]:
        """As JSON."""
        told = {**asdict(self), "settings": dict(self.settings), "penalties": dict(self.penalties)}
        return told if self.penalties else {name: told[name] for name in told if name not in ("penalties", "micro")}
