"""Fieldsmith forges scientific code: submit a problem, get a solver that is proven to be good.

import fieldsmith as fs

task = fs.task("burgers", nu=0.01)
run = fs.solve(task)
print(run.best.test.nrmse, run.report)
"""

from typing import TYPE_CHECKING

__version__ = "0.1.0"
__all__ = ["Problem", "evaluate", "list_runs", "list_tasks", "open_run", "solve", "task"]

if TYPE_CHECKING:
    from fieldsmith.face import Problem, evaluate, list_runs, list_tasks, open_run, solve, task
else:  # a type checker is to find misspelt names

    def __getattr__(name: str) -> object:
        if name in __all__:
            from fieldsmith import face

            return getattr(face, name)
        raise AttributeError(f"module 'fieldsmith' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
