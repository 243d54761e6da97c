"""The numerical strategy behind a program, in words."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """The numerical strategy behind a program, kept beside it. `expected_order` is the order in space."""

    discretisation: str = ""
    time_integrator: str = ""
    resolution_control: str = ""
    expected_order: float | None = None
    summary: str = ""
    method: str = ""
    """In place of the first two where there is no equation."""
