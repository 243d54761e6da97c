"""From a task and what is asked to a trained operator in a folder; broken off, the same call goes on."""

import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import torch
from filelock import FileLock, Timeout
from safetensors.torch import load_file

import fieldsmith
from fieldsmith import __version__
from fieldsmith.errors import InputError, MissingPart
from fieldsmith.files import write_whole
from fieldsmith.machine import checkout
from fieldsmith.operators import device as devices
from fieldsmith.operators.layout import Layout
from fieldsmith.operators.networks.equilibrium import fixed_points
from fieldsmith.operators.networks.normalised import Normalised
from fieldsmith.operators.observed import Observed
from fieldsmith.operators.problem_copy import copied, keep_problem
from fieldsmith.operators.trained import CARD, WEIGHTS, TrainedOperator, digest_of, module_of, read_card, task_of
from fieldsmith.operators.training import parallel, state
from fieldsmith.operators.training.asked import Asked
from fieldsmith.operators.training.retrofit import Retrofit, Retrofitter, begun
from fieldsmith.operators.training.samples import Samples, generated, of_split
from fieldsmith.operators.training.trainer import Tell, Trainer
from fieldsmith.tasks.places import place_of
from fieldsmith.tasks.task import Progress, Task
from fieldsmith.tasks.training import solved_by

PLAN = "training.json"
"""What was asked, and of which task: another question does not go on in this folder."""


def fit(
    task: Task, asked: Asked, folder: Path, device: str = "auto", progress: Progress | None = None, tell: Tell = lambda *_: None, backbone: Path | None = None,
) -> TrainedOperator:  # fmt: skip
    """Train in `folder`, or go on there, or open what is done there already. A `Retrofit` begins with the operator in the folder `backbone`.

    Raises InputError for a task or a setting that does not suit and for a folder of another training, MissingPart for want of
    memory or disk, FieldsmithError for a loss that is not finite.
    """
    chosen = devices.chosen(device)
    layout = Layout.of(task)
    module = _begun(asked, layout, backbone)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / "lock", timeout=0):
            _agree(task, asked, folder)
            keep_problem(task, folder)
            if not _finished(folder):
                if asked.processes > 1:
                    _together(task, asked, layout, folder, chosen, progress, tell, backbone)
                else:
                    _trained(task, asked, layout, module, folder, chosen, progress, tell, backbone)
    except Timeout:
        raise InputError(
            f"{folder} is being trained in by another process.", "Wait for it, or give another --out."
        ) from None
    except OSError as error:
        raise MissingPart(f"{folder} cannot be written: {error.strerror or error}.", "Give another --out.") from None
    return TrainedOperator.open(folder, device)


def _begun(asked: Asked, layout: Layout, backbone: Path | None) -> Normalised:
    """The network before the first step."""
    torch.manual_seed(asked.seed)
    if isinstance(asked, Retrofit) and backbone is not None:
        return begun(backbone, asked)
    return module_of(asked.operator, asked.settings, layout)


def _together(
    task: Task, asked: Asked, layout: Layout, folder: Path, device: torch.device, progress: Progress | None, tell: Tell, backbone: Path | None,
) -> None:  # fmt: skip
    """The same in several processes, from samples that are made once, here, and read from the cache there."""
    seen = Observed(asked.coarsened, asked.observed_noise)
    of_split(task, layout, "dev", seen, progress)
    generated(task, layout, asked.samples, seen, progress)
    work = partial(_member, _named(task), asked, folder, device.type, backbone)
    parallel.run(work, asked.processes, device, lambda told: tell(*cast(tuple[state.Course, float], told)))


def _member(
    named: Mapping[str, Any], asked: Asked, folder: Path, device: str, backbone: Path | None, team: parallel.Team, send: parallel.Tell
) -> None:  # fmt: skip
    """What one of them does."""
    task = task_of({"task": named}, folder)
    layout = Layout.of(task)
    own = torch.device(device, team.rank) if device == "cuda" else torch.device(device)

    def tell(course: state.Course, left: float) -> None:
        if team.first:
            send((course, left))

    _trained(task, asked, layout, _begun(asked, layout, backbone), folder, own, None, tell, backbone, team)


def _trained(
    task: Task, asked: Asked, layout: Layout, module: Normalised, folder: Path, device: torch.device, progress: Progress | None, tell: Tell, backbone: Path | None,
    team: parallel.Team = parallel.ALONE,
) -> None:  # fmt: skip
    seen = Observed(asked.coarsened, asked.observed_noise)
    dev = of_split(task, layout, "dev", seen, progress)
    train = generated(task, layout, asked.samples, seen, progress)
    if backbone is None:
        module.fit(train.given, train.solved, layout.firsts)
    dev = replace(dev, given=seen.noisy(dev.given, module.spreads, layout))
    solved_with = solved_by(task, progress)

    def card_of(course: state.Course, finished: bool) -> dict[str, Any]:
        card = _card(task, asked, layout, module, train, device, course, solved_with, finished)
        return card | {"backbone": _told_of(backbone)} if backbone else card

    def keep(course: state.Course) -> None:
        card = card_of(course, finished=False)
        write_whole(folder / WEIGHTS, state.weights(module, card))
        write_whole(folder / CARD, _json(card))

    kind = Retrofitter if isinstance(asked, Retrofit) else Trainer
    trainer = kind(asked, module, len(layout.fields), train, dev, device, folder, keep, team)
    course = trainer.run(tell)
    if not team.first:
        return

    def with_the_best() -> None:
        module.load_state_dict(load_file(folder / WEIGHTS))
        trainer.error(dev)

    found = fixed_points(module, with_the_best)
    card = card_of(course, finished=True)
    write_whole(folder / CARD, _json({**card, **({"fixed_points": found} if found else {})}))
    (folder / state.FILE).unlink(missing_ok=True)


def _card(
    task: Task, asked: Asked, layout: Layout, module: Normalised, train: Samples, device: torch.device, course: state.Course,
    solved_with: Mapping[str, Any] | None, finished: bool,
) -> dict[str, Any]:  # fmt: skip
    """What the weights are, where they come from, what they cost."""
    return {
        "task": _named(task),
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


def _named(task: Task) -> dict[str, Any]:
    """What it can be opened by again, and what its data was."""
    return {"name": task.name, "place": copied(task) or place_of(type(task)), "parameters": dict(task.parameters), "scale": task.scale, "fingerprint": task.fingerprint}  # fmt: skip


def _told_of(backbone: Path) -> dict[str, Any]:
    """What a retrofit began with, and what that took."""
    known = read_card(backbone)
    before = known.get("backbone", {}).get("seconds", 0.0)
    return {
        "folder": str(backbone.absolute()),
        "digest": digest_of(backbone),
        "seconds": known["course"]["seconds"] + before,
    }


def _agree(task: Task, asked: Asked, folder: Path) -> None:
    """Raises InputError where the folder holds another training. One that ended before its first weights holds none."""
    plan = {"task": task.name, "fingerprint": task.fingerprint, **asked.asdict()}
    file = folder / PLAN
    begun = any((folder / name).exists() for name in (CARD, WEIGHTS, state.FILE))
    if not begun:
        write_whole(file, _json(plan))
        return
    if not file.exists():
        raise InputError(f"{folder} holds an operator already.", "Give another --out.")
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
        other = [name for name in {**plan, **known} if plan.get(name) != known.get(name)]
    except (ValueError, TypeError, AttributeError):
        raise InputError(f"{file} is damaged: what is trained there is not known.", "Give another --out.") from None
    if other:
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
