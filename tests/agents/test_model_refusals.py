"""A refusal is told as one, and what only sounds like one is none."""

import pytest
from solvers import GOOD

from fieldsmith.agents.reply import cut_off, program_in, program_of


@pytest.mark.parametrize(
    "line", ["# remaining mass stays constant", "# the other terms remain unchanged", "# the rest is the same as above"]
)
def test_words_about_the_physics_leave_nothing_out(line):
    source = f"def solver(u):\n    {line}\n    try:\n        u = u + 1\n    except ValueError: ...\n    return u\n"
    program, problem = program_of(f"```python\n{source}```", "solver")
    assert (program, problem) == (source, "")


REFUSALS = [
    "I must decline.",
    "I must respectfully decline this request.",
    "I’m sorry, but I have to decline to answer.",
    "I won't be able to help with that.",
    "Unfortunately, I will not be able to write this program.",
    "I'm not able to assist with this.",
    "I'm **not able** to provide code for this request.",
    "I am unable to fulfill your request.",
    "I can't assist with that.",
    "I can not do that.",
    "I'm afraid I can't do this for you.",
    "I cannot, in short, but also: I cannot provide you with a numerical solver.",
    "I'm not comfortable helping with this.",
    "Sorry, I can’t continue.",
    "I'm not permitted to create such code.",
    "Sorry, but unable to comply.",
    "As an AI language model, I don't have the ability to do this.",
    "I refuse to write that.",
    "This request goes against my guidelines.",
]
PROSE = [
    "I cannot use forward Euler here, the limit of its step is too small.",
    "I'm sorry for the bug, I cannot see how the sign got there. The fix is to use dt/2.",
    "I can't help but notice that the flux is not convex.",
    "I won't be able to resolve the shock on this grid without a limiter.",
    "I'm not able to see where the NaN comes from, so smaller steps it is.",
    "I cannot do this with forward Euler, so the plan is an implicit scheme.",
    "I cannot write the flux in conservative form, hence the source term.",
    "I cannot provide the exact solution in closed form for this viscosity.",
    "I must decline the idea of an explicit scheme.",
    "An upwind scheme cannot help here: it is too diffusive. It will not do.",
    "The scheme violates the maximum principle, which goes against the physics.",
    "I cannot continue the solution beyond the shock by characteristics.",
    "You can't answer this with one grid, as an aid take two.",
    "I won't give up the conservation of mass.",
    "I'm unable to complete the square, so the root is found by Newton's method.",
]


@pytest.mark.parametrize("words", REFUSALS)
def test_a_refusal_in_words_is_told_as_one(words):
    assert program_of(words, "solver") == (None, f"The model refused to answer, saying: {words}")


@pytest.mark.parametrize("words", REFUSALS)
def test_a_refusal_with_a_program_is_none(words):
    assert program_of(f"{words} But here you are:\n\n```python\n{GOOD}```", "solver") == (GOOD, "")


@pytest.mark.parametrize("words", PROSE)
def test_what_a_method_cannot_do_and_an_apology_are_no_refusals(words):
    assert "refused" not in program_of(words, "solver")[1]


def test_a_refusal_of_the_provider_is_told():
    found = program_in("", "solver", stop="refusal")
    assert found.source is None
    assert "refused" in program_in("It is against the rules.", "solver", stop="refusal").problem
    assert program_in(f"```python\n{GOOD}```", "solver", stop="refusal").source == GOOD


@pytest.mark.parametrize(
    ("stop", "words"),
    [
        ("refusal", "The provider broke the reply off as a refusal; it begins: A shift is exact. ```python def"),
        (
            "content_filter",
            "The provider's content filter broke the reply off, which begins: A shift is exact. ```python def",
        ),
    ],
)
@pytest.mark.parametrize("begun", ["def solver(u):\n    return (u +", GOOD])
def test_a_program_that_the_provider_breaks_off_is_told_to_be_and_not_gone_on_with(begun, stop, words):
    reply = f"A shift is exact.\n\n```python\n{begun}"
    found = program_in(reply, "solver", stop=stop)
    assert found.source is None
    assert found.problem.startswith(words)
    assert not cut_off(reply, stop, found)


def test_a_filter_that_leaves_no_word_is_no_refusal_of_the_model():
    assert (
        program_in("", "solver", stop="content_filter").problem == "The provider's content filter kept the reply back"
    )
    refused = program_in("I'm sorry, but I can't help with that.", "solver", stop="content_filter")
    assert refused.problem.startswith("The model refused to answer, saying: I'm sorry")
