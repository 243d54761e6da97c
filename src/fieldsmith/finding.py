"""What a check of something that was plugged in has found; rooms that check say it in these words."""

import sys
import traceback
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """What one check has found: `fault` is empty where all is well, and `note` says what was seen."""

    check: str
    fault: str = ""
    note: str = ""


def raised_in(error: BaseException, kind: type) -> str:
    """The file of a class and the line of it at or below which an error was raised, ` (file, line 3)`, or nothing."""
    own = getattr(sys.modules.get(kind.__module__), "__file__", None)
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == own]
    return f" ({own}, line {lines[-1]})" if own and lines and lines[-1] else ""
