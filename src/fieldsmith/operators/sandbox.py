"""A trained operator as a place that answers calls: so the judge of programs judges it, through the same call, by the same scorer.

It runs in a process of its own (`worker.py`), so that its time is measured as a program's is, and an error of the device takes nothing else down.
"""

import io
import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import numpy as np

from fieldsmith.errors import InputError, MissingPart
from fieldsmith.operators.observed import through
from fieldsmith.operators.trained import read_card
from fieldsmith.sandboxes.sandbox import CallResult, Failure, Limits, Sandbox, Session


class OperatorSandbox(Sandbox):
    """Answers every call by the operator in `folder`, whatever the program says; with `noise` it sees fields through that in place of what it was trained with."""

    name = "operator"
    isolates = False

    def __init__(self, folder: Path, device: str = "auto", noise: float | None = None) -> None:
        self.folder, self.device, self.noise = folder, device, noise
        self.card = through(read_card(folder), noise)

    def open(self, limits: Limits) -> "OperatorSession":
        return OperatorSession(self.folder, self.device, limits, self.noise)

    def libraries(self) -> tuple[str, ...]:
        return (f"torch {self.card['versions']['torch']}",)


class OperatorSession(Session):
    """One process with the operator. Raises InputError for an operator or a device that cannot be used, MissingPart where the process does not come up."""

    def __init__(self, folder: Path, device: str, limits: Limits, noise: float | None = None) -> None:
        self.limits = limits
        command = [sys.executable, "-m", "fieldsmith.operators.worker", str(folder.absolute()), device]
        command += [] if noise is None else [str(noise)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert self._process.stdin is not None  # all three were asked for
        assert self._process.stdout is not None
        self._to, self._from = self._process.stdin, self._process.stdout
        told = receive(self._from)
        if told is None or "error" in told:
            words = str(told["error"]) if told else self._last_words()
            self.close()
            if told:
                raise InputError(words)
            raise MissingPart(f"The operator in {folder} does not come up: {words}", "")

    def call(
        self, program: str, function: str, inputs: Mapping[str, np.ndarray | float], results: Mapping[str, tuple[int, ...]], seconds: float | None = None,
    ) -> CallResult:  # fmt: skip
        del program, function
        start = time.monotonic()
        try:
            send(self._to, {name: np.asarray(value) for name, value in inputs.items()})
            told = receive(self._from)
        except BrokenPipeError:
            told = None
        took = time.monotonic() - start
        if told is None:
            return CallResult("crashed", seconds=took, failure=Failure("Crash", self._last_words()))
        if "error" in told:
            return CallResult("crashed", seconds=took, failure=Failure("Error", str(told["error"])))
        outputs = {name: np.asarray(told[name], float) for name in results}
        wrong = [name for name, shape in results.items() if outputs[name].shape != shape]
        if wrong:
            words = f"{wrong[0]} has the shape {outputs[wrong[0]].shape}, not {results[wrong[0]]}."
            return CallResult("bad_output", seconds=took, failure=Failure("Shape", words))
        inside, cpu = float(told["seconds"]), float(told["cpu_seconds"])
        status = "timeout" if cpu > (seconds or self.limits.seconds) else "ok"
        for array in outputs.values():
            array.flags.writeable = False
        # What the process itself saw: how arrays are sent to it is no part of the operator.
        return CallResult(status, outputs if status == "ok" else {}, inside, inside, cpu)

    def close(self) -> None:
        process = self._process
        if process.poll() is None:
            process.kill()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()
        process.wait()

    @property
    def closed(self) -> bool:
        return self._process.poll() is not None

    def _last_words(self) -> str:
        """Of a process that has ended."""
        assert self._process.stderr is not None
        code = self._process.wait(10)
        lines = self._process.stderr.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"it ended with exit code {code}."


def send(stream: IO[bytes], content: Mapping[str, np.ndarray]) -> None:
    """Arrays by name, with their names and the length of all before them."""
    packed = io.BytesIO()
    for values in content.values():
        np.lib.format.write_array(packed, values, allow_pickle=False)
    names = json.dumps(list(content)).encode()
    data = packed.getbuffer()
    stream.write(len(names).to_bytes(8, "little") + len(data).to_bytes(8, "little") + names)
    stream.write(data)
    stream.flush()


def receive(stream: IO[bytes]) -> dict[str, np.ndarray] | None:
    """What `send` sent; None where the other side has ended."""
    head = stream.read(16)
    if len(head) < 16:
        return None
    names = json.loads(stream.read(int.from_bytes(head[:8], "little")))
    data = io.BytesIO(stream.read(int.from_bytes(head[8:], "little")))
    return {name: np.lib.format.read_array(data, allow_pickle=False) for name in names}
