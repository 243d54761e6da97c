"""What a person should hear of a sandbox, told from whichever thread has met it."""

import threading
from collections.abc import Callable

Tell = Callable[[str], None]


class News:
    """What there is to tell, kept until somebody listens."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: list[str] = []
        self._hear: Tell | None = None

    def tell(self, words: str) -> None:
        with self._lock:
            hear = self._hear
            if hear is None:
                self._kept.append(words)
        if hear is not None:
            hear(words)

    def listen(self, hear: Tell) -> None:
        with self._lock:
            kept, self._kept, self._hear = self._kept, [], hear
        for words in kept:
            hear(words)
