"""The steps: batches in an order that follows from the seed alone, AdamW, a learning rate that rises and falls over the whole, the best weights kept.

What is drawn for an epoch or a step is drawn from the seed, the epoch and the step, so that a training that was broken off and goes on takes the same steps.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from fieldsmith.errors import FieldsmithError, InputError, MissingPart
from fieldsmith.operators import device as devices
from fieldsmith.operators.networks.normalised import Normalised
from fieldsmith.operators.networks.rollout import Stepwise, TeacherForced
from fieldsmith.operators.training import penalties, state
from fieldsmith.operators.training.asked import Asked
from fieldsmith.operators.training.losses import relative_errors
from fieldsmith.operators.training.parallel import ALONE, Team
from fieldsmith.operators.training.penalties import Answered
from fieldsmith.operators.training.samples import Samples

RISE = 0.05
"""Share of the steps in which the learning rate rises."""
CLIP = 1.0
"""Norm that a gradient is cut to."""
KEEP_SECONDS = 20.0
"""Between two writings of the state."""
TRIED = 3
"""Steps that tell how many epochs fit into a time."""
RANKS = 16
"""Kinds of draws of one process, before those of the next."""
CHUNK = 32
"""Samples of a call where nothing is learned."""

Tell = Callable[["state.Course", float], None]
"""Told after every epoch of the figures so far, and of the seconds that are left."""


class Trainer:
    """One training in one folder, which holds its state. Use `run`.

    The first `fields` channels of inputs are fields, which noise may be added to; `keep` is told whenever the weights are the best so far. Each process of a `team` has a trainer, and
    takes its share of every batch; the first of them writes.
    """

    def __init__(
        self, asked: Asked, module: Normalised, fields: int, train: Samples, dev: Samples, device: torch.device, folder: Path, keep: Callable[[state.Course], None], team: Team = ALONE,
    ) -> None:  # fmt: skip
        self.asked, self.module, self.device, self.folder = asked, module.to(device), device, folder
        self.given, self.solved, self.norms = map(torch.from_numpy, (train.given, train.solved, train.norms))
        self.fields, self.dev, self.keep = fields, dev, keep
        self.windows = self._windows()
        self.optimiser = torch.optim.AdamW(module.parameters(), lr=asked.rate, weight_decay=asked.decay)
        self.course = state.Course()
        self.team = team
        self.call = team.joined(cast(nn.Module, torch.compile(module)) if asked.compiled else module, device)
        self._kept = self._begun = self._cpu = 0.0

    @property
    def items(self) -> int:
        """What an epoch goes through: samples, or windows of their frames."""
        return len(self.given) * self.windows

    @property
    def steps(self) -> int:
        """Of an epoch."""
        return -(-self.items // self.batch)

    @property
    def batch(self) -> int:
        """Of all processes together."""
        return self.asked.batch * self.team.count

    @property
    def total(self) -> int:
        return self.steps * self.course.epochs

    def run(self, tell: Tell) -> state.Course:
        """Train to the end, or go on from what is stored. Raises MissingPart where memory does not suffice, FieldsmithError for a loss that is not finite."""
        self.course = state.restored(self.folder / state.FILE, self.module, self.optimiser) or self.course
        self.course.sittings += 1
        self._begun, self._cpu, self._kept = time.monotonic(), time.process_time(), time.monotonic()
        if not self.course.epochs:
            self.course.epochs = self._fitting_epochs() if self.asked.minutes else self.asked.epochs
        while self.course.step < self.total and not self._tired():
            self._epoch()
            tell(self.course, self._left())
        self._store()
        return self.course

    def _epoch(self) -> None:
        """The rest of the epoch that is under way."""
        epoch, first = divmod(self.course.step, self.steps)
        order = torch.randperm(self.items, generator=self._drawn(epoch))
        for number in range(first, self.steps):
            items = order[number * self.batch : (number + 1) * self.batch]
            self.course.loss += self._step(items)
            self.course.step += 1
            if time.monotonic() - self._kept > KEEP_SECONDS and number + 1 < self.steps:
                self._store()
        self._close(epoch + 1)

    def _close(self, epoch: int) -> None:
        """After an epoch: the dev error, the best weights, a row of the history."""
        error = self.team.agreed(lambda: self.error(self.dev), self.device)
        course = self.course
        course.history.append({"epoch": epoch, "loss": course.loss / self.steps, "dev": error, "rate": self._rate()})
        course.loss = 0.0
        if course.best is None or error < course.best:
            course.best, course.best_epoch = error, epoch
            self._clock()
            if self.team.first:
                self.keep(course)
        if time.monotonic() - self._kept > KEEP_SECONDS:
            self._store()

    def _step(self, items: Tensor) -> float:
        """One step of the optimiser; the mean loss before it."""
        for group in self.optimiser.param_groups:
            group["lr"] = self._rate()
        self.module.train()
        self.optimiser.zero_grad(set_to_none=True)
        draw, other = self._drawn(self.course.step, 1 + RANKS * self.team.rank), self._drawn(self.course.step, 2)
        mine, weight = self.team.share(items)
        total, parts = 0.0, mine.chunk(self.asked.accumulated)
        try:
            for n, part in enumerate(parts):
                with self.team.waiting(self.call, last=n + 1 == len(parts)):
                    share = len(part) * weight
                    with self._precision():
                        loss = self._loss(part, draw) * share
                    (loss + self._penalty(part, other) * share).backward()
                total += float(loss.detach())
        except (torch.OutOfMemoryError, RuntimeError) as error:
            raise self._short(error, len(mine)) from None
        total = self.team.mean(total, self.device)
        if not math.isfinite(total):
            raise self._diverged()
        torch.nn.utils.clip_grad_norm_(self.module.parameters(), CLIP)
        self.optimiser.step()
        return total

    def _loss(self, items: Tensor, draw: torch.Generator) -> Tensor:
        """Mean relative error of these items."""
        return relative_errors(*self._answered(items, draw)).mean()

    def _penalty(self, items: Tensor, draw: torch.Generator) -> Tensor | float:
        """What is added to the loss of these items."""
        asked = self.asked
        if not asked.penalties:
            return 0.0
        spread = self.module.get_buffer("solved_spread")
        return penalties.penalty(
            asked.penalties, lambda part: self._answered(part, draw), self.module, items, asked.micro, spread, draw
        )

    def _answered(self, items: Tensor, draw: torch.Generator) -> Answered:
        """What the network makes of these items, noise on their inputs included."""
        if not isinstance(self.module.inner, Stepwise):
            x, y, norms = (one[items].to(self.device) for one in (self.given, self.solved, self.norms))
            before = self._before(x, y, draw)
            return Answered(self.call(self._noisy(x, draw), None, before), y, norms)
        x, y = self._window(items)
        x, y = self._noisy(x.to(self.device), draw), y.to(self.device)
        steps = self.asked.unrolled
        if self.asked.pushforward:
            with torch.no_grad():
                led = self.call(x, steps - 1)[:, -1]
            return Answered(self.call(self.module.inner.with_state(x, led), 1), y[:, -1:])
        return Answered(self.call(x, steps), y)

    def _before(self, x: Tensor, y: Tensor, draw: torch.Generator) -> Tensor | None:
        """The true frames before those of y [batch, frames, results, *space], each with noise of its own, where all steps are learned at once."""
        inner = self.module.inner
        if not isinstance(inner, TeacherForced):
            return None
        before = torch.cat([x[:, inner.state].unsqueeze(1), y[:, :-1]], 1)
        return before + self._drawn_noise(before, self.module.get_buffer("solved_spread"), draw)

    def _window(self, items: Tensor) -> tuple[Tensor, Tensor]:
        """Inputs whose first frame is one on the way, and the frames after it."""
        assert isinstance(self.module.inner, Stepwise)
        rows, number = items // self.windows, items % self.windows
        steps, frames = self.asked.unrolled, self.solved.shape[1]
        starts = torch.clamp(number * steps, max=frames - steps)
        x = self.given[rows]
        first = x[:, self.module.inner.state]
        y = self.solved[rows]
        along = starts[:, None] + torch.arange(steps)
        row = torch.arange(len(rows))
        before = y[row, (starts - 1).clamp(min=0)]
        at_start = (starts == 0).view(-1, *[1] * (before.ndim - 1))
        return self.module.inner.with_state(x, torch.where(at_start, first, before)), y[row[:, None], along]

    def _windows(self) -> int:
        if isinstance(self.module.inner, TeacherForced) and self.asked.unrolled > 1:
            words = f"--unrolled {self.asked.unrolled}: {self.asked.operator} learns all steps of a solution at once."
            raise InputError(words, "Leave it out.")
        if not isinstance(self.module.inner, Stepwise):
            return 1
        frames = self.solved.shape[1]
        if self.asked.unrolled > frames:
            raise FieldsmithError(f"--unrolled {self.asked.unrolled} is more than the {frames} steps of a sample.", "")
        return -(-frames // self.asked.unrolled)

    def _noisy(self, x: Tensor, draw: torch.Generator) -> Tensor:
        """Inputs with noise, a share of each channel's spread, on what varies."""
        fields = torch.zeros(x.shape[1], device=self.device)
        fields[: self.fields] = 1.0
        return x + self._drawn_noise(x, self.module.get_buffer("given_spread") * fields, draw)

    def _drawn_noise(self, x: Tensor, spreads: Tensor, draw: torch.Generator) -> Tensor | float:
        """What is added to x [..., channels, *space]: both noises that may be asked for, as a share of `spreads` [channels]."""
        share = math.hypot(self.asked.noise, self.asked.observed_noise)
        if not share:
            return 0.0
        noise = torch.randn(x.shape, generator=draw).to(self.device)
        return share * noise * spreads.view(-1, *[1] * len(self.given.shape[2:]))

    @torch.no_grad()
    def error(self, samples: Samples) -> float:
        """Mean relative error over samples, as programs are judged by."""
        self.module.eval()
        found = []
        for part in chunks(len(samples)):
            parts = (one[part] for one in (samples.given, samples.solved, samples.norms))
            x, y, norms = (torch.from_numpy(one).to(self.device) for one in parts)
            found.append(relative_errors(self.module(x), y, norms).cpu())
        return float(torch.cat(found).mean())

    def _precision(self) -> AbstractContextManager[object]:
        if self.asked.precision == "float32":
            return nullcontext()
        return torch.autocast(self.device.type, torch.bfloat16)

    def _rate(self) -> float:
        """A line up, then half a cosine down to 0 (Loshchilov and Hutter, arXiv 1608.03983)."""
        done, rise = self.course.step / max(1, self.total), RISE
        shape = (done + 0.5 / max(1, self.total)) / rise if done < rise else 0.5 * (1 + math.cos(math.pi * (done - rise) / (1 - rise)))  # fmt: skip
        return self.asked.rate * min(1.0, shape)

    def _drawn(self, number: int, kind: int = 0) -> torch.Generator:
        words = np.random.SeedSequence([self.asked.seed, kind, number]).generate_state(2, np.uint32)
        return torch.Generator().manual_seed(int(words[0]) << 31 | int(words[1]) >> 1)

    def _fitting_epochs(self) -> int:
        """How many epochs fit into the minutes, from a few steps that are then taken back."""
        begin = {name: value.clone() for name, value in self.module.state_dict().items()}
        self.course.epochs = 1
        self._step(torch.arange(min(self.items, self.batch)))  # the first one is dear
        start = time.monotonic()
        for _ in range(TRIED):
            self._step(torch.arange(min(self.items, self.batch)))
        self.error(self.dev)
        devices.wait(self.device)
        seconds = (time.monotonic() - start) / TRIED
        self.module.load_state_dict(begin)
        self.optimiser = torch.optim.AdamW(self.module.parameters(), lr=self.asked.rate, weight_decay=self.asked.decay)
        return int(self.team.agreed(lambda: max(1, int(60 * self.asked.minutes / (seconds * self.steps))), self.device))

    def _tired(self) -> bool:
        """Whether the dev error has not become smaller for as many epochs as patience lasts."""
        waited = len(self.course.history) - self.course.best_epoch
        return 0 < self.asked.patience <= waited

    def _left(self) -> float:
        self._clock()
        return self.course.seconds / max(1, self.course.step) * (self.total - self.course.step)

    def _clock(self) -> None:
        now, cpu = time.monotonic(), time.process_time()
        self.course.seconds += now - self._begun
        self.course.cpu_seconds += cpu - self._cpu
        self._begun, self._cpu = now, cpu
        self.course.peak_mb = devices.peak_mb(self.device)

    def _store(self) -> None:
        self._clock()
        if self.team.first:
            state.stored(self.folder / state.FILE, self.course, self.module, self.optimiser)
        self._kept = time.monotonic()

    def _short(self, error: Exception, batch: int) -> Exception:
        """Of memory: with the batch that would fit."""
        words = str(error)
        if not (isinstance(error, torch.OutOfMemoryError) or "allocate memory" in words or "out of memory" in words):
            return error
        fits = self._fitting_batch(batch // self.asked.accumulated)
        hint = f"A part of {fits} samples fits: --batch {fits}, or --accumulated {-(-batch // fits)}." if fits else "Make the operator smaller with --set."  # fmt: skip
        return MissingPart(
            f"{self.device} has no memory for {batch // self.asked.accumulated} samples at a time.", hint
        )

    def _fitting_batch(self, batch: int) -> int:
        """The largest half, quarter, … of a batch that a step fits with; 0 if none does."""
        self.call = self.module  # the others of a team take no part
        while batch := batch // 2:
            self.optimiser.zero_grad(set_to_none=True)
            if self.device.type == "cuda":
                torch.cuda.empty_cache()
            try:
                self._loss(torch.arange(batch), self._drawn(0, 1)).backward()
                return batch
            except (torch.OutOfMemoryError, RuntimeError):
                continue
        return 0

    def _diverged(self) -> FieldsmithError:
        epoch = self.course.step // self.steps + 1
        kept = f" The weights after epoch {self.course.best_epoch} are kept." if self.course.best is not None else ""
        words = f"The loss is not finite at step {self.course.step + 1}, in epoch {epoch}, at a learning rate of {self._rate():.1e}.{kept}"
        return FieldsmithError(words, "Begin anew with a smaller --rate and another --out.")


def chunks(count: int, size: int = CHUNK) -> Iterator[slice]:
    """Parts of a batch."""
    return (slice(n, min(count, n + size)) for n in range(0, count, size))
