"""What a call of a program takes once it is loaded, as an operator is before its calls are timed.

A sandbox begins a process for every call, which reads the program, imports what it needs and makes its tables: some tenths of a second that many solves in one process pay once. So a call that
solves three times is held against one that solves once.
"""

from collections.abc import Mapping

import numpy as np

from fieldsmith.sandboxes.sandbox import CallResult, Session
from fieldsmith.tasks.task import Case, Signature

TIMED = 2
"""Calls that a time is the least of."""
MORE = 2
"""Solves that the second call has more than the first."""
LONG = 5.0
"""Seconds from which on the start of a call is no part worth telling."""
LEAST = 1e-5
"""Seconds that differences of calls tell at best."""


def timed(
    session: Session, source: str, signature: Signature, case: Case | Mapping[str, np.ndarray | float], loaded: bool = False
) -> tuple[CallResult, float]:  # fmt: skip
    """The answer of a program, and the seconds by the clock of one more solve in its process. `loaded` says that the process has all it needs before a call.

    Where a call fails, the answer is that call's.
    """
    given = case.inputs if isinstance(case, Case) else case
    inputs = {argument.name: given[argument.name] for argument in signature.arguments}
    shapes = signature.shapes(inputs)

    def least(text: str) -> tuple[CallResult, float]:
        calls = [session.call(text, signature.function, inputs, shapes) for _ in range(TIMED)]
        failed = [call for call in calls if call.status != "ok"]
        return failed[0] if failed else calls[-1], min(call.worker_seconds or call.seconds for call in calls)

    answer, once = least(source)
    if loaded or answer.status != "ok" or once > LONG:
        return answer, once
    again, several = least(repeated(source, signature.function, 1 + MORE))
    return (answer, max(LEAST, (several - once) / MORE)) if again.status == "ok" else (answer, once)


def repeated(source: str, function: str, times: int) -> str:
    """The program with a function that solves so many times, and returns what the last gives."""
    return f"""{source}


def {function}(*arguments, solve_once={function}):
    for _ in range({times - 1}):
        solve_once(*arguments)
    return solve_once(*arguments)
"""
