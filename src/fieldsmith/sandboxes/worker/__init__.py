"""What runs inside a sandbox: takes calls, runs each in a forked child, answers.

Self-contained (standard library and numpy): the text of these modules is handed to the sandbox's own interpreter, which may
be another version of Python and sees nothing else of this package. `bundle.py` beside this folder puts it together.
"""
