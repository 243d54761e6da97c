"""Fieldsmith itself as a server: its tools let any assistant hand over a problem and take back a solver that was measured.

A tool is a method of `Desk` and a line of `tools_of`. Nothing that a client says is read as a path or imported.
"""

from typing import Annotated, Literal

import anyio
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from pydantic import BaseModel, Field

from fieldsmith import __version__, sandboxes, tasks
from fieldsmith.bridges.mcp.allowed import NUMERICS, Allowed, Author, Candidates, Seed, named
from fieldsmith.bridges.mcp.answers import (
    CandidateShown,
    Evaluated,
    RunList,
    RunRow,
    Solved,
    Started,
    Statement,
    TaskList,
    TaskRow,
    Watched,
)
from fieldsmith.bridges.mcp.problem_texts import ProblemDesk
from fieldsmith.bridges.mcp.solving import Runs
from fieldsmith.bridges.mcp.tools import Tool, aside
from fieldsmith.errors import FieldsmithError, InputError
from fieldsmith.orchestrator.children import Children
from fieldsmith.orchestrator.record import load_run
from fieldsmith.sandboxes.owner import temporary_folder

LONGEST_PROGRAM = 500_000
"""Characters."""
LONGEST_WAIT = 600.0
LISTED = 50
POLL = 0.2
TELLING = 2.0
"""Seconds between two words of progress."""
GOING_ON = ("starting", "running")
INSTRUCTIONS = """Fieldsmith forges solvers of partial differential equations: an author writes programs, a sandbox runs them, a judge that the
programs never see scores them against trusted references. The way: list_tasks, show_task, start_solve, watch_run until the state is
done, fetch_solver. A problem of one's own, as the text of a problem file: check_problem, solve_problem, watch_run, fetch_solution. To score a program that you wrote yourself: show_task, evaluate_program. Figures are measured; null means not known."""

TaskName = Annotated[str, Field(description="A task's name, as list_tasks tells it.", max_length=200)]
Parameters = Annotated[
    dict[str, float] | None, Field(description="Parameters by name; those left out have the task's defaults.")
]
Scale = Annotated[
    str, Field(description="demo is quick; paper and hard are larger, where the task has them.", max_length=50)
]
RunName = Annotated[str, Field(description="A run's name, as start_solve and list_runs tell it.", max_length=300)]


class Limits(BaseModel):
    """What this server's owner allows."""

    authors: list[str] = Field(description="Who may be asked to write the programs; numerics needs no model.")
    candidates: int = Field(description="Programs of one run at most.")
    max_hours: float | None = Field(description="Wall time of one run at most.")
    max_cost: float | None = Field(description="US dollars of all runs together.")
    max_tokens: float | None = Field(description="Tokens of all runs together.")
    runs_at_once: int
    going_on: list[str] = Field(description="Runs of this server that go on.")
    version: str


class Desk:
    """Takes what clients ask, within what the owner allows; `children` are the processes that do it."""

    def __init__(self, allowed: Allowed) -> None:
        self.allowed, self.children = allowed, Children()
        self.runs = Runs(allowed, self.children)
        self.problems = ProblemDesk(allowed, self.runs)
        self._evaluating = anyio.CapacityLimiter(allowed.at_once)

    def list_tasks(self) -> TaskList:
        """Lists the tasks that can be solved: name, title, parameters with default and range, scales."""
        return TaskList(tasks=[TaskRow.of(name, kind) for name, kind in tasks.kinds().items()])

    def show_task(self, task: TaskName, parameters: Parameters = None, scale: Scale = "demo") -> Statement:
        """Shows a task as an author of programs sees it: equation, data, the function to define, time limit."""
        problem = tasks.load(named(task), parameters, scale)
        place = sandboxes.choose(trusted=True, image=self.allowed.question.image)
        return Statement.of(problem, problem.brief(place.libraries()))

    def show_limits(self) -> Limits:
        """Shows what the owner of this server allows: authors, programs a run, hours, dollars, runs at once."""
        question = self.allowed.question
        return Limits(
            authors=self.allowed.authors,
            candidates=self.allowed.candidates,
            max_hours=question.max_hours,
            max_cost=question.max_cost,
            max_tokens=question.max_tokens,
            runs_at_once=self.allowed.at_once,
            going_on=self.children.running,
            version=__version__,
        )

    def start_solve(
        self,
        task: TaskName,
        parameters: Parameters = None,
        scale: Scale = "demo",
        author: Author = NUMERICS,
        candidates: Candidates = None,
        seed: Seed = 0,
    ) -> Started:
        """Starts to solve a task and returns at once; watch_run tells how it goes.

        The same call again takes up a run that was interrupted, with more candidates one that is done. Programs run in a sandbox.
        A run ends with the server; what it has found is kept.
        """
        question = self.allowed.asked(task, parameters or {}, scale, author, candidates, seed)
        name, place = self.runs.start(question)
        return Started(
            run=name,
            state="starting",
            author=author,
            candidates_allowed=question.candidates,
            sandbox=place,
            report=str((self.allowed.folder / name / "report.html").resolve()),
        )

    async def watch_run(
        self,
        context: Context,
        run: RunName,
        known: Annotated[
            list[str] | None, Field(description="Candidates you were told of; others that are finished are new.")
        ] = None,
        wait_seconds: Annotated[
            float, Field(description="Waits this long for something new; 0 returns at once.", ge=0, le=LONGEST_WAIT)
        ] = 20.0,
    ) -> Watched:
        """Tells how a run goes: state, new candidates, the best error so far, spend. Returns when there is something new."""
        begun, told = anyio.current_time(), 0.0
        while True:
            seen = await aside(lambda: self.runs.watched(run, known or []))
            passed = anyio.current_time() - begun
            if seen.new or seen.state not in GOING_ON or passed >= wait_seconds:
                return seen
            if passed >= told:
                words = f"{seen.state}: {_best_words(seen)}"
                await context.report_progress(seen.candidates, seen.candidates_allowed, words)
                told += TELLING
            await anyio.sleep(POLL)

    def stop_run(self, run: RunName) -> Watched:
        """Ends a run that this server has started, cleanly: what it has found is kept, and start_solve takes it up again."""
        return self.runs.stop(run)

    def list_runs(self) -> RunList:
        """Lists the runs of this server's folder with state, best error and spend, the newest last."""
        found, unreadable = [], []
        for place in self.allowed.places():
            try:
                found.append(RunRow.of(load_run(place, pictures=False)))
            except FieldsmithError as error:
                unreadable.append(f"{place.name}: {error.message}")
        return RunList(runs=sorted(found, key=lambda row: row.begun)[-LISTED:], unreadable=unreadable)

    def fetch_solver(self, run: RunName) -> Solved:
        """Fetches the best program of a run, with its measured figures and the paths of program and report.

        A run that is not done has no figures on the test split yet.
        """
        found = self.allowed.run(run)
        if found.best is None:
            raise InputError(
                f"No program of {run} has run. {found.message}".strip(), "show_candidate tells why one failed."
            )
        return Solved.of(found, found.best.candidate)

    def show_candidate(
        self,
        run: RunName,
        candidate: Annotated[str, Field(description="Its name in the run, such as 2.1.", max_length=50)],
    ) -> CandidateShown:
        """Shows one candidate of a run: its program, its figures on dev, and the feedback that its author got."""
        found = self.allowed.run(run)
        known = {one.slot: one for one in found.candidates}
        if candidate not in known:
            raise InputError(f"{run} has no candidate {candidate!r}.", f"It has {', '.join(known) or 'none'}.")
        return CandidateShown.shown(found, known[candidate])

    async def evaluate_program(
        self,
        context: Context,
        task: TaskName,
        program: Annotated[
            str,
            Field(description="Source text that defines the function of show_task's stub.", max_length=LONGEST_PROGRAM),
        ],
        parameters: Parameters = None,
        scale: Scale = "demo",
        split: Annotated[
            Literal["dev", "test", "both"],
            Field(description="Improve on dev; test is for the figure that you report, once."),
        ] = "dev",
        order: Annotated[bool, Field(description="Measures the order of convergence too, which takes longer.")] = True,
    ) -> Evaluated:
        """Runs a program of yours in the sandbox and scores it against the trusted references."""
        problem = await aside(lambda: tasks.load(named(task), parameters, scale))
        with temporary_folder() as folder:
            file = folder / "program.py"
            file.write_text(program, encoding="utf-8", errors="replace")
            options = ["--split", split, "--order" if order else "--no-order", "--scale", scale]
            for key, value in problem.parameters.items():
                options += ["--param", f"{key}={value!r}"]
            async with self._evaluating:
                told = await self._done(context, ["evaluate", task, str(file), *options, *self._place()])
        return Evaluated.model_validate(told)

    def _place(self) -> list[str]:
        """Where programs run, as options."""
        asked = self.allowed.question
        given = {
            "--sandbox": asked.sandbox,
            "--image": asked.image,
            "--docker-runtime": asked.docker_runtime,
            "--gpus": asked.gpus,
        }
        return [word for option, value in given.items() if value for word in (option, value)]

    async def _done(self, context: Context, words: list[str]) -> dict[str, object]:
        """The result of a command, which is ended where the call is broken off or takes longer than a run may."""
        child = self.children.start(words)
        begun, told = anyio.current_time(), 0.0
        try:
            while child.running:
                passed = anyio.current_time() - begun
                if passed > (self.allowed.question.max_hours or 1.0) * 3600.0:
                    raise InputError(
                        "The evaluation has taken longer than the server's owner allows.", "Ask for a smaller scale."
                    )
                if passed >= told:
                    await context.report_progress(passed, None, "evaluating")
                    told += TELLING
                await anyio.sleep(POLL)
            return child.result()
        finally:
            child.ask_to_end()
            with anyio.CancelScope(shield=True):
                await aside(lambda: self.children.drop(child))

    def close(self) -> None:
        """End all that goes on, so that the same calls take it up."""
        self.children.close()


def tools_of(desk: Desk) -> list[Tool]:
    """All tools, in the order in which they are used."""
    return [
        Tool(desk.list_tasks, "List the tasks", reads_only=True, repeatable=True),
        Tool(desk.show_task, "Show a task", reads_only=True, repeatable=True),
        Tool(desk.show_limits, "Show what is allowed", reads_only=True, repeatable=True),
        Tool(desk.start_solve, "Start to solve a task", repeatable=True, outward=True),
        Tool(desk.problems.check_problem, "Check a problem of your own", reads_only=True, repeatable=True),
        Tool(desk.problems.solve_problem, "Start to solve a problem of your own", repeatable=True, outward=True),
        Tool(desk.watch_run, "Watch a run", reads_only=True, repeatable=True),
        Tool(desk.stop_run, "Stop a run", destroys=True, repeatable=True),
        Tool(desk.list_runs, "List the runs", reads_only=True, repeatable=True),
        Tool(desk.fetch_solver, "Fetch the solver", reads_only=True, repeatable=True),
        Tool(desk.problems.fetch_solution, "Fetch the solution", reads_only=True, repeatable=True),
        Tool(desk.show_candidate, "Show a candidate", reads_only=True, repeatable=True),
        Tool(desk.evaluate_program, "Score a program", reads_only=True, repeatable=True),
    ]


def server_of(desk: Desk) -> MCPServer:
    return MCPServer(
        "fieldsmith",
        title="Fieldsmith",
        instructions=INSTRUCTIONS,
        version=__version__,
        tools=[tool.made() for tool in tools_of(desk)],
        log_level="WARNING",
    )


def _best_words(seen: RunRow) -> str:
    return f"best {seen.best.value:.3e}" if seen.best and seen.best.value is not None else "none has run yet"
