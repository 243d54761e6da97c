"""Programs that become the present one: evaluated unless that was done before, numbered, told about."""

import json
from collections.abc import Sequence

from fieldsmith.environments.observation import ToolFailed, Unfit
from fieldsmith.environments.pde_workbench.problem import Problem
from fieldsmith.environments.pde_workbench.running import by_the_wall, on_dev
from fieldsmith.environments.pde_workbench.scoring import panel
from fieldsmith.environments.pde_workbench.state import Choices, State, Version
from fieldsmith.environments.tools import Tools
from fieldsmith.errors import InputError
from fieldsmith.evaluation.essence import digest, essence_of
from fieldsmith.evaluation.evaluation import Evaluation
from fieldsmith.evaluation.record import evaluation_fields, evaluation_from
from fieldsmith.numerics.writing import write

MOST_STREAM = 1500
"""Characters of a program's own output that are told."""


def adopt(
    state: State,
    problem: Problem,
    source: str,
    title: str,
    tools: Tools,
    choices: Choices | None = None,
    method: str = "",
) -> str:
    """Make a program the present one, as a new version unless its text was one before; what there is to say of it.

    `method` says more about it than its title.
    """
    found = next((v for v in state.versions if v.source == digest(source)), None)
    if found is not None:
        state.source, state.current = source, found.number
        words = f"That is version {found.number} to the letter ({found.title}): it is the present program, and was not run again."
        return _told(words, method, said(state, evaluation_of(state, problem, tools)))
    twin = state.same(essence_of(source))
    evaluation = evaluation_of(state, problem, tools, twin) if twin else on_dev(problem, source, tools)
    version = _version(len(state.versions) + 1, source, title, evaluation, choices, tools)
    state.source, state.current = source, version.number
    state.versions.append(version)
    words = f"Version {version.number}: {title}."
    if twin:
        words += f" It does what version {twin.number} does, so it was not run again. What was found then:"
    return _told(words, method, said(state, evaluation))


def restore(state: State, problem: Problem, number: int, tools: Tools) -> str:
    """Make an earlier version the present program. Raises Unfit for a number that none has."""
    version = state.numbered(number)
    if version is None:
        known = f"There are versions 1 to {len(state.versions)}." if state.versions else "There is no version yet."
        raise Unfit(f"There is no version {number}.", known)
    state.source, state.current = source_of(problem, version, tools), number
    words = f"Version {number} is the present program again: {version.title}."
    return _told(words, said(state, evaluation_of(state, problem, tools)))


def source_of(problem: Problem, version: Version, tools: Tools) -> str:
    """A version's text: as it was kept, or composed again. Raises ToolFailed where neither is possible."""
    try:
        return tools.content(version.source).decode("utf-8", "surrogatepass")
    except InputError:
        if version.choices is None:
            words = f"The text of version {version.number} is not kept on this machine."
            raise ToolFailed(words, "Write it once more.") from None
        return write(problem.plain, version.choices).source


def evaluation_of(state: State, problem: Problem, tools: Tools, version: Version | None = None) -> Evaluation:
    """What was found of a version, the present one unless another is given: as it was kept, or found again."""
    chosen = version or state.version
    if chosen is None:
        raise Unfit("There is no program yet.", "Write one, or choose a method.")
    try:
        return evaluation_from(json.loads(tools.content(chosen.evaluation)))
    except InputError:
        return on_dev(problem, state.source if version is None else source_of(problem, version, tools), tools)


def _version(
    number: int, source: str, title: str, evaluation: Evaluation, choices: Choices | None, tools: Tools
) -> Version:
    text = source.encode("utf-8", "surrogatepass")
    program = tools.keep(f"version-{number}.py", text, "text/x-python", f"Version {number}: {title}")
    found = json.dumps(evaluation_fields(evaluation), sort_keys=True)
    kept = tools.keep(f"version-{number}.json", found, "application/json", f"What was found of version {number}")
    return Version(
        number=number,
        title=title,
        source=program.digest,
        evaluation=kept.digest,
        essence="" if by_the_wall(evaluation) else essence_of(source),
        status=evaluation.status,
        figures=panel(evaluation),
        choices=choices,
    )


def said(state: State, evaluation: Evaluation) -> str:
    """How the present program did, and where it stands among the versions."""
    parts = [] if evaluation.status == "ok" else [FAILURES[evaluation.status]]
    parts += [evaluation.feedback, _printed(evaluation), _standing(state)]
    return _told(*parts)


FAILURES = {
    "crashed": "The program fails: it raises an exception.",
    "timeout": "The program fails: it takes too long.",
    "out_of_memory": "The program fails: it takes too much memory.",
    "missing_function": "The program fails: it lacks the asked function.",
    "bad_output": "The program fails: it does not return what is asked.",
    "not_finite": "The program fails: what it returns is not finite.",
    "hopeless": "The program fails: in a pilot it is worse than no computation.",
}


def _told(*parts: str) -> str:
    return "\n\n".join(filter(None, parts))


def _printed(evaluation: Evaluation) -> str:
    told = [("It printed", evaluation.stdout), ("It wrote to standard error", evaluation.stderr)]
    return "\n\n".join(f"{words}:\n{text[-MOST_STREAM:]}" for words, text in told if text.strip())


def _standing(state: State) -> str:
    """The sentence that tells what to go on from."""
    present, best = state.version, state.best
    if present is None:
        return ""
    if not present.runs:
        back = _named(best) if best else ""
        return f"Handed in like this it scores 0.{f' The best so far is {back}: restore_version brings it back.' if back else ''}"
    if best is None or best.rank <= present.rank:
        others = [version for version in state.versions if version.number != present.number]
        if present.score >= 1.0:
            return "Its score is as high as it can be: hand it in."
        return "This is the best version so far." if _beaten(others) else ""
    return f"The best so far is {_named(best)}."


def _beaten(others: Sequence[Version]) -> bool:
    return any(version.runs for version in others)


def _named(version: Version) -> str:
    nrmse = version.figures.get("nrmse")
    return f"version {version.number} ({f'nRMSE {nrmse:.2e}' if nrmse is not None else f'score {version.score:.3f}'})"
