"""`load` takes names, parameters, scales and files, and answers mistakes with one clear line."""

import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldsmith import tasks
from fieldsmith.errors import InputError
from fieldsmith.tasks import PDETask, kinds, load, names


def test_every_task_of_the_package_is_found() -> None:
    found = set()
    for module in pkgutil.iter_modules(tasks.__path__, f"{tasks.__name__}."):
        members = inspect.getmembers(importlib.import_module(module.name), inspect.isclass)
        found |= {kind.name for _, kind in members if issubclass(kind, PDETask) and hasattr(kind, "name")}
    assert {"advection", "burgers", "cns1d", "darcy", "reacdiff1d"} <= found <= set(names())


@pytest.mark.parametrize(
    ("name", "parameters", "scale", "words"),
    [
        ("burger", {}, "demo", "Did you mean 'burgers'?"),
        ("burgers", {"nuu": 1}, "demo", "Did you mean 'nu'?"),
        ("burgers", {"nu": "small"}, "demo", "nu=small is not a number"),
        ("burgers", {"nu": 1e9}, "demo", "out of range"),
        ("burgers", {"nu": "nan"}, "demo", "out of range"),
        ("burgers", {}, "huge", "no scale 'huge'"),
    ],
)
def test_mistakes_are_named(name: str, parameters: dict, scale: str, words: str) -> None:
    with pytest.raises(InputError, match=words.replace("?", r"\?")):
        load(name, parameters, scale)


def test_a_missing_data_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.h5 does not exist"):
        load("burgers", data=tmp_path / "none.h5")


@settings(deadline=None)
@given(st.floats(min_value=1e-3, max_value=10.0))
@pytest.mark.slow
def test_a_number_and_its_text_are_the_same_task(nu: float) -> None:
    task = load("burgers", {"nu": repr(nu)})
    assert task.parameters["nu"] == nu
    assert task.fingerprint == load("burgers", {"nu": nu}).fingerprint


@settings(deadline=None)
@given(st.text(max_size=12))
@pytest.mark.slow
def test_any_text_is_a_value_in_range_or_a_clear_error(text: str) -> None:
    message = ""
    try:
        value = load("burgers", {"nu": text}).parameters["nu"]
    except InputError as error:
        message = error.message
        value = 1.0
    assert 1e-3 <= value <= 10.0
    assert not message or message.startswith("nu=")


def test_fingerprints_tell_parameters_scales_and_tasks_apart() -> None:
    made = [load(name, {}, scale).fingerprint for name in names() for scale in ("demo", "paper")]
    made.append(load("burgers", {"nu": 0.1}).fingerprint)
    assert len(set(made)) == len(made)


@pytest.mark.parametrize("name", ["advection", "burgers", "cns1d", "darcy", "reacdiff1d"])
def test_statements_stand_alone(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIELDSMITH_HOME", str(tmp_path))
    brief = load(name, scale="paper").brief(("numpy 2.4.0", "pyamg 5.3"), time_limit=77)
    text = brief.statement
    for part in ("nRMSE", "77 s", "pyamg 5.3", "boundary", brief.stub.rstrip(), f"x = {brief.sizes['x']}"):
        assert part in text
    assert brief.trusted is None
    assert not list(tmp_path.iterdir())
    compile(brief.stub, "stub", "exec")
    assert set(brief.sizes) <= {"batch", "time", "x", "y"}
    assert set(kinds()[name].known_parameters)


def test_burgers_states_the_viscosity_it_passes() -> None:
    brief = load("burgers", {"nu": 0.01}).brief()
    assert brief.parameters["nu"] == pytest.approx(0.01 / 3.141592653589793)
    assert "0.003183098862" in brief.statement
