"""Imported by a command before it begins: the small family of methods is all there is."""

from fieldsmith.boxes import methods
from small_box_methods import Sines

methods.families = lambda: (Sines(),)  # pyright: ignore[reportAttributeAccessIssue]
