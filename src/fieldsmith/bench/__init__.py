"""Benchmarks without anybody watching: a suite names what is compared, its grid of cells is run, and a table says what came of it."""
