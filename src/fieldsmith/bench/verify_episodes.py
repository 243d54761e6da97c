"""Whether the scores of a run of episodes hold: its records by each other, and the figures of its states computed anew, without the model."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fieldsmith import environments
from fieldsmith.bench.differences import close, compared, differences, json_of, plain, several, told
from fieldsmith.environments.digest import source_digest
from fieldsmith.errors import FieldsmithError
from fieldsmith.finding import Finding
from fieldsmith.orchestrator.episodes.reading import EpisodesRecord, load_episodes
from fieldsmith.orchestrator.episodes.replay import replayed
from fieldsmith.orchestrator.episodes.run import fields_of

CLOCKS_APART = 1.0
"""Seconds between the two that are told of when a run ended: earlier versions read the clock twice."""


def verify_episodes(folder: Path, sandbox: str | None) -> Iterator[Finding]:
    """What holds of a run of episodes; without the name of a sandbox no state is looked at again.

    Raises InputError for a directory that holds none.
    """
    run = load_episodes(folder)
    if run.state == "running":
        yield Finding("run", unchecked="it is still running: what it keeps changes while it is looked at")
        return
    if not (folder / "run.sqlite").exists():
        yield Finding("store", "run.sqlite is missing: there is nothing to hold the rest against")
        return
    yield _scores(run)
    yield _result(run)
    yield _states(run, sandbox)


def _scores(run: EpisodesRecord) -> Finding:
    """Whether each episode's score is that of its last step."""
    steps = {kept.candidate: kept.episode.last.score for kept in run.episodes}
    differing = []
    for candidate in run.candidates:
        score = candidate.evaluation.dev if candidate.evaluation else None
        if score is not None and not close(score.figure, steps.get(candidate.id, float("nan"))):
            there = steps.get(candidate.id)
            differing.append(f"episode {candidate.id} has a score of {score.figure:g}, and its last step {there}")
    return told("scores", differing, f"{len(run.episodes)} episodes, each with the score of its last step")


def _result(run: EpisodesRecord) -> Finding:
    """Whether `result.json` tells what the store comes to."""
    if run.state != "done":
        return Finding("result", unchecked=f"the run is {run.state}: there is no result yet")
    kept = json_of(run.folder / "result.json")
    if not kept:
        return Finding("result", "result.json is missing or no JSON")
    anew = plain(fields_of(run.folder, run.asked, run.candidates, run.seconds, run.state, run.message, run.lost))
    found = list(differences({**anew, "run": ""}, {**kept, "run": ""}, "run.sqlite", "result.json"))
    found = [one for one in found if one.path != "spend.seconds" or not _same_time(anew, kept)]
    return compared("result", found, "result.json tells what the store comes to")


def _same_time(anew: Mapping[str, Any], kept: Mapping[str, Any]) -> bool:
    """Whether the store's clock was read when the result's was."""
    one, other = ((fields.get("spend") or {}).get("seconds") for fields in (anew, kept))
    return one is not None and other is not None and abs(one - other) < CLOCKS_APART


def _states(run: EpisodesRecord, sandbox: str | None) -> Finding:
    """The figures and scores of every recorded state computed anew by the environment."""
    if sandbox is None:
        return Finding("states", unchecked="states are not scored again with --no-rerun")
    try:
        env = environments.load(run.asked.place or run.asked.question.environment)
        if source_digest(env) != run.asked.source:
            return Finding(
                "states", unchecked="the environment's code is another than the run's: nothing is scored again"
            )
        again = list(replayed(run.folder, 0, sandbox, rescore=True))
    except FieldsmithError as error:
        return Finding("states", unchecked=f"the environment cannot score them again: {error.message}")
    faults = [f"episode {one.episode}: {several(one.differences)}" for one in again if one.differences]
    steps = sum(one.steps for one in again)
    return told("states", faults, f"{len(again)} episodes of {steps} steps scored again, without the model")
