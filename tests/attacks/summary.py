"""Counts what the sandboxes have contained, for the end of the suite's output."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

TEST = re.compile(r"attacks/test_attacks\.py::test_attack\[(\w+)-\w+\]")


def lines(stats: Mapping[str, Iterable[Any]]) -> list[str]:
    """`stats` are the reports of the tests by outcome, as pytest's terminal has them."""
    told = []
    for outcome, words in (("passed", "contained"), ("failed", "NOT contained")):
        ends = (
            TEST.search(report.nodeid) for report in stats.get(outcome, ()) if getattr(report, "when", "") == "call"
        )
        counts = Counter(end[1] for end in ends if end)
        if counts:
            told.append(
                "attacks: " + ", ".join(f"{counts[name]} {words} on {name}" for name in sorted(counts, reverse=True))
            )
    return told
