"""Solve Burgers' equation from Python and call the solver that comes out."""

import numpy as np

import fieldsmith as fs

task = fs.task("burgers", nu=0.01)
run = fs.solve(task, candidates=2)
print(f"test nRMSE {run.best.test.nrmse:.2e}, trusted {run.best.test.trusted:.2e}")
print(f"report: {run.report}")

x = (np.arange(256) + 0.5) / 256
u = run.best.solver(np.sin(2 * np.pi * x)[None, :], np.linspace(0.0, 2.0, 5), 0.01 / np.pi)
print(f"a sine wave has decayed to {np.abs(u[0, -1]).max():.4f}")
