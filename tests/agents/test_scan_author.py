"""The plain scan: how much there is to try, in which order, and that nothing that came of it changes that."""

import tomllib

import pytest

import command_line
import small_burgers
from fieldsmith.agents.author import Candidate, Debug, Draft, NothingLeft, Refine
from fieldsmith.agents.scan_author import ScanAuthor
from fieldsmith.evaluation.evaluation import Evaluation
from fieldsmith.orchestrator.record import load_run
from fieldsmith.tasks import load

SIZES = {"advection": 2, "burgers": 56, "reacdiff1d": 40, "cns1d": 88, "darcy": 10}


def scanned(author, brief, count, status="ok", move=Draft):
    """What it answers to so many moves, each program judged alike."""
    history = []
    for n in range(1, count + 1):
        asked = Draft() if not history or move is Draft else move(history[-1])
        proposal = author.write(brief, asked, str(n), history)
        history.append(Candidate(n, str(n), asked.name, proposal=proposal, evaluation=Evaluation(status)))
    return [candidate.proposal.plan.summary for candidate in history]


@pytest.mark.parametrize(("name", "size"), SIZES.items())
@pytest.mark.slow
def test_the_space_of_each_task(name, size):
    brief = load(name).brief()
    proposals = list(ScanAuthor().programs(brief))
    assert len(proposals) == len({one.program.essence for one in proposals}) == size
    assert len({one.plan.summary for one in proposals}) == size
    for one in proposals:
        compile(one.program.source, one.plan.summary, "exec")


@pytest.mark.slow
def test_the_space_holds_all_that_the_built_in_author_would_try_and_more():
    told = [one.plan.summary for one in ScanAuthor().programs(load("burgers").brief())]
    assert "spectral: courant 0.7, tolerance 1e-11, levels 7" in told
    assert "finite volumes: reconstruction minmod, flux rusanov, integrator ssprk2, courant 0.11" in told
    assert not any("hllc" in summary for summary in told), "for gases alone"


def test_the_seed_alone_decides_the_order():
    brief = load("burgers").brief()
    order = scanned(ScanAuthor(3), brief, 12)
    assert len(set(order)) == 12
    assert scanned(ScanAuthor(3), brief, 12, "not_finite", Debug) == order
    assert scanned(ScanAuthor(3), brief, 12, "ok", lambda parent: Refine((parent,))) == order
    assert scanned(ScanAuthor(4), brief, 12) != order


@pytest.mark.slow
def test_it_ends_when_all_has_been_tried():
    brief = load("advection").brief()
    with pytest.raises(NothingLeft, match="all 2 settings of the known methods have been tried"):
        scanned(ScanAuthor(), brief, 3)


def solve(folder, *words):
    task = small_burgers.PLACE
    return command_line.run("solve", task, "--sandbox", "process", "--author", "scan", *words, "--quiet", cwd=folder)


@pytest.mark.slow
def test_a_scan_is_run_and_goes_on_where_it_was(tmp_path):
    for count in (2, 4):
        told = solve(tmp_path, "--candidates", count, "--seed", 5, "--run-dir", "two-sittings")
        assert told.returncode == 0, told.stderr
    assert solve(tmp_path, "--candidates", 4, "--seed", 5, "--run-dir", "one-sitting").returncode == 0
    runs = [load_run(tmp_path / name) for name in ("two-sittings", "one-sitting")]
    tried = [[candidate.proposal.plan.summary for candidate in run.candidates] for run in runs]
    assert tried[0] == tried[1]
    assert len(set(tried[0])) == 4
    assert runs[0].asked.author == "scan"
    assert tomllib.loads((tmp_path / "one-sitting" / "run.toml").read_text())["question"]["author"] == "scan"
    refused = solve(tmp_path, "--candidates", 4, "--seed", 6, "--run-dir", "one-sitting")
    assert (refused.returncode, "another run: its seed is 5, not 6" in refused.stderr) == (2, True)


@pytest.mark.slow
def test_the_built_in_author_by_its_name_is_the_one_that_nobody_names(tmp_path):
    words = ("solve", small_burgers.PLACE, "--sandbox", "process", "--candidates", 1, "--run-dir", "r", "--quiet")
    assert command_line.run(*words, cwd=tmp_path).returncode == 0
    again = command_line.run(*words, "--author", "built-in", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert "author" not in tomllib.loads((tmp_path / "r" / "run.toml").read_text())["question"]


@pytest.mark.slow
def test_a_model_and_a_named_author_exclude_each_other(tmp_path):
    told = command_line.run("solve", "burgers", "--model", "command:cat", "--author", "scan", cwd=tmp_path)
    assert told.returncode == 2
    assert "Both a model and an author are given: --author names who writes without a model." in told.stderr
