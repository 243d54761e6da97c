"""What an environment's scores depend on: the code of its package, so that a run is not taken up with other rules."""

import hashlib
import inspect
from pathlib import Path

from fieldsmith.environments.environment import AnyEnvironment

SUFFIXES = (".py", ".md", ".json", ".toml", ".jinja", ".txt")


def source_digest(env: AnyEnvironment) -> str:
    """SHA-256 over the environment's name and the code and texts beside its class's module, by SUFFIXES; of the module alone where that lies by itself."""
    file = Path(inspect.getfile(type(env)))
    folder = file.parent
    alone = not (folder / "__init__.py").is_file()
    files = (
        [file]
        if alone
        else sorted(f for f in folder.rglob("*") if f.suffix in SUFFIXES and "__pycache__" not in f.parts)
    )
    digest = hashlib.sha256(env.name.encode())
    for one in files:
        digest.update(f"\0{one.relative_to(folder)}\0".encode())
        digest.update(one.read_bytes())
    return digest.hexdigest()
