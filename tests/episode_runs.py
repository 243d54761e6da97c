"""Made-up runs of episodes for the tests of their report: steps of every kind, going back, branches, artifacts of every kind."""

import math
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

from fieldsmith.agents.acting.agent import Asked, Exchange, Turn
from fieldsmith.agents.candidate import Usage
from fieldsmith.environments.calls import Call
from fieldsmith.environments.episode import Episode, Record
from fieldsmith.environments.host import Host
from fieldsmith.environments.observation import Artifact, Measure
from fieldsmith.orchestrator.episodes.asked import AskedEpisodes, panel_of
from fieldsmith.orchestrator.episodes.ledger import Kept
from fieldsmith.orchestrator.episodes.question import EpisodeQuestion
from fieldsmith.orchestrator.episodes.reading import EpisodesRecord

MEASURES = (
    Measure("energy", "of the fold", unit="kcal/mol", main=True),
    Measure("error", "distance from the target", main=True),
    Measure("size", "how large it is", None),
    Measure("secret", "what judges see", held_out=True),
)
PROGRAM = "import numpy as np\n\n\ndef solver(u0, t):\n    '''One step.'''\n    return u0 + 0 * t  # nothing\n"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="320" height="120"><rect width="320" height="120" fill="#dfe"/><circle cx="90" cy="60" r="40" fill="#0b6b72"/><script>document.title="hacked"</script></svg>'


def helix(residues: int = 60) -> str:
    """A helix that bends, as PDB; two chains."""
    lines = []
    for chain, shift in (("A", 0.0), ("B", 14.0)):
        for n in range(residues):
            turn, bend = math.radians(100 * n), n / residues * 2.2
            x, y, z = 2.3 * math.cos(turn) + 9 * math.cos(bend) + shift, 2.3 * math.sin(turn), 1.5 * n
            lines.append(
                f"ATOM  {n + 1:5d}  CA  ALA {chain}{n + 1:4d}    {x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00           C"
            )
    return "\n".join([*lines, "END"])


def png(width: int = 120, height: int = 60) -> bytes:
    """A picture of its own kind: colours that run across."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    rows = b"".join(
        b"\0" + b"".join(bytes((255 * x // width, 90, 255 * y // height)) for x in range(width)) for y in range(height)
    )
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def artifacts(folder: Path) -> tuple[Artifact, ...]:
    """One of each kind, kept in the run's folder."""
    host = Host(folder=folder / "artifacts")
    made = (
        ("solver.py", "text/x-python", PROGRAM.encode(), "the program of this step"),
        ("plot.svg", "image/svg+xml", SVG.encode(), "a drawing"),
        ("field.png", "image/png", png(), ""),
        ("fold.pdb", "chemical/x-pdb", helix().encode(), "two bent helices"),
        ("weights.bin", "application/octet-stream", bytes(range(256)), ""),
    )
    return tuple(Artifact(name, kind, host.keep(content), caption) for name, kind, content, caption in made)


def record(step: int, parent: int, action: str = "move", **changes) -> Record:
    """A step whose figures follow from its number."""
    error = 10.0 ** (-0.3 * step)
    values = {
        "arguments": {"by": 0.5 * step},
        "status": "success",
        "text": f"It was moved: step {step}.",
        "state": "{}",
        "metrics": {"energy": -3.0 * step + (step % 3), "error": error, "size": 10.0, "secret": 1.0 + step},
        "score": min(1.0, 0.1 * step),
    }
    return Record(step=step, parent=parent, action=action, **{**values, **changes})


def exchange(*records: Record, said: str = "I move it further.", usd: float | None = 0.002) -> Exchange:
    calls = tuple(Asked(Call(r.action, r.arguments), Call(r.action, r.arguments), "id") for r in records if r.action)
    return Exchange(Turn(said, calls, usage=Usage(1200, 80, usd, 1.5)), records)


def kept(
    number: int, exchanges: Sequence[Exchange], first: Record | None = None, parent: tuple[int, int] | None = None
) -> Kept:
    records = (first or record(0, 0, "reset", arguments={}), *(one for each in exchanges for one in each.records))
    return Kept(number, Episode("test/fold-v1", "fold", number, 20, records), tuple(exchanges), parent)


def whole(folder: Path) -> Kept:
    """Steps of every kind: a free one, one that is not valid, failures, going back, the end with what judges found."""
    back = record(3, 0, "go_back", arguments={"step": 0}, metrics=record(0, 0).metrics, score=0.0)
    invalid = record(4, 4, "moev", status="validation_error", counted=False, text="There is no action 'moev'.")
    free = record(4, 4, "look", counted=False, text="A bent helix.", score=0.4, metrics=record(4, 4).metrics)
    failure = record(5, 4, "relax", status="timeout", score=0.4, metrics=record(4, 4).metrics, text="It took too long.")
    end = record(
        7, 6, "submit", score=0.65, judged={"final": 0.1}, metrics=record(6, 6).metrics, terminated=True, arguments={}
    )
    return kept(
        1,
        [
            exchange(record(1, 0)),
            exchange(record(2, 1, "write", arguments={"program": PROGRAM, "fast": True}), said="A program is better."),
            exchange(back, said="That leads nowhere; I go back."),
            exchange(record(4, 3)),
            exchange(invalid),
            exchange(free),
            exchange(failure),
            exchange(record(6, 5, artifacts=artifacts(folder))),
            exchange(end, said="Done."),
        ],
    )


def branch(number: int = 2) -> Kept:
    first = record(0, 0, "reset", arguments={}, metrics=record(4, 0).metrics, score=0.4)
    return kept(number, [exchange(record(1, 0)), exchange(record(2, 1, score=0.3))], first, (1, 4))


def run_of(folder: Path, *episodes: Kept, **changes) -> EpisodesRecord:
    question = EpisodeQuestion("test/fold-v1", task="fold", model="openai:x", episodes=len(episodes), steps=20)
    asked = AskedEpisodes(
        question, "A fold", "openai:x", "a language model", "0.1.0", "f" * 64, "2026-01-01 10:00:00",
        "fieldsmith env run test/fold-v1 --model openai:x", panel_of(MEASURES),
    )  # fmt: skip
    values = {"state": "done", "message": "Ended.", "seconds": 12.0, "episodes": episodes, **changes}
    return EpisodesRecord(folder, asked, **values)
