"""Limited linear profiles, Rusanov fluxes, central diffusion, Heun's steps, on a grid FINER times as fine."""

import numpy as np

FINER = 9


def finer(u, times):
    """Trigonometric interpolation from cell centres to cell centres."""
    n, k = u.shape[1], np.arange(u.shape[1] // 2)
    modes = np.zeros((len(u), n * times // 2 + 1), complex)
    modes[:, : n // 2] = np.fft.rfft(u)[:, : n // 2] * np.exp(1j * np.pi * k * (1 / (n * times) - 1 / n)) * times
    return np.fft.irfft(modes, n * times)


def solver(u0_batch, t_coordinate, nu):
    u = finer(u0_batch, FINER) if FINER > 1 else np.array(u0_batch)
    n, frames = u.shape[1], [u0_batch]

    def rate(u):
        before, after = u - np.roll(u, 1, 1), np.roll(u, -1, 1) - u
        slope = np.where(before * after > 0, np.sign(before) * np.minimum(abs(before), abs(after)), 0)
        left, right = u + slope / 2, np.roll(u - slope / 2, -1, 1)
        flux = (left**2 + right**2) / 4 - np.maximum(abs(left), abs(right)) / 2 * (right - left) - nu * n * after
        return -n * (flux - np.roll(flux, 1, 1))

    for span in np.diff(t_coordinate):
        steps = int(np.ceil(span * (abs(u).max() * n / 0.4 + 2 * nu * n**2 / 0.8)))
        for _ in range(steps):
            trial = u + span / steps * rate(u)
            u = (u + trial + span / steps * rate(trial)) / 2
        frames.append(u[:, FINER // 2 :: FINER])
    return np.stack(frames, 1)
