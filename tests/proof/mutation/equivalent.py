"""The list of mutants that no test can see, each with the argument why."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

from mutation.mutants import Mutant, mutants_of

PATH = Path(__file__).resolve().parent / "equivalent.csv"
COLUMNS = ["file", "line", "column", "change", "argument"]  # the line by its text
Key = tuple[str, ...]


def key_of(mutant: Mutant) -> Key:
    return mutant.file, mutant.line_text, str(mutant.column), mutant.change


def equivalents() -> dict[Key, str]:
    """Arguments by the keys of mutants."""
    with PATH.open(newline="") as file:
        return {tuple(row[name] for name in COLUMNS[:-1]): row[COLUMNS[-1]]
                for row in csv.DictReader(file)}


def stale(root: Path) -> list[str]:
    """Rows that name no mutant of the tree, or more than one."""
    rows = equivalents()
    found = Counter(key_of(mutant) for file in sorted({key[0] for key in rows})
                    if (root / file).exists() for mutant in mutants_of(root, file))
    return [f"equivalent.csv names {found[key]} mutants by {', '.join(key)}" for key in rows
            if found[key] != 1]
