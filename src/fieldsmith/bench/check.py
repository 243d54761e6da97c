"""Whether a suite's cells can be asked at all: names, numbers and settings, before the first of them runs; neither keys nor sandboxes, which may come later."""

import contextlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fieldsmith import environments
from fieldsmith.agents.author import BUILT_IN
from fieldsmith.agents.authors import open_author
from fieldsmith.agents.prompts import Prompts
from fieldsmith.bench.ended import SCORE
from fieldsmith.bench.suite import Cell, Suite
from fieldsmith.errors import FieldsmithError, InputError
from fieldsmith.orchestrator.episodes.question import EpisodeQuestion
from fieldsmith.orchestrator.episodes.run import open_agent
from fieldsmith.orchestrator.open import open_task
from fieldsmith.orchestrator.question import Question
from fieldsmith.sandboxes import NAMES
from fieldsmith.strategies import leaves_open, open_strategy, strategy_settings


def checked(suite: Suite) -> set[str]:
    """The figures by which its cells are judged. Raises InputError that names the cell and what is wrong; paths go by where the suite lies."""
    asking = Asking()
    metrics: set[str] = set()
    with contextlib.chdir(suite.file.absolute().parent):
        for cell in suite.cells:
            try:
                metrics.add(asking.about(cell))
            except FieldsmithError as error:
                raise InputError(f"{suite.file}: {cell.name}: {error.message}", error.hint) from None
    return metrics


class Asking:
    """Asks the same once, however many cells have it."""

    def __init__(self) -> None:
        self._answers: dict[tuple[object, ...], object] = {}

    def about(self, cell: Cell) -> str:
        """What its result is judged by. Raises InputError, MissingPart."""
        question = cell.question
        if question.sandbox not in NAMES:
            raise InputError(f"There is no sandbox {question.sandbox!r}.", f"Use one of {', '.join(NAMES)}.")
        return self._episodes(question) if isinstance(question, EpisodeQuestion) else self._solving(question)

    def _solving(self, question: Question) -> str:
        options, strategy = question.strategy_options or {}, str(question.strategy)
        self._once(("strategy", strategy, *options.items()), lambda: _opened(strategy, options))
        if question.model is None:
            author = str(question.author or BUILT_IN)
            self._once(("author", author), lambda: open_author(author, question.seed))
        elif (style := question.prompt_style) is not None and question.prompts is None:
            self._once(("style", style), lambda: Prompts(style, {}))
        param = (question.param or {}).items()
        place = ("task", question.task, question.scale, str(question.data), *param)
        return str(self._once(place, lambda: open_task(question).metric.name))

    def _episodes(self, question: EpisodeQuestion) -> str:
        place, agent = question.environment, question.agent
        env: Any = self._once(("env", place), lambda: environments.load(place))
        task = env.named_task(question.task)
        if agent and question.model is None:
            self._once(("agent", place, task, agent), lambda: open_agent(agent, env, task, question.seed))
        return SCORE

    def _once(self, key: Iterable[object], answer: Callable[[], object]) -> object:
        known = tuple(map(str, key))
        if known not in self._answers:
            self._answers[known] = answer()
        return self._answers[known]


def _opened(strategy: str, options: Mapping[str, object]) -> object:
    """What has such settings, which itself may refuse their values."""
    chosen = {name: 1 for name in ("drafts", "width") if leaves_open(strategy, name)}
    return open_strategy(strategy, **{**chosen, **strategy_settings(strategy, options)})
