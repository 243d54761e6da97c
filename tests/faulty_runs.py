"""Whole runs in front of a provider that misbehaves, and what they and the provider say of their tokens."""

import threading
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import fieldsmith as fs
from faulty_server import Answer, Charge, FaultyServer, seed_of
from fieldsmith.models.chat_model import ChatRequest
from fieldsmith.models.counting import tokens_of
from fieldsmith.models.openai import OpenAIModel
from fieldsmith.models.retrying import Patience
from fieldsmith.orchestrator.store import Store
from small_task import SOURCE

QUICK = Patience(first=0.05, longest=1.0)


def useful(body: dict[str, Any]) -> Answer:
    """A reply with one of five programs, so that most need not be run; its tokens are counted as estimates count them."""
    seed = int(body.get("seed", 0))
    text = f"Plain doubling, by one product.\n\n```python\ndef f(x):\n    return x * {2 + seed % 5}\n```\n"
    return Answer(text, sum(tokens_of(m["content"]) + 4 for m in body["messages"]), tokens_of(text))


@dataclass
class Outcome:
    """A run and the account of its provider."""

    run: Any
    server: FaultyServer
    lost: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    """Tokens of attempts that came to nothing, as the run counted them, by request."""

    @property
    def charged(self) -> int:
        return sum(c.read + c.written for c in self.server.charges)

    @property
    def counted(self) -> int:
        spend = self.run.record.spend
        return spend.input_tokens + spend.output_tokens

    def keep(self) -> None:
        """Read what is needed later of a folder that will be gone."""
        self.run.record  # noqa: B018 - is read once and kept

    @property
    def replies(self) -> list[int]:
        """The requests that the run keeps a reply for."""
        store = Store(self.run.folder / "run.sqlite", reading=True)
        try:
            return [seed_of(request["ordinal"]) for request, _, _ in store.replies()]
        finally:
            store.close()

    def by_kind(self) -> dict[str, tuple[int, int]]:
        """Of attempts that came to nothing: tokens charged and tokens counted, by the kind of fault."""
        charged, counted = Counter[str](), Counter[str]()
        vain: dict[int, list[Charge]] = defaultdict(list)
        for charge in self.server.charges:
            if not charge.whole:
                vain[charge.request].append(charge)
        for request, charges in vain.items():
            for n, charge in enumerate(charges):
                charged[charge.kind] += charge.read + charge.written
                counted[charge.kind] += self.lost[request][n] if n < len(self.lost[request]) else 0
        return {kind: (charged[kind], counted[kind]) for kind in charged}


class Watched(OpenAIModel):
    """Notes what it counts as lost before it tells the run."""

    def __init__(self, outcome_lost: dict[int, list[int]], *arguments: Any) -> None:
        super().__init__(*arguments)
        self._noted, self._noting = outcome_lost, threading.Lock()

    @property
    def lost(self) -> Any:
        return self._tell

    @lost.setter
    def lost(self, told: Any) -> None:
        self._pass_on = told

    def _tell(self, request: ChatRequest, read: int, written: int) -> None:
        with self._noting:
            self._noted[seed_of(request.ordinal)].append(read + written)
        self._pass_on(request, read, written)


def run_against(
    server: FaultyServer,
    folder: Path,
    key: str,
    patience: Patience = QUICK,
    timeout: float = 5.0,
    most: int = 200,
    **options: Any,
) -> Outcome:
    """`fs.solve` of a task of a few lines. Raises what it raises."""
    task = folder / "twice.py"
    if not task.exists():
        task.write_text(SOURCE)
    outcome = Outcome(None, server)
    settings = {"seed": 0, "timeout": timeout, "max_tokens": most}
    model = Watched(outcome.lost, "m", server.url, key, settings)
    model.patience = patience
    asked = {"candidates": 40, "in_flight": 8, "sandbox": "process", "strategy": "best-of-n", "quiet": True, **options}
    outcome.run = fs.solve(str(task), folder / "run", model=model, **asked)
    return outcome
