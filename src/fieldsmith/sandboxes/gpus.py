"""The words of `docker run --gpus` as a request of the SDK, which itself takes no words."""

import csv

from docker.types import DeviceRequest

from fieldsmith.errors import InputError


def request(words: str) -> DeviceRequest:
    """GPUs that a container is to have: `all`, a number, or fields such as `"device=0,1"` and `count=2,capabilities=utility`.

    Fields are parted by commas; one that holds commas itself is put in quotes. Raises InputError for other words.
    """
    wanted: dict[str, object] = {"count": 0, "capabilities": ["gpu"]}
    for field in next(csv.reader([words]), []):
        name, equals, value = field.partition("=")
        if not equals:
            name, value = "count", name
        if name == "count" and (value == "all" or value.isdecimal()):
            wanted["count"] = -1 if value == "all" else int(value)
        elif name == "device" and value:
            wanted["device_ids"] = value.split(",")
        elif name == "capabilities" and value:
            wanted["capabilities"] = ["gpu", *value.split(",")]
        elif name == "driver" and value:
            wanted["driver"] = value
        else:
            raise InputError(f"--gpus {words} cannot be read at {field!r}.", 'Use all, a number, or "device=0,1".')
    if "device_ids" not in wanted:
        wanted["count"] = wanted["count"] or 1
    elif wanted["count"]:
        raise InputError(
            f"--gpus {words} gives both devices and a number.", 'Put several devices in quotes: "device=0,1".'
        )
    return DeviceRequest(**{**wanted, "capabilities": [wanted["capabilities"]]})
