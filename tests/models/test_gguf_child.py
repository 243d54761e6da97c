"""The child that serves a model file finds what its owner finds, and nothing else; xllamacpp is a made-up one here."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import fieldsmith
from fieldsmith.models import open_model
from fieldsmith.models.chat_model import ChatRequest, Message

MADE_UP = """
import json
import os
import sys


class _Anything:
    def __getattr__(self, name):
        self.__dict__[name] = _Anything()
        return self.__dict__[name]


CommonParams = _Anything


class Server:
    def __init__(self, parameters):
        self.parameters = parameters

    def handle_chat_completions(self, request, chunk):
        told = [json.__file__, str("openai" in sys.modules), os.environ.get("PYTHONSTARTUP", "")]
        chunk({"choices": [{"delta": {"content": " ".join(told)}, "finish_reason": "stop"}], "usage": {}})
"""
ASK = """
from fieldsmith.models import open_model
from fieldsmith.models.chat_model import ChatRequest, Message

model = open_model("gguf:{file}")
print(model.complete(ChatRequest((Message("user", "Hello."),))).text)
model.close()
"""


@pytest.fixture
def packages(tmp_path):
    """A folder with the made-up xllamacpp."""
    folder = tmp_path / "packages"
    (folder / "xllamacpp").mkdir(parents=True)
    (folder / "xllamacpp" / "__init__.py").write_text(MADE_UP)
    return folder


@pytest.fixture
def file(tmp_path):
    made = tmp_path / "m.gguf"
    made.write_bytes(b"GGUF")
    return made


def test_the_child_imports_from_where_its_owner_does(packages, file, monkeypatch):
    monkeypatch.syspath_prepend(packages)
    model = open_model(f"gguf:{file}")
    assert model.complete(ChatRequest((Message("user", "Hello."),))).stop == "stop"
    model.close()


def test_neither_the_current_folder_nor_the_environment_changes_the_child(packages, file, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(packages)
    trap = tmp_path / "trap"
    trap.mkdir()
    for name in ("json", "openai", "anthropic", "xllamacpp", "fieldsmith", "usercustomize", "startup"):
        (trap / f"{name}.py").write_text("raise SystemExit(7)\n")
    monkeypatch.chdir(trap)
    monkeypatch.setenv("PYTHONSTARTUP", str(trap / "startup.py"))
    monkeypatch.setenv("PYTHONPATH", str(trap))
    monkeypatch.setenv("PYTHONINSPECT", "1")
    monkeypatch.setenv("PYTHONIOENCODING", "utf-16")
    model = open_model(f"gguf:{file}")
    said = model.complete(ChatRequest((Message("user", "Grüße."),))).text
    model.close()
    assert str(trap) not in said
    assert said.strip().endswith("False"), "a module beside the script took the place of a package"


def test_packages_of_the_user_alone_are_enough(packages, file, tmp_path):
    base = tmp_path / "base"
    python = getattr(sys, "_base_executable", sys.executable)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")} | {"PYTHONUSERBASE": str(base)}
    asked = [python, "-c", "import site; print(site.getusersitepackages() if site.ENABLE_USER_SITE else '')"]
    place = subprocess.run(asked, env=environment, capture_output=True, text=True, check=True).stdout.strip()
    if not place:
        pytest.skip("this Python knows no packages of the user")
    Path(place).mkdir(parents=True)
    elsewhere = [packages, Path(fieldsmith.__file__).parents[1], *(p for p in sys.path if p.endswith("site-packages"))]
    (Path(place) / "all.pth").write_text("".join(f"{folder}\n" for folder in elsewhere))
    ran = subprocess.run(
        [python, "-c", textwrap.dedent(ASK.format(file=file))],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    assert "json" in ran.stdout
