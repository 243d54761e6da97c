"""The built-in Fourier operator, trained on samples that are given: the figure that programs which learn operators are held against."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch

from fieldsmith.operators.layout import Inputs, Layout
from fieldsmith.operators.networks.normalised import Normalised
from fieldsmith.operators.observed import norms_of
from fieldsmith.operators.trained import module_of
from fieldsmith.operators.training import state
from fieldsmith.operators.training.asked import Asked
from fieldsmith.operators.training.samples import Samples
from fieldsmith.operators.training.trainer import Trainer, chunks
from fieldsmith.sandboxes.owner import temporary_folder

LOOKED_AT = 8
"""One of so many samples is not trained on and says which weights are kept."""


def predicted(
    layout: Layout, settings: Mapping[str, object], epochs: int, inputs: Inputs, solutions: Mapping[str, np.ndarray], asked: Mapping[str, Inputs]
) -> dict[str, dict[str, np.ndarray]]:  # fmt: skip
    """What `fno` answers to `asked`, calls by name, once it is trained on `inputs` and `solutions` [samples, …]; on the CPU, by one thread, with seed 0."""
    with _one_thread():
        return _predicted(layout, settings, epochs, inputs, solutions, asked)


def _predicted(
    layout: Layout, settings: Mapping[str, object], epochs: int, inputs: Inputs, solutions: Mapping[str, np.ndarray], asked: Mapping[str, Inputs]
) -> dict[str, dict[str, np.ndarray]]:  # fmt: skip
    torch.manual_seed(0)
    module = module_of("fno", settings, layout)
    given, solved, norms = layout.encoded(inputs), layout.solved(solutions), norms_of(solutions)
    least = max(1, len(given) // LOOKED_AT)
    dev, train = (Samples(given[part], solved[part], norms[part]) for part in (slice(0, least), slice(least, None)))
    module.fit(train.given, train.solved, [layout.fields.index(name) for name in layout.starts])
    best: dict[str, torch.Tensor] = {}

    def keep(_: state.Course) -> None:
        best.update({name: value.clone() for name, value in module.state_dict().items()})

    with temporary_folder() as folder:
        question = Asked("fno", settings, len(train), epochs)
        trainer = Trainer(question, module, len(layout.fields), train, dev, torch.device("cpu"), folder, keep)
        trainer.run(lambda *_: None)
    module.load_state_dict(best)
    return {name: _answered(module.eval(), layout, call) for name, call in asked.items()}


@contextmanager
def _one_thread() -> Iterator[None]:
    """Networks of this size gain nothing from several threads, which wait for each other in loops where a machine has other work; and the figure is the same whatever the cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@torch.no_grad()
def _answered(module: Normalised, layout: Layout, inputs: Inputs) -> dict[str, np.ndarray]:
    given = torch.from_numpy(layout.encoded(inputs))
    frames = torch.cat([module(given[part]) for part in chunks(len(given))])
    return layout.decoded(frames.numpy(), inputs)
