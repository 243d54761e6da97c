"""An answer is that of the call that asked for it, whatever happens in between; what cannot be asked is refused."""

import multiprocessing
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from fieldsmith.errors import InputError
from fieldsmith.sandboxes import choose, owner
from fieldsmith.sandboxes.sandbox import Limits
from sandbox_calls import DOUBLE, ISOLATING, LIMITS, run, wait_until

SLOW = "import time\ndef f(a):\n    time.sleep(0.5)\n    return a * 0 + 111\n"


def test_an_answer_that_nobody_has_waited_for_is_not_given_to_the_next_call(session, monkeypatch):
    assert run(session, DOUBLE).status == "ok"
    channel = session._worker.channel

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(channel, "receive", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(session, SLOW)
    result = run(session, DOUBLE)
    assert result.status == "ok", result.failure
    assert result.outputs["y"].tolist() == [0, 2, 4]


@pytest.mark.slow
def test_an_answer_with_another_number_is_not_taken(session, monkeypatch):
    assert run(session, DOUBLE).status == "ok"
    channel, whole = session._worker.channel, session._worker.channel.receive

    def late(*words):
        told, content = whole(*words)
        return {**told, "call": told["call"] ^ 1}, content

    monkeypatch.setattr(channel, "receive", late)
    result = run(session, DOUBLE)
    assert (result.status, result.failure.message) == ("crashed", "The sandbox's answer is not that of this call.")
    assert run(session, DOUBLE).status == "ok"


def test_threads_that_share_a_session_get_their_own_answers(session):
    def call(k: int) -> bool:
        result = run(session, DOUBLE, np.full(3, float(k)))
        return result.status == "ok" and result.outputs["y"].tolist() == [2 * k] * 3

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(call, range(20)))


@pytest.mark.slow
def test_a_session_that_is_closed_in_the_midst_of_calls_tells_so(session):
    for delay in np.linspace(0.0, 0.02, 15):
        opened = type(session)(session.limits, session._start)
        threading.Timer(delay, opened.close).start()
        while (result := run(opened, DOUBLE)).status == "ok":
            pass
        assert (result.status, result.failure.type) == ("crashed", "Ended"), result


def test_results_cannot_be_written_to(session):
    result = session.call("def f(a):\n    return a, a[:0]\n", "f", {"a": np.ones(3)}, {"x": (3,), "y": (0,)})
    assert [array.flags.writeable for array in result.outputs.values()] == [False, False]


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), float("inf")])
def test_a_call_without_a_time_is_refused(session, seconds):
    with pytest.raises(InputError, match="cannot be given"):
        session.call(DOUBLE, "f", {"a": np.ones(3)}, {"y": (3,)}, seconds)


def test_what_is_too_much_for_a_call_is_said(session):
    with pytest.raises(InputError, match="has 201 inputs"):
        session.call("def f(*a):\n    return a[0]\n", "f", {f"a{k}": np.ones(1) for k in range(201)}, {"y": (1,)})
    result = run(session, DOUBLE + "#" * 10_000_001)
    assert (result.status, result.failure.type) == ("crashed", "ValueError")
    assert "at most 10,000,000 are run" in result.failure.message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("memory_mb", 0),
        ("processes", 0),
        ("cpus", 0.0),
        ("scratch_mb", 0),
        ("log_kb", 100_000),
        ("seconds", 0.0),
        ("memory_mb", 16),
        ("memory_mb", 600.5),
        ("memory_mb", 2**40),
        ("processes", 2),
        ("seconds", 2e8),
        ("seconds", float("nan")),
    ],
)
def test_limits_that_would_be_none_are_refused(name, value):
    with pytest.raises(InputError, match=f"cannot be limited to {name} = "):
        Limits(**{name: value})


def test_folders_whose_names_mislead_do_no_harm(tmp_path, monkeypatch):
    monkeypatch.setattr(owner.tempfile, "gettempdir", lambda: str(tmp_path))
    namespace = owner._namespace()
    dead = tmp_path / f"fieldsmith-4194300-{namespace}-1-x"
    others = [
        tmp_path / f"fieldsmith-\u00b2-{namespace}-1-x",
        tmp_path / "fieldsmith-4194300-1-1-x",
        tmp_path / "fieldsmith-a-b-c-d",
    ]
    for folder in (dead, *others):
        folder.mkdir()
    assert owner.remove_folders() == [dead.name]
    assert not dead.exists()
    assert all(folder.exists() for folder in others)


@pytest.mark.parametrize(
    "value", [np.array([1j, 2.0]), np.ma.masked_greater(np.arange(3.0), 1.0), np.array(["a"]), np.array([None])]
)
def test_inputs_that_are_no_real_numbers_are_refused(session, value):
    with pytest.raises(InputError, match=r"The input a is .*\. Give an array of real numbers"):
        run(session, DOUBLE, value)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*ISOLATING, "process"])
def test_a_process_that_was_forked_has_workers_of_its_own(name):
    sandbox = choose(name, trusted=True)
    sandbox.expect(LIMITS, 2)
    wait_until(lambda: sandbox.ready() == 2)
    inherited = sandbox.open(LIMITS)
    assert run(inherited, DOUBLE).status == "ok"
    context = multiprocessing.get_context("fork")
    answers = context.Queue()

    def child() -> None:
        with sandbox.open(LIMITS) as own:
            answers.put([run(session, DOUBLE).status for session in (own, own, inherited)])
        inherited.close()
        sandbox.close()

    children = [context.Process(target=child) for _ in range(2)]
    for process in children:
        process.start()
    assert [answers.get(timeout=60.0) for _ in children] == [["ok"] * 3] * 2
    for process in children:
        process.join(60.0)
    assert run(inherited, DOUBLE).status == "ok"
    assert sandbox.ready() == 1
    inherited.close()
    sandbox.close()
