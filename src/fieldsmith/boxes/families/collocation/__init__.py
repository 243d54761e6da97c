"""Chebyshev collocation: spectral methods for boxes with ends."""

from fieldsmith.boxes.families.collocation.family import Collocation as Collocation
