"""A whole environment of a few lines: a room is to be brought to a temperature."""

import os
import time

from pydantic import BaseModel, Field

from fieldsmith.environments import Action, Environment, Lacking, Measure, Needs, ToolFailed, Unfit


class Room(BaseModel):
    celsius: float
    log: list[str] = []


class Heat(Action):
    """Warm the room by some degrees."""

    degrees: float = Field(gt=0, le=10, description="by how much")


class Look(Action):
    """Read the thermometer."""

    free = True


class Report(Action):
    """Have a shell command write a report."""

    needs = Needs(seconds=2.0, programs=("sh",))
    script: str = Field(description="what the shell runs", max_length=200)


class Wait(Action):
    """Compute for ever."""

    needs = Needs(seconds=0.2)


class Broken(Action):
    """Divide by zero, or lack something."""

    lacking: bool = False


class Thermostat(Environment[Room]):
    """You sit in a room with a heater and no cooler."""

    name, title, state = "test/thermostat-v1", "A room", Room
    actions = (Heat, Look, Report, Wait, Broken)
    measures = (
        Measure("off", "distance from 21 degrees", unit="K", main=True),
        Measure("heat", "how warm it is", None),
        Measure("secret", "what the agent must not see", held_out=True),
    )

    def tasks(self):
        return {"warm": "Bring the room to 21 degrees.", "hot": "Bring the room to 21 degrees, from 10."}

    def begin(self, task, rng):
        return Room(celsius=(15.0 if task == "warm" else 10.0) + rng.uniform())

    def act(self, state, action, tools):
        if isinstance(action, Heat):
            if state.celsius > 40:
                raise Unfit("It is too hot already.", "Go back.")
            state.celsius += action.degrees + 0.01 * tools.rng.uniform()
        elif isinstance(action, Look):
            if state.celsius > 40:
                raise ToolFailed("The thermometer is broken.")
            state.celsius = 99.0  # a free action changes nothing, whatever it does
        elif isinstance(action, Report):
            ran = tools.run(["sh", "-c", action.script])
            tools.keep("report.txt", ran.stdout, caption="what the shell wrote")
        elif isinstance(action, Wait):
            while True:
                time.sleep(0.001)
        elif action.lacking:
            if not os.environ.get("ROOM_MENDED"):
                raise Lacking("The heater is not plugged in.", "Plug it in.")
        else:
            return str(1 / 0)
        return f"It is {state.celsius:.1f} degrees."

    def measure(self, state, tools):
        return {"off": abs(state.celsius - 21.0), "heat": state.celsius, "secret": -state.celsius}

    def judge(self, state, tools):
        return {"final_off": abs(state.celsius - 21.0)}

    def score(self, metrics):
        off = metrics.get("off")
        return 0.0 if off is None else max(0.0, 1.0 - off / 5.0)

    def describe(self, state):
        return f"The thermometer shows {state.celsius:.1f} degrees."
