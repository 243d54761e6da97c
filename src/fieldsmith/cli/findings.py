"""How a check is told: a line a finding, and at the end whether all is well."""

from collections.abc import Iterable, Mapping

import typer

from fieldsmith.cli.output import current
from fieldsmith.finding import Finding

WORDS = {"holds": "ok", "fault": "FAIL", "unchecked": "?"}
OK = {"holds": True, "fault": False, "unchecked": None}


def tell(findings: Iterable[Finding], subject: Mapping[str, object]) -> None:
    """Each finding as it comes, of a quiet command faults alone; `subject` names in the result what was checked.

    Ends with exit code 1 where there are faults; what could not be checked is told and is none.
    """
    found: list[Finding] = []
    for one in findings:
        found.append(one)
        told = {"check": one.check, "ok": OK[one.state], "state": one.state, "message": one.words}
        current.event("check", told)
        if one.fault or not current.quiet:
            current.say(f"{WORDS[one.state]:4}  {one.check:9}  {one.words}".rstrip())
    faults, unchecked = [one.fault for one in found if one.fault], [one for one in found if one.state == "unchecked"]
    if unchecked and not current.quiet:
        current.say(
            f"Not checked: {', '.join(dict.fromkeys(one.check for one in unchecked))}. The lines with ? say why."
        )
    result = {**subject, "ok": not faults, "faults": faults, "unchecked": [one.unchecked for one in unchecked]}
    current.event("result", {**result, "reason": "faults" if faults else None})
    if faults:
        current.failed(f"Does not hold: {', '.join(dict.fromkeys(one.check for one in found if one.fault))}.")
        raise typer.Exit(1)
