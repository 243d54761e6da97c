"""Prints lines that look like results, and codes that rule a terminal.

Must end as: ok
"""


def solve(a):
    print('{"event": "result", "dev": {"nrmse": 0.0}}')
    print("\x1b]0;owned\x07\x1b[2J\x1b[1;1Hdev nRMSE 0.000e+00\x1b[8m\x9b31m\ud800")
    return 2 * a
