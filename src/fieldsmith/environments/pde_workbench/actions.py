"""What can be done in the workbench but for composing: write, look, compare."""

from typing import ClassVar, Literal

from pydantic import Field

from fieldsmith.environments.action import Action, Needs

HOURS = 4.0
"""How long a step may take; the program itself has the task's limit of processor time, which is met long before."""
RUNS = Needs(seconds=3600.0 * HOURS, place="sandbox")
"""Of what may run a program."""
LOOKS = Needs(seconds=60.0)


class WriteSolver(Action):
    """Write the whole program. It is run on the dev samples at once, and you are told how good it is or why it fails."""

    needs: ClassVar[Needs] = RUNS
    long_text: ClassVar[str] = "source"
    source: str = Field(
        description="Python source text that defines the asked function; imports included",
        min_length=1,
        max_length=200_000,
        examples=[
            "import numpy as np\n\n\ndef solver(u0_batch, t_coordinate, nu):\n    # The whole method stands here; this one leaves all as it is.\n    return np.repeat(u0_batch[:, None], len(t_coordinate), axis=1)\n"
        ],
    )


class EditSolver(Action):
    """Replace one piece of the present program's text by another. The new program is run on the dev samples at once."""

    needs: ClassVar[Needs] = RUNS
    example: ClassVar = {"old": "    steps = 100\n", "new": "    steps = 400\n"}
    old: str = Field(
        description="Text as it stands in the program, line for line with its indentation; it must occur exactly once",
        min_length=1,
        max_length=200_000,
        examples=["    steps = 100\n"],
    )
    new: str = Field(
        description="What stands there afterwards; empty to delete", max_length=200_000, examples=["    steps = 400\n"]
    )


class RestoreVersion(Action):
    """Make an earlier version the present program again; later versions stay in the list. Nothing is run."""

    needs: ClassVar[Needs] = RUNS
    example: ClassVar = {"version": 1}
    version: int = Field(description="Number of the version, as compare_versions lists them", ge=1, examples=[1])


class LookAtSolver(Action):
    """Read the present program with its line numbers. Costs no step."""

    free: ClassVar[bool] = True
    needs: ClassVar[Needs] = LOOKS
    first_line: int = Field(1, description="The first line to show", ge=1, examples=[1])
    last_line: int | None = Field(None, description="The last line to show; the end if left out", ge=1, examples=[40])


class InspectErrors(Action):
    """Look at the present program's answer to the dev samples: where and when its error arises. Costs no step."""

    free: ClassVar[bool] = True
    needs: ClassVar[Needs] = RUNS
    example: ClassVar = {"what": "error", "sample": 0}
    what: Literal["error", "residual", "solution"] = Field(
        "error",
        description="error: size of the deviation from the reference. residual: how far the program's answer is from satisfying the equation. solution: the answer itself",
    )
    sample: int | None = Field(None, description="Number of the sample; the worst if left out", ge=0, examples=[0])
    frame: int | None = Field(None, description="Number of the output time to look at closely; a telling one if left out", ge=0, examples=[1])  # fmt: skip
    field: str = Field("", description="Name of the result, or of its unknown; the worst if left out", max_length=100, examples=[""])  # fmt: skip


class ConvergenceStudy(Action):
    """See the present program's errors on smooth data at rising resolution, and the orders between them. Costs no step."""

    free: ClassVar[bool] = True
    needs: ClassVar[Needs] = RUNS


class CompareVersions(Action):
    """See all versions with their figures; with two numbers, how their texts differ too. Costs no step."""

    free: ClassVar[bool] = True
    needs: ClassVar[Needs] = LOOKS
    example: ClassVar = {"first": 1, "second": 2}
    first: int | None = Field(None, description="Version to compare from", ge=1, examples=[1])
    second: int | None = Field(
        None, description="Version to compare with; the present one if left out", ge=1, examples=[1]
    )


class ReadPage(Action):
    """Read a page on numerical methods, worked out for this equation where it can be. Costs no step."""

    free: ClassVar[bool] = True
    needs: ClassVar[Needs] = LOOKS
    example: ClassVar = {"topic": "equation"}
    topic: Literal["equation", "space", "time", "fronts", "accuracy", "samples", "speed", "mistakes"] = Field(
        description="equation: what is in it, its limits on time steps, which methods fit. space, time: the methods. fronts: thin layers and shocks. accuracy: reading errors and orders. samples: kinks, grids, interpolation. speed: fast programs. mistakes: frequent ones"
    )


LOOKING = (InspectErrors, ConvergenceStudy, CompareVersions, LookAtSolver, ReadPage)
WRITING = (WriteSolver, EditSolver)
