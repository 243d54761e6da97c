"""`fieldsmith env` lists, shows, checks and begins environments."""

import json
import re
import subprocess
from pathlib import Path

import pytest

import command_line
from fieldsmith.cli.env_run import result_lines
from fieldsmith.environments.scaffolding import write
from plug_ins import distribution, with_plug_ins

GROUP = "fieldsmith.environments"


def run(folder: Path, *words: object) -> subprocess.CompletedProcess[str]:
    return command_line.run("env", *words, cwd=folder, env=with_plug_ins(folder))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a package that is installed, one that is not, and a plug-in that is broken."""
    site = tmp_path_factory.mktemp("site")
    write("my_probe", site / "probe")
    (site / "my_probe").symlink_to(site / "probe" / "src" / "my_probe")
    distribution(site, "my-probe", {}, {GROUP: "my/my-probe-v1 = my_probe.environment:MyProbe"})
    distribution(site, "torn", {"torn": "import nothing_of_this_name"}, {GROUP: "my/torn-v1 = torn:Torn"})
    write("my_other", site / "other")
    return site


def test_list_tells_what_is_there_and_what_is_left_out(site):
    ran = run(site, "list")
    assert ran.returncode == 0
    assert re.search(r"^my/my-probe-v1 +My probe$", ran.stdout, re.MULTILINE)
    assert "Left out: The environment 'my/torn-v1' of torn 1.0 cannot be loaded" in ran.stderr
    (line,) = run(site, "--json").stdout.splitlines()
    told = json.loads(line)
    assert {"name": "my/my-probe-v1", "title": "My probe", "actions": ["sample", "propose"]} in told["environments"]
    assert [one["name"] for one in told["refused"]] == ["my/torn-v1"]


@pytest.mark.parametrize("name", ["my/my-probe-v1", "my-probe", "./probe", "my_probe.environment:MyProbe"])
def test_show_tells_tasks_actions_figures_and_limits_whatever_names_it(site, name):
    ran = run(site, "show", name)
    assert ran.returncode == 0, ran.stderr
    for words in (
        "my/my-probe-v1: My probe\n",
        "A batch reactor with the consecutive first-order reactions",
        "slow: Find the rate constants of a slow reaction",
        "Gold score 0.94.",
        "Actions, 12 steps an episode",
        "propose: State both rate constants; the last proposal is the one that is judged. (10 s at most)",
        "k1 (number at least 0.01 and at most 10): Rate constant of A -> B, per second",
        "read_docs: Read the whole documentation of an action before you use it. Costs no step. (free)",
        "error: relative error of the proposed curve at all times, lower is better, for judges only",
        "This machine has all that it needs.",
    ):
        assert words in ran.stdout


@pytest.mark.slow
def test_show_tells_what_the_machine_lacks(site):
    source = (site / "other/src/my_other/environment.py").read_text()
    text = source.replace("Needs(seconds=10)", 'Needs(seconds=10, programs=("no-such-program",))')
    (site / "needy.py").write_text(text)
    told = json.loads(run(site, "show", "needy.py", "--json").stdout)
    assert told["actions"][0]["needs"]["programs"] == ["no-such-program"]
    assert told["missing"][0].startswith("The program 'no-such-program', which sample, propose needs, is not found")
    assert "This machine lacks\n  The program 'no-such-program'" in run(site, "show", "needy.py").stdout


def test_show_tells_the_time_of_the_judge_for_what_the_judge_does(site):
    source = (site / "other/src/my_other/environment.py").read_text()
    (site / "judged.py").write_text(
        source.replace("    max_steps = 12", "    max_steps = 12\n    judging = Needs(seconds=7)")
    )
    assert "it is judged, and the episode ends. (7 s at most)" in run(site, "show", "judged.py").stdout


def test_the_page_of_an_action(site):
    assert "The maximum lies at ln(k1 / k2) / (k1 - k2)" in run(site, "show", "./other", "sample").stdout
    ran = run(site, "show", "./other", "sampel")
    assert ran.returncode == 2
    assert "There is no action 'sampel'. Did you mean 'sample'?" in ran.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spend", "words"),
    [
        (
            {"input_tokens": 9000, "output_tokens": 4415, "usd": None, "estimated": True},
            "about 13,415 tokens (estimated), price unknown, 5 s.",
        ),
        ({"input_tokens": 10, "output_tokens": 5, "usd": 0.5, "estimated": False}, "15 tokens, $0.50, 5 s."),
        (
            {"input_tokens": None, "output_tokens": None, "usd": None, "estimated": False},
            "tokens unknown, price unknown, 5 s.",
        ),
    ],
)
def test_what_episodes_cost_is_told_as_of_a_run_of_solve(spend, words):
    *_, last = result_lines({"episodes": [], "spend": {**spend, "seconds": 5.0}, "run": "runs/a"})
    assert last == f"Spent: {words} Run: runs/a"


@pytest.mark.slow
def test_check_tells_each_finding_and_ends_with_1_where_there_are_faults(site):
    source = (site / "other/src/my_other/environment.py").read_text()
    (site / "faulty.py").write_text(source.replace('title = "My other"', 'title = ""'))
    ran = run(site, "check", "faulty.py")
    assert (ran.returncode, ran.stdout) == (1, "FAIL  identity   Its `title` is empty.\n")
    ran = run(site, "check", "./other", "--json")
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    assert ran.returncode == 0
    assert {line["event"] for line in lines[:-1]} == {"check"}
    assert lines[-1] == {
        "event": "result",
        "environment": "my/my-other-v1",
        "ok": True,
        "faults": [],
        "unchecked": [],
        "reason": None,
    }


def test_a_plug_in_that_cannot_be_loaded_is_told_to_who_asks_for_it(site):
    for command in ("show", "check"):
        ran = run(site, command, "my/torn-v1")
        assert ran.returncode == 3
        assert "'my/torn-v1' of torn 1.0 cannot be loaded from torn:Torn: ModuleNotFoundError" in ran.stderr


def test_a_name_that_nobody_has(site):
    ran = run(site, "check", "my/my-prob-v1")
    assert ran.returncode == 2
    assert "Did you mean 'my/my-probe-v1'?" in ran.stderr


@pytest.mark.slow
def test_new_says_what_to_type_next(tmp_path):
    ran = run(tmp_path, "new", "my-scale", "--folder", "packages/scale")
    assert ran.returncode == 0
    assert ran.stdout.splitlines()[:2] == [
        "my/my-scale-v1 is in packages/scale. Next:", "  fieldsmith env check packages/scale",
    ]  # fmt: skip
    assert (tmp_path / "packages/scale/src/my_scale/environment.py").is_file()
    ran = run(tmp_path, "new", "my-scale", "--folder", "packages/scale")
    assert ran.returncode == 2
    assert "packages/scale is there already" in ran.stderr
