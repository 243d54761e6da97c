"""What `--gpus` takes is what `docker run --gpus` takes."""

import pytest

from fieldsmith.errors import InputError
from fieldsmith.sandboxes import gpus


@pytest.mark.parametrize(
    ("words", "count", "devices", "capabilities"),
    [
        ("all", -1, [], ["gpu"]),
        ("2", 2, [], ["gpu"]),
        ("count=all,capabilities=utility", -1, [], ["gpu", "utility"]),
        ("device=GPU-3a23c669", 0, ["GPU-3a23c669"], ["gpu"]),
        ('"device=0,2",driver=nvidia', 0, ["0", "2"], ["gpu"]),
        ('driver=nvidia,"capabilities=compute,utility"', 1, [], ["gpu", "compute", "utility"]),
    ],
)
def test_words_of_the_command_become_a_request(words, count, devices, capabilities):
    asked = gpus.request(words)
    assert (asked["Count"], asked["DeviceIDs"] or [], asked["Capabilities"]) == (count, devices, [capabilities])
    assert (asked["Driver"] == "nvidia") is ("driver" in words)


@pytest.mark.parametrize("words", ["none", "-1", "device=", "device=0,1", "colour=red"])
def test_other_words_are_refused(words):
    with pytest.raises(InputError, match=f"--gpus {words} "):
        gpus.request(words)
