"""`fieldsmith runs show` and `runs watch` of runs of episodes."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldsmith.cli.output import current

if TYPE_CHECKING:
    from fieldsmith.orchestrator.episodes.ledger import Kept
    from fieldsmith.orchestrator.episodes.reading import EpisodesRecord


def show(folder: Path) -> None:
    """What was asked, every episode, what was spent. Raises InputError."""
    from fieldsmith.orchestrator.episodes.reading import load_episodes
    from fieldsmith.reports.plain import visible

    found = load_episodes(folder)
    current.event("result", _fields(found))
    current.say(visible(f"{found.asked.title} ({found.asked.question.task}), {found.state}. {found.message}"))
    current.say(visible(found.asked.command, 8_000))
    moves = {candidate.id: candidate for candidate in found.candidates}
    for kept in found.episodes:
        candidate = moves.get(kept.candidate)
        slot, move = (candidate.slot, candidate.move) if candidate else ("", "")
        current.say(_row(kept, slot, move, found).rstrip())
    _tell_result(found)


def watch(folder: Path) -> bool:
    """Tell of every step until the run ends; whether an episode was finished. Raises InputError."""
    from fieldsmith.cli.env_run import told
    from fieldsmith.orchestrator.episodes.play import record_fields
    from fieldsmith.orchestrator.episodes.reading import load_episodes
    from fieldsmith.orchestrator.episodes.run import episode_fields
    from fieldsmith.orchestrator.follow import follow

    found = load_episodes(folder)
    hidden = {measure.name for measure in found.asked.measures if measure.held_out}
    steps: dict[int, int] = {}
    over: set[int] = set()
    for found in follow(folder, load_episodes):
        for kept in found.episodes:
            records = kept.episode.records[1:]
            for record in records[steps.get(kept.candidate, 0) :]:
                shown = {name: value for name, value in record.metrics.items() if name not in hidden}
                told("step", {**record_fields(record), "metrics": shown, "episode": kept.candidate})
            steps[kept.candidate] = len(records)
        for candidate in found.candidates:
            if candidate.evaluation is not None and candidate.id not in over:
                over.add(candidate.id)
                told("episode", episode_fields(candidate))
    current.event("result", _fields(found))
    current.progress(f"The run is {found.state}. {found.message}".strip())
    _tell_result(found)
    return bool(over)


def _fields(found: "EpisodesRecord") -> dict[str, object]:
    """As the last line of `env run --json`."""
    from fieldsmith.orchestrator.episodes.run import fields_of

    return fields_of(found.folder, found.asked, found.candidates, found.seconds, found.state, found.message, found.lost)


def _tell_result(found: "EpisodesRecord") -> None:
    from fieldsmith.cli.env_run import result_lines

    fields: Any = _fields(found)
    for line in result_lines(fields):
        current.say(line)


def _row(kept: "Kept", slot: str, move: str, found: "EpisodesRecord") -> str:
    episode = kept.episode
    last = episode.last
    state = "submitted" if last.terminated else "ended" if last.truncated else "going on" if found.state == "running" else "unfinished"  # fmt: skip
    of = f" of {kept.parent[0]}, step {kept.parent[1]}" if kept.parent else ""
    best = "*" if found.best is kept else " "
    return f"{best} {slot:>6}  {move + of:<20} {state:<10} {episode.used:>3} of {episode.max_steps} steps, {len(episode.records) - 1} calls"
