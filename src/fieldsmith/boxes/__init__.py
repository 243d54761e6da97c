"""Methods for problems of one's own on intervals, rectangles and boxes: each writes a program that stands alone.

`form.py` is a problem as a method reads it, `family.py` what a family of methods offers, `families/` has a file (or a folder) a family,
`methods.py` finds them and orders what suits. Templates derive from `program.py.jinja`, whose values come from `program.py`.
"""
