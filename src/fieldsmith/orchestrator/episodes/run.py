"""A run of episodes: its directory opened, its episodes played by a strategy, the result written down.

episodes.toml      what was asked, and what it came to
run.sqlite         candidates, turns, steps and replies; each written in one transaction
episodes/NNNN.json each episode whole, as plain JSON
artifacts/         what steps have made, by digest
result.json        the final line of `env run --json`
report.html        the page of the run, rewritten as it goes
"""

import contextlib
import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fieldsmith import __version__, environments
from fieldsmith.agents.acting.agent import Agent
from fieldsmith.agents.acting.llm_agent import LLMAgent
from fieldsmith.agents.acting.scripted import RandomAgent, ScriptedAgent, read_script
from fieldsmith.agents.author import Candidate, Usage
from fieldsmith.environments.digest import source_digest
from fieldsmith.environments.environment import AnyEnvironment
from fieldsmith.environments.host import Host
from fieldsmith.errors import FieldsmithError, InputError, MissingPart, disk_trouble
from fieldsmith.models import open_model
from fieldsmith.models.chat_model import ChatModel
from fieldsmith.models.replay import RECORDING, write_replay
from fieldsmith.orchestrator.budget import NOTHING, Budget, exhausted, out_of_dollars, spent, uncounted
from fieldsmith.orchestrator.elapsed import Elapsed
from fieldsmith.orchestrator.episodes.asked import AskedEpisodes, panel_of, taken_up
from fieldsmith.orchestrator.episodes.ledger import Ledger
from fieldsmith.orchestrator.episodes.maker import EpisodeMaker
from fieldsmith.orchestrator.episodes.play import Told, unheard
from fieldsmith.orchestrator.episodes.question import EpisodeQuestion
from fieldsmith.orchestrator.folder import held, make_folder
from fieldsmith.orchestrator.loop import Loop
from fieldsmith.orchestrator.page import Page
from fieldsmith.orchestrator.record import write_text
from fieldsmith.orchestrator.result import spend_fields
from fieldsmith.orchestrator.store import Store, StoredModel
from fieldsmith.plugins import meant
from fieldsmith.strategies import leaves_open, open_strategy
from fieldsmith.strategies.strategy import Strategy

RESUME = "The same command resumes."


@dataclass
class EpisodeRun:
    """A run that is ready to start; `run` plays it, or takes it up where an earlier sitting stopped."""

    question: EpisodeQuestion
    asked: AskedEpisodes
    folder: Path
    model: ChatModel | None
    agent: Agent | None
    """In place of a model."""
    listener: Told = unheard
    write_report: Callable[[Path], object] | None = None
    """Writes the page of the run in that folder."""

    def run(self) -> Mapping[str, object]:
        """The result. Raises InputError, MissingPart, ProviderError; what was done stays."""
        make_folder(self.folder)
        self._page = Page(self._written if self.write_report else None, self.listener)
        with held(self.folder):
            self.asked = taken_up(self.folder, self.asked)
            store, ledger = Store(self.folder / "run.sqlite"), Ledger(self.folder / "run.sqlite")
            host = Host(self.question.sandbox, self.folder / "artifacts", self._progress)
            try:
                return self._sitting(store, ledger, host)
            finally:
                host.stopped.set()
                host.close()
                getattr(self.model, "close", lambda: None)()
                ledger.close()
                store.close()

    def _progress(self, words: str, share: float | None) -> None:
        self.listener("progress", {"what": words, "share": share})

    def _written(self) -> None:
        assert self.write_report is not None
        self.write_report(self.folder)

    def _told(self, kind: str, fields: Mapping[str, object]) -> None:
        self.listener(kind, fields)
        if kind == "step":
            self._page.write_if_due()

    def _sitting(self, store: Store, ledger: Ledger, host: Host) -> Mapping[str, object]:
        limits = self.question.limits
        before = float(store.fact("seconds", 0.0))
        budget = Budget(self.question.episodes, limits.tokens, limits.usd, limits.hours, used_before=before)
        store.set_facts({"state": "running", "message": ""})
        try:
            why = self._search(store, ledger, host, budget)
            return self._ended(store, "done", f"Ended: {why}.", budget)
        except BaseException as error:
            if words := disk_trouble(error):
                raise MissingPart(f"{words}: {error}.", f"Mend that. {RESUME}") from None
            with contextlib.suppress(FieldsmithError):  # of a store that cannot be written; what came first is told
                state = "failed" if isinstance(error, FieldsmithError) and error.exit_code != 4 else "interrupted"
                self._ended(store, state, str(error) or "Interrupted.", budget)
            raise

    def _search(self, store: Store, ledger: Ledger, host: Host, budget: Budget) -> str:
        model = None
        if self.model is not None:
            self.model.waiting = lambda what: self.listener("waiting", {"for": what})
            model = StoredModel(self.model, store, budget.tokens, budget.usd)

        def refusal() -> str:
            """Why no further turn may be asked, by what all replies have cost, those of unfinished episodes included."""
            if budget.late:
                return exhausted(budget.hours, "hour")
            used, cost = model.used if model else (0, 0.0)
            if used >= budget.tokens:
                return exhausted(budget.tokens, "token")
            if cost < budget.usd or model is None:
                return ""
            return out_of_dollars(budget.usd, cost, any(usd is None for _, _, usd in store.replies()))

        maker = EpisodeMaker(
            open_env=lambda: environments.load(self.question.environment, host),
            agent=self.agent or LLMAgent(_not_none(model), self.question.seed, self.question.manner()),
            ledger=ledger,
            folder=self.folder,
            task=self.question.task,
            seed=self.question.seed,
            max_steps=self.question.steps,
            format_errors=self.question.format_errors,
            refusal=refusal,
            listener=self._told,
        )
        why = Loop(
            maker=maker,
            strategy=_strategy(self.question),
            # The limits are kept turn by turn, so that episodes are judged where they end.
            budget=Budget(budget.candidates, unit="episode", refused=refusal),
            store=store,
            elapsed=Elapsed(store, budget),
            in_flight=min(self.question.in_flight, self.question.episodes),
            on_start=lambda c: self.listener("start", {"candidate": c.id, "slot": c.slot, "move": c.move}),
            on_candidate=lambda c: self._recorded(store, c),
            on_stop=lambda: (host.stopped.set(), getattr(self.model, "stop", lambda: None)())[0],
        ).run()
        return refusal() or why

    def _recorded(self, store: Store, candidate: Candidate) -> None:
        best = best_of(store.candidates())
        self.listener("episode", {**episode_fields(candidate), "best": best.id if best else None})

    def _ended(self, store: Store, state: str, message: str, budget: Budget) -> Mapping[str, object]:
        seconds = budget.seconds()
        store.set_facts({"state": state, "message": message, "seconds": seconds})
        if replies := store.replies():
            write_replay(self.folder / RECORDING, replies)
        fields = fields_of(self.folder, self.asked, store.candidates(), seconds, state, message, store.lost())
        if state == "done":
            write_text(self.folder / "result.json", json.dumps(fields, indent=2))
        self._page.write()
        return fields


def episode_fields(candidate: Candidate) -> dict[str, object]:
    """A finished episode as an event tells it."""
    score = candidate.evaluation.dev if candidate.evaluation else None
    proposal = candidate.proposal
    usage = proposal.usage if proposal else Usage(usd=None)
    return {
        "episode": candidate.id,
        "slot": candidate.slot,
        "move": candidate.move,
        "parents": list(candidate.parents),
        "score": score.value if score else None,
        "metrics": dict(score.measures) if score else {},
        "seconds": score.seconds if score else None,
        "usd": usage.usd,
        "tokens": None if proposal is None or uncounted(proposal) else usage.input_tokens + usage.output_tokens,
    }


def best_of(candidates: Sequence[Candidate]) -> Candidate | None:
    """The finished episode with the highest score, the first of equals."""
    done = [c for c in candidates if c.evaluation is not None]
    return min(done, key=lambda c: (c.dev_rank, c.id), default=None)


def fields_of(
    folder: Path,
    asked: AskedEpisodes,
    candidates: Sequence[Candidate],
    seconds: float,
    state: str,
    message: str,
    lost: Usage = NOTHING,
) -> dict[str, object]:
    """The last line of `env run --json`."""
    done = [c for c in candidates if c.evaluation is not None]
    best, spend = best_of(done), spent(candidates, seconds, lost)
    return {
        "run": str(folder),
        "environment": asked.question.environment,
        "task": asked.question.task,
        "agent": asked.label,
        "episodes": [episode_fields(c) for c in done],
        "best": episode_fields(best) if best else None,
        "spend": spend_fields(spend),
        "state": state,
        "message": message,
        "reason": None if best else "no_episode",
    }


def open_run(question: EpisodeQuestion, command: str = "") -> EpisodeRun:
    """Everything checked that can be checked before anything is spent. Raises InputError, MissingPart."""
    question.check()
    _strategy(question)
    env = environments.load(question.environment)
    task = env.named_task(question.task)
    settled = replace(question, task=task, steps=question.steps or env.max_steps)
    model, agent = None, None
    if question.model:
        key_file = Path(question.key_file) if question.key_file else None
        model = open_model(question.model, question.base_url, key_file, question.settings())
        _check_price(question, model)
    else:
        agent = open_agent(question.agent, env, task, question.seed)
    who = model or agent
    assert who is not None
    asked = AskedEpisodes(
        question=settled,
        title=env.title,
        label=who.label,
        note=who.note,
        version=__version__,
        source=source_digest(env),
        place=environments.place_of(question.environment),
        script=agent.digest if isinstance(agent, ScriptedAgent) else "",
        started=time.strftime("%Y-%m-%d %H:%M:%S"),
        command=command,
        panel=panel_of(env.measures),
    )
    folder = Path(question.run_dir or Path("runs") / run_name(asked, env.name))
    return EpisodeRun(settled, asked, folder, model, agent)


def open_agent(name: str, env: AnyEnvironment, task: str, seed: int) -> Agent:
    """An agent that is no model. Raises InputError for an unknown name, and for a task without a gold sequence."""
    kind, _, rest = name.partition(":")
    if kind == "random" and not rest:
        return RandomAgent(seed)
    if kind == "script" and rest:
        return ScriptedAgent(read_script(Path(rest).expanduser()), name)
    if kind == "gold" and not rest:
        return ScriptedAgent(env.gold_calls(task), name)
    raise InputError(
        f"There is no agent {name!r}.{meant(kind, ('random', 'gold', 'script'))}", "Use random, gold or script:FILE."
    )


def _strategy(question: EpisodeQuestion) -> Strategy:
    chosen = {"drafts": max(1, question.episodes // 3), "width": question.in_flight}
    settings: dict[str, Any] = {name: value for name, value in chosen.items() if leaves_open(question.strategy, name)}
    settings |= question.strategy_options or {}
    return open_strategy(question.strategy, 0, question.seed, **settings)


def _check_price(question: EpisodeQuestion, model: ChatModel) -> None:
    if question.max_cost is not None and not model.priced:
        words = f"The price of {model.label} is unknown, so --max-cost cannot be kept."
        raise InputError(words, "Limit --max-tokens or --steps.")


def run_name(asked: AskedEpisodes, name: str) -> str:
    """A name that the same question always gets, so that the same command finds its run again.

    Where no model acts, which is paid for, it is another one as soon as the environment's code or the list of actions has changed.
    """
    question = asked.question
    same = {n: str(value) for n, told, value in question.told() if told.same and value}
    code = {} if question.model else {"source": asked.source, "script": asked.script}
    digest = hashlib.sha256(json.dumps({**same, **code}, sort_keys=True).encode()).hexdigest()[:8]
    who = "".join(c if c.isalnum() else "-" for c in (question.model or question.agent)).strip("-")[:32]
    task = "".join(c if c.isalnum() or c in "._" else "-" for c in question.task)[:40]
    return f"{name.replace('/', '-')}-{task}-{who}-{question.seed}-{digest}"


def _not_none(model: StoredModel | None) -> StoredModel:
    assert model is not None, "a question names a model or an agent"
    return model
