"""Programs that a reply hands over as an assistant with tools would: in a shell command, a call, a notebook, with a last word."""

import json
import textwrap

import pytest

from fieldsmith.agents.reply import cut_off, program_in
from fieldsmith.agents.reply.shell import MAGIC_OUT, OUT_OF_SHELL

PROGRAM = "import numpy as np\n\n\ndef half(u):\n    return u / 2\n\n\ndef solver(u):\n    return half(np.sin(u))\n"
TESTS = "from solver import solver\n\n\ndef test_it():\n    assert solver(0.0) == 0.0\n"
CALL = {"path": "solver.py", "content": PROGRAM}
JSON = "The program was taken out of JSON."
MARKUP = "The program was taken out of the markup around it."
PLUS = textwrap.indent(PROGRAM, "+", lambda line: True)


def found(reply: str):
    return program_in(reply, "solver", ("u",))


@pytest.mark.parametrize(
    "reply",
    [
        f"I write it:\n\n```bash\ncat > solver.py << 'EOF'\n{PROGRAM}EOF\n```",
        f"```bash\ncat <<EOF > solver.py\n{PROGRAM}EOF\npython solver.py\n```\n",
        f'```sh\nmkdir -p work\ncat <<"PY" | tee work/solver.py > /dev/null\n{PROGRAM}PY\n```\nIt works.',
        f"$ cat > solver.py <<-\\END\n{PROGRAM}END\n$ python solver.py",
        f"cat > solver.py << 'EOF'\n{PROGRAM}EOF\n",
        f"```\nsudo tee solver.py <<'EOF'\n{PROGRAM}EOF\n```",
        f"```python\ncat > solver.py << 'EOF'\n{PROGRAM}EOF\n```",
        f"```bash\npython3 - <<'EOF'\n{PROGRAM}EOF\n```",
        f"```powershell\n@'\n{PROGRAM}'@ | Set-Content solver.py\n```",
        f'```powershell\n$code = @"\n{PROGRAM}"@\n$code > solver.py\n```',
    ],
)
def test_a_program_is_taken_out_of_the_command_that_writes_it(reply):
    program = found(reply)
    assert program.source == PROGRAM, program.problem
    assert OUT_OF_SHELL in program.repairs
    assert not cut_off(reply, "stop", program)


def test_a_command_that_was_cut_off_is_cut_off():
    reply = f"```bash\ncat > solver.py << 'EOF'\n{PROGRAM[:-20]}"
    assert cut_off(reply, "length", found(reply))


def test_a_shift_is_no_command():
    program = f"```python\n{PROGRAM}\n\nEOF = 3\nprint(1 << EOF)\n```"
    assert found(program).source == f"{PROGRAM}\n\nEOF = 3\nprint(1 << EOF)\n"


@pytest.mark.parametrize("word", ["Done", "EOF", "Done, thanks", "END\nOK", "Finished - enjoy"])
def test_a_last_word_that_nothing_defines_is_left_out(word):
    for reply in (f"{PROGRAM}\n{word}\n", f"```python\n{PROGRAM}\n{word}\n```"):
        program = found(reply)
        assert program.source == PROGRAM, program.problem
        assert any("which nothing defines, was left out" in words for words in program.repairs)


def test_a_first_word_that_nothing_defines_is_left_out():
    assert found(f"python\n{PROGRAM}").source == PROGRAM
    assert found(f"```\nsolver_v2.py\n{PROGRAM}```").source == PROGRAM


@pytest.mark.parametrize("last", ["half", "print(half)", "half(Done)", "np.pi", '"""End."""', "quit"])
def test_what_is_defined_or_does_something_stays(last):
    assert found(f"```python\n{PROGRAM}\n{last}\n```").source == f"{PROGRAM}\n{last}\n"


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (f"<tool_call>\n{json.dumps({'name': 'write_file', 'arguments': CALL})}\n</tool_call>", JSON),
        (json.dumps({"files": {"solver.py": PROGRAM}}), JSON),
        (json.dumps([{"name": "write", "arguments": json.dumps(CALL)}]), JSON),
        (
            f"```json\n{json.dumps({'tool_calls': [{'function': {'arguments': json.dumps(CALL)}}]}, indent=2)}\n```",
            JSON,
        ),
        (f"[TOOL_CALLS] {json.dumps([{'name': 'write', 'arguments': CALL}])}", JSON),
        (f"Action: write\nAction Input: {json.dumps(CALL)}\n", JSON),
        (f"I write it now. {json.dumps({'a': [[{'b': CALL}]]})} That is all.", JSON),
        (json.dumps({"cells": [{"cell_type": "code", "source": PROGRAM.splitlines(keepends=True)}]}), JSON),
        (json.dumps({"code": PROGRAM.splitlines()}), JSON),
        (json.dumps(CALL).replace("\\n", "\n"), JSON),
        (f"<tool_call>{CALL!r}</tool_call>", JSON),
        (f'{{"path": "solver.py", "edits": {json.dumps([{"old_str": "def f(): pass", "new_str": PROGRAM}])}}}', JSON),
        (f"<write_to_file><path>solver.py</path><content>{PROGRAM}</content></write_to_file>", MARKUP),
        (
            f'<invoke name="w"><parameter name="path">s.py</parameter><parameter name="content">{PROGRAM}</parameter></invoke>',
            MARKUP,
        ),
        (f"<function=write>\n<parameter=content>{PROGRAM}</parameter>\n</function>", MARKUP),
        (f'<file name="solver.py"><![CDATA[{PROGRAM}]]></file>', MARKUP),
        (f"*** Begin Patch\n*** Add File: solver.py\n{PLUS}*** End Patch\n", "The file that the patch adds was taken."),
        (
            f"```bash\napply_patch <<'EOF'\n*** Begin Patch\n*** Add File: solver.py\n{PLUS}*** End Patch\nEOF\n```",
            "The file that the patch adds was taken.",
        ),
    ],
)
def test_a_program_is_taken_out_of_a_call(reply, words):
    program = found(reply)
    assert program.source == PROGRAM, program.problem
    assert words in program.repairs
    assert not cut_off(reply, "stop", program)


def test_two_programs_in_a_call_are_none():
    assert found(json.dumps({"a": PROGRAM, "b": PROGRAM.replace("2", "3")})).source is None


@pytest.mark.parametrize(
    "reply",
    [
        json.dumps({"files": {"test_solver.py": TESTS, "solver.py": PROGRAM}}),
        f"<file name='test_solver.py'>{TESTS}</file>\n<file name='solver.py'>{PROGRAM}</file>",
        f"*** Begin Patch\n*** Add File: t.py\n+def test_it():\n+    pass\n*** Add File: solver.py\n{PLUS}*** End Patch\n",
    ],
)
def test_of_several_files_in_a_call_the_one_with_the_function_is_taken(reply):
    assert found(reply).source == PROGRAM


def test_lines_for_a_notebook_are_left_out():
    program = found(f"```python\n%%writefile solver.py\n!pip install numpy\n%matplotlib inline\n{PROGRAM}```")
    assert program.source == PROGRAM
    assert MAGIC_OUT in program.repairs


@pytest.mark.parametrize(
    "text",
    [
        "cat << 'EOF'\ndef \n" * 3_000,
        '{"a": ' * 5_000 + "def ",
        "<a>" * 10_000 + "def ",
        "@'\ndef \n" * 3_000,
        "[" * 20_000 + "def ",
    ],
)
def test_repetitions_take_no_time(text):
    assert found(text).source is None
