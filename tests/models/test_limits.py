"""Limits of providers: what their headers say, and one gate that all requests of an account go through."""

import json
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldsmith.errors import ProviderError
from fieldsmith.models.gate import LONGEST, Gate, Shut, gate_of
from fieldsmith.models.limits import Allowance, allowances, asked_to_wait, span_of
from fieldsmith.models.retrying import Patience
from provider_server import KEY, REQUEST, model_of

NOW = 1_800_000_000.0
never = threading.Event().wait


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after": formatdate(NOW + 30, usegmt=True)}, 30.0),
        ({"retry-after": formatdate(NOW - 30, usegmt=True)}, 0.0),
        ({"retry-after": formatdate(5030, usegmt=True), "date": formatdate(5000, usegmt=True)}, 30.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({}, None),
    ],
)
def test_what_a_server_asks_to_wait_is_read_in_every_form(headers, seconds):
    assert asked_to_wait(headers, NOW) == seconds


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("20ms", 0.02),
        ("1s", 1.0),
        ("6m0s", 360.0),
        ("1h2m3.5s", 3723.5),
        ("12", 12.0),
        ("2027-01-15T08:00:10Z", 10.0),
        ("2027-01-15T09:00:10+01:00", 10.0),
        (str(NOW + 5), 5.0),
        (str((NOW + 5) * 1000), 5.0),
        ("later", None),
        ("1s and more", None),
        ("", None),
    ],
)
def test_spans_and_times_of_every_provider_are_understood(told, seconds):
    assert span_of(told, NOW) == (None if seconds is None else pytest.approx(seconds, abs=1e-3))


@given(
    st.dictionaries(st.sampled_from(["retry-after", "date", "x-ratelimit-reset", "x-ratelimit-remaining"]), st.text())
)
def test_no_header_is_too_odd(headers):
    wait = asked_to_wait(headers, NOW)
    assert wait is None or wait >= 0.0
    assert all(allowance.wait(1.0) >= 0.0 for allowance in allowances(headers, NOW))


def test_allowances_of_both_providers_are_read():
    openai = {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "59",
        "x-ratelimit-reset-requests": "1s",
        "x-ratelimit-limit-tokens": "150000",
        "x-ratelimit-remaining-tokens": "149984",
        "x-ratelimit-reset-tokens": "6m0s",
    }
    assert set(allowances(openai, NOW)) == {
        Allowance("requests", 59, 1.0, 60),
        Allowance("tokens", 149984, 360.0, 150000),
    }
    anthropic = {
        "anthropic-ratelimit-input-tokens-limit": "1000",
        "anthropic-ratelimit-input-tokens-remaining": "0",
        "anthropic-ratelimit-input-tokens-reset": "2027-01-15T08:01:00Z",
    }
    assert list(allowances(anthropic, NOW)) == [Allowance("input-tokens", 0, 60.0, 1000)]


def test_an_allowance_fills_steadily_where_all_of_it_is_told():
    assert Allowance("tokens", 200, 60.0, 1000).wait(600) == pytest.approx(30.0)
    assert Allowance("tokens", 200, 60.0, 1000).wait(5000) == 60.0, "more than there ever is waits for all"
    assert Allowance("tokens", 200, 60.0).wait(600) == 60.0
    assert Allowance("tokens", 200, 60.0).wait(200) == 0.0


def test_a_gate_that_was_shut_lets_nobody_pass_until_it_is_over():
    gate, passed = Gate(), []
    gate.shut(0.6)
    begun = time.monotonic()

    def ask(_: int) -> None:
        with gate.passed("m", 10, never):
            passed.append(time.monotonic() - begun)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(8)))
    assert len(passed) == 8
    assert min(passed) >= 0.6


def test_a_gate_counts_what_is_left_before_an_answer_tells_anew():
    gate = Gate()
    headers = {"x-ratelimit-remaining-tokens": "250", "x-ratelimit-reset-tokens": "20s"}
    gate.heard("m", headers)
    for _ in range(2):
        with gate.passed("m", 100, never):
            pass
    with pytest.raises(Shut), gate.passed("m", 100, never, patience=1.0):
        pass
    with gate.passed("another model", 100, never):
        pass


def test_a_pause_is_never_longer_than_it_may_be_and_can_be_broken_off():
    gate, stopped = Gate(), threading.Event()
    gate.shut(1e9)
    with pytest.raises(Shut) as caught, gate.passed("m", 1, never, patience=1.0):
        pass
    assert caught.value.seconds <= LONGEST
    stopped.set()
    with pytest.raises(InterruptedError), gate.passed("m", 1, stopped.wait):
        pass


def test_other_processes_heed_a_pause_too(tmp_path):
    here, there = Gate(tmp_path / "limits" / "a.json"), Gate(tmp_path / "limits" / "a.json")
    here.shut(30.0)
    with pytest.raises(Shut), there.passed("m", 1, never, patience=1.0):
        pass
    (tmp_path / "limits" / "a.json").write_text('{"": "damaged"')
    with Gate(tmp_path / "limits" / "a.json").passed("m", 1, never):
        pass


def test_a_pause_is_shared_though_another_accounts_old_file_cannot_be_removed(tmp_path):
    folder = tmp_path / "limits"
    for name in ("0.json", "b.json"):
        (folder / name).mkdir(parents=True)
        os.utime(folder / name, (0, 0))
    (folder / "c.json").write_text("{}")
    os.utime(folder / "c.json", (0, 0))
    here, there = Gate(folder / "a.json"), Gate(folder / "a.json")
    here.shut(30.0, "m")
    there.shut(20.0, "n")
    for model in ("m", "n"):
        with pytest.raises(Shut), Gate(folder / "a.json").passed(model, 1, never, patience=1.0):
            pass
    assert sorted(file.name for file in folder.iterdir()) == [".lock", "0.json", "a.json", "b.json"]


def test_whoever_reads_pauses_while_others_write_them_always_finds_all(tmp_path):
    file, over = tmp_path / "a.json", threading.Event()
    Gate(file).shut(60.0)

    def write(name: str) -> None:
        gate = Gate(file)
        while not over.is_set():
            gate.shut(30.0, name)

    writers = [threading.Thread(target=write, args=(name,)) for name in "ab"]
    for writer in writers:
        writer.start()
    try:
        assert all("" in json.loads(file.read_text()) for _ in range(2000))
    finally:
        over.set()
        for writer in writers:
            writer.join()
    assert set(json.loads(file.read_text())) == {"", "a", "b"}


def test_a_gate_belongs_to_an_address_and_a_key(tmp_path, monkeypatch):
    monkeypatch.setenv("FIELDSMITH_HOME", str(tmp_path))
    one = gate_of("https://api.example/v1", "k")
    assert gate_of("https://api.example/v2", "k") is one
    assert gate_of("https://api.example/v1", "another") is not one
    assert gate_of("https://elsewhere.example/v1", "k") is not one


def test_fewer_requests_are_on_their_way_after_a_limit_and_more_after_answers():
    gate, within, most = Gate(), 0, 0
    lock = threading.Lock()
    with gate.passed("m", 1, never) as first, gate.passed("m", 1, never) as second:
        first.limited(lambda _: 0.0)
        second.limited(lambda _: 0.0)

    def ask(_: int) -> None:
        nonlocal within, most
        with gate.passed("m", 1, never) as passing:
            with lock:
                within += 1
                most = max(most, within)
            time.sleep(0.02)
            with lock:
                within -= 1
            passing.answered()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(16)))
    assert 1 < most < 8, "it begins with one at a time and widens by and by"


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
@pytest.mark.slow
def test_a_limit_that_one_request_meets_holds_for_all_others(server, kind):
    server.script = [(429, {"retry-after": "1"})]
    first, second = model_of(kind, server), model_of(kind, server)
    with ThreadPoolExecutor(2) as pool:
        begun = time.monotonic()
        limited = pool.submit(first.complete, REQUEST)
        assert server.limited.wait(30)
        time.sleep(0.2)
        assert second.complete(REQUEST).text == "hello"
        assert time.monotonic() - begun >= 1.0
        assert limited.result().text == "hello"


def test_a_server_that_wants_a_longer_pause_than_anybody_waits_ends_the_request_at_once(server):
    server.script = [(429, {"retry-after": "7200"})]
    with pytest.raises(
        ProviderError, match=r"limits the rate of openai:some-model: it wants to be asked again in 7200 s"
    ):
        model_of("openai", server).complete(REQUEST)
    assert len(server.seen) == 1


def test_a_quota_that_is_used_up_is_no_rate_limit(server):
    server.faults, server.words, server.after = [429] * 9, "Your prepayment credits are used up.", None
    with pytest.raises(ProviderError, match="used up"):
        model_of("openai", server).complete(REQUEST)
    assert len(server.seen) == 1


def test_backoff_is_drawn_between_nothing_and_a_bound_that_doubles():
    patience = Patience(first=0.5, longest=4.0)
    for times, bound in ((1, 0.5), (2, 1.0), (4, 4.0), (9, 4.0)):
        drawn = [patience.backoff(times) for _ in range(300)]
        assert 0.0 <= min(drawn) < 0.1 * bound
        assert 0.9 * bound < max(drawn) <= bound


@pytest.mark.slow
def test_a_hung_request_ends_and_is_asked_again_at_most_twice(server):
    server.hold, server.answer = 30.0, {}
    model = model_of("openai", server, timeout=1)
    lost = []
    model.lost = lambda request, read, written: lost.append((read > 0, written))
    with pytest.raises(ProviderError, match="did not answer in time"):
        model.complete(REQUEST)
    server.release.set()
    assert len(server.seen) == 3
    assert lost == [(True, 0)] * 3, "who took the request and said nothing is paid for the prompt"
    assert KEY not in str(lost)


def test_a_wait_that_a_person_would_notice_is_told_once():
    gate, told, pauses = Gate(), [], []
    gate.shut(30.0)

    def pause(seconds):
        pauses.append(seconds)
        return len(pauses) == 3

    with pytest.raises(InterruptedError), gate.passed("m", 10, pause, told=told.append):
        pass
    assert len(told) == 1
    assert 29.0 < told[0] <= 30.0
