"""A reply as it comes in: what has been heard so far, and when it is too much, too late or nothing."""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from fieldsmith.models.calls import Calls
from fieldsmith.models.chat_model import LONGEST, LONGEST_THOUGHTS, ChatRequest
from fieldsmith.models.counting import Counts
from fieldsmith.models.endings import broken_off, ending
from fieldsmith.models.requests import BrokenOff, with_refusal, with_thoughts

MOST_EMPTY = 200_000
"""Parts without a word, one after the other: some servers send one for each token that a model thinks in secret."""
MOST_BYTES = 64_000_000
"""Bytes of an answer that is no stream, or of one event of a stream."""


class TooLate(Exception):
    """A reply took longer than it may."""


class Hearing:
    """One reply on its way: texts, thoughts, calls, counts, and why it ended.

    `may_go_on` is asked after each part; where it says no, or the reply is longer than any program, it is cut off, which
    ends `parts` and counts as a reply that ran into its limit.
    """

    def __init__(
        self,
        request: ChatRequest,
        receiving: Callable[[str, int], None],
        may_go_on: Callable[[ChatRequest, int], bool],
        seconds: float,
        longest: float = math.inf,
    ) -> None:
        """`longest` are the characters that it may have by what the server was told."""
        self.counts, self.calls = Counts(), Calls(request)
        self.size = 0
        self._said = 0
        self._longest = min(LONGEST_THOUGHTS, longest)
        self.cut = False
        self._request, self._receiving, self._may_go_on = request, receiving, may_go_on
        self._text: list[str] = []
        self._thoughts: list[str] = []
        self._refusal: list[str] = []
        self._empty = 0
        self._end = time.monotonic() + seconds

    def parts(self, stream: Iterable[Any]) -> Iterator[Any]:
        """The parts of the stream, as long as more are wanted. Raises TooLate where nothing was heard in time."""
        stream = iter(stream)
        try:
            for part in stream:
                before = self.size
                yield part
                self._weigh(self.size > before)
                if self.cut:
                    return
        except TooLate:
            if not self.size:
                raise
            self.cut = True
        finally:
            close = getattr(stream, "close", None)
            if close is not None:
                close()

    def take(self, text: str = "", thoughts: str = "", refusal: str = "") -> None:
        """Add what a part says."""
        for kept, more in ((self._text, text), (self._thoughts, thoughts), (self._refusal, refusal)):
            if more:
                kept.append(more)
                self.size += len(more)
        self._said += len(text)

    def take_call(self, **part: Any) -> None:
        """Add a part of a call, with the arguments of `Calls.take`; what it holds counts like text."""
        added = self.calls.take(**part)
        self.size += added
        self._said += added

    def _weigh(self, heard: bool) -> None:
        """Cut the reply off where it has grown too long, or takes too long. Raises TooLate, and BrokenOff for a stream of nothing."""
        if time.monotonic() > self._end:
            raise TooLate
        self._empty = 0 if heard else self._empty + 1
        if self._empty > MOST_EMPTY:
            raise BrokenOff(f"{MOST_EMPTY:,} parts without a word")
        if heard:
            self._receiving(self._request.ordinal, self.size)
            too_long = self._said > LONGEST or self.size > self._longest
            self.cut = too_long or not self._may_go_on(self._request, self.size)

    @property
    def text(self) -> str:
        return "".join(self._text)

    def fields(self, reason: object, model: str) -> dict[str, Any]:
        """The fields of a reply. Raises BrokenOff where the reason of its end is a fault of the server."""
        if broken_off(reason) and not self.cut:
            raise BrokenOff(str(reason))
        calls = self.calls.made()
        fields = {
            "text": with_thoughts(self.text, "".join(self._thoughts)),
            "stop": "length" if self.cut else ending(reason, bool(calls)),
            "model": model,
            "calls": calls,
            **self.counts.fields(),
        }
        return with_refusal(fields, "".join(self._refusal))


def bounded(seconds: float, stopped: Callable[[], bool]) -> Callable[[Any], None]:
    """What an HTTP client calls with each response: its body then ends by itself where it has no end.

    A stream of comments, which SDKs pass over, and a body or an event of any length would else go on for ever. Raises
    TooLate from the reading once the time is up, InterruptedError once it is stopped.
    """

    def watch(response: Any) -> None:
        read, end = response.iter_bytes, time.monotonic() + seconds
        streams = "event-stream" in response.headers.get("content-type", "")

        def iter_bytes(*arguments: Any, **options: Any) -> Iterator[bytes]:
            size = 0
            for chunk in read(*arguments, **options):
                if stopped():
                    raise InterruptedError("stopped in the middle of a reply")
                if time.monotonic() > end:
                    raise TooLate
                size = 0 if streams and (b"\n\n" in chunk or b"\r\n\r\n" in chunk) else size + len(chunk)
                if size > MOST_BYTES:
                    return
                yield chunk

        response.iter_bytes = iter_bytes

    return watch
