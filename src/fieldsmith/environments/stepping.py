"""How a step is taken: the call checked, the action run within its limits, the panel computed, all of it recorded."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np

from fieldsmith.environments.action import Action, GoBack, History, Needs, ReadDocs, Submit
from fieldsmith.environments.calls import Call, understood
from fieldsmith.environments.episode import Episode, Record, history_table
from fieldsmith.environments.host import Host
from fieldsmith.environments.observation import (
    NOT_THE_AGENTS,
    UNREADABLE,
    Artifact,
    Lacking,
    Measure,
    Observation,
    OutOfTime,
    Status,
    Step,
    StepFault,
    ToolFailed,
    Unfit,
    Unreachable,
)
from fieldsmith.environments.tools import Tools, tools_for
from fieldsmith.environments.within import within
from fieldsmith.environments.wording import bounded, ending, failure, panel
from fieldsmith.errors import InputError, MissingPart, ProviderError

CALLS_A_STEP = 5
"""There may be so many calls for each step, those that cost none included: an agent that only reads comes to an end too."""
BEGINNING = "reset"
"""What the first record is called."""
T = TypeVar("T")
Metrics = Mapping[str, float | None]


class Stepped(Protocol):
    """What is asked of an environment here; `Environment` says what each means."""

    host: Host
    name: ClassVar[str]
    measures: ClassVar[tuple[Measure, ...]]
    judging: ClassVar[Needs]

    def begin(self, task: str, rng: np.random.Generator) -> Any: ...
    def act(self, state: Any, action: Action, tools: Tools) -> str: ...
    def measure(self, state: Any, tools: Tools) -> Metrics: ...
    def measure_anew(self, state: Any, tools: Tools) -> Metrics: ...
    def judge(self, state: Any, tools: Tools) -> Metrics: ...
    def score(self, metrics: Metrics) -> float: ...
    def brief(self, task: str) -> str: ...
    def describe(self, state: Any) -> str: ...
    def docs(self, name: str) -> str: ...
    def overview(self) -> str: ...
    def state_of(self, text: str) -> Any: ...
    def shown(self, metrics: Metrics) -> dict[str, float | None]: ...
    def offered(self, task: str) -> tuple[type[Action], ...]: ...


@dataclass(frozen=True)
class _Done:
    """What an action came to, before it is recorded."""

    text: str
    state: str
    metrics: Metrics
    parent: int
    judged: Metrics | None = None
    artifacts: tuple[Artifact, ...] = ()
    ends: bool = False
    score: float | None = None
    """None where it is as before."""
    judged_step: int | None = None
    """Whose state was judged, where it is not the present one."""


def begun(env: Stepped, task: str, seed: int, max_steps: int) -> tuple[Episode, Observation]:
    """A new episode and its first observation. Raises what the environment's own code raises: nobody has acted yet."""
    if max_steps < 1:
        raise InputError(f"An episode of {max_steps} steps is none.", "Give 1 or more.")
    state = env.begin(task, np.random.default_rng([seed, 0]))
    with tools_for(env.host, env.judging, (seed, 0)) as tools:
        tools.reseed()
        metrics = _figures(env.measure(state, tools))
        artifacts = tuple(tools.kept)
    words = [env.describe(state), panel(env.measures, metrics, None)]
    record = Record(
        step=0, parent=0, action=BEGINNING, arguments={}, status="success", text="\n\n".join(filter(None, words)),
        state=state.model_dump_json(), metrics=metrics, score=_number(env.score(metrics)), artifacts=artifacts,
    )  # fmt: skip
    episode = Episode(env.name, task, seed, max_steps, (record,))
    text = "\n\n".join(filter(None, [env.brief(task), record.text, f"You have {max_steps} steps."]))
    return episode, Observation(text, artifacts)


def taken(env: Stepped, episode: Episode, call: Call) -> tuple[Episode, Step]:
    """The episode with one more record, and the step. Never raises for what an agent does.

    What is not the agent's fault leaves the episode as it was, so that it can be tried again.
    """
    if episode.over:
        return episode, _refused(env, episode, call, "The episode is over: nothing more can be done in it.")
    arguments = call.arguments if isinstance(call.arguments, Mapping) else {"text": call.arguments}
    begun_at, free = time.monotonic(), False
    try:
        action = understood(call, env.offered(episode.task))
        arguments = action.model_dump(mode="json")
        free = type(action).free
        done = _with_judgement(env, episode, _done(env, episode, action), free)
        if not free and done.judged is None:
            done = _scored(env, done)
        status, counted = "success", not free
    except StepFault as fault:
        if fault.status in NOT_THE_AGENTS:
            return episode, _refused(env, episode, call, str(fault), fault.status)
        status, counted = fault.status, fault.status not in UNREADABLE and not free
        done = _Done(failure(fault, counted), episode.last.state, episode.last.metrics, episode.last.step)
    seconds = time.monotonic() - begun_at
    return _recorded(env, episode, call.action, arguments, status, counted, done, seconds)


def not_understood(env: Stepped, episode: Episode, text: str, why: str) -> tuple[Episode, Step]:
    """A reply in which no call can be made out."""
    if episode.over:
        return episode, _refused(env, episode, Call(""), "The episode is over: nothing more can be done in it.")
    last = episode.last
    done = _Done(f"{why} (No step was used.)", last.state, last.metrics, last.step)
    return _recorded(env, episode, "", {"text": text[:2000]}, "parse_error", False, done, 0.0)


def ended(env: Stepped, episode: Episode, why: str) -> tuple[Episode, Step]:
    """The episode broken off by whoever drives it, for a limit of theirs; it is judged by the best of its states.

    Raises StepFault where that is not possible now.
    """
    last = episode.last
    done = _closed(env, episode, _Done(why, last.state, last.metrics, last.step))
    return _recorded(env, episode, "", {}, "budget_exceeded", False, done, 0.0, broken_off=True)


def branched(env: Stepped, episode: Episode, step: int, seed: int, max_steps: int) -> Episode:
    """A new episode that begins in the state after a step of another. Raises InputError where that has no such step, StepFault."""
    found = episode.at(step)
    if found is None:
        raise InputError(f"The episode has no step {step}.", f"Its steps are 0 to {episode.used}.")
    described = _within(env.judging, lambda: env.describe(env.state_of(found.state)))
    score = _within(env.judging, lambda: _number(env.score(found.metrics)))
    words = [described, panel(env.measures, found.metrics, None)]
    record = Record(
        step=0, parent=0, action=BEGINNING, arguments={}, status="success", text="\n\n".join(filter(None, words)),
        state=found.state, metrics=found.metrics, score=score, artifacts=found.artifacts,
    )  # fmt: skip
    return Episode(episode.environment, episode.task, seed, max_steps, (record,))


def _done(env: Stepped, episode: Episode, action: Action) -> _Done:
    """Raises StepFault for what did not work."""
    last = episode.last
    if isinstance(action, ReadDocs):
        return _Done(_told(lambda: env.docs(action.action)), last.state, last.metrics, last.step)
    if isinstance(action, History):
        return _Done(history_table(episode, env.measures), last.state, last.metrics, last.step)
    if isinstance(action, GoBack):
        return _gone_back(env, episode, action.step)
    if isinstance(action, Submit):
        return _Done("Submitted.", last.state, last.metrics, last.step, ends=True)
    return _acted(env, episode, action)


def _with_judgement(env: Stepped, episode: Episode, done: _Done, free: bool) -> _Done:
    """What was done, judged where the episode ends with it. Raises StepFault where that is not possible now."""
    if not done.ends and (free or episode.used + 1 < episode.max_steps):
        return done
    return _closed(env, episode, done)


def _closed(env: Stepped, episode: Episode, done: _Done) -> _Done:
    """Judged and scored: the present state where it was submitted, else the best by the score that is told at every step, the latest of equals.

    Raises StepFault where that is not possible.
    """
    best = None if done.ends else _better(env, episode, done)
    state, metrics = (best.state, best.metrics) if best else (done.state, done.metrics)
    judged, more = _judged(env, state, (episode.seed, len(episode.records)))
    score = _within(env.judging, lambda: _number(env.score({**metrics, **judged})))
    kept = (*done.artifacts, *more)
    return replace(done, judged=judged, artifacts=kept, score=score, judged_step=best.step if best else None)


def _better(env: Stepped, episode: Episode, done: _Done) -> Record | None:
    """The record of an earlier state with a better score than the present one."""
    present = _scored(env, done).score or 0.0
    best = max(episode.changes(), key=lambda record: (record.score, record.step))
    return best if best.score > present else None


def _scored(env: Stepped, done: _Done) -> _Done:
    """Raises StepFault where that is not possible."""
    return replace(done, score=_within(env.judging, lambda: _number(env.score(done.metrics))))


def _acted(env: Stepped, episode: Episode, action: Action) -> _Done:
    last, free = episode.last, type(action).free
    state = env.state_of(last.state)
    with tools_for(env.host, type(action).needs, (episode.seed, len(episode.records))) as tools:

        def work() -> tuple[str, str, Metrics]:
            text = env.act(state, action, tools)
            if free:
                return text, last.state, last.metrics
            kept = state.model_dump_json()
            # One that cannot be read back, such as one with NaN, fails here and not in every later step.
            env.state_of(kept)
            tools.reseed()
            return text, kept, _figures(env.measure(state, tools))

        text, kept, metrics = _within(type(action).needs, work)
        artifacts = tuple(tools.kept)
    return _Done(bounded(str(text)), kept, metrics, last.step, artifacts=artifacts)


def _judged(env: Stepped, state: str, seed: Sequence[int]) -> tuple[Metrics, tuple[Artifact, ...]]:
    with tools_for(env.host, env.judging, seed) as tools:
        judged = _within(env.judging, lambda: _figures(env.judge(env.state_of(state), tools)))
        return judged, tuple(tools.kept)


def measured_again(env: Stepped, state: str, seed: Sequence[int]) -> Metrics:
    """The panel of a state that was recorded. Raises StepFault."""
    with tools_for(env.host, env.judging, seed) as tools:
        tools.reseed()
        return _within(env.judging, lambda: _figures(env.measure_anew(env.state_of(state), tools)))


def judged_again(env: Stepped, state: str, seed: Sequence[int]) -> Metrics:
    """The figures that judges see, of a state that was recorded. Raises StepFault."""
    return _judged(env, state, seed)[0]


def _gone_back(env: Stepped, episode: Episode, step: int) -> _Done:
    found = episode.at(step)
    if found is None:
        raise Unfit(f"There is no step {step}.", f"The steps so far are 0 to {episode.used}.")
    described = _within(env.judging, lambda: env.describe(env.state_of(found.state)))
    text = f"Back at the state after step {step}.\n\n{described}".rstrip()
    return _Done(text, found.state, found.metrics, step)


def _within(needs: Needs, work: Callable[[], T]) -> T:
    """What the environment's own code gives; whatever it raises becomes a StepFault."""
    try:
        return within(needs.seconds, work)
    except (StepFault, InterruptedError):
        raise
    except InputError as error:
        raise Unfit(error.message, error.hint) from error
    except MissingPart as error:
        raise Lacking(error.message, error.hint) from error
    except (ProviderError, ConnectionError) as error:
        raise Unreachable(str(error)) from error
    except TimeoutError as error:
        raise OutOfTime(f"The step took longer than the tool allows: {error}.") from error
    except Exception as error:
        words = " ".join(str(error).split())[:400]
        raise ToolFailed(f"{type(error).__name__}{': ' if words else ''}{words}".rstrip(".") + ".") from error


def _told(read: Callable[[], str]) -> str:
    try:
        return read()
    except InputError as error:
        raise Unfit(error.message, error.hint) from None


def _recorded(
    env: Stepped,
    episode: Episode,
    action: str,
    arguments: Mapping[str, Any],
    status: Status,
    counted: bool,
    done: _Done,
    seconds: float,
    broken_off: bool = False,
) -> tuple[Episode, Step]:
    last = episode.last
    step = last.step + counted
    out_of_calls = len(episode.records) >= CALLS_A_STEP * episode.max_steps + CALLS_A_STEP
    truncated = not done.ends and (step >= episode.max_steps or out_of_calls or broken_off)
    if truncated and done.judged is None:
        done = _judged_or_nothing(env, episode, done)
    score = last.score if done.score is None else done.score
    words = [done.text]
    if counted and status == "success" and not done.ends:
        words.append(panel(env.measures, done.metrics, last.metrics))
    words.append(ending(episode.max_steps - step, done.ends or broken_off, truncated, out_of_calls, score))
    if done.judged_step is not None:
        words.append(f"It was judged by the state after step {done.judged_step}, the best of them.")
    text = "\n\n".join(filter(None, words))
    record = Record(
        step=step, parent=done.parent, action=action, arguments=arguments, status=status, text=text, state=done.state,
        metrics=done.metrics, judged=done.judged or {}, score=score, reward=score - last.score, artifacts=done.artifacts,
        counted=counted, terminated=done.ends, truncated=truncated, seconds=seconds, judged_step=done.judged_step,
    )  # fmt: skip
    shown = Step(
        number=step, action=action, arguments=arguments, observation=Observation(text, done.artifacts), status=status,
        reward=record.reward, metrics=env.shown(done.metrics), terminated=done.ends, truncated=truncated,
        counted=counted, seconds=seconds,
    )  # fmt: skip
    return episode.with_record(record), shown


def _judged_or_nothing(env: Stepped, episode: Episode, done: _Done) -> _Done:
    """With the last judgement, after a step that failed: where it fails too, there are no figures and the score stays."""
    try:
        return _closed(env, episode, done)
    except StepFault:
        return done


def _refused(env: Stepped, episode: Episode, call: Call, why: str, status: Status = "budget_exceeded") -> Step:
    """A step that was not taken."""
    last = episode.last
    arguments = call.arguments if isinstance(call.arguments, Mapping) else {}
    return Step(
        last.step, call.action, arguments, Observation(why), status, metrics=env.shown(last.metrics),
        terminated=last.terminated, truncated=last.truncated, counted=False,
    )  # fmt: skip


def _figures(given: Metrics) -> dict[str, float | None]:
    """Figures as plain numbers; what is not finite is none."""
    return {name: None if value is None or not np.isfinite(value) else float(value) for name, value in given.items()}


def _number(score: float) -> float:
    return float(score) if np.isfinite(score) else 0.0
