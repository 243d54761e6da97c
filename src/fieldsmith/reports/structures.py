"""The course of a molecule's chains, read from the text of a PDB file for the simple view of the page."""

from typing import Any

TRACED = ("CA", "P")
"""The atom that stands for a residue of a protein, and of a nucleic acid."""
MOST_RESIDUES = 4000
TENTHS = 10.0


def trace(content: bytes) -> list[dict[str, Any]]:
    """Chains of the first model, each with its name and the places of its residues in tenths of an ångström, x, y, z in turn.

    Columns as in the format's guide, version 3.3. Lines that cannot be read are passed over; only the first of alternative places counts.
    """
    chains: dict[str, dict[str, Any]] = {}
    seen: set[tuple[str, str]] = set()
    for line in content.decode("latin-1").splitlines():
        if line.startswith("ENDMDL") or len(seen) >= MOST_RESIDUES:
            break
        if not line.startswith("ATOM  ") or line[12:16].strip() not in TRACED:
            continue
        name, residue = line[21:22], line[22:27]
        place = _place(line)
        if place is None or (name, residue) in seen:
            continue
        seen.add((name, residue))
        chain = chains.setdefault(
            name, {"name": name.strip() if name.isprintable() else "", "places": [], "residues": []}
        )
        chain["places"] += place
        chain["residues"].append(_word(line[17:20]) + _word(residue))
    return [chain for chain in chains.values() if len(chain["residues"]) > 1]


def _place(line: str) -> list[int] | None:
    try:
        place = [float(line[at : at + 8]) for at in (30, 38, 46)]
        return [round(TENTHS * one) for one in place] if all(abs(one) < 1e5 for one in place) else None
    except (ValueError, OverflowError):
        return None


def _word(text: str) -> str:
    return "".join(c for c in text if c.isascii() and c.isalnum())
