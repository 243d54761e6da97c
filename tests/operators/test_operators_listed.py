"""`operators list` tells every operator with all that can be set of it."""

import json
from dataclasses import fields

from command_line import run
from fieldsmith.operators import OPERATORS


def test_every_operator_is_listed_with_its_settings() -> None:
    told = {row["name"]: row for row in json.loads(run("operators", "list", "--json").stdout)["operators"]}
    lines = run("operators", "list").stdout
    kinds, _ = OPERATORS.everything()
    assert set(told) == set(kinds)
    for name, kind in kinds.items():
        assert set(told[name]["settings"]) == {field.name for field in fields(kind.settings)}
        assert kind.source in lines
        for setting, one in told[name]["settings"].items():
            assert f"--set {setting}={one['default']}" in lines


def test_a_number_that_one_choice_alone_uses_says_which() -> None:
    (row,) = (
        one for one in json.loads(run("operators", "list", "--json").stdout)["operators"] if one["name"] == "memno"
    )
    assert "with variant=multi-input" in row["settings"]["inputs"]["words"]
