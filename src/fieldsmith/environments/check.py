"""Whether an environment is sound: what it says of itself, how it behaves, whether its tasks can be done, and not by cheating.

Each fault is one sentence for whoever has written it.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from fieldsmith.environments.checks import conduct, gold, limits, search, stated
from fieldsmith.environments.checks.trial import Trial
from fieldsmith.environments.environment import AnyEnvironment
from fieldsmith.environments.host import Host
from fieldsmith.errors import FieldsmithError
from fieldsmith.finding import Finding, raised_in

MOST_FAULTS = 5
"""Of one check that are told; the others are often the same."""
MOST_SECONDS = 60.0
"""How long the checks that try things by chance may take together, in which slow actions are tried less often."""


@dataclass(frozen=True)
class Check:
    """`look` gives faults, or notes them in the trial. vital: after a fault here the later checks, which need what this one looks at, stay away.

    weight: its part of the time for what is tried by chance; 0 where it takes what it takes.
    """

    name: str
    look: Callable[[Trial], Iterator[str] | None]
    vital: bool = False
    weight: int = 0


CHECKS = (
    Check("identity", stated.identity, True),
    Check("actions", stated.actions, True),
    Check("machine", stated.machine, True),
    Check("tasks", stated.tasks, True),
    Check("measures", stated.measures),
    Check("docs", stated.documentation),
    Check("gold", gold.gold),
    Check("limits", limits.enforced),
    Check("valid", conduct.valid, weight=1),
    Check("invalid", conduct.invalid, weight=2),
    Check("search", search.searched, weight=1),
    Check("seeds", conduct.reproducible, weight=1),
    Check("state", conduct.restorable, weight=1),
    Check("random", conduct.random_agent, weight=4),
    Check("exploits", gold.exploits, weight=3),
)


def examine(
    make: Callable[[Host], AnyEnvironment], host: Host, seconds: float = MOST_SECONDS, checks: Sequence[Check] = CHECKS
) -> Iterator[Finding]:
    """Each check in turn, of the environment that `make` makes anew on the host as often as is needed.

    `seconds` bounds what is tried by chance; gold sequences are always played to their end.
    """
    trial, left = Trial(make, host), seconds
    for n, check in enumerate(checks):
        weights = sum(one.weight for one in checks[n:])
        trial.begin(left * check.weight / weights if check.weight else seconds)
        begun = time.monotonic()
        faults = _faults(trial, check)
        left = max(1.0, left - (time.monotonic() - begun)) if check.weight else left
        for fault in faults[:MOST_FAULTS]:
            yield Finding(check.name, fault)
        if more := faults[MOST_FAULTS:]:
            yield Finding(check.name, f"And {len(more)} more of this kind.")
        if not faults:
            yield Finding(check.name, note=trial.note)
        elif check.vital:
            return


def _faults(trial: Trial, check: Check) -> list[str]:
    found: list[str] = []
    try:
        with np.errstate(all="ignore"):
            found.extend(check.look(trial) or ())
    except FieldsmithError as error:
        found.append(str(error))
    except Exception as error:  # a stranger's code may raise anything
        kind = type(trial.env)
        words = " ".join(str(error).split())[:300].rstrip(". ")
        found.append(f"{kind.__name__} fails with {type(error).__name__}: {words}{raised_in(error, kind)}.")
    # What was seen from within is the better told: it comes first.
    return list(dict.fromkeys([*trial.faults, *found]))
