"""Tasks that are no PDEs are solved like any other: through a mailbox, by their own metric, with a report."""

import json
import threading
from pathlib import Path

import pytest

import fieldsmith as fs
from fieldsmith.errors import InputError
from fieldsmith.orchestrator.folder import begin
from fieldsmith.orchestrator.open import open_solve
from fieldsmith.orchestrator.question import Question
from fieldsmith.orchestrator.record import load_run
from fieldsmith.tasks.task import Metric
from small_task import SOURCE

EXAMPLES = Path(__file__).parents[2] / "examples" / "tasks"

ORBITS = '''import numpy as np


def orbits(start, times):
    """Leapfrog, {steps} steps between two output times."""
    q, v = start[:, :2].copy(), start[:, 2:].copy()
    path = [start]
    for a, b in zip(times[:-1], times[1:]):
        dt = (b - a) / {steps}
        for _ in range({steps}):
            v = v - 0.5 * dt * q / np.sum(q**2, axis=1, keepdims=True) ** 1.5
            q = q + dt * v
            v = v - 0.5 * dt * q / np.sum(q**2, axis=1, keepdims=True) ** 1.5
        path.append(np.concatenate([q, v], axis=1))
    return np.stack(path, axis=1){wrong}
'''
RESTING = """import numpy as np


def orbits(start, times):
    return np.repeat(start[:, None], times.size, axis=1)
"""
SIGNALS = '''import numpy as np


def deconvolved(blurred, kernel, weight):
    """Each Fourier coefficient by itself."""
    k, b = np.fft.fft(kernel), np.fft.fft(blurred)
    slope = np.abs(np.exp(2j * np.pi * np.fft.fftfreq(kernel.size)) - 1) ** 2
    return np.fft.ifft(k.conj() * b / (np.abs(k) ** 2 + weight * slope)).real
'''


class Person(threading.Thread):
    """Answers the prompts of a mailbox with these programs, one after the other."""

    def __init__(self, folder: Path, programs: list[str]) -> None:
        super().__init__(daemon=True)
        self.folder, self.programs = folder, programs
        self.leaving = threading.Event()
        self.prompts: list[str] = []
        self.start()

    def run(self) -> None:
        while not self.leaving.wait(0.05):
            for prompt in sorted(self.folder.glob("*-prompt.md")):
                reply = prompt.with_name(prompt.name.replace("prompt", "reply"))
                if not reply.exists() and self.programs:
                    self.prompts.append(prompt.read_text())
                    reply.write_text(f"A plan.\n\n```python\n{self.programs.pop(0)}```\n")


def solved(tmp_path: Path, task, programs: list[str], **options):
    mail = tmp_path / "mail"
    mail.mkdir()
    person = Person(mail, list(programs))
    run = fs.solve(
        task,
        tmp_path / "run",
        model=f"mailbox:{mail}",
        sandbox="process",
        candidates=len(programs),
        in_flight=1,
        **options,
    )
    person.leaving.set()
    return run, person.prompts


@pytest.mark.slow
def test_an_orbit_is_chosen_by_its_energy_drift(tmp_path) -> None:
    programs = [
        ORBITS.format(steps=8, wrong=" + 1.0"),
        ORBITS.format(steps=8, wrong=""),
        ORBITS.format(steps=64, wrong=""),
    ]
    run, prompts = solved(tmp_path, str(EXAMPLES / "kepler.py"), programs, debug_rounds=1)
    statuses = [c.evaluation.status for c in run.record.candidates if c.evaluation]
    assert statuses == ["bad_output", "ok", "ok"]
    assert "energy drift is nan. Every orbit must begin at the given place" in prompts[1]
    first, chosen = (c.evaluation.dev for c in run.record.candidates[1:])
    assert run.best.candidate.slot == run.record.candidates[2].slot
    assert chosen.metric == "energy drift"
    assert chosen.value < 0.1 * first.value
    assert chosen.measures["momentum drift"] < 1e-9
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert result["best"]["test"]["metric"] == "energy drift"
    assert result["best"]["test"]["value"] == pytest.approx(run.best.test.value)
    assert result["best"]["test"]["nrmse"] is None
    assert load_run(tmp_path / "run").best.candidate.evaluation.test == run.best.test
    page = run.report.read_text()
    assert '<span class="name">test energy drift</span>' in page
    assert '"metric":"energy drift"' in page.replace('": "', '":"')


@pytest.mark.slow
def test_a_body_at_rest_does_not_win_by_its_energy(tmp_path, capsys) -> None:
    run, _ = solved(tmp_path, str(EXAMPLES / "kepler.py"), [RESTING])
    assert run.record.best is None
    assert "and go round" in run.record.candidates[0].evaluation.feedback
    assert "Orbits about a fixed mass (demo scale)" in capsys.readouterr().err


PICKY = """
from fieldsmith.tasks.task import Metric


class Picky(Twice):
    name = "picky"
    metric = Metric("picked", "a value at the place that is returned")

    def measure(self, case, outputs):
        return [1.0, 2.0][int(outputs["y"][0])]
"""
ODD, PLAIN = "def f(x):\n    return 0 * x + 7\n", "def f(x):\n    return 0 * x + 1\n"


@pytest.mark.parametrize("programs", [[ODD, ODD.replace("7", "8"), PLAIN], [ODD]])
@pytest.mark.slow
def test_a_measure_that_fails_on_odd_answers_fails_those_and_not_the_run(tmp_path, capsys, programs) -> None:
    file = tmp_path / "picky.py"
    file.write_text(SOURCE + PICKY)
    run, _ = solved(tmp_path, f"{file}:Picky", programs, strategy="best-of-n")
    line = (SOURCE + PICKY).splitlines().index('        return [1.0, 2.0][int(outputs["y"][0])]') + 1
    fault = f"Picky.measure fails with IndexError: list index out of range in line {line} of picky.py."
    first = run.record.candidates[0].evaluation
    assert first.status == "bad_output"
    assert fault in first.feedback
    assert capsys.readouterr().err.count(f"{fault} It may be the task's fault. Other candidates") == 1
    assert (run.record.best is not None) == (PLAIN in programs)
    assert (f"No answer could be judged: {fault}" in run.record.message) == (PLAIN not in programs)


def test_a_run_of_an_edited_task_is_another(tmp_path) -> None:
    file = tmp_path / "twice.py"
    for factor in ("2.0 *", "3.0 *"):
        file.write_text(SOURCE.replace("2.0 *", factor))
        question = Question(str(file), run_dir=tmp_path / "run", sandbox="process")
        if factor == "2.0 *":
            first = open_solve(question)
            first.prepare()
            begin(first.folder, first.asked)
        else:
            with pytest.raises(InputError, match="its data is other data, as after an edit of the task"):
                open_solve(question).prepare()


@pytest.mark.slow
def test_a_metric_of_which_more_is_better_chooses_the_largest(tmp_path) -> None:
    kind = type(fs.task(str(EXAMPLES / "kepler.py")))

    class Steady(kind):
        name = "steady-orbits"
        metric = Metric("digits", "digits of the energy that are kept", lower_is_better=False)

        def measure(self, case, outputs):
            import numpy as np

            return -float(np.log10(super().measure(case, outputs)["digits"]))

    programs = [ORBITS.format(steps=steps, wrong="") for steps in (4, 32, 8)]
    run, prompts = solved(tmp_path, Steady(), programs, strategy="best-of-n")
    assert [round(c.dev_figure) for c in run.record.candidates] != [0, 0, 0]
    assert run.best.candidate.slot == "2"
    assert "Higher is better" in prompts[0]


@pytest.mark.slow
def test_an_inverse_problem_is_judged_by_its_reference(tmp_path) -> None:
    run, prompts = solved(tmp_path, str(EXAMPLES / "deconvolution.py"), [SIGNALS])
    assert run.best.test.nrmse < 1e-10
    assert "partial differential" not in prompts[0]
    assert "\nmethod: " in prompts[0]
    assert "time_integrator" not in prompts[0]
    assert run.best.source == (tmp_path / "run" / "best" / "solver.py").read_text()
    inputs = run.task.split("dev")[0].inputs
    again = fs.open_run(tmp_path / "run").best.solver(**inputs)
    assert again.shape == inputs["blurred"].shape, "the task is loaded again from its file"
    assert run.report.exists()


def test_the_built_in_author_says_that_there_is_no_equation(tmp_path) -> None:
    run = fs.solve(str(EXAMPLES / "deconvolution.py"), tmp_path / "run", sandbox="process", candidates=1)
    assert run.record.best is None
    assert run.record.candidates == ()
    assert "This task states no equation." in run.record.message
