"""Where programs of runs run again: with the image, the container runtime and the GPUs that each run asked for, in sandboxes that are opened once."""

import contextlib
from types import TracebackType

from fieldsmith import sandboxes
from fieldsmith.errors import InputError
from fieldsmith.orchestrator.question import Question
from fieldsmith.sandboxes.sandbox import Sandbox


class Places:
    """The sandboxes of several runs; a context, which closes them.

    sandbox: its name for all of them; what each run asked for if None, which is for questions of one's own: a run that somebody else has made may ask for no isolation at all.
    """

    def __init__(self, sandbox: str | None = "auto") -> None:
        """Raises InputError for a name that there is not."""
        if sandbox is not None and sandbox not in sandboxes.NAMES:
            raise InputError(f"There is no sandbox {sandbox!r}.", f"Use one of {', '.join(sandboxes.NAMES)}.")
        self.sandbox = sandbox
        self._opened: dict[tuple[str, str, str, str], Sandbox] = {}
        self._stack = contextlib.ExitStack()

    def of(self, question: Question) -> Sandbox:
        """The sandbox for programs of a run that asked this. Raises MissingPart for what is not here, InputError for what does not go together."""
        wanted = self.sandbox or question.sandbox, question.image, question.docker_runtime, question.gpus
        if wanted not in self._opened:
            kind, image, runtime, gpus = wanted
            place = sandboxes.choose(kind, image=image, runtime=runtime, gpus=gpus)
            self._opened[wanted] = self._stack.enter_context(place)
        return self._opened[wanted]

    def __enter__(self) -> "Places":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)
