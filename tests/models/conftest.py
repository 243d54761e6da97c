"""What tests of authors share."""

from collections.abc import Iterator

import pytest

from provider_server import KEY, Server


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A provider on this machine, and keys for it in the environment."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    started = Server()
    yield started
    started.shutdown()
    started.server_close()
