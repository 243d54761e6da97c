"""The worker's modules as one text for `python -c`, so that nothing of this package need lie inside a sandbox."""

from functools import cache
from importlib.resources import files

MODULES = (
    "channel",
    "cgroup",
    "guard",
    "program",
    "stopped",
    "child",
    "clock",
    "watchdog",
    "scratch",
    "watch",
    "calls",
    "life",
    "spaces",
    "warm",
    "main",
)
"""In the order in which they need each other."""

START = """\
import sys, types
package = types.ModuleType("worker")
package.__path__ = []
sys.modules["worker"] = package
for name, text in MODULES.items():
    module = types.ModuleType("worker." + name)
    module.__package__ = "worker"
    setattr(package, name, module)
    sys.modules[module.__name__] = module
    exec(compile(text, "<" + module.__name__ + ">", "exec"), module.__dict__)
del text, name
sys.modules["worker.main"].main()
"""


@cache
def worker_source() -> str:
    folder = files("fieldsmith.sandboxes").joinpath("worker")
    texts = {name: folder.joinpath(f"{name}.py").read_text(encoding="utf-8") for name in MODULES}
    return f"MODULES = {texts!r}\n{START}"
