"""How an environment behaves: the same again from the same seed, from its state alone, and whatever it is called with."""

import json
from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np

from fieldsmith.environments.action import Action, Submit, name_of
from fieldsmith.environments.calls import Call, understood
from fieldsmith.environments.checks.arguments import misfits, odd, unknown, unreadable
from fieldsmith.environments.checks.trial import Trial, limited, own_names, shown
from fieldsmith.environments.environment import AnyEnvironment
from fieldsmith.environments.episode import Episode, Record
from fieldsmith.environments.observation import UNREADABLE, StepFault
from fieldsmith.environments.sampling import random_call, sampled

A_FEW, RANDOM_STEPS, TRIES = 5, 100, 20
MOST_SECONDS = 10.0
"""How long a step by chance may take, if the action may take longer: what is tried here is not worth a whole minute."""


def valid(trial: Trial) -> Iterator[str]:
    """Arguments by the schemas run, and each action works for some of them, if not by chance then where a gold sequence has led."""
    rng, counted = np.random.default_rng(1), 0
    env = trial.fresh()
    with limited(env.all_actions, MOST_SECONDS):
        for named in env.actions:
            kind = env.kind_of(name_of(named)) or named  # as the task offers it, which may be narrower
            statuses, last, count = _tried(trial, env, kind, rng)
            counted += count
            if statuses and statuses <= set(UNREADABLE):
                statuses, last, count = _tried(trial, _after_gold(trial), kind, rng)
                counted += count
            if statuses and statuses <= set(UNREADABLE):
                yield (
                    f"No call of {name_of(kind)} that follows its schema is taken, such as: {' '.join(last.split())} "
                    "Let the schema say what is right, or give `examples` in the fields."
                )
    trial.note = f"{counted} calls by the schemas"


def _tried(
    trial: Trial, env: AnyEnvironment, kind: type[Action], rng: np.random.Generator
) -> tuple[set[str], str, int]:
    """The statuses of calls of an action by chance, what the last one that failed was told, and how many there were."""
    statuses, last, counted = set[str](), "", 0
    for _ in range(TRIES):
        if trial.over and not statuses <= set(UNREADABLE):  # calls that are refused take no time
            break
        step = trial.step(env, Call(name_of(kind), sampled(kind, rng)))
        if step is None:
            continue
        counted += 1
        statuses.add(step.status)
        last = last if step.status == "success" else step.observation.text
    return statuses, last, counted


def _after_gold(trial: Trial) -> AnyEnvironment:
    """In the state that a gold sequence leads to before it submits; at the beginning where there is none."""
    task = next(iter(trial.reached), "")
    env = trial.fresh(task)
    for call in env.gold_calls(task) if task else ():
        if call.action != name_of(Submit):
            trial.step(env, call)
    return env


def invalid(trial: Trial) -> Iterator[str]:
    """Wrong, extreme and malformed calls are answered with what would be right, and change nothing."""
    rng, counted = np.random.default_rng(2), 0
    env = trial.fresh()
    begun = env.episode
    with limited(env.all_actions, MOST_SECONDS):
        for kind in env.all_actions:
            if kind not in env.actions:
                continue
            calls = chain(unreadable(kind), misfits(kind, rng), odd(kind, rng))
            for call in chain(calls, unknown() if kind is env.actions[0] else ()):
                if trial.over:
                    break
                env.episode = begun
                counted += 1
                yield from _answered(trial, env, call)
    trial.note = f"{counted} calls that are wrong or extreme"


def _answered(trial: Trial, env: AnyEnvironment, call: Call) -> Iterator[str]:
    before = env.episode.last
    try:
        understood(call, env.all_actions)
        wrong = ""
    except StepFault as fault:
        wrong = fault.status
    step = trial.step(env, call)
    if step is None:
        return
    if wrong and step.status != wrong:
        yield f"The status of {shown(call)} is {step.status}, where {wrong} would be right."
    if wrong and len(step.observation.text) < 20:
        yield f"The answer to {shown(call)} does not say what would be right: {step.observation.text!r}."
    if step.status != "success" and env.episode.last.state != before.state:
        yield f"{shown(call)} has the status {step.status} and yet changes the state."


def reproducible(trial: Trial) -> Iterator[str]:
    """The same seed and actions give the same observations, figures and states."""
    known = list(trial.env.tasks())[:3]
    for task in known:
        if task != known[0] and trial.over:
            break
        first, again = trial.fresh(task), trial.fresh(task)
        rng = np.random.default_rng(3)
        calls: list[Call] = []
        for call in _mixed(trial, first, rng):
            calls.append(call)
            trial.step(first, call)
        for call in calls:
            trial.step(again, call)
        if difference := _difference(first.episode.records, again.episode.records):
            yield f"The same seed and actions give something else the second time, task {task!r}: {difference}"
            return
    other = trial.fresh(known[0], seed=1).episode.records[0]
    same = other.state == trial.fresh(known[0], seed=0).episode.records[0].state
    trial.note = f"other seeds begin {'alike' if same else 'otherwise'}"


def restorable(trial: Trial) -> Iterator[str]:
    """An episode goes on in another object, from JSON, as it would have gone on."""
    for seed in range(3):
        if seed and trial.over:
            break
        env, rng = trial.fresh(seed=seed), np.random.default_rng([4, seed])
        for call in _mixed(trial, env, rng):
            trial.step(env, call)
            if fault := _changed_by_json(env):
                yield fault
                return
        yield from _goes_on(trial, env, rng)
    trial.note = "goes on from JSON in a new object"


def _mixed(trial: Trial, env: AnyEnvironment, rng: np.random.Generator) -> Iterator[Call]:
    """Each action of its own once, and a few of all by chance while there is time."""
    yield from (Call(name_of(kind), sampled(kind, rng)) for kind in env.actions)
    for _ in range(A_FEW):
        if trial.over:
            return
        yield random_call(env, rng)


def _changed_by_json(env: AnyEnvironment) -> str:
    text, action = env.episode.last.state, env.episode.last.action
    back = env.state_of(text).model_dump_json()
    if back != text:
        return f"The state after {action} is not the same after its way through JSON: {_first_difference(text, back)}"
    return ""


def _goes_on(trial: Trial, env: AnyEnvironment, rng: np.random.Generator) -> Iterator[str]:
    other = trial.bare()
    other.episode = _through_json(env.episode)
    reached = len(env.episode.records)
    for call in _mixed(trial, env, rng):
        trial.step(env, call)
        trial.step(other, call)
    if difference := _difference(env.episode.records[reached:], other.episode.records[reached:]):
        yield f"An episode goes on otherwise in a new object, so that something is kept outside the state: {difference}"


def _through_json(episode: Episode) -> Episode:
    records = [Record.from_dict(json.loads(json.dumps(record.to_dict()))) for record in episode.records]
    return Episode(episode.environment, episode.task, episode.seed, episode.max_steps, tuple(records))


def _difference(first: Sequence[Record], second: Sequence[Record]) -> str:
    for one, other in zip(first, second, strict=False):
        for name in ("status", "text", "metrics", "state", "score"):
            a, b = str(getattr(one, name)), str(getattr(other, name))
            if a != b:
                return f"the {name} after {one.action}, step {one.step}: {_first_difference(a, b)}"
        if [a.digest for a in one.artifacts] != [b.digest for b in other.artifacts]:
            return f"the artifacts of {one.action}, step {one.step}"
    return "" if len(first) == len(second) else "one episode is longer"


def _first_difference(one: str, other: str) -> str:
    """Two texts from where they differ."""
    at = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    begin = max(0, at - 20)
    return f"{one[begin : at + 40]!r} and {other[begin : at + 40]!r}."


def random_agent(trial: Trial) -> Iterator[str]:
    """An agent that takes valid actions by chance comes through."""
    env, rng = trial.fresh(), np.random.default_rng(5)
    used: list[str] = []
    with limited(env.all_actions, MOST_SECONDS):
        while len(used) < RANDOM_STEPS and not trial.over and not env.episode.over:
            call = random_call(env, rng)
            used.append(call.action)
            trial.step(env, call)
    if env.episode.over:
        yield f"The episode of a random agent ends by itself after {len(used)} steps: only `submit` ends one."
    unused = [name for name in own_names(env) if name not in used]
    trial.note = f"{len(used)} steps" + (f", none of them {', '.join(unused)}" if unused else "")
