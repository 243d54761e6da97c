"""What a check of something that was plugged in, or of what is kept, has found; rooms that check say it in these words."""

import sys
import traceback
from dataclasses import dataclass
from typing import Literal

State = Literal["holds", "fault", "unchecked"]


@dataclass(frozen=True)
class Finding:
    """What one check has found: `fault` is empty where nothing is wrong, and `note` says what was seen.

    `unchecked` says why something could not be looked into, which is neither right nor wrong.
    """

    check: str
    fault: str = ""
    note: str = ""
    unchecked: str = ""

    @property
    def state(self) -> State:
        return "fault" if self.fault else "unchecked" if self.unchecked else "holds"

    @property
    def words(self) -> str:
        return self.fault or self.unchecked or self.note


def raised_in(error: BaseException, kind: type) -> str:
    """The file of a class and the line of it at or below which an error was raised, ` (file, line 3)`, or nothing."""
    own = getattr(sys.modules.get(kind.__module__), "__file__", None)
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == own]
    return f" ({own}, line {lines[-1]})" if own and lines and lines[-1] else ""
