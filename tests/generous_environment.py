"""An environment with a hole."""

from fieldsmith.environments.calls import Call
from small_environment import Thermostat


class Generous(Thermostat):
    """An environment that is content with whatever is submitted."""

    name = "test/generous-v1"
    gold = {"warm": 1.0, "hot": 1.0}  # noqa: RUF012

    def gold_calls(self, task):
        return [Call("heat", {"degrees": 6.0})]

    def score(self, metrics):
        return 1.0
