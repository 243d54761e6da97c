"""Episodes that others play, a call at a time: each step is on disk before it is answered, many episodes are played at once.

The directory is that of a run of episodes, so that `report` and `env replay` read it; each episode is a candidate whose slot is its id.
"""

import contextlib
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from fieldsmith import __version__, environments
from fieldsmith.agents.acting.agent import Asked, Exchange, Turn
from fieldsmith.agents.candidate import Candidate, Usage
from fieldsmith.agents.moves import Draft
from fieldsmith.environments.calls import Call
from fieldsmith.environments.digest import source_digest
from fieldsmith.environments.environment import AnyEnvironment
from fieldsmith.environments.episode import Episode
from fieldsmith.environments.host import Host, unheard
from fieldsmith.environments.observation import NOT_THE_AGENTS, Observation, Step
from fieldsmith.errors import InputError
from fieldsmith.orchestrator.episodes.asked import AskedEpisodes, panel_of, taken_up
from fieldsmith.orchestrator.episodes.ledger import Kept, Ledger
from fieldsmith.orchestrator.episodes.maker import finished
from fieldsmith.orchestrator.episodes.question import EpisodeQuestion
from fieldsmith.orchestrator.episodes.run import run_name
from fieldsmith.orchestrator.folder import held, make_folder
from fieldsmith.orchestrator.record import is_held
from fieldsmith.orchestrator.store import Store
from fieldsmith.plugins import meant

LARGEST_SEED = 2**63 - 1
UNKNOWN = Usage(usd=None)
"""What a client's turn has cost is its own affair."""
OTHERS = 100
"""Folders of the same question that are tried in turn where others are at work in the first."""
Told = Callable[[str, float | None], None]


@dataclass(frozen=True)
class Terms:
    """What the owner lets others do.

    tasks: those that may be begun, by the names that are given for them. steps, episodes: the most of an episode, and of all. at_once: steps that
    are taken at a time; others wait.
    """

    tasks: Sequence[str]
    steps: int
    episodes: int = 1000
    at_once: int = field(default_factory=lambda: os.cpu_count() or 1)


@dataclass
class _Guest(Host):
    """A host for one call, with the sandboxes and artifacts of the server's: what the step is at is told to whoever called."""

    owner: Host = field(default_factory=Host)

    def sandbox_with(self, image: str):
        return self.owner.sandbox_with(image)


@dataclass
class _Live:
    """An episode that is being played. `turns` counts calls, those of a kill included that came before their step."""

    candidate: Candidate
    kept: Kept
    turns: int
    lock: threading.Lock = field(default_factory=threading.Lock)


class ServedEpisodes:
    """Safe to use from several threads; two calls of one episode are taken one after the other."""

    def __init__(self, environment: str, terms: Terms, folder: Path, host: Host) -> None:
        self.terms, self.folder = terms, folder
        self._kind, self._host = environments.kind_of(environment), host
        self._store, self._ledger = Store(folder / "run.sqlite"), Ledger(folder / "run.sqlite")
        self._room = threading.BoundedSemaphore(max(1, terms.at_once))
        self._lock = threading.Lock()
        begun = set(self._ledger.candidates())
        self._candidates = {one.slot: one for one in self._store.candidates() if one.id in begun}
        self._live: dict[str, _Live] = {}
        self._earlier, self._begun = float(self._store.fact("seconds", 0.0)), time.monotonic()
        self._finish_what_was_killed()
        self._store.set_facts({"state": "running", "message": ""})

    def _finish_what_was_killed(self) -> None:
        """A kill may have come between the last step of an episode and its result."""
        for candidate in [one for one in self._candidates.values() if one.evaluation is None]:
            kept = self._ledger.episode(candidate.id)
            if kept is not None and kept.episode.over:
                self._finish(candidate, kept)

    def _finish(self, candidate: Candidate, kept: Kept) -> None:
        done = finished(self.folder, kept, candidate)
        self._store.record(done)
        with self._lock:
            self._candidates[done.slot] = done

    def close(self) -> None:
        """The directory then tells whether all episodes have ended."""
        over = all(one.evaluation is not None for one in self._candidates.values())
        told = "Served." if over else "Served; some episodes have not ended."
        seconds = self._earlier + time.monotonic() - self._begun
        self._store.set_facts({"state": "done" if over else "interrupted", "message": told, "seconds": seconds})
        self._ledger.close()
        self._store.close()

    def begin(self, task: str, seed: int, max_steps: int | None, told: Told = unheard) -> tuple[str, Kept, Observation]:
        """A new episode, under an id that nobody can guess. Raises InputError for what the owner does not allow, and what `reset` raises."""
        named = self._task(task)
        steps = self.terms.steps if max_steps is None else max_steps
        if not 1 <= steps <= self.terms.steps:
            raise InputError(f"An episode of {steps} steps cannot be had.", f"Ask for 1 to {self.terms.steps}.")
        if not 0 <= seed <= LARGEST_SEED:
            raise InputError(f"The seed {seed} is out of range.", f"Give 0 to {LARGEST_SEED}.")
        self._check_room()
        with self._room:
            env = self.environment(told)
            observation = env.reset(seed, named, steps)
        slot = f"e{secrets.token_hex(12)}"
        with self._lock:
            self._check_room()
            candidate = self._store.issue(slot, Draft(), "client")
            self._ledger.begin(candidate.id, env.episode)
            self._candidates[slot] = candidate
            kept = Kept(candidate.id, env.episode)
            self._live[slot] = _Live(candidate, kept, 0)
        return slot, kept, observation

    def take(self, slot: str, call: Call, told: Told = unheard) -> tuple[Step, Episode]:
        """The step, kept before it is returned. Raises InputError for an episode that there is not."""
        live = self._found(slot)
        with live.lock, self._room:
            env = self.environment(told)
            env.episode = live.kept.episode
            before = len(env.episode.records)
            step = env.step(call)
            if len(env.episode.records) > before:
                self._keep(live, call, env.episode)
        if live.kept.episode.over:
            with self._lock:
                self._live.pop(slot, None)
        return step, live.kept.episode

    def kept(self, slot: str) -> Kept:
        """An episode as far as it has come. Raises InputError for one that there is not."""
        return self._found(slot).kept

    def listed(self, most: int) -> list[tuple[str, Kept]]:
        """Episodes by their ids, the latest first."""
        with self._lock:
            slots = list(self._candidates)[: -most - 1 : -1]
        return [(slot, self.kept(slot)) for slot in slots]

    def environment(self, told: Told = unheard) -> AnyEnvironment:
        """One of one's own for a call."""
        guest = _Guest(self._host.sandbox, self._host.folder, told, self._host.stopped, owner=self._host)
        return self._kind(guest)

    def _task(self, task: str) -> str:
        named = task or self.terms.tasks[0]
        if named not in self.terms.tasks:
            words = f"There is no task {named[:80]!r} here.{meant(named[:80], self.terms.tasks)}"
            raise InputError(words, f"Tasks: {', '.join(self.terms.tasks)}.")
        return self.environment().named_task(named)

    def _check_room(self) -> None:
        if len(self._candidates) >= self.terms.episodes:
            words = f"All {self.terms.episodes} episodes that this server's owner allows have been begun."
            raise InputError(words, "Go on with one of them.")

    def _found(self, slot: str) -> _Live:
        with self._lock:
            if slot in self._live:
                return self._live[slot]
            candidate = self._candidates.get(slot)
            if candidate is None:
                raise InputError(
                    f"There is no episode {slot[:40]!r} here.", "Begin one, and give its id as it was told."
                )
            kept = self._ledger.episode(candidate.id)
            assert kept is not None
            live = _Live(candidate, kept, len(kept.dialogue))
            if not kept.episode.over:
                self._live[slot] = live
            return live

    def _keep(self, live: _Live, call: Call, episode: Episode) -> None:
        """The call and its record, as a turn of an agent's."""
        turn, record = Turn(calls=(Asked(call, call),), usage=UNKNOWN), episode.last
        self._ledger.keep_turn(live.candidate.id, live.turns, turn)
        self._ledger.keep_step(live.candidate.id, len(episode.records) - 1, live.turns, record)
        live.turns += 1
        live.kept = replace(live.kept, episode=episode, dialogue=(*live.kept.dialogue, Exchange(turn, (record,))))
        if episode.over:
            self._finish(live.candidate, live.kept)


@contextlib.contextmanager
def served(
    environment: str, terms: Terms, run_dir: Path | None = None, sandbox: str = "auto", command: str = ""
) -> Iterator[ServedEpisodes]:
    """The episodes of a directory, taken up where an earlier server stopped.

    Without a directory it is one in runs/ that the same environment and terms always get, or another where somebody works in it. Raises InputError
    for an unknown environment or task and for the directory of another run.
    """
    env = environments.load(environment)
    asked = _asked(environment, env, terms, sandbox, command)
    folder = run_dir or _free(Path("runs") / run_name(asked, env.name))
    make_folder(folder)
    with held(folder):
        taken_up(folder, asked)
        with Host(sandbox, folder / "artifacts") as host:
            episodes = ServedEpisodes(environment, terms, folder, host)
            try:
                yield episodes
            finally:
                host.stopped.set()
                episodes.close()


def terms_for(environment: str, tasks: Sequence[str], steps: int, episodes: int, at_once: int) -> Terms:
    """What is allowed: all named tasks of the environment if none is given, as many steps as it has itself if 0.

    Raises InputError for an unknown environment or task.
    """
    env = environments.load(environment)
    for task in tasks:
        env.named_task(task)
    usual = Terms(tuple(tasks) or tuple(env.tasks()), steps or env.max_steps, episodes)
    return replace(usual, at_once=at_once) if at_once else usual


def unanswered(step: Step) -> bool:
    """Whether a step was not taken for no fault of the agent's, so that the same call may be sent again."""
    return step.status in NOT_THE_AGENTS and not (step.terminated or step.truncated)


def _asked(environment: str, env: AnyEnvironment, terms: Terms, sandbox: str, command: str) -> AskedEpisodes:
    question = EpisodeQuestion(
        environment=environment, task=", ".join(terms.tasks)[:80], agent="clients", steps=terms.steps, sandbox=sandbox
    )
    return AskedEpisodes(
        question=question,
        title=env.title,
        label="clients",
        note="whoever calls this server",
        version=__version__,
        source=source_digest(env),
        place=environments.place_of(environment),
        started=time.strftime("%Y-%m-%d %H:%M:%S"),
        command=command,
        panel=panel_of(env.measures),
    )


def _free(folder: Path) -> Path:
    """The folder, or the first of its kind in which nobody works."""
    others = (folder.with_name(f"{folder.name}-{n}") for n in range(2, OTHERS))
    return next((one for one in (folder, *others) if not is_held(one)), folder)
