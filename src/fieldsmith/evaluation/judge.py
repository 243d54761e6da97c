"""Judging one program: call it in a sandbox, compare with the references on the host, explain the outcome."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from fieldsmith.evaluation import feedback, metrics
from fieldsmith.evaluation.evaluation import ConvergencePoint, Evaluation, Pilot, Score, Status
from fieldsmith.evaluation.measuring import as_samples, measure_failed_facts, not_measured_facts, with_samples
from fieldsmith.evaluation.order import empirical_order, local_orders
from fieldsmith.evaluation.pilot import described, error_of, hopeless, pilot_case
from fieldsmith.evaluation.probes.doubts import CHEAP, LEAST_SECONDS, Call, Found, worthwhile
from fieldsmith.evaluation.scoring import CaseScore, combined
from fieldsmith.evaluation.words import usual
from fieldsmith.sandboxes import cores
from fieldsmith.sandboxes.sandbox import CallResult, Limits, Sandbox, Session
from fieldsmith.tasks.measured import MeasureFailed
from fieldsmith.tasks.task import Brief, Case, SplitName, Task

CLOCKS_APART = 1.0
"""Seconds by which the clocks of host and sandbox may differ, the way of the arrays included."""
STUDY_SECONDS, SHORTEST = 2.0, 0.01
"""Processor seconds that the study of the order may take whatever the score took, and the least that a call of it is given."""
THOROUGH_SECONDS, THOROUGH_TIMES = 30.0, 3.0
"""The same where the order is wanted above all, and how many times as long as the score it may take then."""
OnOutputs = Callable[[SplitName, Case, Mapping[str, np.ndarray]], None]


def default_limits(task: Task) -> Limits:
    """What one call of a program may use: the task's limits of time and memory, all cores."""
    brief = task.brief()
    cpus = cores.available()
    # numpy and scipy each have a BLAS of their own, with a thread for each core.
    threads = max(128, 64 + 4 * cpus)
    return Limits(seconds=brief.time_limit, memory_mb=brief.memory_mb, cpus=float(cpus), processes=threads)


def evaluate(
    task: Task,
    source: str,
    sandbox: Sandbox,
    *,
    limits: Limits | None = None,
    splits: Sequence[SplitName] = ("dev",),
    refinement: bool = True,
    thorough: bool = False,
    studied_up_to: float = math.inf,
    on_outputs: OnOutputs | None = None,
    probing: bool = True,
    pilots: int = 0,
) -> Evaluation:
    """Score `source` on the named splits.

    The first failing call decides the status. With `refinement` the order of convergence is measured on smooth data
    afterwards, in no more time than the score took, or `thorough` in a few times that, unless the score on the last split ranks
    above `studied_up_to`; a failure there is a note, not a status. `on_outputs` sees the arrays of each scored call.
    With `probing`, a program whose error is far from what the trusted method reaches is called with inputs that tell why,
    in no more time than the score took (`probes/diagnosis.py`). With `pilots` it is run on that many samples at low resolution first (`pilot.py`): where it
    fails there or is hopeless, that is the evaluation, and says so.
    Raises MissingPart if the sandbox disappears.
    """
    limits = limits or default_limits(task)
    brief = task.brief(sandbox.libraries())
    cases = {split: task.split(split) for split in splits}
    with sandbox.open(limits) as session:
        judge = _Judge(task, brief, source, session, limits, sandbox, on_outputs, probing)
        pilot = pilot_case(task, pilots)
        failed = judge.run_pilot(pilot) if pilot is not None else None
        if failed is not None:
            return failed
        for split in splits:
            failed = judge.score_split(split, cases[split])
            if failed is not None:
                return failed
        if refinement and judge.scores[splits[-1]].rank <= studied_up_to:
            judge.measure_order(thorough)
        if probing:
            judge.probe()
        return judge.evaluation()


class _Judge:
    """Collects one program's scores call by call."""

    def __init__(
        self,
        task: Task,
        brief: Brief,
        source: str,
        session: Session,
        limits: Limits,
        sandbox: Sandbox,
        on_outputs: OnOutputs | None,
        probing: bool,
    ) -> None:
        self.task, self.brief, self.source = task, brief, source
        self.shown = with_samples(brief)
        self.session, self.limits = session, limits
        self.sandbox, self.denied = sandbox.name, sandbox.denies
        self.on_outputs, self.probing = on_outputs, probing
        self.scores: dict[SplitName, Score] = {}
        self.called: dict[SplitName, list[dict[str, float]]] = {}
        self.convergence: tuple[ConvergencePoint, ...] = ()
        self.order: float | None = None
        self.slopes: tuple[float, ...] = ()
        self.unstudied: int | None = None
        self.notes: list[str] = []
        self.probes: Found | None = None
        self.pilot: Pilot | None = None
        self.last: tuple[SplitName, Case, Mapping[str, np.ndarray]] | None = None
        self.stdout = self.stderr = ""
        self.seconds = self.cost = 0.0

    def call(self, case: Case, seconds: float = math.inf) -> CallResult:
        signature = self.brief.signature
        inputs = {argument.name: case.inputs[argument.name] for argument in signature.arguments}
        shapes = signature.shapes(inputs)
        result = self.session.call(
            self.source, signature.function, inputs, shapes, min(seconds, self.seconds_for(case))
        )
        self.compare_clocks(result)
        return result

    def seconds_for(self, case: Case) -> float:
        """The time limit of a call: as stated for the batch of the brief, in proportion for a larger one."""
        stated = self.brief.sizes.get("batch", 0)
        batch = self.brief.signature.sizes(case.inputs).get("batch", 0)
        return self.limits.seconds * max(1.0, batch / stated if stated else 1.0)

    def run_pilot(self, case: Case) -> Evaluation | None:
        """Run the program on a pilot's data; the evaluation that ends there where it fails or is hopeless."""
        self.pilot = described(self.task, case)
        result, failed = self.answer(case)
        self.pilot = replace(self.pilot, seconds=result.seconds, cpu_seconds=result.cpu_seconds)
        self.cost = 0.0  # what may be spent beside the score is measured by the score alone
        if failed is not None:
            return replace(failed, pilot=self.pilot)
        signature = self.brief.signature
        if self.pilot.idle:
            self.pilot = replace(self.pilot, nrmse=error_of(signature, result.outputs, case))
        if not hopeless(self.pilot):
            self.pilot = replace(self.pilot, survived=True)
            return None
        shown = replace(case, reference=as_samples(signature, case.reference))
        outputs = as_samples(signature, result.outputs)
        return self.failed("hopeless", feedback.hopeless_facts(self.pilot, self.diagnosed(shown, outputs)), result)

    def answer(self, case: Case) -> tuple[CallResult, Evaluation | None]:
        """What the program answers to a case, and the failed evaluation where that is not a finite answer."""
        result = self.call(case)
        self.seconds, self.cost = self.seconds + result.seconds, self.cost + result.cost
        self.stdout, self.stderr = feedback.tail(result.stdout), feedback.tail(result.stderr)
        if result.status != "ok":
            limits = replace(self.limits, seconds=self.seconds_for(case))
            facts = feedback.failure_facts(result, self.source, self.brief, limits, self.denied)
            if facts["blown_up"]:
                facts = {**facts, "probes": self.unstable(case)}
            return result, self.failed(result.status, facts, result)
        outputs = as_samples(self.brief.signature, result.outputs)
        if not all(np.isfinite(array).all() for array in outputs.values()):
            facts = self.not_finite(outputs, self.unstable(case))
            return result, self.failed("not_finite", facts, result)
        return result, None

    def score_split(self, split: SplitName, cases: Sequence[Case]) -> Evaluation | None:
        """Score all cases of a split; the failed evaluation if a call fails."""
        parts: list[CaseScore] = []
        self.called[split] = [named for case in cases for named in self.ranged(case)]
        for case in cases:
            result, failed = self.answer(case)
            if failed is not None:
                return failed
            outputs = as_samples(self.brief.signature, result.outputs)
            try:
                with np.errstate(over="ignore", invalid="ignore"):
                    score = CaseScore(self.task, self.brief.signature, case, result)
            except MeasureFailed as fault:
                self.notes.append(f"{fault.message} It may be the task's fault.")
                return self.failed("bad_output", measure_failed_facts(fault), result)
            if not np.isfinite(score.samples).all():  # values whose squares overflow
                return self.failed("not_finite", self.not_finite(outputs), result)
            if not math.isfinite(score.value or 0.0):
                return self.failed("bad_output", not_measured_facts(self.task.metric, score.value), result)
            parts.append(score)
            shown = replace(case, reference=as_samples(self.brief.signature, case.reference))
            self.last = (split, shown, outputs)
            if self.on_outputs is not None:
                self.on_outputs(split, case, result.outputs)
        self.scores[split] = combined(self.task, parts)
        return None

    def ranged(self, case: Case) -> list[dict[str, float]]:
        """The ranged parameters of a problem of one's own, once for each sample of a call."""
        if self.brief.form is None:
            return []
        names = [a.name for a in self.brief.signature.arguments if a.role == "parameter"]
        count = self.brief.signature.sizes(case.inputs).get("batch", 1)
        return [{name: float(case.inputs[name]) for name in names}] * count

    def not_finite(self, outputs: Mapping[str, np.ndarray], probes: Found | None = None) -> feedback.Facts:
        return feedback.not_finite_facts(outputs, self.shown, probes, self.source, self.stderr)

    def compare_clocks(self, result: CallResult) -> None:
        """The host's clock counts; that the sandbox's shows another time is worth a note."""
        inside = result.worker_seconds
        if inside is not None and abs(result.seconds - inside) > max(CLOCKS_APART, 0.25 * result.seconds):
            self.notes.append(
                f"A call took {result.seconds:.1f} s by the host's clock, which counts, and {inside:.1f} s by the sandbox's."
            )

    def failed(self, status: Status, facts: feedback.Facts, result: CallResult) -> Evaluation:
        failure = result.failure
        if self.pilot is not None and not self.pilot.survived:
            facts = {**facts, "pilot": feedback.pilot_facts(self.pilot, self.brief)}
        return Evaluation(
            status=status,
            feedback=usual().said(facts),
            facts=facts,
            dev=self.scores.get("dev"),
            stdout=self.stdout,
            stderr=self.stderr,
            error_type=failure.type if failure else "",
            error_message=failure.message if failure else "",
            error_line=failure.line if failure else None,
            seconds=self.seconds,
            sandbox=self.sandbox,
            notes=tuple(self.notes),
            pilot=self.pilot,
        )

    def measure_order(self, thorough: bool) -> None:
        """Errors on smooth data at rising resolution, and the slope through them."""
        points, telling = [], []
        left = max(THOROUGH_SECONDS, THOROUGH_TIMES * self.cost) if thorough else max(STUDY_SECONDS, self.cost)
        costs = [0.0]
        for case in self.task.refinement():
            result = self.call(case, left) if expected(costs) < left else None
            if self.session.closed:
                break
            if result is None or (result.status == "timeout" and left < self.seconds_for(case)):
                self.unstudied = case.resolution
                break
            costs.append(result.cost)
            left = max(left - costs[-1], SHORTEST)
            if result.status != "ok":
                reason = result.failure.message if result.failure else result.status
                self.notes.append(f"At {case.resolution} intervals the program ended with {result.status}: {reason}")
                continue
            error = error_of(self.brief.signature, result.outputs, case) if case.reference else math.nan
            if math.isfinite(error):
                points.append(ConvergencePoint(case.resolution, error))
                if not error < 2.0 * case.reference_error:
                    telling.append(points[-1])
            else:
                self.notes.append(f"At {case.resolution} intervals the result is not finite.")
        self.convergence = tuple(points)
        self.order, self.slopes = empirical_order(telling), local_orders(telling)

    def probe(self) -> None:
        """What the program does with inputs that tell why its error is far from what the trusted method reaches."""
        if self.last is None:
            return
        split, case, outputs = self.last
        score = self.scores[split]
        if worthwhile(score, self.seconds_for(case), self.brief.form):
            from fieldsmith.evaluation.probes import diagnosis  # needs SymPy and SciPy

            own = score.samples[-len(next(iter(outputs.values()))) :]  # those of the last call
            self.probes = diagnosis.diagnosed(self.brief, case, outputs, own, self.probing_call())

    def diagnosed(self, case: Case, outputs: Mapping[str, np.ndarray]) -> Found | None:
        """What tells of a program that is hopeless in a pilot that it solves another equation."""
        if not self.probing or self.session.closed:
            return None
        from fieldsmith.evaluation.probes import diagnosis

        with np.errstate(over="ignore", invalid="ignore"):
            errors = metrics.sample_nrmse(outputs, case.reference)
        return diagnosis.diagnosed(self.brief, case, outputs, tuple(map(float, errors)), self.probing_call())

    def unstable(self, case: Case) -> Found | None:
        """What tells of a program whose values are not finite that it solves another equation."""
        if not self.probing or self.session.closed:
            return None
        from fieldsmith.evaluation.probes import diagnosis

        return diagnosis.unstable(self.brief, case, self.probing_call())

    def probing_call(self) -> Call:
        """Calls that give up once they have taken as much processor time as a cheap score may, or one has failed."""
        left = max(LEAST_SECONDS, min(self.cost, CHEAP * self.limits.seconds))

        def call(inputs: Mapping[str, np.ndarray | float]) -> Mapping[str, np.ndarray] | None:
            nonlocal left
            if left <= 0.0 or self.session.closed:
                return None
            signature = self.brief.signature
            result = self.session.call(self.source, signature.function, inputs, signature.shapes(inputs), left)
            left -= result.cost if result.status == "ok" else left
            finite = result.status == "ok" and all(np.isfinite(array).all() for array in result.outputs.values())
            return result.outputs if finite else None

        return call

    def evaluation(self) -> Evaluation:
        scores = {split: replace(score, order=self.order) for split, score in self.scores.items()}
        facts: feedback.Facts = {}
        if self.last is not None:
            split, case, outputs = self.last
            facts = feedback.success_facts(
                scores[split],
                case,
                outputs,
                self.shown,
                self.slopes,
                self.notes,
                self.probes,
                self.unstudied,
                self.called[split],
            )
        return Evaluation(
            status="ok",
            feedback=usual().said(facts) if facts else " ".join(self.notes),
            facts=facts,
            dev=scores.get("dev"),
            test=scores.get("test"),
            convergence=self.convergence,
            stdout=self.stdout,
            stderr=self.stderr,
            seconds=self.seconds,
            sandbox=self.sandbox,
            notes=tuple(self.notes),
            pilot=self.pilot,
        )


def expected(costs: Sequence[float]) -> float:
    """What the next resolution will take: as much more as the last did, and no less than twice that."""
    return costs[-1] * max(2.0, costs[-1] / costs[-2] if len(costs) > 2 and costs[-2] else 2.0)
