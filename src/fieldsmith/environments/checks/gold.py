"""Whether a task can be done, and whether what is no work earns nothing."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fieldsmith.environments.action import Submit, name_of
from fieldsmith.environments.calls import Call
from fieldsmith.environments.checks.arguments import ends, plain, without_numbers
from fieldsmith.environments.checks.trial import Trial, limited, shown
from fieldsmith.environments.episode import figure
from fieldsmith.environments.sampling import sampled
from fieldsmith.errors import InputError

SHORT_BY = 0.01
"""Share of the stated score that may be missing: other machines round otherwise."""
CHEAP = 0.1
"""Share of the gold score above which something has been earned."""
SUBMIT = Call(name_of(Submit))
REPEATS = 12
MOST_SECONDS = 10.0


def gold(trial: Trial) -> Iterator[str]:
    """The gold sequence of each task reaches the score that is stated."""
    env = trial.env
    known = env.tasks()
    for task, stated in env.gold.items():
        if task not in known:
            yield f"`gold` names the task {task!r}, which there is not: {', '.join(known)}."
        elif stated <= 0.0:
            yield f"`gold` states the score {stated} for {task!r}: a task that is done has one above 0."
        else:
            yield from _played(trial, task, stated)
    if lost := [task for task in known if task not in env.gold]:
        if env.measures:
            names = ", ".join(lost)
            yield f"`gold` says no score for {names}: nothing shows that they can be done. Write gold/{lost[0]}.jsonl."
        else:
            trial.note = "none, as nothing is measured"
    elif trial.reached:
        trial.note = ", ".join(f"{task} {figure(score)}" for task, score in trial.reached.items())


def _played(trial: Trial, task: str, stated: float) -> Iterator[str]:
    try:
        calls = trial.env.gold_calls(task)
    except InputError as error:
        yield str(error)
        return
    env = trial.fresh(task, max_steps=max(len(calls) + 1, trial.env.max_steps))
    for number, call in enumerate(calls, 1):
        step = trial.step(env, call)
        if step is None or step.status != "success":
            told = f"has the status {step.status}: {step.observation.text}" if step else "raises."
            yield f"Call {number} of the gold sequence of {task!r}, {shown(call)}, {told}"
            return
    if not env.episode.over:
        trial.step(env, SUBMIT)
    score = env.episode.last.score
    if env.episode.used > trial.env.max_steps:
        yield f"The gold sequence of {task!r} takes {env.episode.used} steps; an episode has {trial.env.max_steps}."
    if not score >= stated - SHORT_BY * abs(stated):
        yield f"The gold sequence of {task!r} reaches the score {score:.4g}, not {stated:g} as stated."
    elif score > 0.0:
        trial.reached[task] = score


@dataclass(frozen=True)
class Exploit:
    """Calls that are no work. Some may be worth something when they are done once: what is looked at is what more they earn."""

    words: str
    calls: list[Call]
    once: list[Call] | None = None


def exploits(trial: Trial) -> Iterator[str]:
    """To submit at once earns next to nothing, nor does one action again and again with the least, the largest or no arguments.

    With others, and with an action of which one call may do a task, it must not earn more than to do it once.
    """
    tried = 0
    for task, reached in trial.reached.items():
        for exploit in _cheap(trial):
            if trial.over and tried:
                break
            tried += 1
            earned = _score(trial, task, exploit.calls)
            if earned > CHEAP * reached and exploit.once:
                earned -= max(0.0, _score(trial, task, exploit.once))
            if earned > CHEAP * reached:
                yield (
                    f"{exploit.words} earns {figure(earned)} in {task!r}, {earned / reached:.0%} of the gold score: let "
                    f"`score` be 0 where nothing was achieved{_or_suffices(exploit)}."
                )
                break
    trial.note = f"{tried} tried" if tried else "not tried, for want of a gold sequence"


def _or_suffices(exploit: Exploit) -> str:
    """What else would be right, of an action that does not say so yet."""
    told = ", or let the action say `suffices = True` where one sensible call of it may do a task"
    return told if len(exploit.calls) > 1 and not exploit.once else ""


def _cheap(trial: Trial) -> Iterator[Exploit]:
    env = trial.env
    yield Exploit("To submit at once", [SUBMIT])
    repeats = min(REPEATS, max(1, env.max_steps - 1))
    for kind in env.actions:
        if kind.free:
            continue
        seen = set[str]()
        for call in (ends(kind, "least"), ends(kind, "most"), without_numbers(kind)):
            if plain(call) not in seen:
                seen.add(plain(call))
                once = [call, SUBMIT] if kind.suffices else None
                yield Exploit(f"To repeat {shown(call)}", [call] * repeats + [SUBMIT], once)
        usual = trial.typical.get(name_of(kind), (None, Call(name_of(kind), sampled(kind, np.random.default_rng(7)))))[
            1
        ]
        yield Exploit(f"To repeat {shown(usual)}", [usual] * repeats + [SUBMIT], [usual, SUBMIT])


def _score(trial: Trial, task: str, calls: list[Call]) -> float:
    env = trial.fresh(task)
    with limited(env.all_actions, MOST_SECONDS):
        for call in calls:
            trial.step(env, call)
    return env.episode.last.score
