"""A file (or a folder) a family of methods; `boxes/methods.py` finds them here."""
