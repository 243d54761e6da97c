"""A worker's first message is taken whole, however slowly it comes."""

import socket
import threading
import time
from types import SimpleNamespace

import pytest

from fieldsmith.sandboxes import session as sessions
from fieldsmith.sandboxes.channel import HEAD, MAGIC, SocketChannel, WorkerGone
from fieldsmith.sandboxes.stream import FRAME, OUTPUT, StreamChannel


@pytest.mark.parametrize("framed", [False, True])
def test_a_message_in_pieces_is_one_though_looks_end_between_them(monkeypatch, framed):
    """As on a machine so busy that this process waits for its turn between two pieces."""
    monkeypatch.setattr(sessions, "LOOK_SECONDS", 0.02)
    here, there = socket.socketpair()
    worker = SimpleNamespace(channel=StreamChannel(here) if framed else SocketChannel(here), alive=lambda: True)
    body = b'{"status": "ready"}'

    def tell() -> None:
        for piece in (HEAD.pack(MAGIC, len(body)), body[:5], body[5:]):
            there.sendall((FRAME.pack(OUTPUT, len(piece)) if framed else b"") + piece)
            time.sleep(0.1)

    telling = threading.Thread(target=tell)
    telling.start()
    assert sessions.first_words(worker) == {"status": "ready"}
    telling.join()
    worker.channel.close()
    there.close()


def test_a_worker_that_ended_in_silence_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(sessions, "LOOK_SECONDS", 0.02)
    here, there = socket.socketpair()
    worker = SimpleNamespace(channel=SocketChannel(here), alive=lambda: False)
    with pytest.raises(WorkerGone, match="ended before it was ready"):
        sessions.first_words(worker)
    worker.channel.close()
    there.close()
