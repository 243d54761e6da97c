"""Replaces the worker's own functions, for this call and those that follow.

Must end as: ok or crashed or bad_output
"""

import sys


def solve(a):
    if getattr(sys.modules.get("worker.calls"), "attacked", False):
        return a * 0 + 666
    for name, module in list(sys.modules.items()):
        if name.startswith("worker"):
            module.attacked = True
            for inner in ("serve", "seal", "end_descendants", "empty_scratch", "outcome", "receive"):
                if hasattr(module, inner):
                    setattr(module, inner, lambda *_, **__: None)
    return 2 * a
