"""Suites: the grid that a file comes to, and what is wrong with one in a sentence."""

import pytest

from fieldsmith.bench.baselines import baseline_of, candidates_of
from fieldsmith.bench.cells import words_of
from fieldsmith.bench.suite import kept_suite, read_suite, shipped
from fieldsmith.errors import InputError

WHOLE = """
title = "Two of each"
baselines = false
seeds = [0, 5]

[options]
candidates = 3
prompt_style = "skeleton"
sandbox = "process"

[[tasks]]
task = "burgers"
param = { nu = 0.02 }

[[tasks]]
name = "thin"
task = "burgers"
scale = "hard"

[[authors]]
name = "built-in"
strategies = ["refine"]

[[authors]]
name = "mine"
model = "command:cat reply.md"
max_cost = 2.0

[[strategies]]
strategy = "refine"

[[strategies]]
name = "single shot"
strategy = "best-of-n"
candidates = 1

[[environments]]
environment = "pde-workbench"
tasks = ["burgers", "advection"]

[[agents]]
agent = "random"
steps = 4
"""


@pytest.fixture
def read(tmp_path):
    def written(text):
        file = tmp_path / "mine.toml"
        file.write_text(text)
        return read_suite(str(file))

    return written


def test_the_grid_of_a_suite(read):
    suite = read(WHOLE)
    assert (suite.name, suite.title) == ("mine", "Two of each")
    assert [cell.name for cell in suite.cells if cell.seed == 5] == [
        "burgers,nu=0.02/built-in/refine/5",
        "burgers,nu=0.02/mine/refine/5",
        "burgers,nu=0.02/mine/single shot/5",
        "thin/built-in/refine/5",
        "thin/mine/refine/5",
        "thin/mine/single shot/5",
        "pde-workbench:burgers/random/5",
        "pde-workbench:advection/random/5",
    ]
    by_name = {cell.name: cell.question for cell in suite.cells}
    built_in, shot = by_name["thin/built-in/refine/0"], by_name["thin/mine/single shot/5"]
    assert (built_in.candidates, built_in.prompt_style, built_in.scale, built_in.sandbox) == (
        3,
        None,
        "hard",
        "process",
    )
    assert (shot.candidates, shot.prompt_style, shot.max_cost, shot.seed) == (1, "skeleton", 2.0, 5)
    episode = by_name["pde-workbench:burgers/random/5"]
    assert (episode.steps, episode.task, episode.sandbox) == (4, "burgers", "process")
    assert len({cell.folder for cell in suite.cells}) == len(suite.cells) == 16


def test_some_cells_are_chosen_by_their_names(read):
    suite = read(WHOLE)
    assert {cell.seed for cell in suite.chosen("*/0").cells} == {0}
    assert len(suite.chosen("thin/mine/*").cells) == 4
    with pytest.raises(InputError, match=r"No cell of .* is called 'x/\*'\. For example: burgers,nu=0\.02/built-in"):
        suite.chosen("x/*")


MODELS = """
seeds = 2

[options]
candidates = 6
max_cost = 1.0
max_hours = 2.0
prompt_style = "plain"

[[tasks]]
task = "burgers"

[[authors]]
name = "mine"
model = "command:cat reply.md"
"""


def test_the_baselines_of_a_suite_come_by_themselves(read, tmp_path):
    cells = [cell for cell in read(MODELS).cells if cell.seed == 1]
    assert [(cell.name, baseline_of(cell.question)) for cell in cells] == [
        ("burgers/built-in/refine/1", "built-in"),
        ("burgers/scan/best-of-n/1", "scan"),
        ("burgers/mine/single shot/1", "single shot"),
        ("burgers/mine/refine/1", ""),
    ]
    scan, shot = cells[1].question, cells[2].question
    assert (scan.author, scan.model, scan.candidates, scan.max_cost, scan.max_hours) == ("scan", None, 6, None, 2.0)
    assert (shot.model, shot.candidates, shot.prompt_style, shot.max_cost) == ("command:cat reply.md", 1, "plain", 1.0)
    assert words_of(cells[1])[:4] == ["solve", "burgers", "--author", "scan"]
    assert len(read("baselines = false\n" + MODELS).cells) == 2


def test_each_number_of_candidates_has_baselines_and_what_is_named_is_not_doubled(read):
    more = """
[[authors]]
name = "plain scan"
author = "scan"
strategies = ["long"]

[[strategies]]
name = "short"
candidates = 4

[[strategies]]
name = "long"
candidates = 20
"""
    cells = [cell.name for cell in read(MODELS + more).cells if cell.seed == 0]
    assert cells == [
        "burgers/built-in/refine, 4 candidates/0",
        "burgers/scan/best-of-n, 4 candidates/0",
        "burgers/mine/single shot/0",
        "burgers/built-in/refine, 20 candidates/0",
        "burgers/mine/short/0",
        "burgers/mine/long/0",
        "burgers/plain scan/long/0",
    ]


TASK = '[[tasks]]\ntask = "burgers"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has no cells"),
        ("tasks = 3", "tasks is no list of tables"),
        ("[[tsaks]]", "no table 'tsaks'. Did you mean 'tasks'?"),
        ("= 3", "not valid TOML"),
        ("[[tasks]]\nscale = 'hard'", "has no task"),
        (TASK + "seeds = -1", "[[tasks]] has no 'seeds'"),
        ("seeds = [1, 1]\n" + TASK, "seeds = [1, 1] name 1 more than once"),
        ("seeds = [0, -1]\n" + TASK, "seeds = [0, -1] are no seeds"),
        (TASK + '[[authors]]\nname = "gpt"', "the author 'gpt' has neither a model nor another author"),
        (TASK + '[[authors]]\nname = "scan"', "the author 'scan' has neither a model nor another author"),
        (TASK + '[[authors]]\nname = "a/b"\nauthor = "scan"', "the name 'a/b' in [[authors]] has a \"/\""),
        (TASK + '[[strategies]]\nname = "a/b"', "the name 'a/b' in [[strategies]] has a \"/\""),
        (TASK + 'name = "a/b"', "the name 'a/b' in [[tasks]] has a \"/\""),
        (
            '[[environments]]\nname = "a/b"\nenvironment = "pde-workbench"\n[[agents]]\nagent = "random"',
            "the name 'a/b' in [[environments]]",
        ),
        ("seeds = true\n" + TASK, "are no seeds"),
        (TASK + '[[authors]]\nmodle = "openai:x"', "[[authors]] has no 'modle'. Did you mean 'model'?"),
        (TASK + "[[strategies]]\ncandidates = -1", "candidates"),
        ("baselines = 3\n" + TASK, "baselines = 3 is neither true nor false"),
        (TASK + '[[authors]]\nmodel = "command:cat"\nauthor = "scan"', "Both a model and an author are given"),
        (TASK + "[options]\nrun_dir = 'x'", "[options] has no 'run_dir'"),
        (TASK + TASK, "two cells are called 'burgers/built-in/refine/0'"),
        ('[[environments]]\nenvironment = "pde-workbench"', "environments are played by agents"),
        (TASK + '[[published]]\nauthor = "they"', "[[published]] is not whole"),
        ("seeds = 200000\n" + TASK, "more than 100,000"),
    ],
)
def test_what_is_wrong_with_a_suite_is_told(read, text, words):
    with pytest.raises(InputError) as told:
        read(text)
    assert words in str(told.value)


def test_suites_that_come_along_are_whole():
    assert shipped() == ["codepde", "hard", "smoke"]
    assert [len(read_suite(name).cells) for name in shipped()] == [10, 10, 2]
    for name in ("codepde", "hard"):
        cells = read_suite(name).cells
        assert {(cell.author, candidates_of(cell.question)) for cell in cells} == {("built-in", 12), ("scan", 12)}
        assert {baseline_of(cell.question) for cell in cells} == {"built-in", "scan"}
    with pytest.raises(InputError, match=r"The suite codpde cannot be read: .*one of codepde, hard, smoke"):
        read_suite("codpde")


def test_a_folder_of_a_suites_name_is_not_taken_for_it(tmp_path, monkeypatch):
    (tmp_path / "codepde").mkdir()  # as `fieldsmith bench codepde --out codepde` leaves it
    monkeypatch.chdir(tmp_path)
    assert len(read_suite("codepde").cells) == 10


def test_the_kept_copy_of_a_suite_without_a_title_has_its_own(tmp_path):
    text = 'seeds = 2\n[[tasks]]\ntask = "burgers"\n'
    (tmp_path / "mine.toml").write_text(text)
    suite = read_suite(str(tmp_path / "mine.toml"))
    (tmp_path / "suite.toml").write_text(suite.kept_text)
    kept = kept_suite(tmp_path)
    assert (kept.title, kept.cells) == ("mine", suite.cells)
    assert kept.kept_text == kept.text
