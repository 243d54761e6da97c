"""From a task and what is asked to a trained operator in a folder; broken off, the same call goes on."""

import json
import platform
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout

import fieldsmith
from fieldsmith import __version__
from fieldsmith.errors import InputError, MissingPart
from fieldsmith.files import write_whole
from fieldsmith.machine import checkout
from fieldsmith.operators import device as devices
from fieldsmith.operators.layout import Layout
from fieldsmith.operators.networks.normalised import Normalised
from fieldsmith.operators.problem_copy import copied, keep_problem
from fieldsmith.operators.trained import CARD, WEIGHTS, TrainedOperator, module_of
from fieldsmith.operators.training import state
from fieldsmith.operators.training.asked import Asked
from fieldsmith.operators.training.samples import Samples, generated, of_split
from fieldsmith.operators.training.trainer import Tell, Trainer
from fieldsmith.tasks.places import place_of
from fieldsmith.tasks.task import Progress, Task
from fieldsmith.tasks.training import solved_by

PLAN = "training.json"
"""What was asked, and of which task: another question does not go on in this folder."""


def fit(
    task: Task, asked: Asked, folder: Path, device: str = "auto", progress: Progress | None = None, tell: Tell = lambda *_: None
) -> TrainedOperator:  # fmt: skip
    """Train in `folder`, or go on there, or open what is done there already.

    Raises InputError for a task or a setting that does not suit and for a folder of another training, MissingPart for want of
    memory or disk, FieldsmithError for a loss that is not finite.
    """
    chosen = devices.chosen(device)
    layout = Layout.of(task)
    torch.manual_seed(asked.seed)
    module = module_of(asked.operator, asked.settings, layout)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / "lock", timeout=0):
            _agree(task, asked, folder)
            keep_problem(task, folder)
            if not _finished(folder):
                _trained(task, asked, layout, module, folder, chosen, progress, tell)
    except Timeout:
        raise InputError(
            f"{folder} is being trained in by another process.", "Wait for it, or give another --out."
        ) from None
    except OSError as error:
        raise MissingPart(f"{folder} cannot be written: {error.strerror or error}.", "Give another --out.") from None
    return TrainedOperator.open(folder, device)


def _trained(
    task: Task, asked: Asked, layout: Layout, module: Normalised, folder: Path, device: torch.device, progress: Progress | None, tell: Tell,
) -> None:  # fmt: skip
    dev = of_split(task, layout, "dev", progress)
    train = generated(task, layout, asked.samples, progress)
    module.fit(train.given, train.solved, [layout.fields.index(name) if name else None for name in layout.starts])
    solved_with = solved_by(task, progress)

    def keep(course: state.Course) -> None:
        card = _card(task, asked, layout, module, train, device, course, solved_with, finished=False)
        write_whole(folder / WEIGHTS, state.weights(module, card))
        write_whole(folder / CARD, _json(card))

    trainer = Trainer(asked, module, len(layout.fields), train, dev, device, folder, keep)
    course = trainer.run(tell)
    write_whole(
        folder / CARD, _json(_card(task, asked, layout, module, train, device, course, solved_with, finished=True))
    )
    (folder / state.FILE).unlink(missing_ok=True)


def _card(
    task: Task, asked: Asked, layout: Layout, module: Normalised, train: Samples, device: torch.device, course: state.Course,
    solved_with: Mapping[str, Any] | None, finished: bool,
) -> dict[str, Any]:  # fmt: skip
    """What the weights are, where they come from, what they cost."""
    return {
        "task": {"name": task.name, "place": copied(task) or place_of(type(task)), "parameters": dict(task.parameters), "scale": task.scale, "fingerprint": task.fingerprint},
        "asked": asked.asdict(),
        "layout": layout.asdict(),
        "parameters": module.parameters_count(),
        "samples": len(train),
        "sample_seconds": train.seconds,
        **({"samples_solved": dict(solved_with)} if solved_with else {}),
        "device": devices.described(device),
        "device_type": device.type,
        "threads": torch.get_num_threads(),
        "course": asdict(course),
        "finished": finished,
        "versions": {"fieldsmith": __version__, "torch": torch.__version__, "python": platform.python_version()},
        "commit": checkout(Path(fieldsmith.__file__).parents[2])[0],
    }  # fmt: skip


def _agree(task: Task, asked: Asked, folder: Path) -> None:
    """Raises InputError where the folder holds another training."""
    plan = {"task": task.name, "fingerprint": task.fingerprint, **asked.asdict()}
    file = folder / PLAN
    if not file.exists():
        if (folder / CARD).exists():
            raise InputError(f"{folder} holds an operator already.", "Give another --out.")
        write_whole(file, _json(plan))
        return
    known = json.loads(file.read_text(encoding="utf-8"))
    if other := [name for name in {**plan, **known} if plan.get(name) != known.get(name)]:
        name = other[0]
        words = f"{folder} holds a training with {name} = {known.get(name)}, and {plan.get(name)} is asked for."
        raise InputError(words, "Ask for the same, which goes on there, or give another --out.")


def _finished(folder: Path) -> bool:
    try:
        return bool(json.loads((folder / CARD).read_text(encoding="utf-8"))["finished"]) and (folder / WEIGHTS).exists()
    except (OSError, ValueError, KeyError):
        return False


def _json(content: Any) -> bytes:
    return json.dumps(content, indent=2).encode()
