"""docs/operators.md: the operator that it builds can be trained once it is installed."""

import re
from pathlib import Path

import small_heat
from fieldsmith import operators, tasks
from fieldsmith.operators.trained import TrainedOperator
from fieldsmith.operators.training.asked import Asked
from fieldsmith.operators.training.fit import fit
from plug_ins import distribution

PAGE = Path(__file__).parents[2] / "docs" / "operators.md"
SMALL_HEAT = f"{small_heat.__file__}:SmallHeat"


def test_the_operator_of_the_page_is_trained(tmp_path, monkeypatch):
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    points = {"fieldsmith.operators": "plain-convolution = plain_convolution:PlainConvolution"}
    monkeypatch.syspath_prepend(distribution(tmp_path, "plain-operators", {"plain_convolution": code}, points))
    assert "plain-convolution" in operators.names()
    asked = Asked("plain-convolution", {"width": 8}, samples=16, epochs=3)
    done = fit(tasks.load(SMALL_HEAT), asked, tmp_path / "own", "cpu")
    assert done.card["course"]["best"] < 1.0
    assert TrainedOperator.open(tmp_path / "own", "cpu").module.parameters_count() == done.card["parameters"]


def test_what_a_plug_in_lacks_is_said():
    class Half(operators.Operator):
        name = "half"

    assert operators._fault("half", Half) == "it has no title and no source and no settings"
    assert operators._fault("half", object) == "it is not a class derived from fieldsmith.operators.Operator"


def test_the_page_lists_every_operator():
    listed = set(re.findall(r"^\| `([a-z-]+)` \|", PAGE.read_text(encoding="utf-8"), re.M))
    assert listed == set(operators.names())
