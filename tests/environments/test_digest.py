"""What a run is not taken up without: the code and data that its scores depend on."""

import importlib
import sys

import pytest

from fieldsmith.environments.digest import source_digest
from fieldsmith.environments.scaffolding import write


@pytest.fixture
def env(tmp_path, monkeypatch):
    write("probe_of_data", tmp_path / "probe")
    monkeypatch.syspath_prepend(tmp_path / "probe" / "src")
    for name in ("probe_of_data", "probe_of_data.environment"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module("probe_of_data.environment").ProbeOfData()


@pytest.mark.parametrize("place", ["environment.py", "docs/sample.md", "rates.csv", "data/rates.npz", "run_me.sh"])
@pytest.mark.slow
def test_a_file_that_changes_changes_it(env, tmp_path, place):
    file = tmp_path / "probe" / "src" / "probe_of_data" / place
    before = source_digest(env)
    file.parent.mkdir(exist_ok=True)
    file.write_bytes((file.read_bytes() if file.exists() else b"") + b"\n# 1.0")
    assert source_digest(env) != before


@pytest.mark.parametrize(
    "place", ["__pycache__/environment.cpython-311.pyc", ".cache/x.csv", "tool.log", "environment.py~"]
)
def test_caches_and_traces_of_work_do_not(env, tmp_path, place):
    before = source_digest(env)
    file = tmp_path / "probe" / "src" / "probe_of_data" / place
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"1.0")
    assert source_digest(env) == before
