"""Where the engine is: by DOCKER_HOST, by a context, without Docker's command; and engines that do not answer."""

import hashlib
import json
import os
import subprocess
import sys
import time

import pytest

from engine_between import between
from fieldsmith.errors import MissingPart
from fieldsmith.sandboxes import choose, container, engine, owner, survey
from sandbox_calls import DOUBLE, LIMITS, run, wait_until

pytestmark = pytest.mark.needs("docker")


@pytest.fixture
def ask_anew(monkeypatch):
    """What is known of the engine is forgotten before and after."""
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    engine.forget()
    yield
    monkeypatch.undo()
    engine.forget()


def configured(folder, name, host, current=""):
    """Docker's configuration with a context of that name, in a folder for DOCKER_CONFIG."""
    place = folder / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest()
    place.mkdir(parents=True)
    endpoints = {"docker": {"Host": host, "SkipTLSVerify": False}}
    (place / "meta.json").write_text(json.dumps({"Name": name, "Metadata": {}, "Endpoints": endpoints}))
    (folder / "config.json").write_text(json.dumps({"currentContext": current} if current else {}))
    return str(folder)


@pytest.mark.parametrize("by", ["DOCKER_HOST", "DOCKER_CONTEXT", "the context in use"])
def test_programs_run_by_the_engine_that_is_named(by, ask_anew, tmp_path, monkeypatch):
    with between() as named:
        if by == "DOCKER_HOST":
            monkeypatch.setenv("DOCKER_HOST", named.host)
            monkeypatch.setenv("DOCKER_CONTEXT", "of no account")
        else:
            current = "" if by == "DOCKER_CONTEXT" else "mine"
            monkeypatch.setenv("DOCKER_CONFIG", configured(tmp_path, "mine", named.host, current))
            monkeypatch.setenv("DOCKER_CONTEXT", "" if current else "mine")
        with choose("docker") as sandbox, sandbox.open(LIMITS) as session:
            assert run(session, DOUBLE).status == "ok"
        assert any("/containers/create" in line for line in named.asked)


@pytest.mark.usefixtures("ask_anew")
def test_a_context_that_is_not_there_or_whose_engine_does_not_run_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKER_CONFIG", configured(tmp_path, "mine", "unix:///nowhere.sock", "mine"))
    engine.forget()
    with pytest.raises(MissingPart, match=r"at unix:///nowhere\.sock, the place of the Docker context mine"):
        choose("docker")
    monkeypatch.setenv("DOCKER_CONTEXT", "yours")
    engine.forget()
    with pytest.raises(MissingPart, match="there is no Docker context 'yours'"):
        choose("docker")


@pytest.mark.usefixtures("ask_anew")
@pytest.mark.parametrize("host", ["nowhere", "tcp://", "carrier-pigeon://here"])
def test_a_place_that_cannot_be_one_is_a_sentence(host, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", host)
    with pytest.raises(MissingPart, match=rf"cannot be used: .*{host}"):
        choose("docker")


def test_no_command_of_docker_is_needed(tmp_path):
    (tmp_path / "solver.py").write_text(
        "import numpy as np\ndef solver(u0_batch, t_coordinate, beta):\n"
        "    return np.repeat(np.asarray(u0_batch)[:, None], len(t_coordinate), axis=1)\n"
    )
    words = ["evaluate", "advection", "solver.py", "--sandbox", "docker", "--no-order", "--json"]
    told = subprocess.run(
        [sys.executable, "-m", "fieldsmith.cli.main", *words],
        env={**os.environ, "PATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert json.loads(told.stdout.splitlines()[-1])["status"] == "ok", told.stderr


@pytest.mark.usefixtures("ask_anew")
@pytest.mark.timeout(60)
def test_an_engine_that_does_not_attach_to_a_container_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(engine, "ANSWER_SECONDS", 2)
    monkeypatch.setattr(engine, "PATIENCE_SECONDS", 1.0)
    with between(silent="/attach") as hanging:
        monkeypatch.setenv("DOCKER_HOST", hanging.host)
        with choose("docker") as sandbox:
            monkeypatch.setattr(sandbox, "transport_kind", "stream")
            with pytest.raises(
                MissingPart, match=r"The Docker engine has not answered for 1 s\. Start it, anew if it hangs"
            ):
                sandbox.start(LIMITS)  # type: ignore[attr-defined]


@pytest.mark.usefixtures("ask_anew")
def test_an_engine_that_hangs_is_named_and_does_not_hold_up_what_needs_none(tmp_path, monkeypatch):
    for name in ("FIRST_SECONDS", "ANSWER_SECONDS", "LEFTOVER_SECONDS"):
        monkeypatch.setattr(engine, name, 1)
    monkeypatch.setattr(owner.tempfile, "tempdir", str(tmp_path))
    with between(silent="/version") as hanging:
        monkeypatch.setenv("DOCKER_HOST", hanging.host)
        with pytest.raises(MissingPart, match="cannot be used: the Docker engine does not answer"):
            choose("docker")
        left = owner.own_folder(owner.CONTAINERS)
        left.rename(left.with_name(left.name.replace(f"-{os.getpid()}-", "-4194300-")))
        assert choose("process").name == "process"
        assert not list(tmp_path.glob("fieldsmith-4194300-*"))
    monkeypatch.delenv("DOCKER_HOST")
    engine.forget()
    with between(silent="/images/") as hanging:
        monkeypatch.setenv("DOCKER_HOST", hanging.host)
        with pytest.raises(MissingPart, match="The Docker engine does not say what images it has"):
            choose("docker")
        assert "does not say what images it has" in survey()["docker"]


@pytest.mark.usefixtures("ask_anew")
@pytest.mark.parametrize("way", ["silent", "refused"])
def test_a_container_that_was_not_removed_is_removed_when_the_sandbox_is_closed(way, monkeypatch):
    monkeypatch.setattr(engine, "ANSWER_SECONDS", 5)
    with between(**{way: "DELETE /v1"}) as deaf:
        monkeypatch.setenv("DOCKER_HOST", deaf.host)
        with choose("docker") as sandbox:
            with sandbox.open(LIMITS) as session:
                assert run(session, DOUBLE).status == "ok"
            tried = container.REMOVALS if way == "refused" else 1
            wait_until(lambda: sum("DELETE" in line for line in deaf.asked) >= tried)
            container.remover.submit(lambda: None).result()
            time.sleep(5.0 if way == "silent" else 0.5)  # until nobody waits for the answer any more
            assert _own_containers()
            deaf.silent = deaf.refused = ""
        wait_until(lambda: not _own_containers())


def _own_containers():
    listing = ["docker", "ps", "--all", "--quiet", "--filter", f"label={engine.LABEL}={os.getpid()}"]
    return subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split()
