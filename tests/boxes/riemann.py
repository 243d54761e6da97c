"""Exact solutions of Riemann problems, against which finite volumes are held: ideal gases (Toro, chapter 4), dam breaks (Stoker, 1957)."""

import numpy as np
from scipy.optimize import brentq


def gas(left, right, gamma, x, t):
    """Density, velocity and pressure at places x (the jump at 0) and t > 0, for left and right (density, velocity, pressure)."""
    sides = [(*state, np.sqrt(gamma * state[2] / state[0])) for state in (left, right)]

    def pull(p, side):
        """The change of velocity across a wave to the pressure p."""
        density, _, pressure, sound = side
        if p > pressure:
            return (p - pressure) * np.sqrt(2 / (density * ((gamma + 1) * p + (gamma - 1) * pressure)))
        return 2 * sound / (gamma - 1) * ((p / pressure) ** ((gamma - 1) / (2 * gamma)) - 1)

    p = brentq(lambda p: pull(p, sides[0]) + pull(p, sides[1]) + right[1] - left[1], 1e-12, 1e6, xtol=1e-14)
    v = 0.5 * (left[1] + right[1] + pull(p, sides[1]) - pull(p, sides[0]))
    ray = np.asarray(x) / t
    found = np.empty((3, len(ray)))
    for sign, side, here in ((1, sides[0], ray < v), (-1, sides[1], ray >= v)):
        density, velocity, pressure, sound = side
        s, speed = sign * ray[here], sign * velocity  # as if the wave ran to the left
        share = (gamma - 1) / (gamma + 1)
        if p > pressure:
            inner = density * (p / pressure + share) / (share * p / pressure + 1)
            front = speed - sound * np.sqrt((gamma + 1) / (2 * gamma) * p / pressure + (gamma - 1) / (2 * gamma))
            behind = s > front
            state = [np.where(behind, b, a) for a, b in ((density, inner), (speed, sign * v), (pressure, p))]
        else:
            inner = density * (p / pressure) ** (1 / gamma)
            head, tail = speed - sound, sign * v - sound * (p / pressure) ** ((gamma - 1) / (2 * gamma))
            fan = np.clip(2 / (gamma + 1) + share / sound * (speed - s), 1e-12, None)
            waves = (
                density * fan ** (2 / (gamma - 1)),
                2 / (gamma + 1) * (sound + (gamma - 1) / 2 * speed + s),
                pressure * fan ** (2 * gamma / (gamma - 1)),
            )
            outer, ends = (density, speed, pressure), (inner, sign * v, p)
            state = [
                np.where(s < head, a, np.where(s > tail, b, w)) for a, b, w in zip(outer, ends, waves, strict=True)
            ]
        found[:, here] = state[0], sign * state[1], state[2]
    return found


def dam(high, low, g, x, t):
    """Depth and velocity after water of depth `high` on the left of 0 is let loose on depth `low` > 0."""
    c = np.sqrt(g * high)

    def gap(h):
        return 2 * (c - np.sqrt(g * h)) - (h - low) * np.sqrt(g * (h + low) / (2 * h * low))

    h = brentq(gap, low, high)
    v = 2 * (c - np.sqrt(g * h))
    front = v * h / (h - low)
    ray = np.asarray(x) / t
    fan = (2 * c - ray) ** 2 / (9 * g)
    depth = np.where(ray < -c, high, np.where(ray < v - np.sqrt(g * h), fan, np.where(ray < front, h, low)))
    velocity = np.where(ray < -c, 0, np.where(ray < v - np.sqrt(g * h), 2 / 3 * (ray + c), np.where(ray < front, v, 0)))
    return depth, velocity
