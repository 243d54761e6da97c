"""What an environment's actions need and this machine lacks."""

import os
import shutil
from collections.abc import Iterator

from fieldsmith.environments.action import name_of
from fieldsmith.environments.environment import AnyEnvironment
from fieldsmith.environments.observation import Lacking


def missing(env: AnyEnvironment) -> Iterator[str]:
    """A sentence each: programs, environment variables, images of the sandbox, GPUs."""
    needs = {name_of(kind): kind.needs for kind in env.actions} | {"the judge": env.judging}
    for program in dict.fromkeys(program for one in needs.values() for program in one.programs):
        if shutil.which(program) is None:
            users = ", ".join(name for name, one in needs.items() if program in one.programs)
            yield f"The program {program!r}, which {users} needs, is not found on this machine: install it."
    for variable in dict.fromkeys(variable for one in needs.values() for variable in one.variables):
        if variable not in os.environ:
            users = ", ".join(name for name, one in needs.items() if variable in one.variables)
            yield f"The environment variable {variable}, which {users} needs, is not set."
    for image in dict.fromkeys(one.image for one in needs.values() if one.place == "sandbox"):
        try:
            env.host.sandbox_with(image)
        except Lacking as fault:
            yield str(fault)
    users = [name for name, one in needs.items() if one.gpus]
    if users and shutil.which("nvidia-smi") is None:
        yield f"{', '.join(users)} needs a GPU, and this machine has none."
