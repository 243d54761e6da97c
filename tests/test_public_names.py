"""What is stable to import: the names in `__all__` of the rooms that others add to, each of which explains itself."""

import importlib
import inspect
import subprocess
import sys

import pytest

FACES = (
    "fieldsmith",
    "fieldsmith.tasks",
    "fieldsmith.models",
    "fieldsmith.agents.author",
    "fieldsmith.strategies",
    "fieldsmith.environments",
    "fieldsmith.errors",
    "fieldsmith.evaluation",
    "fieldsmith.numerics",
    "fieldsmith.sandboxes",
)
NAMES = [(face, name) for face in FACES for name in importlib.import_module(face).__all__]


@pytest.mark.parametrize(("face", "name"), NAMES, ids=lambda word: word)
def test_every_public_name_is_there_and_explains_itself(face, name):
    thing = getattr(importlib.import_module(face), name)
    if not (inspect.isclass(thing) or inspect.isfunction(thing)):
        return
    words = thing.__doc__ or ""
    assert words.strip(), f"{face}.{name} has no docstring"
    assert not words.startswith(f"{name}("), f"{face}.{name} has only the docstring that a dataclass gets by itself"


def test_public_names_are_cheap():
    """Whoever imports a room's words must not wait for libraries that read files, draw or talk to providers."""
    names = "from fieldsmith.tasks import Task, Equation\nfrom fieldsmith.models import ChatModel\n"
    names += "from fieldsmith.strategies import Strategy, Ask, Draft, Debug, Refine, Restart, Candidate\n"
    names += "from fieldsmith.environments import Environment, Action, Measure, Tools\n"
    heavy = "{'h5py', 'scipy', 'sympy', 'openai', 'anthropic', 'matplotlib', 'jinja2'}"
    code = f"import sys\n{names}print(sorted({heavy} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.stdout == "[]\n", ran.stderr + ran.stdout


def test_a_room_without_such_a_name_says_so():
    with pytest.raises(ImportError, match="cannot import name 'Nothing'"):
        exec("from fieldsmith.tasks import Nothing")
