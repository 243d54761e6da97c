"""Of several blocks the whole program is taken, with what the reply corrects in it afterwards."""

import pytest

from fieldsmith.agents.reply import program_in

ARGS = ("u0_batch", "t_coordinate", "nu")
WHOLE = """import numpy as np

CFL = 0.25


def step(u, dt, nu):
    return u - dt * nu * u


def solver(u0_batch, t_coordinate, nu):
    u = u0_batch
    for a, b in zip(t_coordinate[:-1], t_coordinate[1:]):
        u = step(u, b - a, nu)
    return u
"""
HEAD = "def solver(u0_batch, t_coordinate, nu):\n"


def reply(*texts: str) -> str:
    return "\n\n".join(f"```python\n{text}```" if "\n" in text else text for text in texts)


@pytest.mark.parametrize(
    "body",
    [
        "    # transform...\n    return trajectory\n",
        "    # ...\n    u = u0_batch\n    # ... rest as above\n    return u\n",
        "    ...\n    return u0_batch\n",
        "    u = transform(u0_batch)\n    for t in t_coordinate:\n        u = advance(u)\n    return u\n",
    ],
)
def test_an_outline_does_not_take_the_place_of_the_program(body):
    found = program_in(reply("Here it is.", WHOLE, "In outline:", HEAD + body), "solver", ARGS, "stop")
    assert (found.source, found.repairs) == (WHOLE, ("A later outline of `solver` was left out.",))
    before = program_in(reply("In outline:", HEAD + body, "In full:", WHOLE), "solver", ARGS, "stop")
    assert (before.source, before.repairs) == (WHOLE, ())


def test_a_later_version_whose_helpers_stand_in_another_block_is_whole():
    later = HEAD + "    return half(u0_batch)\n"
    found = program_in(reply(WHOLE, "Better:", "def half(u):\n    return u / 2\n", later), "solver", ARGS)
    assert "return half(u0_batch)" in found.source
    assert "def half" in found.source


def test_an_outline_alone_is_taken_as_it_is_or_told():
    assert program_in(reply(HEAD + "    return trajectory\n"), "solver", ARGS).source
    assert "leaves a part out" in program_in(reply(HEAD + "    ...\n    return u0_batch\n"), "solver", ARGS).problem


BETTER = "def step(u, dt, nu):\n    return u * np.exp(-dt * nu)\n"
TAKEN = ("`step` of a later block took the place of the program's.",)


@pytest.mark.parametrize(
    "words",
    [
        "Replace it by",
        "The old `step` is unstable. Use this instead:",
        "Replace the wrong step by:",
        "The stable step:",
        "",
        "It would be better so:",
    ],
)
def test_a_later_correction_takes_its_place(words):
    found = program_in(reply(WHOLE, words, BETTER), "solver", ARGS)
    assert found.repairs == TAKEN
    assert found.source.count("def step") == 1
    assert "np.exp(-dt * nu)" in found.source
    assert "def solver" in found.source


def test_a_later_constant_takes_its_place_where_it_is_said_to():
    found = program_in(reply(WHOLE, "Change it to", "CFL = 0.5\n"), "solver", ARGS)
    assert found.source == WHOLE.replace("0.25", "0.5")


@pytest.mark.parametrize(
    "text",
    [
        BETTER.replace("    return", "    # ... as before\n    return"),
        BETTER.replace("    return", "    ...\n    return"),
        BETTER.replace("-dt", "-rate"),
        BETTER.replace("np.exp", "decayed"),
        "def step(u, dt, nu):\n    ...\n",
        BETTER.replace("u, dt, nu", "u, dt, nu, k"),
    ],
)
def test_a_correction_that_does_not_fit_is_left_out_and_told(text):
    found = program_in(reply(WHOLE, "Replace it by", text), "solver", ARGS)
    assert found.source == WHOLE
    assert found.repairs == ("A later correction of `step` does not fit the program and was left out.",)


def test_two_corrections_and_one_of_the_function_itself():
    last = HEAD + "    return step(u0_batch, t_coordinate[-1], nu)\n"
    found = program_in(reply(WHOLE, "Correction:", BETTER, "And change it to take one step:", last), "solver", ARGS)
    assert found.repairs == (*TAKEN, "`solver` of a later block took the place of the program's.")
    space: dict = {}
    exec(found.source, space)
    assert space["solver"](2.0, [0.0, 0.0], 1.0) == 2.0
    assert "for a, b" not in found.source


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("Do not replace it by", BETTER),
        ("What not to do:", BETTER),
        ("The naive step would be", BETTER),
        ("For comparison, the original step:", BETTER),
        ("Like this:", f"# Don't do this\n{BETTER}"),
        ("A test:", "def test_step():\n    assert step(1.0, 0.0, 1.0) == 1.0\n"),
        ("A better test:", "CFL = 0.5\nprint(solver(np.ones(3), [0.0, CFL], 1.0))\n"),
        ("Take", "CFL = 0.5\n"),
        ("The step again:", WHOLE[WHOLE.index("def step") : WHOLE.index("def solver")]),
    ],
)
def test_what_is_no_correction_changes_nothing(words, text):
    found = program_in(reply(WHOLE, words, text), "solver", ARGS)
    assert (found.source, found.repairs) == (WHOLE, ())


EXCERPT = "def step(u, dt, nu):\n    return u\n"


@pytest.mark.parametrize("words", ["**Key step:**", "The heart of the method is the linear part, which is exact:"])
def test_what_only_explains_the_program_is_left_out_and_told(words):
    found = program_in(reply(WHOLE, "### How it works", words, EXCERPT), "solver", ARGS)
    assert found.source == WHOLE
    assert found.repairs == ("A later version of `step`, not said to be a correction, was left out.",)


def test_an_excerpt_without_a_word_changes_nothing():
    whole = WHOLE.replace("    return u - dt", "    u = np.asarray(u)\n    return u - dt")
    excerpt = "def step(u, dt, nu):\n    return u - dt * nu * u\n"
    assert program_in(reply(whole, excerpt), "solver", ARGS).source == whole


TOY = HEAD + "    return np.repeat(u0_batch[:, None], len(t_coordinate), 1)\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "For comparison, the simplest possible scheme (not recommended) would be:"),
        ("## Option A (recommended)", "## Option B (simple but only first order)"),
        ("", "If you want something faster and less accurate you can use this variant:"),
        ("", "Test it:\n\n# dummy solver"),
    ],
)
def test_of_whole_programs_the_one_that_the_reply_means_is_taken(before, after):
    words, _, comment = after.partition("\n\n")
    toy = f"{comment}\nimport numpy as np\n\n\n{TOY}".lstrip()
    found = program_in(reply(before, WHOLE, words, toy), "solver", ARGS)
    assert found.source == WHOLE
    assert "2 blocks define `solver`: the one that the reply prefers was taken." in found.repairs


def test_of_whole_programs_of_which_nothing_is_said_the_last_is_taken():
    toy = f"import numpy as np\n\n\n{TOY}"
    for words in ("", "Corrected, not like the old one:", "A vectorised version:"):
        assert program_in(reply("Original:", WHOLE, words, toy), "solver", ARGS).source == toy


def test_an_outline_in_the_same_block_does_not_take_the_place_of_the_program():
    found = program_in(
        reply(f"{WHOLE}\n\n{HEAD}    u = u0_batch\n    # ... same as above\n    return u\n"), "solver", ARGS
    )
    assert found.source is not None
    assert "for a, b" in found.source
    assert "same as above" not in found.source


@pytest.mark.parametrize(
    "lead",
    [
        "Quick test, should be stable:",
        "An updated form would be the following, but I kept the simple one:",
        "If memory is a problem, use this slower variant:",
    ],
)
def test_what_is_set_aside_corrects_nothing(lead):
    other = "def step(u, dt, nu):\n    return 0 * u\n"
    found = program_in(reply("Here it is.", WHOLE, lead, other), "solver", ARGS, "stop")
    assert found.source == WHOLE
