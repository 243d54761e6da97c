"""How a check of something that was plugged in is told: a line a finding, and at the end whether all is well."""

from collections.abc import Iterable, Mapping

import typer

from fieldsmith.cli.output import current
from fieldsmith.finding import Finding


def tell(findings: Iterable[Finding], subject: Mapping[str, object]) -> None:
    """Each finding as it comes, of a quiet command faults alone; `subject` names in the result what was checked. Ends with exit code 1 where there are faults."""
    faults = []
    for finding in findings:
        message = finding.fault or finding.note
        current.event("check", {"check": finding.check, "ok": not finding.fault, "message": message})
        if finding.fault or not current.quiet:
            current.say(f"{'FAIL' if finding.fault else 'ok':4}  {finding.check:9}  {message}".rstrip())
        faults += [finding.fault] if finding.fault else []
    current.event("result", {**subject, "ok": not faults, "faults": faults, "reason": "faults" if faults else None})
    if faults:
        raise typer.Exit(1)
