"""A law of training as tables, sentences, CSV and a plot: what more samples and epochs are worth, and how a budget is best split."""

import csv
import importlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from fieldsmith.bench.training_law import Fitted, Rates, Split, Trial, along, between, far_out
from fieldsmith.reports.figures import COLOURS, FORMATS, GREY, STYLE, WIDTH, save, stylish

ROUGH = 0.15
"""Mean departure of logarithms of errors from which on a law says little."""
HEADS = ("samples", "epochs", "dev nRMSE", "by the law", "s of data", "s of training")


def rows(trials: Sequence[Trial], known: Fitted) -> list[tuple[str, ...]]:
    """The trainings with what the law says of them, and its head."""
    told = [
        (f"{one.samples:,}", f"{one.epochs:,}", f"{one.error:.3e}", f"{float(known.law.error(one.samples, one.epochs)):.3e}", f"{one.data:.3g}", f"{one.training:.3g}")
        for one in sorted(trials, key=lambda one: (one.samples, one.epochs))
    ]  # fmt: skip
    return [HEADS, *told]


def sentences(trials: Sequence[Trial], known: Fitted, split: Split) -> list[str]:
    """The law, what it leaves open, and the split."""
    law = known.law
    what = "epochs" if law.kind == "epochs" else "passes"
    n0, m0 = law.middle
    told = [
        f"error = {law.floor:.2g} + {law.data:.2g} (samples / {n0:.0f})^-{law.alpha:.2f} + {law.time:.2g} ({what} / {m0:.0f})^-{law.beta:.2f}",
        f"  floor {_span(known.between('floor'), '.1e')}, exponents {_span(known.between('alpha'), '.2f')} and {_span(known.between('beta'), '.2f')} (95 %); errors depart from it by {100 * known.spread:.1f} %.",
    ]
    if law.kind == "passes":
        told.append("  A pass is one sample, gone through once: the trainings fit passes better than epochs.")
    told += [f"  {words}" for words in doubts(known)]
    told.append(
        f"{split.budget:g} s: {split.samples:,} samples ({split.data:.3g} s) and {split.epochs:,} epochs ({split.training:.3g} s), expected dev nRMSE {split.error:.2e} ({_span(split.error_between, '.1e')})."
    )
    if not split.determined:
        told.append(
            f"  The split itself is not determined by these trainings: as well {_span(split.samples_between, ',.0f')} samples and {_span(split.epochs_between, ',.0f')} epochs."
        )
    told += [f"  {words}, where the law may not hold." for words in far_out(split, trials)]
    return told


def doubts(known: Fitted) -> list[str]:
    """What the trainings do not determine or the law does not describe, each with what would tell more."""
    told = []
    if known.spread > ROUGH:
        told.append("So rough a law says little: trainings that have hardly begun to learn, or samples that are too few to, follow none.")  # fmt: skip
    second = "epochs" if known.law.kind == "epochs" else "passes"
    for determined, what, option in (
        (known.determined("alpha"), "samples", "samples"),
        (known.determined("beta"), second, "epochs"),
    ):
        if not determined:
            told.append(
                f"The exponent of {what} is not determined by these trainings: more --{option}, farther apart, would tell."
            )
    return told


def _span(ends: tuple[float, float], form: str) -> str:
    return f"{ends[0]:{form}} to {ends[1]:{form}}"


def as_csv(trials: Sequence[Trial], known: Fitted) -> str:
    """A line for each training."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, [*asdict(trials[0]), "law"], lineterminator="\n")
    writer.writeheader()
    writer.writerows({**asdict(one), "law": float(known.law.error(one.samples, one.epochs))} for one in trials)
    return stream.getvalue()


def as_json(trials: Sequence[Trial], known: Fitted, rates: Rates, split: Split) -> Mapping[str, object]:
    """All of it as plain values."""
    law = known.law
    return {
        "trials": [{**asdict(one), "law": float(law.error(one.samples, one.epochs))} for one in trials],
        "law": {**asdict(law), "spread": known.spread},
        "intervals": {name: known.between(name) for name in ("floor", "alpha", "beta")},
        "determined": {"alpha": known.determined("alpha"), "beta": known.determined("beta"), "split": split.determined},
        "rates": asdict(rates),
        "split": asdict(split),
        "doubts": [*doubts(known), *far_out(split, trials)],
    }


def write_training_law(
    trials: Sequence[Trial], known: Fitted, rates: Rates, split: Split, title: str, folder: Path
) -> list[Path]:  # fmt: skip
    """`training-law.pdf` and `training-law.png`: errors beside the law, and the expected error over all splits of the budget; the files.

    Raises MissingPart without matplotlib and InputError for a folder that cannot be written.
    """
    figure_module = stylish()
    matplotlib = importlib.import_module("matplotlib")
    with matplotlib.rc_context(STYLE):
        figure = figure_module.Figure(figsize=(WIDTH * 2.2, 3.0), layout="constrained")
        left, right = figure.subplots(1, 2)
        _draw_trials(left, trials, known, title)
        _draw_splits(right, known, rates, split)
        return [save(figure, folder / f"training-law.{kind}", kind) for kind in FORMATS]


def _draw_trials(axes: Any, trials: Sequence[Trial], known: Fitted, title: str) -> None:
    epochs = np.geomspace(min(one.epochs for one in trials), max(one.epochs for one in trials), 60)
    for n, count in enumerate(sorted({one.samples for one in trials})):
        own, colour = [one for one in trials if one.samples == count], COLOURS[n % len(COLOURS)]
        axes.plot([one.epochs for one in own], [one.error for one in own], "o", color=colour, markersize=4, label=f"{count:,} samples")  # fmt: skip
        axes.plot(epochs, known.law.error(np.full_like(epochs, count), epochs), color=colour)
    axes.set_xscale("log")
    axes.set_yscale("log")
    known_epochs = sorted({one.epochs for one in trials})
    axes.set_xticks(known_epochs, [f"{one:,}" for one in known_epochs])
    axes.set_xticks([], minor=True)
    axes.set_xlabel("epochs (lines: the law)")
    axes.set_ylabel("nRMSE on dev")
    axes.set_title(title)
    axes.legend()


def _draw_splits(axes: Any, known: Fitted, rates: Rates, split: Split) -> None:
    shares, errors = along(known.law, rates, split.budget)
    several = np.stack([along(law, rates, split.budget)[1] for law in known.drawn])
    low, high = np.array([between(list(column)) for column in several.T]).T
    near = errors < 10 * errors.min()
    axes.fill_between(shares[near], low[near], high[near], color=GREY, alpha=0.25, linewidth=0)
    axes.plot(shares[near], errors[near], color=COLOURS[0])
    axes.plot([split.data / split.budget], [split.error], "o", color=COLOURS[1])
    axes.set_yscale("log")
    axes.set_xlabel("share of the budget that samples take")
    axes.set_ylabel("expected nRMSE on dev")
    axes.set_title(f"{split.budget:g} s: {split.samples:,} samples, {split.epochs:,} epochs")
