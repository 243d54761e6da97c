"""Sessions of every sandbox: what all promise, and what those promise that isolate."""

import pytest

from sandbox_calls import ISOLATING, PIPES, opened


@pytest.fixture(scope="module", params=[*ISOLATING, PIPES, "process"])
def session(request):
    with opened(request.param) as session:
        yield session


@pytest.fixture(scope="module", params=ISOLATING)
def isolated(request):
    with opened(request.param) as session:
        yield session
