"""What programs of the audit carry with them: these functions are written into them as they stand, and are used here as well.

They need numpy alone, which is `np` there too.
"""

import numpy as np


def spread(values, axes, wanted, shape):
    """Values with named axes as an array of `shape` whose axes are `wanted`: repeated along those that are missing, averaged over others."""
    values, left, order = np.asarray(values, float), list(axes), []
    for axis in wanted:
        place = left.index(axis) if axis in left else None
        order.append(place)
        if place is not None:
            left[place] = None
    gone = tuple(n for n, axis in enumerate(left) if axis is not None)
    values = values.mean(axis=gone, keepdims=True) if gone else values
    kept = [place for place in order if place is not None]
    values = values.transpose([*kept, *gone]).reshape([values.shape[place] for place in kept])
    sizes = iter(values.shape)
    values = values.reshape([1 if place is None else next(sizes) for place in order])
    return np.broadcast_to(values, shape) + 0.0


def places(n, low, length, nodes):
    """Coordinates of n points on an axis: cell_centres, left_edges or endpoints."""
    h = length / (max(1, n - 1) if nodes == "endpoints" else n)
    return low + (0.5 * h if nodes == "cell_centres" else 0.0) + h * np.arange(n)


def stretched(values, axis, n):
    """Values along an axis at n equally spaced points in place of as many as there are, straight lines between."""
    at = np.linspace(0.0, values.shape[axis] - 1.0, n)
    left = np.minimum(at.astype(int), max(0, values.shape[axis] - 2))
    share = (at - left).reshape([-1 if k == axis else 1 for k in range(values.ndim)])
    right = np.minimum(left + 1, values.shape[axis] - 1)
    return (1.0 - share) * np.take(values, left, axis) + share * np.take(values, right, axis)
