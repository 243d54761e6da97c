"""Makes the candidates of a run of episodes: each is an episode, from the beginning or from the best step of an earlier one."""

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fieldsmith.agents.acting.agent import Agent
from fieldsmith.agents.author import Candidate, Proposal, Usage
from fieldsmith.agents.moves import Move
from fieldsmith.environments.environment import AnyEnvironment
from fieldsmith.environments.episode import Episode, efficient
from fieldsmith.evaluation.evaluation import Evaluation, Score
from fieldsmith.orchestrator.episodes.ledger import Kept, Ledger
from fieldsmith.orchestrator.episodes.play import Play, Told, unheard, valid_share
from fieldsmith.orchestrator.record import write_text

SCORE = "score"
"""What episodes are chosen by; higher is better."""


@dataclass
class EpisodeMaker:
    """Plays an episode for each candidate. `open_env` gives an environment of one's own for each."""

    open_env: Callable[[], AnyEnvironment]
    agent: Agent
    ledger: Ledger
    folder: Path
    task: str
    seed: int
    max_steps: int
    format_errors: int
    refusal: Callable[[], str] = lambda: ""
    listener: Told = unheard

    @property
    def label(self) -> str:
        return self.agent.label

    def expect(self, count: int) -> None:
        """Nothing has to be made ready."""

    def make(
        self, candidate: Candidate, move: Move, history: Sequence[Candidate], stopping: threading.Event
    ) -> Candidate:
        """The candidate with its episode played and scored. Raises what `Play.run` raises."""
        env = self.open_env()
        kept = Play(
            env=env,
            agent=self.agent,
            ledger=self.ledger,
            candidate=candidate.id,
            slot=candidate.slot,
            task=self.task,
            seed=self.seed + candidate.id - 1,
            max_steps=self.max_steps,
            format_errors=self.format_errors,
            refusal=self.refusal,
            branch=self._branch(env, candidate, move),
            listener=self.listener,
            stopping=stopping,
        ).run()
        return finished(self.folder, kept, candidate)

    def stop(self) -> None:
        """What is waited for ends by `stopping` and by the host."""

    def _branch(self, env: AnyEnvironment, candidate: Candidate, move: Move) -> tuple[Kept, int] | None:
        """The episode and the step to go on from, for a move that has parents: they take turns, the best first."""
        parents = move.candidates
        if not parents:
            return None
        digits = "".join(c for c in candidate.slot.partition(".")[0] if c.isdecimal()) or "1"
        parent = parents[(int(digits) - 1) % len(parents)]
        kept = self.ledger.episode(parent.id)
        return (kept, best_step(env, kept.episode)) if kept else None


def finished(folder: Path, kept: Kept, candidate: Candidate) -> Candidate:
    """The candidate of an episode that has ended, with what that came to; the episode is written down whole."""
    write_trajectory(folder, kept, candidate)
    return replace(candidate, proposal=_proposal(kept), evaluation=_evaluation(kept))


def best_step(env: AnyEnvironment, episode: Episode) -> int:
    """The step worth going on from: among the Pareto-efficient ones that with the best score, the latest of equals."""
    changes = list(episode.changes())
    front = set(efficient(changes, env.measures))
    choice = [record for record in changes if record.step in front] or changes
    return max(choice, key=lambda record: (record.score, record.step)).step


def _proposal(kept: Kept) -> Proposal:
    last = kept.dialogue[-1].turn.text if kept.dialogue else ""
    return Proposal(None, reply=last, usage=Usage.sum(exchange.turn.usage for exchange in kept.dialogue))


def _evaluation(kept: Kept) -> Evaluation:
    episode, last = kept.episode, kept.episode.last
    figures = {**episode.handed_in.metrics, **last.judged}
    share = valid_share(
        [record for exchange in kept.dialogue for record in exchange.records]
    )  # an end by a limit is no call
    measures = {name: value for name, value in figures.items() if value is not None}
    if share is not None:
        measures["valid_calls"] = share
    seconds = sum(record.seconds for record in episode.records)
    score = Score(
        nrmse=float("nan"), fields={}, trusted=None, reference_error=None, max_error=0.0, seconds=seconds,
        metric=SCORE, value=last.score, lower_is_better=False, measures=measures,
    )  # fmt: skip
    return Evaluation("ok", last.text, dev=score, test=score, seconds=seconds)


def write_trajectory(folder: Path, kept: Kept, candidate: Candidate) -> None:
    """`episodes/NNNN.json`: the whole episode as plain JSON, for people and other programs."""
    content = {**trajectory(kept), "slot": candidate.slot, "move": candidate.move, "agent": candidate.author}
    # A call may hold NaN, which is no JSON.
    plain = json.loads(json.dumps(content), parse_constant=str)
    write_text(folder / "episodes" / f"{candidate.id:04d}.json", json.dumps(plain, indent=1, ensure_ascii=False))


def trajectory(kept: Kept) -> dict[str, object]:
    """An episode as plain JSON: every turn with its calls, every step with observation, figures and state."""
    episode = kept.episode
    return {
        "environment": episode.environment,
        "task": episode.task,
        "seed": episode.seed,
        "max_steps": episode.max_steps,
        "branched_from": {"episode": kept.parent[0], "step": kept.parent[1]} if kept.parent else None,
        "score": episode.last.score,
        "steps": episode.used,
        "beginning": episode.records[0].to_dict(),
        "turns": [
            {
                "text": exchange.turn.text,
                "problem": exchange.turn.problem,
                "usage": vars(exchange.turn.usage),
                "calls": [vars(asked.given) for asked in exchange.turn.calls],
                "records": [record.to_dict() for record in exchange.records],
            }
            for exchange in kept.dialogue
        ],
        "end": episode.last.to_dict(),
    }
