"""What `--gpus` takes is what `docker run --gpus` takes."""

import pytest

from fieldsmith import sandboxes
from fieldsmith.errors import InputError, MissingPart
from fieldsmith.sandboxes import docker, engine, gpus


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


@pytest.mark.parametrize("words", ["all", ""])
def test_a_sandbox_without_the_gpus_that_are_wanted_is_refused_when_it_is_chosen(words, monkeypatch):
    """Before a run has a folder; where none are wanted no container is begun to find out."""

    class Engine:
        def __init__(self, image, runtime, wanted):
            self.closed = False
            made.append(self)

        def start(self, limits):
            raise MissingPart("The Docker engine cannot give its containers a GPU.", "Leave --gpus out.")

        def close(self):
            self.closed = True

    made: list[Engine] = []
    monkeypatch.setattr(docker, "DockerSandbox", Engine)
    monkeypatch.setattr(engine, "remove_orphans", lambda: None)
    if words:
        with pytest.raises(MissingPart, match="cannot give its containers a GPU"):
            sandboxes.choose("docker", gpus=words)
        assert made[0].closed
    else:
        assert sandboxes.choose("docker") is made[0]
