"""The report of a run of episodes: one HTML file that opens offline, written from what the run's directory holds."""

import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from markupsafe import Markup

from fieldsmith.environments.episode import Episode
from fieldsmith.environments.observation import Measure
from fieldsmith.orchestrator.episodes.ledger import Kept
from fieldsmith.orchestrator.episodes.reading import EpisodesRecord, load_episodes
from fieldsmith.orchestrator.record import write_text
from fieldsmith.reports.episode_rows import EpisodeRow, EpisodeSpend, episode_row, spend_of
from fieldsmith.reports.episode_space import FittedEpisodes, fitted_episodes
from fieldsmith.reports.html import MOST_BYTES, REFRESH_SECONDS, environment
from fieldsmith.reports.numbers import finite, number
from fieldsmith.reports.plain import visible
from fieldsmith.reports.steps import rounded
from fieldsmith.reports.texts import script_safe

MOST_MEASURES = 40
MOST_ROWS = 1000
"""Of the table of episodes."""
MOST_MAIN = 3
SCRIPTS = (
    "basics", "colours", "plots", "save", "code", "long", "structure", "artifacts", "states", "measures", "steps", "theme", "watch", "episodes",
)  # fmt: skip


def write_episodes_report(folder: Path) -> Path:
    """Write report.html of a run of episodes, finished or not, in one step; where it lies. Raises InputError."""
    file = folder / "report.html"
    write_text(file, render_episodes(load_episodes(folder)))
    return file


def render_episodes(record: EpisodesRecord, refresh: float = REFRESH_SECONDS) -> str:
    """The page as text. Whatever agents and tools wrote stands in it as text, never as markup.

    The page of a run that is going on loads itself again every `refresh` seconds.
    """
    measures = _measures(record)[:MOST_MEASURES]
    moves = {candidate.id: candidate.move for candidate in record.candidates}
    running = record.state == "running"
    rows = [episode_row(kept, moves.get(kept.candidate, ""), running) for kept in record.episodes]
    best = record.best
    data, left_out = _data(record, measures, rows[:MOST_ROWS], refresh)
    asked = replace(record.asked, **{n: visible(getattr(record.asked, n), 600) for n in ("title", "label", "note")})
    return environment.get_template("episodes.html.jinja").render(
        asked=asked,
        question=record.asked.question,
        state=record.state,
        command=visible(record.asked.command, 8_000),
        message=visible(record.message, 2_000),
        written=time.strftime("%Y-%m-%d %H:%M:%S"),
        rows=rows[:MOST_ROWS],
        more_rows=max(0, len(rows) - MOST_ROWS),
        best=next((row for row in rows if best and row.number == best.candidate), None),
        main=_main(best, measures),
        judged=_judged(best),
        spend=spend_of(record.episodes),
        seconds=record.seconds,
        measures=measures,
        data=Markup(data),
        left_out=left_out,
        sheets=("episodes.css",),
        scripts=[f"{name}.js" for name in SCRIPTS],
        number=number,
        visible=visible,
    )


def _measures(record: EpisodesRecord) -> list[Measure]:
    """Those of the panel, with all words made safe; where a run does not tell its panel, what figures it has, with no way that is better."""
    known = list(record.asked.measures)
    if not known:
        names = dict.fromkeys(name for kept in record.episodes for name in kept.episode.records[0].metrics)
        known = [Measure(name, "", None) for name in names]
    return [replace(one, meaning=visible(one.meaning, 200), unit=visible(one.unit, 20)) for one in known]


def _main(best: Kept | None, measures: list[Measure]) -> list[tuple[str, Markup, str]]:
    """The main figures of the state that the best episode was judged by: name, value with unit, meaning."""
    if best is None:
        return []
    final = best.episode.handed_in.metrics
    chosen = [one for one in measures if one.main and not one.held_out and one.name != "score"][:MOST_MAIN]
    return [
        (visible(one.name, 40) + (f", {one.unit}" if one.unit else ""), number(final.get(one.name)), one.meaning)
        for one in chosen
    ]


def _judged(best: Kept | None) -> list[tuple[str, Markup]]:
    """What only judges saw of the best episode."""
    return (
        [(visible(n, 60), number(v)) for n, v in list(best.episode.last.judged.items())[:MOST_MEASURES]] if best else []
    )


def _data(
    record: EpisodesRecord, measures: list[Measure], rows: list[EpisodeRow], refresh: float
) -> tuple[str, list[str]]:
    """All that the page's scripts draw, as JSON, and in words what there was no room for."""
    fixed = {
        "state": record.state,
        "refresh": refresh if record.state == "running" else 0,
        "written": time.time(),
        "what": "a step",
        "name": visible(record.asked.question.task, 40),
        "best": record.best.candidate if record.best else None,
        "measures": [{**asdict(one), "name": visible(one.name, 60)} for one in measures],
    }
    heads = {row.number: script_safe(_head(row)) for row in rows}
    shown = replace(record, episodes=tuple(kept for kept in record.episodes if kept.candidate in heads))
    room = MOST_BYTES - len(script_safe(fixed)) - 4 * sum(map(len, heads.values()))  # each has a row of the table too
    found = fitted_episodes(shown, [one.name for one in measures], room)
    paths = {kept.candidate: path_to_the_end(kept.episode) for kept in shown.episodes}
    episodes = [_episode(number, head, found, paths[number]) for number, head in heads.items()]
    text = (
        f'{script_safe(fixed)[:-1]},"episodes":[{",".join(episodes)}],'
        f'"texts":{found.texts},"artifacts":{found.artifacts}}}'
    )
    return text, _left_out(found)


def _episode(number: int, head: str, found: FittedEpisodes, path: list[int]) -> str:
    if number not in found.steps:
        return f'{head[:-1]},"records":[],"path":[]}}'
    return f'{head[:-1]},"path":{script_safe(path)},{found.steps[number][1:]}'


def _head(row: EpisodeRow) -> dict[str, Any]:
    spend: EpisodeSpend = row.spend
    return {
        "id": row.number,
        "move": row.move,
        "score": finite(row.score),
        "steps": row.steps,
        "most": row.most_steps,
        "calls": row.valid_told,
        "seconds": rounded(row.seconds),
        "tokens": spend.tokens_told,
        "usd": spend.usd_told,
        "ended": row.ended,
        "parent": row.parent,
    }


def path_to_the_end(episode: Episode) -> list[int]:
    """The steps whose states led to the one that was judged, or is the present one, from the beginning on."""
    parents = {record.step: record.parent for record in episode.records if record.counted}
    found, step = [episode.handed_in.step], episode.handed_in.step
    while step in parents and parents[step] < step:
        step = parents[step]
        found.append(step)
    return found[::-1]


def _left_out(found: FittedEpisodes) -> list[str]:
    words = []
    if found.shortened:
        words.append(
            f"To keep this page small, texts of {found.shortened} of these episodes are shortened; the whole is in the "
            "run's folder, in episodes/, where each has a file of its own."
        )
    if found.without_steps:
        words.append(f"The steps of {found.without_steps} episodes are left out; they are in episodes/ too.")
    if found.without_artifacts:
        words.append(
            f"{found.without_artifacts} artifacts are left out; they are in artifacts/, named by their digest."
        )
    return words
