"""Replaces the functions of Python that every other function uses.

Must end as: ok or crashed or bad_output
"""

import builtins
import codecs
import json


def solve(a):
    result = 2 * a
    json.dumps = lambda *_, **__: "{}"
    codecs.lookup = lambda *_: 1 / 0
    for name in (
        "open",
        "len",
        "isinstance",
        "getattr",
        "type",
        "print",
        "sum",
        "list",
        "dict",
        "zip",
        "iter",
        "bytes",
    ):
        setattr(builtins, name, lambda *_, **__: 0)
    return result
