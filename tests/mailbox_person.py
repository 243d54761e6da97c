"""A person at a mailbox, for tests: answers prompts as an expert would, a bug first, then the mend, then a refinement."""

import threading
import time
from pathlib import Path

PLAN = """```plan
discretisation: Fourier pseudo-spectral
time_integrator: {integrator}
resolution_control: {control}
expected_order: 4
```
"""

PROGRAM = '''import numpy as np


def solver(u0_batch, t_coordinate, nu):
    """Fourier method with integrating factor and classical Runge-Kutta steps."""
    n = u0_batch.shape[1]
    k = 2 * np.pi * np.arange(n // 2 + 1)
    kept = k < 2 / 3 * k[-1]
    u = np.fft.rfft(u0_batch)
    out = [u0_batch]
    for a, b in zip(t_coordinate[:-1], t_coordinate[1:]):
        steps = {steps}
        dt = (b - a) / steps
        half = np.exp(-nu * k**2 * dt / 2)

        def f(v):
            return -0.5j * k * kept * np.fft.rfft(np.fft.irfft(v, n) ** 2)

        for _ in range(steps):
            k1 = f(u)
            k2 = f(half * (u + dt / 2 * k1))
            k3 = f(half * u + dt / 2 * k2)
            k4 = f(half**2 * u + dt * half * k3)
            u = half**2 * u + dt / 6 * (half**2 * k1 + 2 * half * (k2 + k3) + k4)
        out.append(np.fft.irfft(u, n))
    return np.stack(out, axis={axis})
'''


def answer(prompt: str, delay: str = "") -> str:
    """The reply to a prompt of any kind."""
    if "A program that failed" in prompt:
        words, integrator, steps, axis = "The frames were stacked along the wrong axis.", "RK4", 8, 1
    elif "The best programs so far" in prompt:
        words, integrator, steps, axis = "Time steps limit the accuracy: take four times as many.", "RK4, finer", 32, 1
    else:
        words, integrator, steps, axis = "A Fourier method fits periodic data.", "RK4", 8, 0
    plan = PLAN.format(integrator=integrator, control=f"{steps} steps a frame")
    program = PROGRAM.format(steps=steps, axis=axis)
    if delay:
        program = program.replace("    n = u0_batch", f"    {delay}\n    n = u0_batch", 1)
    return f"{words}\n\n{plan}\n```python\n{program}```\n"


class Person(threading.Thread):
    """Answers every prompt in the folder that has no reply yet, until told to leave."""

    def __init__(self, folder: Path, delay: str = "", pause: float = 0.0) -> None:
        super().__init__(daemon=True)
        self.folder, self.delay, self.pause = folder, delay, pause
        self.leaving = threading.Event()
        self.start()

    def run(self) -> None:
        while not self.leaving.is_set():
            for prompt in sorted(self.folder.glob("*-prompt.md")):
                reply = prompt.with_name(prompt.name.replace("prompt", "reply"))
                if not reply.exists():
                    time.sleep(self.pause)
                    reply.write_text(answer(prompt.read_text(), self.delay))
            time.sleep(0.05)
