"""Reading and writing the files of a run directory."""

import errno
import fcntl
import functools
import io
import json
import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, asdict, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w
from pydantic import ValidationError, create_model

from fieldsmith.agents.author import Candidate
from fieldsmith.errors import InputError
from fieldsmith.evaluation.record import evaluation_fields
from fieldsmith.files import clear, write_whole
from fieldsmith.orchestrator.budget import spent
from fieldsmith.orchestrator.byframe import BY_FRAME
from fieldsmith.orchestrator.question import Question, option_of
from fieldsmith.orchestrator.run import Asked, Best, RunRecord
from fieldsmith.orchestrator.store import Store
from fieldsmith.orchestrator.trouble import unknown
from fieldsmith.orchestrator.waits import FACT, waiting_of
from fieldsmith.strategies.choosing import best_of
from fieldsmith.tasks.places import is_problem_file
from fieldsmith.tasks.task import Picture


def write_text(file: Path, text: str) -> None:
    """Write a file in one step: a reader sees the old or the new text, never half of it."""
    write_bytes(file, text.encode("utf-8", "replace"))


def write_bytes(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, content)


def clear_half_written(folder: Path) -> None:
    """Remove what a kill has left of files that were being written."""
    for place in (folder, folder / "best", *folder.glob("candidates/*")):
        clear(place)


def write_asked(folder: Path, asked: Asked) -> None:
    question = {name: str(v) if isinstance(v, Path) else v for name, _, v in asked.question.told() if v is not None}
    told = {name: value for name, value in vars(asked).items() if value is not None}
    write_text(folder / "run.toml", tomli_w.dumps({**told, "question": question}, multiline_strings=True))


def is_benchmark(folder: Path) -> bool:
    """Whether `fieldsmith bench` has made the folder."""
    return (folder / "cells.jsonl").is_file()


def read_asked(folder: Path) -> Asked:
    """What was asked in a run directory. Raises InputError where there is none."""
    file = folder / "run.toml"
    try:
        stored = _asked_model()(**tomllib.loads(file.read_text(encoding="utf-8")))
        asked = Asked(**{**dict(stored), "question": Question(**stored.question.model_dump(exclude_unset=True))})
        kept = folder / asked.place  # a problem of one's own lies in the run, wherever that is now
        return replace(asked, place=str(kept)) if is_problem_file(asked.place) and kept.is_file() else asked
    except (FileNotFoundError, NotADirectoryError):
        if is_benchmark(folder):
            words = f"{folder} is the folder of a benchmark, not of a run."
            raise InputError(
                words, f"Its table is {folder / 'leaderboard.html'}, and its runs lie in {folder / 'cells'}."
            ) from None
        why = "it has no run.toml" if folder.is_dir() or not folder.exists() else "it is a file"
        raise InputError(f"{folder} is not a run directory: {why}.", "`fieldsmith runs` lists runs.") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise InputError(
            f"{file}: {where}: {first['msg']}.", "Restore the file, or delete the run directory."
        ) from None
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"{file} cannot be read: {error}.", "Delete the run directory or restore the file.") from None


@functools.cache
def _asked_model() -> Any:
    """The shape of run.toml, made from the fields of the question and of what it came to."""
    question: dict[str, Any] = {one.name: (option_of(one).stored, None) for one in fields(Question)}
    others: dict[str, Any] = {one.name: (one.type, _default(one)) for one in fields(Asked)}
    return create_model("Asked", **{**others, "question": (create_model("Question", **question), ...)})


def _default(one: Field[Any]) -> Any:
    """What stands for a field that a file does not have; ... where it must."""
    if one.default_factory is not MISSING:
        return one.default_factory()
    return ... if one.default is MISSING else one.default


def candidate_file(folder: Path, candidate: Candidate) -> Path:
    """The file of a candidate that is written last."""
    return folder / "candidates" / candidate.slot / "candidate.json"


def write_candidate(folder: Path, candidate: Candidate) -> None:
    """`candidates/SLOT/`: solver.py, prompt.md, reply.md, and plan and evaluation as JSON."""
    place = folder / "candidates" / candidate.slot
    proposal = candidate.proposal
    if proposal is not None:
        if proposal.program is not None:
            write_text(place / "solver.py", proposal.program.source)
        if proposal.prompt:
            write_text(place / "prompt.md", proposal.prompt)
        if proposal.reply:
            write_text(place / "reply.md", proposal.reply)
    facts: dict[str, object] = {
        "candidate": candidate.id,
        "slot": candidate.slot,
        "move": candidate.move,
        "parents": candidate.parents,
        "author": candidate.author,
        "plan": asdict(proposal.plan) if proposal else None,
        "repairs": list(proposal.repairs) if proposal else [],
        "evaluation": evaluation_fields(candidate.evaluation) if candidate.evaluation else None,
    }
    write_text(candidate_file(folder, candidate), json.dumps(facts, indent=2))


def write_missing(folder: Path, candidates: Sequence[Candidate]) -> None:
    """The files of candidates whose process was killed between the record and its files."""
    for candidate in candidates:
        if candidate.evaluation is not None and not candidate_file(folder, candidate).exists():
            write_candidate(folder, candidate)


def write_pictures(folder: Path, pictures: Mapping[str, Picture]) -> None:
    """`best/pictures.npz`, arrays by key, and `best/pictures.json`, what they show."""
    arrays = {f"{key}/{name}": array for key, p in pictures.items() for name, array in _stored(p).items()}
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)  # pyright: ignore[reportArgumentType]
    write_bytes(folder / "best" / "pictures.npz", content.getvalue())
    words = ("field", "sample", "axes", "extent", "components", "split", "note", "given_name", "labels", "time")
    named = {key: {word: getattr(picture, word) for word in words} for key, picture in pictures.items()}
    write_text(folder / "best" / "pictures.json", json.dumps(named, indent=2))


def _stored(picture: Picture) -> dict[str, np.ndarray]:
    """A picture's arrays by name. Moving pictures are many values: single precision, with an error that keeps its digits."""
    arrays = {f"places{n}": places for n, places in enumerate(picture.places)}
    if picture.given is not None:
        arrays["given"] = picture.given
    if picture.reference is None:
        return {**arrays, "solution": picture.solution}
    values = {"reference": picture.reference, "error": picture.solution - picture.reference}
    if picture.solution.ndim < 3:
        return {**arrays, **values}
    largest = float(np.finfo(np.float32).max)
    return {**arrays, **{name: np.clip(v, -largest, largest).astype(np.float32) for name, v in values.items()}}


def read_pictures(folder: Path) -> tuple[Picture, ...]:
    """The pictures of a run; none where they are missing or damaged."""
    return tuple(picture for key, picture in _read_pictures(folder).items() if key != BY_FRAME)


def _read_pictures(folder: Path) -> dict[str, Picture]:
    try:
        named = json.loads((folder / "best" / "pictures.json").read_text(encoding="utf-8"))
        with np.load(folder / "best" / "pictures.npz", allow_pickle=False) as arrays:
            return {key: _read_picture(words, key, arrays) for key, words in named.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _read_picture(words: Mapping[str, Any], key: str, arrays: Mapping[str, np.ndarray]) -> Picture:
    alone = f"{key}/solution" in arrays
    reference = None if alone else arrays[f"{key}/reference"].astype(float)
    return Picture(
        field=words["field"],
        sample=words["sample"],
        solution=arrays[f"{key}/solution"] if reference is None else reference + arrays[f"{key}/error"],
        reference=reference,
        axes=tuple(words["axes"]),
        extent=tuple(words["extent"]),
        places=tuple(arrays[f"{key}/places{n}"] for n in range(len(words["axes"]))),
        components=tuple(words["components"]),
        split=words["split"],
        note=words["note"],
        given=arrays.get(f"{key}/given"),
        given_name=words.get("given_name", ""),
        labels=tuple(words.get("labels", ())),
        time=words.get("time", "t"),
    )


def load_run(folder: Path, pictures: bool = True) -> RunRecord:
    """A run as it stands on disk, without its pictures if they are not wanted. Raises InputError if `folder` is no run directory."""
    asked = read_asked(folder)
    if not (folder / "run.sqlite").exists():
        return RunRecord(folder, asked, "interrupted", (), None, spent([], 0.0))
    store = Store(folder / "run.sqlite", reading=True)
    try:
        return _loaded(folder, asked, store, pictures)
    except (ValueError, KeyError, TypeError) as error:
        raise unknown(folder / "run.sqlite", error) from None
    finally:
        store.close()


def _loaded(folder: Path, asked: Asked, store: Store, pictures: bool) -> RunRecord:
    candidates = store.candidates()
    chosen, final = best_of(candidates), store.final()
    if final is not None:
        chosen = next((c for c in candidates if c.id == final[0]), chosen)
        chosen = replace(chosen, evaluation=final[1]) if chosen else None
    return RunRecord(
        folder=folder,
        asked=asked,
        state=_state(folder, str(store.fact("state", "interrupted"))),
        candidates=tuple(candidates),
        best=_best(folder, chosen, pictures) if chosen else None,
        spend=spent(candidates, float(store.fact("seconds", 0.0)), store.lost()),
        result=_result(folder / "result.json"),
        message=str(store.fact("message", "")),
        tested=tuple(store.fact("tested", [])),
        waiting=waiting_of(store.fact(FACT, []), candidates),
        away=store.fact("away"),
    )


def _best(folder: Path, chosen: Candidate, pictures: bool) -> Best:
    found = _read_pictures(folder) if pictures else {}
    by_frame = found.pop(BY_FRAME, None)
    return Best(chosen, tuple(found.values()), by_frame)


def _result(file: Path) -> Mapping[str, object] | None:
    """The last line of `solve --json`; None where it is missing or damaged, as all of it stands in the store."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _state(folder: Path, said: str) -> str:
    """`running` is only believed while a process holds the run's lock."""
    return "interrupted" if said == "running" and not is_held(folder) else said


def is_held(folder: Path) -> bool:
    """Whether a process works on the run. Nothing is written: whoever may read the folder may ask."""
    try:
        handle = os.open(folder / "run.lock", os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        # A shared lock, so that several readers at once do not take each other for the one that works.
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        # Where a file system knows no locks, the file itself is the lock and goes with the process.
        return error.errno in (errno.EAGAIN, errno.EACCES, errno.ENOSYS)
    finally:
        os.close(handle)
    return False
