"""The words of this room: a suite is a TOML file that names what is compared; a cell of its grid is one run.

    title = "..."            seeds = 3, or [0, 1, 2]; baselines = false to have none
    [options]                of every cell, as `solve` takes them
    [[tasks]]                task = "burgers", param = {nu = 0.01}, scale = "demo"; or task = "mine.toml", a problem file beside the suite
    [[authors]]              name = "gpt", model = "openai:..."; author = "scan"; without either the built-in author
    [[strategies]]           strategy = "refine", candidates = 12
    [[environments]]         environment = "pde-workbench", tasks = ["burgers"]
    [[agents]]               model = "openai:...", or agent = "random"
    [[published]]            author = "...", source = "...", errors = {burgers = 1.2e-4}

The grid is tasks x authors x strategies x seeds, the baselines that are not among them (`baselines.py`), and environments' tasks x agents x seeds. `name` in a table is what it is called in the results; what a later
table says goes before what an earlier one says.
"""

import difflib
import hashlib
import itertools
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import tomli_w

from fieldsmith.agents.author import BUILT_IN
from fieldsmith.bench.baselines import OF_A_MODEL, Placed, missing
from fieldsmith.errors import InputError
from fieldsmith.folders import expanded
from fieldsmith.orchestrator.episodes.question import EpisodeQuestion
from fieldsmith.orchestrator.question import Question, option_of
from fieldsmith.tasks.places import is_problem_file

SHIPPED = Path(__file__).parent / "suites"
TOP = (
    "title",
    "seeds",
    "baselines",
    "options",
    "tasks",
    "authors",
    "strategies",
    "environments",
    "agents",
    "published",
)
KEPT = "suite.toml"
"""In a benchmark's folder: the suite as it was last run."""
NOT_A_CELLS = ("run_dir", "seed", "on_finish")
"""Options that the grid itself gives, or that are no matter of a cell."""
MOST_CELLS = 100_000
Table = Mapping[str, Any]


@dataclass(frozen=True)
class Cell:
    """One run of the grid. task, author, strategy: what each is called in the results; an environment's cell has its agent as author."""

    task: str
    author: str
    strategy: str
    seed: int
    question: Question | EpisodeQuestion

    @property
    def name(self) -> str:
        """By which `--cells` chooses."""
        return "/".join(filter(None, (self.task, self.author, self.strategy, str(self.seed))))

    @property
    def folder(self) -> str:
        """A name of a folder that no other cell has: one that is asked otherwise, its budget apart, is another run."""
        plain = re.sub(r"[^A-Za-z0-9.]+", "-", self.name).strip("-.")[:80]
        asked = {
            one.name: str(getattr(self.question, one.name)) for one in fields(self.question) if option_of(one).same
        }
        return f"{plain}-{hashlib.sha256(repr((self.name, asked)).encode()).hexdigest()[:6]}"

    @property
    def acts(self) -> bool:
        """Whether it is one of an agent in an environment."""
        return isinstance(self.question, EpisodeQuestion)


@dataclass(frozen=True)
class Published:
    """Figures that others have published, for a row beside those that were measured: errors by the tasks' names in the results, and where they are from."""

    author: str
    source: str
    errors: Mapping[str, float]


@dataclass(frozen=True)
class Suite:
    """`file` is where it was read from, `text` what it said."""

    file: Path
    title: str
    cells: tuple[Cell, ...]
    published: tuple[Published, ...] = ()
    text: str = ""

    @property
    def name(self) -> str:
        return self.file.stem

    @property
    def kept_text(self) -> str:
        """What it said, with the title that it has of its file's name where it gives none: under another name it is the same suite."""
        own = "title" in tomllib.loads(self.text)
        return self.text if own else f"{tomli_w.dumps({'title': self.title})}{self.text}"

    def chosen(self, pattern: str) -> "Suite":
        """Its cells whose names fit a pattern such as `burgers*/gpt/*`. Raises InputError where none does."""
        from dataclasses import replace
        from fnmatch import fnmatchcase

        found = tuple(cell for cell in self.cells if fnmatchcase(cell.name, pattern))
        if not found:
            words = f"No cell of {self.file} is called {pattern!r}."
            raise InputError(words, f"For example: {', '.join(cell.name for cell in self.cells[:3])}.")
        return replace(self, cells=found)


def shipped() -> list[str]:
    """The names of the suites that come along."""
    return sorted(file.stem for file in SHIPPED.glob("*.toml"))


def read_suite(place: str) -> Suite:
    """The suite of a file, or one that comes along by its name. Raises InputError for what is no suite, with the place and what would be right."""
    file = expanded(place)
    if place in shipped() and not file.is_file():  # a folder of that name may be where its grid lies
        file = SHIPPED / f"{place}.toml"
    text, content = _content(file)
    for name in content:
        if name not in TOP:
            raise InputError(f"{file}: there is no table {name!r}.{_meant(name, TOP)}", f"There are {', '.join(TOP)}.")
    cells = tuple(_cells(file, content))
    if _has_baselines(file, content):  # first, since they cost little or nothing, and a budget may end before the rest
        cells = (*(Cell(*one) for one in missing(_placed(cells))), *cells)
    if not cells:
        words = f"{file} has no cells."
        raise InputError(words, "Give [[tasks]], or [[environments]] with [[agents]].")
    for cell in cells:
        _check(file, cell)
    twice = [name for name, group in itertools.groupby(sorted(cell.name for cell in cells)) if len(list(group)) > 1]
    if twice:
        words = f"{file}: two cells are called {twice[0]!r}."
        raise InputError(words, "Give one of the tables that make them another name = ….")
    tasks = {name for cell in cells for name in (cell.task, re.split("[,@]", cell.task)[0])}
    return Suite(file, str(content.get("title", file.stem)), cells, tuple(_published(file, content, tasks)), text)


def kept_suite(folder: Path) -> Suite | None:
    """The suite that a benchmark's folder was last run with; None where it is not there. Raises InputError for one that cannot be read any more."""
    return read_suite(str(folder / KEPT)) if (folder / KEPT).is_file() else None


def _has_baselines(file: Path, content: Table) -> bool:
    wanted = content.get("baselines", True)
    if not isinstance(wanted, bool):
        raise InputError(f"{file}: baselines = {wanted!r} is neither true nor false.", "Write baselines = false.")
    return wanted


def _placed(cells: Sequence[Cell]) -> list[Placed]:
    """The cells in which programs are written."""
    return [(c.task, c.author, c.strategy, c.seed, c.question) for c in cells if isinstance(c.question, Question)]


def _content(file: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = file.read_text(encoding="utf-8")
        return text, tomllib.loads(text)
    except OSError as error:
        words = f"The suite {file} cannot be read: {error.strerror}.{_meant(str(file), shipped())}"
        raise InputError(words, f"Give a TOML file, or one of {', '.join(shipped())}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{file} is not valid TOML: {error}.", "Mend the file.") from None


def _cells(file: Path, content: Table) -> Iterator[Cell]:
    seeds = _seeds(file, content.get("seeds", 1))
    options = _table(file, content, "options")
    tasks, authors = _tables(file, content, "tasks"), _tables(file, content, "authors") or [{"name": BUILT_IN}]
    strategies = _tables(file, content, "strategies") or [{}]
    if len(tasks) * len(authors) * len(strategies) * len(seeds) > MOST_CELLS:
        raise InputError(f"{file} has more than {MOST_CELLS:,} cells.", "Make several suites of it.")
    names = [str(one.get("name") or one.get("strategy") or "refine") for one in strategies]
    for task, author, strategy in itertools.product(tasks, authors, strategies):
        wanted = _names_in(file, author, "authors", "strategies")
        for name in wanted or ():
            if name not in names:
                raise InputError(f"{file}: an author takes part in {name!r}, no strategy of the suite.{_meant(name, names)}", f"There are {', '.join(names)}.")  # fmt: skip
        called = str(strategy.get("name") or strategy.get("strategy") or "refine")
        if wanted is None or called in wanted:
            for seed in seeds:
                yield _solving(file, options, task, author, strategy, called, seed)
    environments, agents = _tables(file, content, "environments"), _tables(file, content, "agents")
    if bool(environments) != bool(agents):
        raise InputError(f"{file}: environments are played by agents.", "Give both [[environments]] and [[agents]].")
    for environment, agent in itertools.product(environments, agents):
        for task in _names_in(file, environment, "environments", "tasks") or [""]:
            for seed in seeds:
                yield _playing(file, options, environment, str(task), agent, seed)


def _solving(file: Path, options: Table, task: Table, author: Table, strategy: Table, called: str, seed: int) -> Cell:
    known = _names(Question)
    own = {"tasks": task, "authors": author, "strategies": strategy}
    values = {name: value for name, value in options.items() if name in known}
    if "model" not in author:
        values = {name: value for name, value in values.items() if name not in OF_A_MODEL}
    for table, given in own.items():
        values |= _known(file, table, given, known, ("name", "strategies"))
    if "task" not in values:
        raise InputError(f"{file}: a [[tasks]] has no task.", 'Write task = "burgers".')
    named = values["task"]
    if isinstance(named, str) and is_problem_file(named):  # it lies where the suite says, whoever calls from wherever
        values["task"] = str(file.parent.resolve() / expanded(named))
    param = values.get("param") or {}
    if not isinstance(param, Mapping) or not all(type(value) in (int, float) for value in param.values()):
        raise InputError(f"{file}: param = {param!r} is no table of numbers.", "Write param = { nu = 0.01 }.")
    if author.get("name", BUILT_IN) != BUILT_IN and not any(values.get(one) for one in ("model", "author")):
        words = f"{file}: the author {author['name']!r} has neither a model nor another author."
        raise InputError(words, f'Write model = "…" beside its name, or author = "{BUILT_IN}".')
    names = (
        str(task.get("name") or task_name(values)),
        str(author.get("name") or author.get("model") or author.get("author") or BUILT_IN),
    )
    return Cell(*names, called, seed, _made(file, Question, {**values, "seed": seed}))


def _playing(file: Path, options: Table, environment: Table, task: str, agent: Table, seed: int) -> Cell:
    known = _names(EpisodeQuestion)
    values = {name: value for name, value in options.items() if name in known and name not in OF_A_MODEL}
    values |= _known(file, "environments", environment, known, ("name", "tasks"))
    values |= _known(file, "agents", agent, known, ("name",))
    if "environment" not in values:
        raise InputError(f"{file}: an [[environments]] has no environment.", 'Write environment = "pde-workbench".')
    where = str(environment.get("name") or values["environment"])
    called = str(agent.get("name") or agent.get("model") or agent.get("agent") or "")
    place = f"{where}:{task}" if task else where
    return Cell(place, called, "", seed, _made(file, EpisodeQuestion, {**values, "task": task, "seed": seed}))


def _published(file: Path, content: Table, tasks: Collection[str]) -> Iterator[Published]:
    for one in _tables(file, content, "published"):
        errors = one.get("errors", {})
        sound = isinstance(errors, Mapping) and all(type(e) in (float, int) and e > 0.0 for e in errors.values())
        if not sound or not errors or not one.get("author") or not one.get("source") or len(one) > 3:
            words = f"{file}: a [[published]] is not whole."
            raise InputError(words, 'Write author = "…", source = "…" and errors = {burgers = 1.2e-4}.')
        for task in errors:
            if task not in tasks:
                raise InputError(f"{file}: a [[published]] has figures of {task!r}, no task of the grid.{_meant(task, sorted(tasks))}", "Mend the name.")  # fmt: skip
        yield Published(str(one["author"]), str(one["source"]), errors)


def task_name(values: Table) -> str:
    """The task with what is not as usual."""
    given = "".join(f",{name}={value:g}" for name, value in (values.get("param") or {}).items())
    scale = values.get("scale", "demo")
    task = str(values["task"])
    if is_problem_file(task):
        from fieldsmith.tasks.own.files import name_of  # with SymPy

        task = name_of(Path(task).stem)
    return f"{task}{given}{'' if scale == 'demo' else f'@{scale}'}"


def _names(kind: type[Any]) -> list[str]:
    return [one.name for one in fields(kind) if one.name not in NOT_A_CELLS]


def _known(file: Path, table: str, given: Table, known: Sequence[str], more: Sequence[str]) -> dict[str, Any]:
    """What a table gives of a question. Raises InputError for a name that there is not."""
    for name in given:
        if name not in known and name not in more:
            right = ", ".join([*more, *known])
            raise InputError(f"{file}: [[{table}]] has no {name!r}.{_meant(name, [*more, *known])}", f"It has {right}.")
    return {name: value for name, value in given.items() if name in known}


def _made(file: Path, kind: type[Any], values: Table) -> Any:
    try:
        return kind(**values)
    except (TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{file}: {error}.", "Mend the file.") from None


def _check(file: Path, cell: Cell) -> None:
    try:
        cell.question.check()
    except InputError as error:
        raise InputError(f"{file}: {cell.name}: {error.message}", error.hint) from None


def _seeds(file: Path, given: Any) -> list[int]:
    whole = isinstance(given, int) and not isinstance(given, bool)
    if whole and given > MOST_CELLS:
        raise InputError(f"{file}: seeds = {given} are more than {MOST_CELLS:,}.", "Make several suites of it.")
    seeds: list[int] = list(range(given)) if whole else given if isinstance(given, list) else []
    if not seeds or not all(type(one) is int and one >= 0 for one in seeds):
        raise InputError(f"{file}: seeds = {given!r} are no seeds.", "Write how many, or a list such as [0, 1, 2].")
    if len(set(seeds)) < len(seeds):
        twice = next(one for one in seeds if seeds.count(one) > 1)
        raise InputError(f"{file}: seeds = {given!r} name {twice} more than once.", "Write each seed once.")
    return seeds


def _names_in(file: Path, table: Table, of: str, name: str) -> list[str] | None:
    given = table.get(name)
    if given is not None and not (isinstance(given, list) and all(isinstance(one, str) for one in given)):
        raise InputError(f"{file}: {name} = {given!r} in [[{of}]] is no list of names.", f'Write {name} = ["…"].')
    return given


def _table(file: Path, content: Table, name: str) -> Table:
    given = content.get(name, {})
    if not isinstance(given, Mapping):
        raise InputError(f"{file}: {name} is no table.", f"Write [{name}] and lines below it.")
    known = {*_names(Question), *_names(EpisodeQuestion)}
    for key in given:
        if key not in known:
            raise InputError(f"{file}: [{name}] has no {key!r}.{_meant(key, sorted(known))}", f"It has {', '.join(sorted(known))}.")  # fmt: skip
    return given


def _tables(file: Path, content: Table, name: str) -> list[Table]:
    given = content.get(name, [])
    if not isinstance(given, list) or not all(isinstance(one, Mapping) for one in given):
        raise InputError(f"{file}: {name} is no list of tables.", f"Write [[{name}]] above each of them.")
    for one in given:
        if "/" in str(one.get("name", "")):
            words = (
                f'{file}: the name {one["name"]!r} in [[{name}]] has a "/", which parts the words of a cell\'s name.'
            )
            raise InputError(words, "Give it another name.")
    return given


def _meant(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, 1, 0.5)
    return f" Did you mean {close[0]!r}?" if close else ""
