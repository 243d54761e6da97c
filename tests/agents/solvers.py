"""Programs that replies are about."""

GOOD = "def solver(u):\n    return u\n"

PARENT = """import numpy as np

FACTOR = 2.0


def rate(u, nu):
    return -nu * u


def step(u, dt, nu):
    return u + dt * rate(u, nu)


def solver(u0_batch, t_coordinate, nu):
    u = u0_batch
    for a, b in zip(t_coordinate[:-1], t_coordinate[1:]):
        u = step(u, b - a, nu)
    return FACTOR * u
"""
