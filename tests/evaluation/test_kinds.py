"""A score tells its samples by kind, and says that nothing better can be told only where that is so for every kind."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldsmith.evaluation import evaluate
from fieldsmith.evaluation.evaluation import Evaluation, Score
from fieldsmith.evaluation.feedback import success_facts
from fieldsmith.evaluation.record import evaluation_fields, evaluation_from, score_fields, summary
from fieldsmith.evaluation.words import usual
from fieldsmith.sandboxes import choose
from fieldsmith.tasks import load

ERRORS = st.floats(1e-12, 1e-1)
KINDS = ("smooth", "smooth", "kinked", "windowed")


def score(samples, trusted=(1e-5,) * 4, reference=(1e-9,) * 4, kinds=KINDS) -> Score:
    means = [float(np.mean(values)) if values else None for values in (trusted, reference)]
    return Score(
        float(np.mean(samples)),
        {"u": float(np.mean(samples))},
        *means,
        max_error=0.1,
        seconds=1.0,
        samples=tuple(samples),
        kinds=kinds,
        trusted_samples=trusted,
        reference_samples=reference,
    )


def told(of: Score) -> str:
    task = load("advection")
    (case,) = task.split("dev")
    return usual().said(success_facts(of, case, case.reference, task.brief()))


def test_the_figures_of_each_kind_are_those_of_its_samples():
    found = score((1e-6, 1e-8, 1e-2, 1e-4), trusted=(1e-7, 3e-7, 1e-9, 1e-6))
    assert found.geometric == pytest.approx(1e-5)
    assert list(found.by_kind) == ["smooth", "kinked", "windowed"]
    smooth = found.by_kind["smooth"]
    assert smooth.count == 2
    assert smooth.nrmse == pytest.approx(5.05e-7)
    assert smooth.geometric == pytest.approx(1e-7)
    assert smooth.trusted == pytest.approx(2e-7)
    assert found.by_kind["kinked"].reference_error == 1e-9


def test_a_score_of_kinds_goes_through_json_and_tells_them():
    before = Evaluation("ok", dev=score((1e-6, 1e-8, 1e-2, 1e-4)))
    fields = json.loads(json.dumps(evaluation_fields(before)))
    assert evaluation_from(fields) == before
    assert fields["dev"]["by_kind"]["kinked"]["nrmse"] == pytest.approx(1e-2)
    assert fields["dev"]["geometric"] == pytest.approx(1e-5)
    assert "1 kinked: nRMSE 1.000e-02" in summary("solver.py", before)


@pytest.mark.slow
def test_an_evaluation_has_the_kinds_of_its_samples_and_the_worst_is_named():
    task = load("advection")
    source = "import numpy as np\ndef solver(u0_batch, t_coordinate, beta):\n" + (
        "    k = 2j * np.pi * np.fft.rfftfreq(u0_batch.shape[1], 1 / u0_batch.shape[1])\n"
        "    moved = np.exp(-k * beta * np.asarray(t_coordinate)[:, None])\n"
        "    return np.fft.irfft(np.fft.rfft(u0_batch)[:, None] * moved, u0_batch.shape[1])\n"
    )
    judged = evaluate(task, source, choose("process", trusted=True), refinement=False)
    assert judged.dev is not None
    (case,) = task.split("dev")
    assert judged.dev.kinds == case.kinds
    assert sum(kind.count for kind in judged.dev.by_kind.values()) == len(judged.dev.samples) == 8
    worst = int(np.argmax(judged.dev.samples))
    assert case.kinds[worst] == "kinked"  # as interpolation of the samples misses much of the kinks
    assert f"sample {worst}, which is kinked, is the worst" in judged.feedback
    assert "1 kinked" in judged.feedback
    assert judged.dev.geometric < 1e-6 < judged.dev.nrmse


@given(st.lists(ERRORS, min_size=4, max_size=4), st.lists(ERRORS, min_size=4, max_size=4))
def test_nothing_is_said_to_be_beyond_telling_above_the_references_error(samples, reference):
    found = score(samples, reference=tuple(reference))
    by_kind = found.by_kind.values()
    within = all(kind.nrmse <= kind.reference_error for kind in by_kind if kind.reference_error is not None)
    within &= found.nrmse <= np.mean(reference)
    within &= found.geometric <= math.exp(np.mean(np.log(reference))) * (1 + 1e-12)
    assert found.resolved == within or math.isclose(found.geometric, found.reference_geometric or 0.0)


@pytest.mark.parametrize(
    ("samples", "words", "others"),
    [
        ((1e-10,) * 4, "within the reference's own error", "trusted method reaches"),
        (
            (1e-10, 1e-10, 2e-9, 1e-10),
            "By the mean that is within the reference's own error of 1.0e-09, by the kinked samples it is not",
            "times more",
        ),
        ((1e-10, 1e-10, 1e-8, 1e-10), "trusted method reaches", "within the reference's own error"),
        ((1e-6,) * 4, "10 times more; that is no bound", "within the reference's own error"),
        ((1e-4,) * 4, "10 times less", "within the reference's own error"),
    ],
)
def test_feedback_says_where_an_error_stands(samples, words, others):
    text = told(score(samples))
    assert words in text
    assert others not in text


def test_where_the_reference_is_exact_rounding_is_the_end():
    exact = score((3e-15,) * 4, reference=(8e-16,) * 4)
    assert exact.resolved
    assert "That is rounding." in told(exact)
    assert not replace(exact, reference_error=None, reference_samples=()).resolved


def test_figures_of_one_kind_are_not_told_twice():
    plain = score((1e-6,) * 4, kinds=())
    assert plain.by_kind == {}
    assert "By kind" not in told(plain)
    assert (score_fields(plain) or {})["by_kind"] == {}


ADVANCED = {
    "suspects": [{"name": "strength", "term": "nu*u_xx"}],
    "physics": {
        "terms": [{"term": "nu*u_xx", "kind": "strength", "acts": "decay", "factor": 1.08, "due": 1.0, "near": "", "alone": True, "delicate": True}],
        "everything": None, "sound": False, "within": None, "still": False, "cells": 0, "displaced": [], "moved": False, "order": None,
    },
    "unwritten": [], "narrow": None, "steady": None, "steps": None, "copies": [], "course": [],
}  # fmt: skip


def facts(samples, probes=None):
    task = load("advection")
    (case,) = task.split("dev")
    return success_facts(score(samples), case, case.reference, task.brief(), probes=probes)


def test_the_cause_stands_first_and_alone_and_figures_are_a_list():
    cause, ran, figures = usual().said(facts((1e-2,) * 4, ADVANCED)).split("\n\n")
    assert cause.startswith("On smooth fields the term `nu*u_xx` acts with 1.08 times its strength")
    assert "nRMSE" not in cause
    assert ran.startswith("The program ran: nRMSE 1.000e-02")
    assert all(line.startswith("- ") for line in figures.splitlines())
    assert [line.split(":")[0] for line in figures.splitlines()][:3] == [
        "- Over the samples",
        "- By kind",
        "- Error by frame",
    ]


def test_the_one_bad_sample_is_the_conclusion():
    words = usual().said(facts((1e-9, 1e-9, 1e-3, 1e-9)))
    assert words.startswith("All of the error is sample 2, which is kinked: the mean of the others is 1.0e-09.")
    assert "of the error is sample" not in usual().said(facts((1e-4, 1e-9, 1e-3, 1e-9)))


def test_the_summary_of_a_program_that_ran_tells_the_cause():
    found = Evaluation("ok", dev=score((1e-2,) * 4), facts=facts((1e-2,) * 4, ADVANCED))
    assert "  On smooth fields the term `nu*u_xx` acts with 1.08 times its strength" in summary("p.py", found)
    assert "Error by frame" not in summary("p.py", found)
