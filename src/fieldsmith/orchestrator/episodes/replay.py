"""Recorded episodes without a model: their actions taken again, or the figures of their states computed anew."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from fieldsmith import environments
from fieldsmith.environments.calls import Call
from fieldsmith.environments.environment import AnyEnvironment
from fieldsmith.environments.episode import Record
from fieldsmith.environments.host import Host
from fieldsmith.environments.observation import UNREADABLE, StepFault
from fieldsmith.environments.stepping import BEGINNING
from fieldsmith.errors import InputError, MissingPart
from fieldsmith.orchestrator.episodes.asked import read_asked
from fieldsmith.orchestrator.episodes.ledger import Kept, Ledger

CLOSE = 1e-9
"""Relative difference of figures below which they are the same."""


@dataclass(frozen=True)
class Replayed:
    """What came of an episode that was taken again; `differences` says in sentences what is not as it was recorded.

    Figures that are times differ from run to run; they are compared as all others are, unless the environment says in their unit that they are seconds.
    """

    episode: int
    steps: int
    score: float
    recorded: float
    differences: tuple[str, ...]


def replayed(folder: Path, episode: int = 0, sandbox: str = "auto", rescore: bool = False) -> Iterator[Replayed]:
    """The episodes of a run, or one of them. Raises InputError for a directory or an episode that is not there."""
    asked = read_asked(folder)
    ledger = Ledger(folder / "run.sqlite", reading=True)
    try:
        numbers = ledger.candidates()
        if episode and episode not in numbers:
            raise InputError(
                f"{folder} has no episode {episode}.", f"There are {', '.join(map(str, numbers)) or 'none'}."
            )
        with Host(sandbox, earlier=folder / "artifacts") as host:
            for number in [episode] if episode else numbers:
                env = environments.load(asked.place or asked.question.environment, host)
                kept = _kept(ledger, number)
                try:
                    yield _scored(env, kept) if rescore else _taken(env, kept, ledger)
                except StepFault as fault:
                    raise MissingPart(
                        f"Episode {number} cannot be taken again: {fault}", "Mend that and repeat."
                    ) from None
    finally:
        ledger.close()


def _taken(env: AnyEnvironment, kept: Kept, ledger: Ledger) -> Replayed:
    """Every recorded call taken again in its order."""
    episode = kept.episode
    if kept.parent:
        env.branch(_kept(ledger, kept.parent[0]).episode, kept.parent[1], episode.seed, episode.max_steps)
    else:
        env.reset(episode.seed, episode.task, episode.max_steps)
    differences = _compared(env, episode.records[0], env.episode.records[0])
    for record in episode.records[1:]:
        _again(env, record)
        differences += _compared(env, record, env.episode.last)
    score = env.episode.last.score
    return Replayed(kept.candidate, episode.used, score, episode.last.score, tuple(differences))


def _again(env: AnyEnvironment, record: Record) -> None:
    if record.status == "budget_exceeded":
        env.end(record.text.partition("\n")[0])
    elif not record.action:
        env.rejected(str(record.arguments.get("text", "")), record.text)
    else:
        step = env.step(Call(record.action, _given(record)))
        if step.status in ("resource_error", "transport_error"):
            raise MissingPart(f"{record.action} cannot be done again: {step.observation.text}", "Mend that and repeat.")


def _given(record: Record) -> Mapping[str, object] | str:
    """The arguments as they came: those that were not taken may have been a text in place of an object, kept as `text`."""
    text = record.arguments.get("text") if len(record.arguments) == 1 else None
    if record.status not in UNREADABLE or not isinstance(text, str):
        return record.arguments
    return text if record.status == "parse_error" or _holds_an_object(text) else record.arguments


def _holds_an_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict | str)
    except (ValueError, RecursionError):
        return not text.strip()


def _kept(ledger: Ledger, number: int) -> Kept:
    kept = ledger.episode(number)
    assert kept is not None
    return kept


def _scored(env: AnyEnvironment, kept: Kept) -> Replayed:
    """Figures and scores of every recorded state computed anew; equal states once."""
    from fieldsmith.environments.stepping import judged_again, measured_again

    differences: list[str] = []
    score = kept.episode.last.score
    first, seed = kept.episode.records[0], kept.episode.seed
    seen: dict[str, Mapping[str, float | None]] = {}
    for number, record in enumerate(kept.episode.records):
        # A branch has its first figures from its parent, with whose seed they were drawn.
        inherited = kept.parent is not None and (record.state, record.metrics) == (first.state, first.metrics)
        if not inherited and record.state not in seen:
            seen[record.state] = measured_again(env, record.state, (seed, number))
        figures = record.metrics if inherited else seen[record.state]
        differences += _figures(env, record, figures, record.metrics)
        if record.judged:
            handed = kept.episode.handed_in
            judged = judged_again(env, handed.state, (seed, number))
            differences += _figures(env, record, judged, record.judged)
            score = env.score({**seen.get(handed.state, handed.metrics), **judged})
    return Replayed(kept.candidate, kept.episode.used, score, kept.episode.last.score, tuple(differences))


def _compared(env: AnyEnvironment, old: Record, new: Record) -> list[str]:
    where = f"step {old.step} ({old.action or BEGINNING})"
    found = []
    if old.status != new.status:
        found.append(f"{where}: the status is {new.status}, was {old.status}")
    if old.judged_step != new.judged_step:
        found.append(f"{where}: the state of another step was judged")
    return found + _figures(env, old, new.metrics, old.metrics) + _figures(env, old, new.judged, old.judged)


def _figures(
    env: AnyEnvironment, record: Record, new: Mapping[str, float | None], old: Mapping[str, float | None]
) -> list[str]:
    timed = {measure.name for measure in env.measures if measure.unit in ("s", "ms", "MB")}
    return [
        f"step {record.step} ({record.action or BEGINNING}): {name} is {new.get(name)}, was {value}"
        for name, value in old.items()
        if name not in timed and not _same(new.get(name), value)
    ]


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=CLOSE, abs_tol=1e-300)
