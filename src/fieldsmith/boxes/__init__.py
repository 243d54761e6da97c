"""Methods for problems of one's own on intervals, rectangles and boxes: each writes a program that stands alone.

`form.py` is a problem as a method reads it, `family.py` what a family of methods offers, `families/` has a file (or a folder) a family,
`methods.py` finds them and orders what suits. Templates derive from `program.py.jinja`, whose values come from `program.py`.

`reference.py` is the trusted solution of a problem without a known one: families run up their variants (`climbing.py`), each level in a
process of its own (`running.py`, `child.py`), with arguments from `samples.py`.
"""
