"""The page of a run of episodes, in a real browser."""

import dataclasses
import re
from pathlib import Path

import pytest

from episode_runs import MEASURES, PROGRAM, artifacts, branch, exchange, kept, record, run_of, whole
from fieldsmith.agents.acting.agent import Asked, Exchange, Turn
from fieldsmith.environments.calls import Call
from fieldsmith.environments.episode import Record
from fieldsmith.environments.observation import Artifact
from fieldsmith.reports.episodes import render_episodes


@pytest.fixture
def shown(opened_text, tmp_path):
    """Opens the page of such a run."""

    def open_page(*episodes, options=None, **changes):
        return opened_text(render_episodes(run_of(tmp_path, *episodes, **changes)), **(options or {}))

    return open_page


def states(page):
    return [text.split() for text in page.locator("#states [role=option]").all_inner_texts()]


def test_the_best_episode_is_shown_step_by_step(shown, tmp_path):
    page = shown(whole(tmp_path), branch())
    assert page.inner_text("#h-episode").startswith("Episode 1")
    assert [words[0] for words in states(page) if words[0].isdigit()] == list("01234567")
    second = page.locator("#steps article", has=page.get_by_role("heading", name="Step 2"))
    assert "A program is better." in second.inner_text()
    assert "−2.00 → −4.00 kcal/mol" in second.inner_text().replace("\n", " ")
    assert second.locator("tr", has_text="energy").locator(".effect.better").count() == 1
    assert second.locator("tr", has_text="secret").inner_text().count("not shown to the agent") == 1
    assert second.locator(".listing .t-k").first.inner_text() == "import"
    assert "judges only" in page.locator("#steps article").last.inner_text()
    assert not page.faults


def test_long_arguments_are_folded_and_those_left_open_are_named(shown):
    program = PROGRAM * 20
    page = shown(kept(1, [exchange(record(1, 0, arguments={"program": program, "limit": None, "by": 2}))]))
    step = page.locator("#steps article").last
    assert "Left open: limit." in step.inner_text()
    assert step.locator(".listing").count() == 0
    step.locator("summary", has_text="program 120 lines").click()
    step.locator(".listing").wait_for()
    assert step.locator(".listing .row").count() == 120
    assert "def solver(u0, t):" in step.inner_text()
    assert not page.faults


def test_a_call_in_the_text_is_not_shown_twice(shown):
    one = record(1, 0, arguments={"by": 7})
    said = 'Far: {"a": 1}.\n\n```json\n{"action": "move", "arguments": {"by": 7}}\n```\nThat is all.'
    call = Asked(Call("move", {"by": 7}), Call("move", {"by": 7}))
    page = shown(kept(1, [Exchange(Turn(said, (call,)), (one,))]))
    assert page.locator(".said pre").inner_text().split("\n") == ['Far: {"a": 1}.', "", "That is all."]


def test_calls_that_cost_no_step_are_told_apart_and_filtered(shown, tmp_path):
    page = shown(whole(tmp_path))
    assert "no step used" in page.locator("article.free header").inner_text()
    assert "validation error" in page.locator("article.invalid header").inner_text()
    page.select_option("#filter", "steps")
    assert page.locator("#steps article").count() == 8
    page.select_option("#filter", "failures")
    assert page.locator("#steps h4").all_inner_texts() == ["After step 4 moev", "Step 5 relax"]
    assert page.inner_text("#count") == "2 of 10"
    assert not page.faults


def test_episodes_and_steps_are_chosen_by_keyboard_and_by_links(shown, tmp_path):
    page = shown(whole(tmp_path), branch())
    page.focus("#table tr[aria-current] a")
    page.keyboard.press("ArrowDown")
    assert page.inner_text("#h-episode") == "Episode 2"
    page.locator("#about a").click()
    assert page.inner_text("#h-episode").startswith("Episode 1")
    assert page.locator("article.current h4").inner_text() == "Step 4 move"
    page.focus("#states [aria-selected=true]")
    page.keyboard.press("Home")
    assert page.locator("article.current h4").inner_text() == "Beginning"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.textContent") == "Beginning "
    assert not page.faults


def test_going_back_is_a_fork_and_the_way_to_the_end_is_marked(shown, tmp_path):
    page = shown(whole(tmp_path))
    ways = page.locator(".lanes .way")
    assert ways.count() == 7, "each state but the first is joined to the one it went on from"
    assert page.locator(".lanes .way.chosen").count() == 5, "3 from 0, then 4, 5, 6 and 7"
    curved = [path for path in (way.get_attribute("d") for way in ways.all()) if "C" in path]
    assert len(curved) == 1, "only the steps that were given up stand aside"


def test_plots_tell_their_steps_and_lead_to_them(shown, tmp_path):
    page = shown(whole(tmp_path))
    figure = page.locator("#charts figure", has=page.locator("b", has_text=re.compile("^error$")))
    assert figure.locator("a.mark").count() == 8
    assert figure.locator("a.mark.failed").count() == 1
    assert figure.locator("text.label", has_text="error").count() == 1
    figure.locator("a.mark[data-step='2']").hover()
    assert "Step 2, write" in figure.locator(".told").inner_text()
    figure.locator("a.mark[data-step='2']").click()
    assert page.locator("article.current h4").inner_text() == "Step 2 write"
    front = page.locator("#charts figure", has_text="Pareto front")
    best = [mark.get_attribute("data-step") for mark in front.locator("a.mark:has(.ring)").all()]
    assert sorted(best) == ["8", "9"], "step 6 has the best of both, and the state that was handed in is the same"
    assert not page.faults


def test_artifacts_are_looked_at_turned_and_saved(shown, tmp_path):
    page = shown(whole(tmp_path))
    made = page.locator("#steps article", has_text="fold.pdb")
    assert page.title() != "hacked", "no script of a drawing has run"
    sizes = made.locator("img").evaluate_all("images => images.map(i => [i.naturalWidth, i.naturalHeight])")
    assert sizes == [[320, 120], [120, 60]]
    canvas, drawn = made.locator("canvas"), "canvas => canvas.toDataURL()"
    assert "60 residues" in canvas.get_attribute("aria-label")
    before = canvas.evaluate(drawn)
    canvas.focus()
    page.keyboard.press("ArrowRight")
    assert canvas.evaluate(drawn) != before
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save solver.py").click()
    assert saved.value.suggested_filename == "solver.py"
    assert Path(saved.value.path()).read_text() == PROGRAM
    assert not page.faults


HOSTILE = "</script><script>document.title='hacked'</script><img src=x onerror=\"document.title='hacked'\">\x1b[31m\ud800 & \u2028"


def test_hostile_texts_stay_texts(shown, tmp_path):
    bad = record(
        1, 0, HOSTILE, status="runtime_error", text=HOSTILE, arguments={HOSTILE: HOSTILE, "deep": {HOSTILE: [HOSTILE]}},
        judged={HOSTILE: 1.0}, artifacts=(Artifact(HOSTILE, HOSTILE, "../../etc/passwd", HOSTILE),),
    )  # fmt: skip
    page = shown(kept(1, [exchange(bad, said=HOSTILE)]), message=HOSTILE)
    assert page.title() == "A fold · Fieldsmith"
    assert "</script>" in page.inner_text("#steps")
    assert "root:" not in page.content()
    assert page.locator("#steps img").count() == 0
    assert not page.faults


def large(step: int, folder: Path) -> Record:
    (folder / "artifacts").mkdir(exist_ok=True)
    digest = f"{step:064x}"
    (folder / "artifacts" / digest).write_bytes(bytes(range(256)) * 1900)
    text = "".join(f"{step} {n} " for n in range(120_000))
    return record(step, step - 1, text=text, artifacts=(Artifact("big.bin", "application/octet-stream", digest),))


def test_a_page_stays_small_whatever_a_run_holds(shown, tmp_path):
    steps = [large(n, tmp_path) for n in range(1, 41)]
    page = shown(kept(1, [exchange(one, said=one.text[:100_000]) for one in steps]), *(branch(n) for n in range(2, 60)))
    assert (tmp_path / "report.html").stat().st_size < 6_000_000
    assert "shortened" in page.inner_text("#episodes")
    assert "artifacts are left out" in page.inner_text("#episodes")
    assert page.locator("#steps article").count() == 41, "no step is lost"
    assert not page.faults


def test_what_is_not_known_is_called_unknown(shown):
    blank = record(1, 0, metrics={m.name: None for m in MEASURES})
    page = shown(kept(1, [exchange(blank, usd=None)]))
    assert page.locator("#table td[data-name=cost]").inner_text() == "unknown"
    assert "→ unknown" in page.locator("#steps article").last.inner_text()
    assert not page.faults


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_it_fits_a_phone(shown, tmp_path, colours):
    page = shown(
        whole(tmp_path), branch(), options={"viewport": {"width": 390, "height": 844}, "color_scheme": colours}
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert not page.faults


def test_a_run_without_an_episode_has_a_page(shown):
    page = shown(state="running")
    assert "None has begun yet." in page.inner_text("#episodes")
    assert not page.faults


def test_a_panel_that_is_not_told_is_read_from_the_figures(opened_text, tmp_path):
    run = run_of(tmp_path, whole(tmp_path))
    page = opened_text(render_episodes(dataclasses.replace(run, asked=dataclasses.replace(run.asked, panel=()))))
    assert "energy" in page.locator("#steps article").first.inner_text()
    assert artifacts(tmp_path)[0].name in page.inner_text("#steps")
    assert not page.faults
