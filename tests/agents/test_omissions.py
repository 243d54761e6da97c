"""Programs that leave parts out are told apart from those that only speak of the code below."""

import textwrap

import pytest

from fieldsmith.agents.reply import program_in
from fieldsmith.agents.reply.omissions import gap

LEAVES_OUT = {
    "rest unchanged": """
        u = u / 2
        # ... rest unchanged
        return u
        """,
    "existing code": """
        # existing code
        return u
        """,
    "existing code, set off": """
        u = u / 2

        # existing code

        u = 2 * u
        return u
        """,
    "existing code around a change": """
        # ... existing code ...
        dt = 0.25
        # ... existing code ...
        return u
        """,
    "existing code for a purpose": """
        # ... existing code for the boundary ...
        u = u / 2
        return u
        """,
    "dots alone": """
        u = u / 2
        # ...
        return u
        """,
    "one character of dots": """
        u = u / 2
        # … rest of the time loop (unchanged) …
        return u
        """,
    "the end of a loop": """
        for n in range(3):
            u = u + 1
            # ... same for the other stages
        return u
        """,
    "remaining code": """
        u = u / 2
        # ... remaining code unchanged ...
        return u
        """,
    "as before": """
        u = u / 2
        # ... same as before
        return u
        """,
    "omitted": """
        u = u / 2
        # [previous implementation omitted for brevity]
        return u
        """,
    "the code of something": """
        u = u / 2
        # ... (flux function as in the original version) ...
        return u
        """,
    "nothing but a comment": """
        for n in range(3):
            # ... rest of the step
            pass
        return u
        """,
    "code goes here": """
        for n in range(3):
            # TODO: your code here
            pass
        return u
        """,
    "a plan in the place of a loop's body": """
        for n in range(3):
            # TODO: take a step
            pass
        return u
        """,
    "a plan in the place of an inner function's body": """
        def stage(v):
            pass
            # TODO: the limiter
        return stage(u)
        """,
    "code goes here, at the end of a loop": """
        for n in range(3):
            u = u / 2
            # your code here
        return u
        """,
    "a placeholder before other words": """
        # previous code
        # then the step
        u = u / 2
        return u
        """,
    "a placeholder before code that is switched off, and nothing else": """
        for n in range(3):
            u = u / 2
            # existing code
            # u = step(u)
        return u
        """,
    "an ellipsis among statements": """
        u = u / 2
        ...
        return u
        """,
    "an ellipsis for a loop": """
        for n in range(3):
            ...
        return u
        """,
    "one branch of two": """
        if u > 0:
            return u
        else:
            # ... existing code ...
            pass
        return 2 * u
        """,
    "an inner function": """
        def stage(v):
            v = v / 2
            # ... the rest is unchanged
            return v

        return stage(u)
        """,
}

LEAVES_NOTHING_OUT = {
    "same for the next stage": """
        k = u / 2
        # ... same for the second stage
        k = k / 2
        return k
        """,
    "what follows": """
        u = u / 2
        # ... then the other half step
        u = u / 2
        return u
        """,
    "what is returned": """
        # ... compute the flux
        return u
        """,
    "physics": """
        # remaining mass stays constant
        u = u / 2
        # ... the other terms remain unchanged
        u = 2 * u
        return u
        """,
    "values": """
        # ... existing values at the boundary are kept
        u = u / 2
        return u
        """,
    "boundary values": """
        # ... boundary values unchanged
        u = u / 2
        return u
        """,
    "the code below": """
        # the rest of the code below works on whole arrays
        u = u / 2
        return u
        """,
    "a label": """
        # existing code
        u = u / 2
        # unchanged
        return u
        """,
    "a label for nothing to do": """
        if u == 0:
            # unchanged
            return u
        return u / 2
        """,
    "after the end": """
        return u
        # ... the rest is the same for other grids
        """,
    "a paragraph": """
        # frames: u[0] = u0
        # ...
        # u[n] = step(u[n - 1])
        u = u / 2
        return u
        """,
    "a sentence over two lines": """
        # The flux at the left face is that of the neighbour's right face, so ...
        # ... the same array serves both
        u = u / 2
        return u
        """,
    "a docstring": '''
        """Solve.

        # ... rest unchanged
        """
        return u
        ''',
    "within brackets": """
        weights = [
            1.0,
            # ... same for the second stage
            1.0,
            # ... and the remaining ones
        ]
        return weights[0] * u
        """,
    "the other branch": """
        if u > 0:
            v = u
        # ... same for the other sign
        else:
            v = -u
        return v
        """,
    "an exception that does not matter": """
        try:
            u = u / 2
        except ValueError: ...
        return u
        """,
    "at the end of a line": """
        u = u / 2  # ... same as before
        return u
        """,
    "a plan": """
        # TODO: a higher order would be better here
        u = u / 2
        return u
        """,
    "a plan at the end of a loop": """
        out = []
        for n in range(3):
            out.append(u)
            # TODO: adaptive dt
        return out
        """,
    "a plan in a branch that may do nothing": """
        if u > 10:
            # TODO: handle blow-up
            pass
        return u
        """,
    "a label of code that is switched off": """
        # Previous code:
        # return u + dt * k1
        k2 = u / 2
        return k2
        """,
    "a label of a loop that is switched off": """
        # previous implementation
        # for n in range(3):
        #     u = step(u)
        return u / 2
        """,
    "the last word": """
        for n in range(3):
            u = u / 2
            # ... done
        return u
        """,
    "loops": """
        # ... the other loop
        for n in range(3):
            u = u / 2
        return u
        """,
}


def program(body: str) -> str:
    return "def solver(u):\n" + textwrap.indent(textwrap.dedent(body).strip("\n"), "    ") + "\n"


@pytest.mark.parametrize("body", LEAVES_OUT.values(), ids=LEAVES_OUT)
def test_a_part_that_is_left_out_is_found(body):
    assert gap(program(body))
    found = program_in(f"```python\n{program(body)}```", "solver")
    assert found.source is None
    assert "leaves a part out" in found.problem


@pytest.mark.parametrize("body", LEAVES_NOTHING_OUT.values(), ids=LEAVES_NOTHING_OUT)
def test_words_about_the_code_below_leave_nothing_out(body):
    found = program_in(f"```python\n{program(body)}```", "solver")
    assert (found.source, found.repairs) == (program(body), ())


@pytest.mark.parametrize(
    "stub",
    [
        "def flux(u): ...",
        "def flux(u):\n    # ... existing code ...\n    pass",
        "def flux(u):\n    pass  # unchanged",
        'def flux(u):\n    """Of Godunov."""\n    # TODO: implement\n    raise NotImplementedError',
    ],
)
def test_a_helper_without_a_body_is_left_out(stub):
    solver = "\n\n\ndef solver(u):\n    return flux(u)\n"
    found = program_in(f"```python\n{stub}{solver}```", "solver")
    assert found.source is None
    assert "leaves a part out (`def flux(u):" in found.problem
    given = program_in(f"```python\n{stub}{solver}```", "solver", parents=[f"def flux(u):\n    return 2 * u{solver}"])
    assert "return 2 * u" in given.source


@pytest.mark.parametrize("stub", ["def report(u):\n    pass", "@overload\ndef report(u): ...", "def unused(u): ..."])
def test_a_helper_that_does_nothing_on_purpose_is_left_alone(stub):
    source = f"from typing import overload\n{stub}\n\n\ndef solver(u):\n    {'report(u)' if 'report' in stub else 'u = u'}\n    return u\n"
    assert program_in(f"```python\n{source}```", "solver").source == source


@pytest.mark.parametrize(
    "stub",
    [
        "def report(*a):\n    pass  # TODO: log progress",
        "def report(*a):\n    pass  # no logging in the sandbox ...",
        "def report(*a): ...",
    ],
)
@pytest.mark.parametrize("use", ["u):\n    report(u)", "u, callback=report):\n    callback(u)"])
def test_a_helper_whose_result_nobody_uses_may_do_nothing(stub, use):
    source = f"{stub}\n\n\ndef solver({use}\n    return u\n"
    assert program_in(f"```python\n{source}```", "solver").source == source


@pytest.mark.parametrize(
    "use", ["return flux(u)", "u = integrate(flux, u)\n    return u", "flux(u)\n    return flux(u)"]
)
def test_a_helper_whose_result_is_used_must_have_a_body(use):
    source = f"from scipy.integrate import integrate\ndef flux(*a): ...\n\n\ndef solver(u):\n    {use}\n"
    assert program_in(f"```python\n{source}```", "solver").source is None


SET_UP = [
    "# ... same setup as before ...",
    "# (same as before)",
    "# setup code here",
    "# ... rest of the setup ...",
    "# Set up the grid as in the first version",
    "# [initialization unchanged]",
    "# ...",
]


@pytest.mark.parametrize("line", SET_UP)
def test_a_comment_in_place_of_lines_that_set_names_up_is_a_gap(line):
    source = f"import numpy as np\n\n\ndef solver(u):\n    {line}\n    u = np.exp(dt) * u\n    return u\n"
    found = program_in(f"```python\n{source}```", "solver")
    assert found.source is None
    assert f"leaves a part out (`{line}`)" in found.problem


@pytest.mark.parametrize("line", [line for line in SET_UP if line not in ("# ...", SET_UP[0])])
@pytest.mark.parametrize("head", ["import numpy as np\n", ""])
def test_such_a_comment_is_none_where_no_name_is_missing(line, head):
    source = f"{head}\n\ndef solver(u):\n    {line}\n    dt = 0.5\n    u = np.exp(dt) * u\n    return u\n"
    assert program_in(f"```python\n{source}```", "solver").source is not None


@pytest.mark.parametrize(
    "line",
    ["# ... compute the flux", "# Setup", "# the same for all steps", "# from the previous time level", "# grid"],
)
def test_words_on_the_code_are_no_gap_though_a_name_is_missing(line):
    source = f"def solver(u):\n    {line}\n    u = dt * u\n    return u\n"
    assert program_in(f"```python\n{source}```", "solver").source == source


def test_such_a_comment_is_none_where_the_earlier_program_has_the_names():
    parent = "DT = 0.5\n\n\ndef solver(u):\n    return DT * u\n"
    source = "# constants: same as before\n\n\ndef solver(u):\n    return DT * u / 2\n"
    assert "DT * u / 2" in program_in(f"```python\n{source}```", "solver", parents=[parent]).source


@pytest.mark.parametrize(
    "comment", ["# ... same for the remaining frames", "# and so on ...", "# other steps are similar..."]
)
def test_what_is_said_of_the_turns_of_a_loop_leaves_nothing_out(comment):
    source = f"def solver(u):\n    for n in range(3):\n        u = u + 1\n        {comment}\n    return u\n"
    assert gap(source) == ""
    assert gap(source.replace("u + 1", "advance(u)")) == comment


def test_a_line_that_repeats_itself_is_not_searched_for_ever():
    reply = "```python\ndef other(u):\n    # " + "the rest of the same " * 20_000 + "\n    return (\n```"
    found = program_in(reply, "solver")
    assert found.source is None
