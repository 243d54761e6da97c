"""Which sandbox is taken, and what is said where one is missing."""

import pytest

from fieldsmith.errors import InputError, MissingPart
from fieldsmith.sandboxes import choose


def test_unknown_names_are_refused():
    with pytest.raises(InputError, match="no sandbox 'vm'"):
        choose("vm")
    with pytest.raises(InputError, match="no image"):
        choose("docker", image="tensorflow")


@pytest.mark.needs("docker")
def test_a_missing_engine_gets_one_line(monkeypatch):
    from fieldsmith.sandboxes import engine

    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    engine.forget()
    try:
        with pytest.raises(MissingPart, match=r"no Docker engine answers at DOCKER_HOST=unix:///nowhere\.sock"):
            choose("docker")
        assert choose("auto", trusted=True).name in ("bubblewrap", "process")
    finally:
        monkeypatch.undo()
        engine.forget()
