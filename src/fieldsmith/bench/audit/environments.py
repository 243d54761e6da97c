"""One environment of a suite: whether its tasks can be done, and whether what is no work earns nothing."""

import time
from collections.abc import Callable

from fieldsmith.bench.audit.exploit import Audit, Hole, Tried
from fieldsmith.bench.ended import SCORE
from fieldsmith.environments import Host, kind_of
from fieldsmith.environments.check import CHECKS, examine

LOOKED_AT = ("identity", "actions", "machine", "tasks", "gold", "exploits")
"""The checks of `env check` that tell whether the score can be trusted; the first ones are what the others stand on."""


def audit_environment(place: str, host: Host, seconds: float, heard: Callable[[Tried], None]) -> Audit:
    """Gold sequences reach what is stated; to submit at once, or to repeat an action with the least, the largest, no or usual arguments, earns nothing.

    `seconds` bounds what is tried.
    """
    begun = time.monotonic()
    checks = [check for check in CHECKS if check.name in LOOKED_AT]
    holes, notes = [], []
    for finding in examine(kind_of(place), host, seconds, checks):
        if finding.fault:
            holes.append(Hole("environment", finding.fault))
        elif finding.note and finding.check in ("gold", "exploits"):
            notes.append(f"{finding.check}: {finding.note}")
        heard(Tried("environment", finding.check, "fault" if finding.fault else "ok", None, bool(finding.fault)))
    return Audit(place, SCORE, False, holes=tuple(holes), notes=tuple(notes), seconds=time.monotonic() - begun)
