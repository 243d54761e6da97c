"""An episode as a value: all that was done and the states it led to. Whoever hosts an environment keeps it, the environment does not."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from fieldsmith.environments.observation import Artifact, Measure, Status


@dataclass(frozen=True)
class Record:
    """One call as it is kept. `state` is the environment's state after it, as JSON.

    step: how many steps have been counted, this one included; by it agents name states. parent: the step that it went on from.
    judged: the figures that only judges see, where the episode ends. judged_step: the step whose state they are of, where that is not this one: an episode that ends
    at a limit is judged by the best of its states.
    """

    step: int
    parent: int
    action: str
    arguments: Mapping[str, Any]
    status: Status
    text: str
    state: str
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    judged: Mapping[str, float | None] = field(default_factory=dict)
    score: float = 0.0
    reward: float = 0.0
    artifacts: tuple[Artifact, ...] = ()
    counted: bool = True
    terminated: bool = False
    truncated: bool = False
    seconds: float = 0.0
    judged_step: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, which `from_dict` reads."""
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "Record":
        artifacts = tuple(Artifact(**artifact) for artifact in fields.get("artifacts", ()))
        return cls(**{**fields, "artifacts": artifacts})


@dataclass(frozen=True)
class Episode:
    """`records` begins with that of the reset, step 0; the last one holds the present state."""

    environment: str
    task: str
    seed: int
    max_steps: int
    records: tuple[Record, ...]

    @property
    def last(self) -> Record:
        return self.records[-1]

    @property
    def over(self) -> bool:
        return self.last.terminated or self.last.truncated

    @property
    def used(self) -> int:
        """Steps that were counted."""
        return self.last.step

    def at(self, step: int) -> Record | None:
        """The record of a step that counts, or of the beginning."""
        return next((r for r in self.records if r.step == step and (r.counted or step == 0)), None)

    @property
    def handed_in(self) -> Record:
        """The record of the state that was judged; of an episode that goes on, of the present one."""
        return (self.at(self.last.judged_step) if self.last.judged_step is not None else None) or self.last

    def with_record(self, record: Record) -> "Episode":
        return replace(self, records=(*self.records, record))

    def changes(self) -> Iterator[Record]:
        """The reset and the steps that led to a state: what is worth going back to."""
        yield from (r for r in self.records if r.status == "success" and (r.counted or r is self.records[0]))


def efficient(records: Sequence[Record], measures: Sequence[Measure]) -> list[int]:
    """Steps of the Pareto-efficient records: no other is as good by every main measure and better by one.

    Measures that no record has are passed over. Records that lack one of the figures are left out, and all of them where no main measure has a better way.
    """
    main = [m for m in measures if m.main and m.lower_is_better is not None]
    known = [m for m in main if any(record.metrics.get(m.name) is not None for record in records)]
    signs = {m.name: 1.0 if m.lower_is_better else -1.0 for m in known}
    points: dict[int, tuple[float, ...]] = {}
    for record in records:
        values = [record.metrics.get(name) for name in signs]
        if signs and all(value is not None for value in values):
            points[record.step] = tuple(
                sign * float(value or 0.0) for sign, value in zip(signs.values(), values, strict=True)
            )
    return [n for n, own in points.items() if not any(_beats(other, own) for other in points.values())]


def _beats(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))


def history_table(episode: Episode, measures: Sequence[Measure], most: int = 40) -> str:
    """Steps with their main figures as a Markdown table, the latest `most`; efficient ones are marked."""
    main = [measure for measure in measures if measure.main and not measure.held_out]
    told = [episode.records[0], *(record for record in episode.records[1:] if record.counted)]
    best = set(efficient(list(episode.changes()), main))
    units = [f"{m.name}{f' [{m.unit}]' if m.unit else ''}" for m in main]
    head = ["step", "from", "action", "status", *units, "efficient"]
    rows = [
        [
            str(record.step),
            "" if record.step == 0 else str(record.parent),
            record.action,
            record.status,
            *(figure(record.metrics.get(m.name)) for m in main),
            "yes" if record.step in best else "",
        ]
        for record in told[-most:]
    ]
    lines = [head, ["---"] * len(head), *rows]
    left = len(told) - len(rows)
    note = f"\n({left} earlier steps are left out.)" if left > 0 else ""
    return "\n".join(f"| {' | '.join(row)} |" for row in lines) + note


def figure(value: float | None) -> str:
    """A figure in a table: three significant digits, a dash where there is none."""
    if value is None:
        return "-"
    return f"{value:.3g}"
