"""Finite volumes for conservation and balance laws: `balance.py` finds their form, `speeds.py` their signals, `ends.py` what cells beyond the ends
hold, `writing.py` the source text of their expressions, `family.py` the methods."""

from fieldsmith.boxes.families.volumes.family import Volumes

__all__ = ["Volumes"]
