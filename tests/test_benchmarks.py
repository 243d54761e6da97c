"""Scripts that measure: each fits the package as it stands; what they measure they print themselves."""

import runpy
from pathlib import Path

import pytest

SCRIPTS = sorted((Path(__file__).parents[1] / "benchmarks").glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_script_finds_all_that_it_asks_for(script, monkeypatch):
    monkeypatch.syspath_prepend(str(script.parent))
    assert "main" in runpy.run_path(str(script), run_name="imported")
