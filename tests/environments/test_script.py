"""Lists of calls in files, and gold sequences beside an environment."""

import pytest

from fieldsmith.environments import Call
from fieldsmith.environments.script import read_script
from fieldsmith.errors import InputError
from small_environment import Thermostat

CALLS = [Call("heat", {"degrees": 3}), Call("submit", {})]


@pytest.mark.parametrize(
    "text",
    [
        '{"action": "heat", "arguments": {"degrees": 3}}\n\n{"action": "submit"}\n',
        '[{"action": "heat", "arguments": {"degrees": 3}}, {"action": "submit", "arguments": null}]',
    ],
)
def test_calls_are_lines_or_one_list(tmp_path, text):
    (tmp_path / "calls").write_text(text)
    assert read_script(tmp_path / "calls") == CALLS


@pytest.mark.parametrize(
    "text", ["heat\n", '{"arguments": {}}', "[1]", '{"action": "heat", "arguments": [3]}', "[" * 9]
)
def test_what_is_no_list_of_calls_is_refused_with_a_line_that_would_be_one(tmp_path, text):
    (tmp_path / "calls").write_text(text)
    with pytest.raises(InputError, match=r"is not valid: .*Each line is like \{\"action\""):
        read_script(tmp_path / "calls")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="cannot be read: No such file or directory"):
        read_script(tmp_path / "calls")


def test_a_task_without_a_gold_sequence_is_told_where_to_write_it():
    with pytest.raises(InputError, match=r"The task 'warm' has no gold sequence. Write its calls to .*gold/warm.jsonl"):
        Thermostat().gold_calls("warm")
