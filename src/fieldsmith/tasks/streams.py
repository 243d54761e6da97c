"""How samples to learn from are drawn: in blocks, each with a seed of its own, apart from what programs are judged on."""

BLOCK = 64
"""Samples of a block, the unit that is generated and stored at a time: more of them never change those before."""
STREAM = 4
"""Begins the seed of a block, as 1 to 3 begin those of the splits and of the convergence study (`pde.py`, `own/draws.py`)."""
