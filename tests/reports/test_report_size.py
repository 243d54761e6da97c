"""The report stays small enough to be mailed, whatever a run has written, and says what it left out."""

import dataclasses
import json
import random

import pytest

from fieldsmith.reports.html import render
from report_runs import candidate, finished, picture, run_of

LIMIT = 6_000_000


def words(seed, length):
    draw = random.Random(seed)
    line = lambda: " ".join("".join(draw.choices("abcdefghijklmnopqrstuvwxyz_", k=6)) for _ in range(6))  # noqa: E731
    text = "".join(f"    {line()}\n" for _ in range(length // 40))
    return text[:length]


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


def test_what_is_left_out_is_said_with_the_file_that_has_it():
    page = render(long_run(120, 120_000, 10_000))
    assert len(page.encode()) < LIMIT
    data = embedded(page)
    shown = "".join(data["texts"][n] for n in data["candidates"][5]["code"])
    assert "characters left out; the whole is in candidates/6/solver.py" in shown


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
    pictures = [Picture(f, n, values, values, ("x", "y"), (0.0, 1.0, 0.0, 1.0)) for f in "uvwp" for n in range(3)]
    page = render(run_of([best], best, pictures))
    assert len(page.encode()) < LIMIT
    assert len(embedded(page)["pictures"]) == 12


@pytest.mark.needs("chromium")
def test_a_long_run_opens(opened):
    page = opened(long_run(300, 8_000, 20_000))
    assert page.locator("#tree li").count() == 300
    page.get_by_role("tab", name="Diff").click()
    assert page.locator(".diff .row").count() > 10
    assert not page.faults


@pytest.mark.needs("chromium")
def test_it_opens_without_scripts(browser, tmp_path):
    file = tmp_path / "report.html"
    file.write_text(render(finished()))
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    assert "2.00 × 10" in page.inner_text(".tile.strong")
    assert "switched off" in page.inner_text("noscript")
    context.close()
