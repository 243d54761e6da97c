"""The tree of candidates and what is shown of each, in a real browser."""

import dataclasses
import difflib
import random

import pytest

from report_runs import candidate, finished, run_of


def slots(page):
    return page.locator("#tree li .slot").all_inner_texts()


def test_the_tree_says_what_came_from_what_and_how_it_ended(opened):
    page = opened(finished())
    assert slots(page) == ["1", "1.1", "r1", "2", "r2", "3"]
    levels = [row.get_attribute("aria-level") for row in page.locator("#tree li").all()]
    assert levels == ["1", "2", "3", "1", "1", "1"]
    text = page.inner_text("#tree")
    for words in ("crashed", "not finite", "missing function", "restart", "best"):
        assert words in text
    assert page.locator("#tree li[aria-selected=true] .slot").inner_text() == "r1"


def test_arrow_keys_walk_close_and_open_the_tree(opened):
    page = opened(finished())
    page.focus("#tree li[aria-selected=true]")
    page.keyboard.press("ArrowLeft")
    assert "Candidate 1.1" in page.inner_text("#candidate h3")
    page.keyboard.press("Home")
    assert "Candidate 1 " in page.inner_text("#candidate h3")
    page.keyboard.press("ArrowLeft")
    assert slots(page) == ["1", "2", "r2", "3"]
    page.keyboard.press("ArrowRight")
    assert slots(page) == ["1", "1.1", "r1", "2", "r2", "3"]
    page.keyboard.press("End")
    assert "Candidate 3" in page.inner_text("#candidate h3")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "tab"
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.textContent") == "Reply"
    assert not page.faults


def test_candidates_are_ordered_and_filtered(opened):
    page = opened(finished())
    page.select_option("#order", "best")
    assert slots(page)[:3] == ["r1", "r2", "1.1"]
    page.select_option("#filter", "failed")
    assert slots(page) == ["1", "2", "3"]
    assert page.locator("#tree li[aria-selected=true] .slot").inner_text() == "1", "what is shown stands in the list"
    page.evaluate("location.hash = '#candidate-4'")
    assert page.locator("#tree li[aria-selected=true] .slot").inner_text() == "r1"


def test_code_is_coloured_and_marks_the_line_that_failed(opened):
    page = opened(finished())
    page.locator("#tree li").first.click()
    assert "wrong shape" in page.inner_text("#candidate-body")
    page.get_by_role("tab", name="Code").click()
    assert page.locator(".listing .t-k").first.inner_text().strip() == "import"
    assert page.locator(".listing .t-f").inner_text() == "solver"
    assert "cumsum" in page.locator(".listing .failing").inner_text()
    assert page.inner_text(".listing").startswith("import numpy as np")


SOURCE = '''import numpy as np  # the "array" package


@np.vectorize
class Step(Exception):
    r"""A 'scheme' \\d"""

    def print(self, a, b):
        c = a @ b.sum() + 0x1f - 1.5e-3j
        return f"{c!r} # no comment" + "never closed
'''


def test_every_kind_of_word_has_its_colour(opened):
    one = candidate(1, 1e-3, source=SOURCE)
    page = opened(run_of([one], one))
    found = {kind: page.locator(f".listing .t-{kind}").all_inner_texts() for kind in "ksncfdb"}
    assert found == {
        "k": ["import", "as", "class", "def", "return"],
        "s": ['r"""A \'scheme\' \\d"""', 'f"{c!r} # no comment"', '"never closed'],
        "n": ["0x1f", "1.5e-3j"],
        "c": ['# the "array" package'],
        "f": ["Step", "print"],
        "d": ["@np.vectorize"],
        "b": ["Exception"],
    }
    assert page.locator(".listing .source").all_inner_texts() == [line or "\u200b" for line in SOURCE.splitlines()]


@pytest.mark.parametrize("seed", range(4))
def test_a_difference_leads_from_one_program_to_the_other(opened, seed):
    draw = random.Random(seed)
    before = "".join(f"x = {draw.randrange(4)}\n" for _ in range(40))
    lines = before.splitlines(keepends=True)
    for _ in range(8):
        at = draw.randrange(len(lines))
        lines[at : at + draw.randrange(3)] = [f"x = {draw.randrange(6)}\n"] * draw.randrange(3)
    first, second = candidate(1, 1e-2, source=before), candidate(2, 1e-3, source="".join(lines), parents=(1,))
    page = opened(run_of([first, second], second))
    page.get_by_role("tab", name="Diff").click()
    rows = [(r.get_attribute("class").split()[-1], r.inner_text()) for r in page.locator(".diff .row").all()]
    hidden = [int(text.split()[1]) for kind, text in rows if kind == "gap"]
    for sign, whole in (("gone", before), ("new", "".join(lines))):
        assert sum(kind in ("same", sign) for kind, _ in rows) + sum(hidden) == len(whole.splitlines())
    shared = sum(kind == "same" for kind, _ in rows) + sum(hidden)
    common = sum(
        size
        for _, _, size in difflib.SequenceMatcher(
            None, before.splitlines(), "".join(lines).splitlines(), False
        ).get_matching_blocks()
    )
    assert shared >= common


def test_the_difference_to_the_parent_is_shown(opened):
    page = opened(finished())
    page.get_by_role("tab", name="Diff").click()
    assert "1.1" in page.inner_text("#candidate-body .above")
    gone, new = page.locator(".diff .gone"), page.locator(".diff .new")
    assert gone.first.locator(".sign").text_content() == "−"
    assert new.first.locator(".sign").text_content() == "+"
    assert "steps = 8" in gone.first.inner_text()
    assert "steps = 32" in new.first.inner_text()
    page.locator("#tree li").first.click()
    assert not page.get_by_role("tab", name="Diff").count()
    assert not page.faults


def test_the_closest_of_several_parents_is_compared_with(opened):
    source = "def solver(u):\n    a = 1\n    b = 2\n    c = 3\n    return u\n"
    parents = [candidate(1, 1e-2, source="x = 1\n"), candidate(2, 1e-2, source=source)]
    child = candidate(3, 1e-3, source=source.replace("b = 2", "b = 4"), parents=(1, 2), move="refine")
    page = opened(run_of([*parents, child], child))
    page.get_by_role("tab", name="Diff").click()
    assert "Against candidate 2, the closest of 2" in page.inner_text("#candidate-body")
    assert page.locator(".diff .gone").count() == 1


def test_prompt_reply_and_what_mended_it_are_shown(opened):
    first = candidate(1, 1e-3)
    proposal = dataclasses.replace(
        first.proposal, prompt="Write\n\na solver.", reply="Here\n\n```python\nx\n```\nit is."
    )
    object.__setattr__(proposal, "repairs", ("the last fence was missing",))
    first = dataclasses.replace(first, proposal=proposal)
    page = opened(run_of([first], first))
    page.get_by_role("tab", name="Prompt").click()
    assert page.locator("#candidate-body pre").text_content() == "Write\n\na solver."
    page.get_by_role("tab", name="Reply").click()
    assert page.locator("#candidate-body pre").text_content() == "Here\n\n```python\nx\n```\nit is."
    assert "candidates/1/reply.md" in page.inner_text("#candidate-body")
    assert "the last fence was missing" in page.inner_text("#candidate")


def test_code_is_copied_whole(opened):
    page = opened(finished())
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("#candidate-body .copy").click()
    page.locator("#candidate-body .copy", has_text="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == finished().candidates[3].program.source


def test_a_point_of_a_chart_opens_its_candidate(opened):
    page = opened(finished())
    page.locator("#pareto a.mark[data-candidate='5']").click()
    assert "Candidate r2" in page.inner_text("#candidate h3")
    page.locator("#progress a.mark[data-candidate='3']").click()
    assert "NaN from frame 3 on." in page.inner_text("#candidate-body")
    assert not page.faults


def test_an_address_with_a_candidate_opens_it(opened):
    page = opened(finished())
    address = page.url.split("#")[0] + "#candidate-3"
    page.goto("about:blank")
    page.goto(address)
    assert "Candidate 2" in page.inner_text("#candidate h3")


def test_spend_is_shown_by_model(opened):
    both = [candidate(1, 1e-2), candidate(2, 1e-3), candidate(3, None, author="anthropic:y")]
    page = opened(run_of(both, both[1]))
    cells = [row.inner_text().split() for row in page.locator("#spend tbody tr").all()]
    assert cells[0][:5] == ["openai:x", "2", "2", "20", "40"]
    assert cells[1][:5] == ["anthropic:y", "1", "0", "10", "20"]
