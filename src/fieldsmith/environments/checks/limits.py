"""Whether actions end when their time is over."""

import threading
import time

import numpy as np

from fieldsmith.environments.action import Action, name_of
from fieldsmith.environments.calls import Call
from fieldsmith.environments.checks.trial import Trial, limited, shown
from fieldsmith.environments.environment import AnyEnvironment
from fieldsmith.environments.sampling import sampled

SHORT = 0.002
"""Seconds that an action is given."""
LATE = 0.5
"""Seconds after its time that an action which has caught the end may still have gone on."""
PATIENCE = 8.0
"""Seconds that work which was left behind may go on."""


def enforced(trial: Trial) -> None:
    """Each action, given next to no time, either was as fast as that or is told to have run out of time."""
    env, ended = trial.fresh(), []
    for named in env.actions:
        kind = env.kind_of(name_of(named)) or named  # what the task offers is what is run
        if ran_out := _limited(trial, env, kind):
            ended.append(name_of(kind))
        elif ran_out is None:
            return
    trial.note = f"ended early: {', '.join(ended)}" if ended else "all actions are faster than can be measured"


def _limited(trial: Trial, env: AnyEnvironment, kind: type[Action]) -> bool | None:
    """Whether it ran out of time; None where nothing more can be said, since work of it goes on."""
    name = name_of(kind)
    begun, call = trial.typical.get(name, (env.episode, Call(name, sampled(kind, np.random.default_rng(6)))))
    env.episode = begun
    before = set(threading.enumerate())
    with limited([kind], SHORT):
        at = time.monotonic()
        step = trial.step(env, call)
        took = time.monotonic() - at
    if step is None:
        return False
    if _left_behind(before):
        trial.fault(
            f"{shown(call)} goes on {PATIENCE:g} s after its time is over: call `tools.check()` in its loops, and start "
            "what never returns to Python as a program, by `tools.run`."
        )
        return None
    if step.status == "success" and took > SHORT + LATE:
        trial.fault(
            f"{shown(call)} goes on for {took:.1f} s though its time is over, and then succeeds: something in it catches "
            "the exception that ends it; catch narrower ones."
        )
    elif step.status == "runtime_error" and took > SHORT:
        trial.fault(f"{shown(call)} has run out of time, and its status is runtime_error: let OutOfTime pass.")
    return step.status == "timeout"


def _left_behind(before: set[threading.Thread]) -> bool:
    until = time.monotonic() + PATIENCE
    for thread in set(threading.enumerate()) - before:
        if thread.name == "step":
            thread.join(max(0.0, until - time.monotonic()))
            if thread.is_alive():
                return True
    return False
