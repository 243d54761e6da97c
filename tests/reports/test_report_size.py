"""The report stays small enough to be mailed, whatever a run has written, and says what it left out."""

import dataclasses
import itertools
import json
import random
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldsmith.agents.author import Plan, Program
from fieldsmith.reports.html import render
from fieldsmith.reports.plain import clean
from report_runs import candidate, finished, picture, run_of

pytestmark = pytest.mark.slow

LIMIT = 6_000_000


def words(seed, length):
    """Lines that no other seed gives."""
    drawn = random.Random(seed).randbytes(length // 2).hex()
    return "".join(f"    {drawn[n : n + 35]}\n" for n in range(0, length, 35))[:length]


def long_run(count, program, prompt):
    """Programs that share nothing, prompts that begin alike and end with programs of earlier candidates."""
    candidates, statement = [], words("statement", prompt)
    for n in range(1, count + 1):
        source = f"def solver(u):\n{words(n, program)}    return u\n"
        shown = "\n\n".join(f"```python\n{c.program.source}```" for c in candidates[-3:])
        text = f"{statement}\n\n{shown}\n"
        one = candidate(n, 1.0 / n, source=source, parents=(n - 1,) if n > 1 else (), move="refine")
        proposal = dataclasses.replace(one.proposal, prompt=text, reply=f"Words.\n\n```python\n{source}```\n")
        candidates.append(dataclasses.replace(one, proposal=proposal))
    return run_of(candidates, candidates[-1], [picture("u", n) for n in range(3)])


def embedded(page):
    return json.loads(page.split('<script type="application/json" id="data">')[1].split("</script>")[0])


def test_three_hundred_long_programs_fit():
    run = long_run(300, 8_000, 20_000)
    page = render(run)
    assert len(page.encode()) < LIMIT
    data = embedded(page)
    last = data["candidates"][-1]
    assert "".join(data["texts"][n] for n in last["code"]) == run.candidates[-1].program.source


def text_of(data, parts):
    """A text of the page; what is left out of it as the number of characters."""
    return "".join(data["texts"][n] if isinstance(n, int) else f"[{n[0]}]" for n in parts)


def chained(count, **long):
    """A draft, its mends and refinements: one long lineage, whose last member is the best. `long` are its texts."""
    return [with_texts(candidate(n, 1.0 / n, parents=(n - 1,) if n > 1 else ()), **long) for n in range(1, count + 1)]


def with_texts(one, plan="", feedback="", code="", prompt="", reply="", output="", notes=0):
    """The same candidate with texts of those sizes that no other shares."""
    text = lambda name, size: words(f"{name}{one.id}", size) if size else ""  # noqa: E731
    says = text("plan", plan)
    proposal = dataclasses.replace(
        one.proposal, plan=Plan(says, says, says, 2.0, says), prompt=text("prompt", prompt), reply=text("reply", reply),
        program=Program(f"def solver(u):\n{text('code', code)}    return u\n"), repairs=("mended",) * notes,
    )  # fmt: skip
    evaluation = dataclasses.replace(
        one.evaluation, feedback=text("feedback", feedback), stdout=text("stdout", output), stderr=text("stderr", output),
        notes=tuple(words(n, 800) for n in range(notes)),
    )  # fmt: skip
    return dataclasses.replace(one, proposal=proposal, evaluation=evaluation)


def failures(count, first=1, **long):
    return [with_texts(candidate(n, None, slot=f"f{n}"), **long) for n in range(first, first + count)]


HOSTILE = '<&\u2028\U0001d400é"\\' * 2_000
EXTREMES = {
    "thousands that failed with long plans": lambda: failures(2_000, plan=3_000, feedback=2_000),
    "long errors": lambda: failures(400, feedback=30_000, output=30_000),
    "long prompts and replies": lambda: failures(300, prompt=40_000, reply=40_000, code=4_000),
    "long programs": lambda: failures(300, code=70_000),
    "a long lineage of long texts": lambda: chained(300, plan=1_000, code=40_000, prompt=20_000, reply=20_000),
    "hundreds of notes": lambda: failures(200, notes=200),
    "more than figures have room for": lambda: chained(60) + [candidate(n, None, "") for n in range(61, 12_000)],
    "characters that take six bytes": lambda: [candidate(n, 1.0 / n, HOSTILE + str(n)) for n in range(1, 400)],
    "thousands of names": lambda: [candidate(n, 0.1, "", author=HOSTILE[n : n + 500]) for n in range(1, 2_500)],
    "lines without text": lambda: [candidate(n, None, "\n" * 60_000 + str(n)) for n in range(1, 60)],
    "parents without number": lambda: [candidate(n, 0.1, "", parents=tuple(range(1, n))) for n in range(1, 1_500)],
}


@pytest.mark.parametrize("name", EXTREMES)
def test_a_page_stays_small_and_says_what_it_left_out(name):
    candidates = EXTREMES[name]()
    best = candidates[-1] if candidates[-1].ok else candidates[59] if candidates[59 - len(candidates)].ok else None
    page = render(run_of(candidates, best, [picture(f, n) for f in "uvwp" for n in range(3)]))
    assert len(page.encode()) < LIMIT
    data = embedded(page)
    shown = {row["id"]: row for row in data["candidates"]}
    assert f"{len(candidates) - len(shown)} further candidates are left out" in page or len(shown) == len(candidates)
    if best is not None:
        assert text_of(data, shown[best.id]["code"]) == clean(best.program.source)
        assert text_of(data, shown[best.id]["prompt"]) == clean(best.proposal.prompt)
    for one in candidates:
        if (row := shown.get(one.id)) is None:
            continue
        told = text_of(data, row["feedback"])
        if told != clean(one.evaluation.feedback) or row.get("short"):
            assert "of these candidates are shortened or left out" in page
        assert len(told) > 0 or not one.evaluation.feedback


@given(
    st.lists(
        st.tuples(*[st.sampled_from([0, 500, 9_000, 80_000])] * 6, st.sampled_from([0, 50])), min_size=1, max_size=6
    ),
    st.sampled_from([1, 30, 120]),
    st.booleans(),
)
@settings(max_examples=8, deadline=None)
def test_any_mixture_fits(kinds, times, ran):
    names = ("plan", "feedback", "code", "prompt", "reply", "output", "notes")
    first = [with_texts(candidate(1, None), **dict(zip(names, sizes, strict=True))) for sizes in kinds]
    count = itertools.count(1)
    repeated = [
        dataclasses.replace(one, id=n, slot=str(n)) for _ in range(times) for one in first if (n := next(count))
    ]
    best = candidate(len(repeated) + 1, 1e-3, parents=(len(repeated),)) if ran else None
    page = render(run_of([*repeated, *([best] if best else [])], best))
    assert len(page.encode()) < LIMIT
    assert len(embedded(page)["candidates"]) == len(repeated) + ran


def test_the_best_and_its_lineage_stay_whole_while_others_are_shortened():
    lineage = chained(5, code=30_000, prompt=30_000, reply=30_000, plan=300)
    page = render(run_of([*lineage, *failures(500, 6, code=30_000)], lineage[-1]))
    data = embedded(page)
    for one, row in zip(lineage, data["candidates"], strict=False):
        assert text_of(data, row["code"]) == one.program.source
        assert text_of(data, row["prompt"]) == one.proposal.prompt
    assert "texts of 500 of these candidates" in page
    assert len(page.encode()) < LIMIT


def test_of_a_lineage_that_is_too_long_those_nearest_to_the_best_stay_whole():
    data = embedded(render(long_run(120, 120_000, 10_000)))
    codes = [row["code"] for row in data["candidates"]]
    wholes = [all(isinstance(n, int) or n[0] < 61_000 for n in code) for code in codes]
    assert not wholes[0]
    assert wholes[-1]
    assert wholes == sorted(wholes)


def test_what_is_left_out_is_said_with_the_file_that_has_it(opened):
    line = 2_900
    long = dataclasses.replace(candidate(2, None, error_line=line, source="\n".join(f"x = {n}" for n in range(9_000))))
    page = opened(run_of([candidate(1, 1e-2), long, *failures(600, 3, code=30_000, prompt=100)]))
    assert "texts of " in page.inner_text("#candidates > .note")
    page.locator("#tree li").nth(1).click()
    page.get_by_role("tab", name="Code").click()
    assert "characters left out; the whole is in candidates/2/solver.py" in page.inner_text(".listing .gap")
    last = page.locator(".listing .row").last
    assert last.get_attribute("data-n") == "9000"
    assert last.inner_text().strip() == "x = 8999"
    assert f"It failed at line {line}." in page.inner_text("#candidate-body")
    page.locator("#tree li").nth(40).click()
    page.get_by_role("tab", name="Code").click()
    assert "the whole is in candidates/" in page.inner_text(".listing .gap")
    page.get_by_role("tab", name="Prompt").click()
    assert "the whole is in candidates/" in page.inner_text("#candidate-body pre")
    assert not page.faults


def test_the_same_page_comes_of_the_same_run_whatever_was_shown_before():
    strip = lambda page: re.sub(r'"written":[\d.]+|\d{4}-\d\d-\d\d [\d:]{8}', "", page)  # noqa: E731
    run = long_run(60, 8_000, 20_000)
    alone = strip(render(run))
    for count in (1, 20, 40):
        render(dataclasses.replace(run, candidates=run.candidates[:count]))
    assert strip(render(run)) == alone


def test_parts_that_texts_share_are_kept_once():
    page = render(long_run(40, 4_000, 20_000))
    assert page.count(words("statement", 20_000).splitlines()[3]) == 1


@pytest.mark.parametrize("text", ["x" * 2_000_000, "<" * 2_000_000, "é\u2028\ud800" * 500_000])
def test_loud_programs_do_not_make_it_large(text):
    assert len(render(run_of([candidate(1, None, text)])).encode()) < 2_000_000


def test_large_pictures_are_thinned():
    import numpy as np

    from fieldsmith.tasks.task import Picture

    values = np.random.default_rng(0).normal(size=(256, 256))
    best = candidate(1, 1e-3)
    places = (np.linspace(0, 1, 256),) * 2
    pictures = [
        Picture(f, n, values, values, ("x", "y"), (0.0, 1.0, 0.0, 1.0), places) for f in "uvwp" for n in range(3)
    ]
    page = render(run_of([best], best, pictures))
    assert len(page.encode()) < LIMIT
    assert len(embedded(page)["pictures"]) == 12


def test_large_moving_pictures_are_thinned():
    import numpy as np

    from report_runs import moving

    rng, best = np.random.default_rng(0), candidate(1, 1e-3)
    places = (np.linspace(0, 1, 16), np.linspace(0, 1, 200), np.linspace(0, 1, 200))
    large = [
        replace(moving(f), solution=rng.normal(size=(16, 200, 200)), reference=np.zeros((16, 200, 200)), places=places)
        for f in "uvwp"
    ]
    page = render(run_of([best], best, large))
    assert len(page.encode()) < LIMIT
    assert [p["frames"] for p in embedded(page)["pictures"]] == [16] * 4


def test_a_long_run_opens(opened):
    page = opened(long_run(300, 8_000, 20_000))
    assert page.locator("#tree li").count() == 300
    page.get_by_role("tab", name="Diff").click()
    assert page.locator(".diff .row").count() > 10
    assert not page.faults


def test_it_opens_without_scripts(browser, tmp_path):
    file = tmp_path / "report.html"
    file.write_text(render(finished()))
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    assert "2.00 × 10" in page.inner_text(".tile.strong")
    assert "switched off" in page.inner_text("noscript")
    context.close()
