"""Plug-ins of other distributions: a good one works by its name, a bad one is told to those who ask for it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import command_line
from fieldsmith.agents.author import Draft
from fieldsmith.agents.authors import open_author
from fieldsmith.agents.numerics_author import NumericsAuthor
from fieldsmith.errors import InputError, MissingPart
from fieldsmith.models import open_model
from fieldsmith.numerics import menu
from fieldsmith.numerics.methods import BUILT_INS, families, family
from fieldsmith.orchestrator.open import open_solve
from fieldsmith.orchestrator.question import Question
from fieldsmith.plugins import warn_once
from fieldsmith.strategies import open_strategy
from fieldsmith.tasks import load, names
from plug_ins import distribution, with_plug_ins
from small_task import SOURCE

GOOD = """
from fieldsmith.tasks.advection import Advection
from fieldsmith.tasks import Task
from fieldsmith.agents.numerics_author import NumericsAuthor
from fieldsmith.strategies import Ask, Draft, RefineBest, Rounds

class Drift(Advection):
    name, title = "drift", "Drift"

class Loose(Advection):
    name, title, known_parameters = "loose", "Loose", {"beta": 0.1}

class Half(Task):
    name, title, known_parameters = "half", "Half", {}

class Once:
    name = "once"
    def ask(self, history, limit, left):
        return () if history else (Ask(Draft(), "1"),)

class Own(Once):
    name = "own"
    def __init__(self, drafts: int = 3, width: str = "narrow"):
        self.settings = drafts, width

class Told(Once):
    name = "told"
    def __init__(self, drafts: int, width: int):
        self.settings = drafts, width

class Kin(RefineBest):
    name = "kin"

class Turns(Rounds):
    name = "turns"
    def begin(self, *given):
        return Draft()

class Dealer(NumericsAuthor):
    label = "dealer"
    def __init__(self, seed):
        self.seed = seed

class Nobody:
    def write(self, brief, move, slot, history):
        raise NotImplementedError

def open_dummy(name, base_url, key_file, settings):
    return object()
"""
TASKS, STRATEGIES, MODELS = "fieldsmith.tasks", "fieldsmith.strategies", "fieldsmith.models"
AUTHORS = "fieldsmith.authors"


def run(folder: Path, *words: object) -> subprocess.CompletedProcess[str]:
    return command_line.run(*words, cwd=folder, env=with_plug_ins(folder))


@pytest.fixture
def strangers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a machine may have: one good distribution, and some that are not."""
    tasks = [f"{name.lower()} = good_parts:{name}" for name in ("Drift", "Loose", "Half")] + [
        "drifting = good_parts:Drift"
    ]
    strategies = "\n".join(f"{name.lower()} = good_parts:{name}" for name in ("Once", "Own", "Told", "Kin", "Turns"))
    authors = "dealer = good_parts:Dealer\nnobody = good_parts:Nobody"
    good = {TASKS: "\n".join(tasks), STRATEGIES: strategies, AUTHORS: authors}
    distribution(tmp_path, "good-parts", {"good_parts": GOOD}, {**good, MODELS: "dummy = good_parts:open_dummy"})
    broken = {"broken": "import nothing_of_this_name\n", "ending": "raise SystemExit(5)\n", "other": "Thing = 3\n"}
    points = {
        TASKS: "torn = broken:Torn\nending = ending:Task\nnumber = other:Thing\nlost = other:Lost",
        STRATEGIES: "torn = broken:Torn\nnumber = other:Thing",
        MODELS: "torn = broken:open_torn",
        AUTHORS: "torn = broken:Torn\nnumber = other:Thing",
    }
    distribution(tmp_path, "broken-parts", broken, points, "2.1")
    distribution(
        tmp_path,
        "taker",
        {},
        {TASKS: "advection = other:Thing", STRATEGIES: "refine = other:Thing", AUTHORS: "scan = other:Thing"},
    )
    for name in ("one", "two"):
        distribution(tmp_path, name, {}, {TASKS: "same = good_parts:Drift"})
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_a_plug_in_works_by_its_name(strangers):
    assert load("drift").title == "Drift"
    assert "drift" in names()
    assert [ask.slot for ask in open_strategy("once").ask([], 1, 1)] == ["1"]
    dealer = open_author("dealer", 7)
    assert (dealer.label, vars(dealer)["seed"]) == ("dealer", 7)


def test_defaults_of_a_strategy_of_ones_own_are_its_own(strangers):
    def opened(name: str, **settings: object) -> dict[str, object]:
        asked = Question("advection", strategy=name, candidates=12, sandbox="process", strategy_options=settings)
        return vars(open_solve(asked).strategy)

    assert opened("own")["settings"] == (3, "narrow")
    assert opened("once") == {}
    assert opened("own", drafts="5")["settings"] == (5, "narrow")
    assert opened("told")["settings"] == (2, 1)
    assert opened("kin").items() >= {"drafts": 2, "width": 1}.items()
    assert opened("turns")["drafts"] == 2, "of Rounds, whose own default is 0"


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("torn", MissingPart, "'torn' of broken-parts 2.1 cannot be loaded from broken:Torn: ModuleNotFoundError"),
        ("ending", MissingPart, "cannot be loaded from ending:Task: SystemExit"),
        ("lost", MissingPart, "cannot be loaded from other:Lost: AttributeError"),
        ("number", MissingPart, "it is not a class derived from fieldsmith.tasks.Task"),
        ("loose", MissingPart, "its known_parameters are not fieldsmith.tasks.Parameter by name"),
        ("half", MissingPart, "it leaves "),
        ("drifting", MissingPart, "its `name` is 'drift', another than its entry point's"),
        ("same", InputError, "Several plug-ins bring a task of one name: 'same' of one 1.0, 'same' of two 1.0"),
        ("drif", InputError, "Did you mean 'drift'"),
    ],
)
def test_what_is_wrong_with_a_task_is_told_to_who_asks_for_it(strangers, name, kind, words):
    with pytest.raises(kind) as caught:
        load(name)
    assert words in str(caught.value).replace("of two 1.0, 'same' of one", "of one 1.0, 'same' of two")
    assert "\n" not in str(caught.value)


def test_what_is_wrong_with_an_author_is_told_to_who_asks_for_it(strangers):
    with pytest.raises(MissingPart, match=r"The author 'torn' of broken-parts 2\.1 cannot be loaded"):
        open_author("torn")
    with pytest.raises(MissingPart, match="not a class with a method `write`"):
        open_author("number")
    with pytest.raises(MissingPart, match="The author nobody has no label and no note and no trusted"):
        open_author("nobody")
    with pytest.raises(InputError, match=r"There is no author 'scam'\. Did you mean 'scan'"):
        open_author("scam")


def test_what_is_wrong_with_a_strategy_or_a_model_is_told_to_who_asks_for_it(strangers):
    with pytest.raises(MissingPart, match=r"'torn' of broken-parts 2\.1 cannot be loaded"):
        open_strategy("torn")
    with pytest.raises(MissingPart, match="not a class with a method `ask`"):
        open_strategy("number")
    with pytest.raises(MissingPart, match=r"'torn' of broken-parts 2\.1 cannot be loaded"):
        open_model("torn:x")
    with pytest.raises(MissingPart, match="dummy:x has no label and no note"):
        open_model("dummy:x")


FAILING = """
from fieldsmith.models import ChatModel
from fieldsmith.errors import InputError
from fieldsmith.numerics.spectral import Spectral
from fieldsmith.tasks.advection import Advection

class Mute(ChatModel):
    note, label = "a model that ends in the middle", "mute:x"
    def complete(self, request):
        return {}["choices"]

def open_mute(name, base_url, key_file, settings):
    return Mute()

def open_licensed(name, base_url, key_file, settings):
    if name == "typo":
        raise InputError("There is no model 'typo'.", "Name another.")
    raise RuntimeError("no licence\\nfound")

class Fragile(Advection):
    name, title = "fragile", "Fragile"
    def __init__(self, *given):
        raise OSError("no instrument")

class Stuck:
    name = "stuck"
    def __init__(self):
        raise KeyError("seed")
    def ask(self, history, limit, left):
        return ()

class Idle(Spectral):
    name = "idle"
    def __init__(self):
        raise ValueError("no tables")

class Narrow(Spectral):
    name = "narrow"
    def suits(self, analysis):
        return [0.5][analysis.dimensions]

class Empty(Spectral):
    name = "empty"
    def variants(self, analysis, brief):
        return []

class Wordy(Spectral):
    name = "wordy"
    def variants(self, analysis, brief):
        return ["as usual"]

class Unsure(Spectral):
    name = "unsure"
    def suits(self, analysis):
        return None

class Wordless(Spectral):
    name = "wordless"
    def text(self, analysis, brief, choices):
        return None

class Plain(ChatModel):
    note, label = "a model that answers with a text alone", "plain:x"
    def complete(self, request):
        return "def solver"

def open_plain(name, base_url, key_file, settings):
    return Plain()
"""


LATER = ("Narrow", "Empty", "Wordy", "Unsure", "Wordless")
"""Families that can be opened."""


@pytest.fixture
def failing(tmp_path, monkeypatch):
    """A distribution whose parts are found and cannot be opened."""
    points = {
        MODELS: "licensed = failing:open_licensed\nmute = failing:open_mute\nplain = failing:open_plain",
        TASKS: "fragile = failing:Fragile",
        STRATEGIES: "stuck = failing:Stuck",
        "fieldsmith.methods": "".join(f"{name.lower()} = failing:{name}\n" for name in LATER) + "idle = failing:Idle",
    }
    distribution(tmp_path, "failing-parts", {"failing": FAILING}, points, "0.3")
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("opened", "words"),
    [
        (
            lambda: open_model("licensed:x"),
            r"model 'licensed' .* failing:open_licensed: RuntimeError: no licence found",
        ),
        (lambda: load("fragile"), r"task 'fragile' .* failing:Fragile: OSError: no instrument"),
        (lambda: open_strategy("stuck"), r"strategy 'stuck' .* failing:Stuck: KeyError: 'seed'"),
        (lambda: family("idle"), r"family of methods 'idle' .* failing:Idle: ValueError: no tables"),
    ],
)
def test_a_plug_in_that_fails_when_it_is_opened_is_named_with_its_own_words(failing, opened, words):
    with pytest.raises(MissingPart, match=rf"^The {words} \(.*failing\.py, line \d+\)\. ") as caught:
        opened()
    assert " of failing-parts 0.3 fails in " in str(caught.value)


def test_what_a_plug_in_says_to_a_person_stays_as_it_is(failing):
    with pytest.raises(InputError, match=r"^There is no model 'typo'\. Name another\.$"):
        open_model("licensed:typo")


def test_the_built_in_author_does_without_a_family_that_fails(failing, caplog):
    warn_once.cache_clear()
    assert [one.name for one in families()] == [*(kind.name for kind in BUILT_INS), *map(str.lower, LATER)]
    assert "'idle' of failing-parts 0.3 fails in failing:Idle: ValueError: no tables" in caplog.text


def test_a_family_that_fails_when_it_is_asked_leaves_the_others(failing, caplog):
    warn_once.cache_clear()
    brief = load("advection").brief()
    assert NumericsAuthor().write(brief, Draft(), "1", []).plan.summary.startswith("spectral")
    assert "failing-parts 0.3 fails: IndexError: list index out of range (" in caplog.text
    why_not = {course["family"]: course["why_not"] for course in menu(brief)}
    assert why_not["spectral"] == ""
    assert "IndexError: list index out of range" in why_not["narrow"]
    for name, words in {
        "wordy": "`variants` holds 'as usual', which is no Variant of SpectralChoices",
        "unsure": "`suits` returns None, which is no number",
    }.items():
        assert why_not[name].startswith(words[:9])
        assert f"'{name}' cannot be used: {words}." in caplog.text
    assert "'wordless' cannot be used: `text` returns None, which is no text." in caplog.text


def test_a_command_whose_model_cannot_be_opened_ends_with_one_sentence(failing):
    ran = run(failing, "solve", "advection", "--model", "licensed:x")
    assert ran.returncode == 3
    (line,) = ran.stderr.splitlines()
    assert "RuntimeError: no licence found" in line


@pytest.mark.slow
def test_a_plug_in_that_fails_at_work_is_to_blame_for_it(failing):
    ran = run(failing, "solve", "advection", "--model", "mute:x", "--sandbox", "process", "--run-dir", "r", "--quiet")
    assert ran.returncode == 3
    (line,) = ran.stderr.splitlines()
    assert "failing-parts 0.3 fails: KeyError: 'choices'" in line
    assert re.search(r"failing\.py, line \d+\)\. ", line)
    assert "unforeseen" not in line
    assert "Traceback" in Path(line.rpartition(" in ")[2].rstrip(".")).read_text()
    assert "failing-parts 0.3 fails" in json.loads(run(failing, "runs", "show", "r", "--json").stdout)["message"]


@pytest.mark.slow
def test_a_model_that_answers_with_no_reply_is_told_what_would_be_right(failing):
    ran = run(failing, "solve", "advection", "--model", "plain:x", "--sandbox", "process", "--run-dir", "r", "--quiet")
    assert ran.returncode == 4
    (line,) = ran.stderr.splitlines()
    assert "plain:x answered with a str in place of a ChatReply. Mend the model: its `complete` returns" in line


@pytest.mark.slow
def test_a_file_of_a_task_that_fails_at_work_is_to_blame_for_it(tmp_path):
    file = tmp_path / "twice.py"
    file.write_text(SOURCE.replace('2.0 * inputs["x"]', '2.0 * inputs["z"]'))
    (tmp_path / "solver.py").write_text("def f(x):\n    return 2 * x\n")
    ran = run(tmp_path, "evaluate", file, tmp_path / "solver.py", "--sandbox", "process")
    assert ran.returncode == 2
    assert f"{file} fails in line 17: KeyError: 'z'. Mend the file." in ran.stderr.splitlines()[-1]


def test_built_ins_keep_their_names_and_say_so(strangers, caplog):
    warn_once.cache_clear()
    assert load("advection").title != "Thing"
    assert "'advection' of taker 1.0 is not used: the built-in task keeps this name." in caplog.text
    assert open_strategy("refine").name == "refine"
    assert "'refine' of taker 1.0 is not used" in caplog.text
    assert open_author("scan").label == "scan"
    assert "'scan' of taker 1.0 is not used: the built-in author keeps this name." in caplog.text


@pytest.mark.slow
def test_nothing_of_a_plug_in_is_imported_for_another_name(strangers):
    code = (
        "import sys\n"
        "from fieldsmith import models, strategies, tasks\n"
        "tasks.load('burgers'), strategies.open_strategy('refine'), models.open_model('command:cat')\n"
        "print(sorted({'good_parts', 'broken', 'other', 'ending'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=with_plug_ins(strangers))
    assert ran.stdout == "[]\n", ran.stderr


@pytest.mark.slow
def test_lists_hold_what_works_and_say_what_does_not(strangers):
    listed = run(strangers, "tasks")
    assert listed.returncode == 0
    assert {"drift", "advection", "burgers"} <= {line.split()[0] for line in listed.stdout.splitlines()}
    left_out = listed.stderr.splitlines()
    assert all(line.startswith("Left out: ") for line in left_out)
    refused = {plug_in["name"] for plug_in in json.loads(run(strangers, "tasks", "--json").stdout)["refused"]}
    assert refused == {"torn", "ending", "number", "lost", "loose", "half", "drifting", "advection", "same"}
    assert len(left_out) == len(refused) + 1, "two have one name"


@pytest.mark.slow
def test_other_commands_do_not_notice(strangers):
    solved = run(strangers, "solve", "advection", "--sandbox", "process", "--candidates", 1, "--run-dir", "r")
    assert solved.returncode == 0, solved.stderr
    solver = strangers / "r" / "best" / "solver.py"
    scored = run(strangers, "evaluate", "advection", solver, "--sandbox", "process", "--no-order")
    assert scored.returncode == 0, scored.stderr
    assert solved.stderr.count("the built-in strategy keeps this name") == 1
    for told in (solved.stderr, scored.stderr):
        assert "broken" not in told
        assert told.count("the built-in task keeps this name") == 1


def test_a_broken_plug_in_that_is_asked_for_ends_with_one_sentence(strangers):
    asked = run(strangers, "solve", "torn")
    assert asked.returncode == 3
    (line,) = asked.stderr.splitlines()
    assert "The task 'torn' of broken-parts 2.1" in line
    assert "No module named 'nothing_of_this_name'" in line
    assert "broken.py, line 1" in line


@pytest.mark.slow
def test_doctor_lists_all_plug_ins_with_version_and_state(strangers):
    distribution(strangers, "odd", {}, {"fieldsmith.task": "x = y:Z"})
    ran = run(strangers, "doctor", "--json")
    assert ran.returncode == 0, ran.stderr
    fields = json.loads(ran.stdout)
    told = {(p["group"], p["name"], p["distribution"]): p for p in fields["plug_ins"]}
    assert told[TASKS, "drift", "good-parts"]["state"] == "ok"
    assert told[TASKS, "drift", "good-parts"]["version"] == "1.0"
    assert "keeps this name" in told[STRATEGIES, "refine", "taker"]["why"]
    assert told[AUTHORS, "dealer", "good-parts"]["state"] == "ok"
    assert "keeps this name" in told[AUTHORS, "scan", "taker"]["why"]
    assert "nothing_of_this_name" in told[MODELS, "torn", "broken-parts"]["why"]
    assert "Several plug-ins" in told[TASKS, "same", "two"]["why"]
    assert "The group fieldsmith.task is none of" in told["fieldsmith.task", "x", "odd"]["why"]
    rows = {row["part"]: row for row in fields["parts"]}
    assert rows["tasks drift"]["state"] == "ok"
    assert rows["tasks torn"]["mend"] == "mend or uninstall broken-parts"
