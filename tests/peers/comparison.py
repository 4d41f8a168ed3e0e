"""What a comparison of our numbers with a peer's came to: rows of a table, each the largest difference."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np


@dataclass
class Row:
    """One line of the table."""

    what: str
    peer: str            # name and version
    numbers: int         # how many were compared
    difference: float    # the largest
    tolerance: float
    is_control: bool = False  # broken on purpose: the difference must exceed the tolerance

    @property
    def holds(self) -> bool:
        """False for NaN."""
        return self.difference > self.tolerance if self.is_control else self.difference <= self.tolerance


def peer(package: str) -> str:
    """`scikit-learn 1.9.1`."""
    return f"{package} {version(package)}"


NUMPY_DEFINITION = "the definition in NumPy"


def largest_difference(ours, theirs) -> float:
    """The largest |ours - theirs|, relative to the largest |theirs| where that is above 1. Infinite if
    shapes differ, or if one is NaN where the other is not."""
    a, b = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    if a.shape != b.shape or not np.array_equal(np.isnan(a), np.isnan(b)):
        return float("inf")
    if a.size == 0 or np.isnan(a).all():
        return 0.0
    return float(np.nanmax(np.abs(a - b)) / max(1.0, np.nanmax(np.abs(b))))


class Comparison:
    """Collects rows; differences of the same thing with the same peer share one row."""

    def __init__(self) -> None:
        self.rows: dict[tuple, Row] = {}
        self.skipped: list[str] = []

    def add(self, what: str, with_whom: str, ours, theirs, tolerance: float) -> float:
        """Compares numbers or arrays; a tolerance of 0 asks for equality. Returns the difference."""
        return self._add(what, with_whom, ours, theirs, tolerance, False)

    def control(self, what: str, with_whom: str, broken, theirs, tolerance: float) -> None:
        """The same with numbers that were broken on purpose, which the tolerance must notice."""
        self._add(what, with_whom, broken, theirs, tolerance, True)

    def skip(self, what: str, reason: str) -> None:
        """Says what was not compared."""
        self.skipped.append(f"{what}: {reason}")

    def _add(self, what, with_whom, ours, theirs, tolerance, is_control) -> float:
        difference = largest_difference(ours, theirs)
        row = self.rows.setdefault((what, with_whom, is_control),
                                   Row(what, with_whom, 0, difference, tolerance, is_control))
        row.numbers += np.asarray(theirs).size
        row.difference = max(row.difference, difference)
        return difference

    def add_all(self, what: str, other: Comparison) -> None:
        """All rows of another comparison as one row for each peer, infinite if one of them fails."""
        for row in other.rows.values():
            mine = self.rows.setdefault((what, row.peer, False), Row(what, row.peer, 0, 0.0, row.tolerance))
            mine.numbers += row.numbers
            mine.tolerance = max(mine.tolerance, row.tolerance)
            mine.difference = max(mine.difference, row.difference if row.holds else float("inf"))

    def compared(self) -> list[Row]:
        """Those that were not broken on purpose."""
        return [row for row in self.rows.values() if not row.is_control]

    def write(self, path: Path) -> None:
        """For `read`."""
        rows = [asdict(row) for row in self.rows.values()]
        path.write_text(json.dumps({"rows": rows, "skipped": self.skipped}, indent=1))

    def read(self, path: Path) -> None:
        """Adds what another process wrote."""
        document = json.loads(path.read_text())
        for row in document["rows"]:
            self.rows[row["what"], row["peer"], row["is_control"]] = Row(**row)
        self.skipped += document["skipped"]


def number_text(value: float) -> str:
    """`2.1e-7`, `1e-6`; `0` where numbers are equal."""
    if value == 0 or not np.isfinite(value):
        return f"{value:g}"
    mantissa, exponent = f"{value:.1e}".split("e")
    mantissa = mantissa.removesuffix(".0")
    return mantissa if int(exponent) == 0 else f"{mantissa}e{int(exponent)}"


def shown(row: Row) -> str:
    """The difference, in bold if the row does not hold."""
    text = number_text(row.difference)
    return text if row.holds else f"**{text}: fails**"


def lines_of(cells: list[list[str]]) -> str:
    """A table in Markdown; the first list is its head."""
    lines = ["| " + " | ".join(line) + " |" for line in cells]
    return "\n".join([lines[0], "|" + " --- |" * len(cells[0]), *lines[1:]])


def name_of(with_whom: str) -> str:
    """Without versions."""
    return re.sub(r" \d[\w.]*", "", with_whom)


def versions(rows: list[Row]) -> str:
    """`crepes 0.9.1, mapie 1.6.0, …` of all peers in the rows."""
    found = {text for row in rows for text in row.peer.split(", ") if name_of(text) != text}
    return ", ".join(sorted(found, key=str.lower))


def table(rows: list[Row]) -> str:
    """A line for each thing that was compared, with the difference from each peer and the tolerance."""
    lines: dict[str, list[str]] = {}
    for row in rows:
        cell = f"{name_of(row.peer)} {shown(row)} ({number_text(row.tolerance)})"
        lines.setdefault(row.what, []).append(cell)
    head = ["what", "largest difference from each peer (tolerance)"]
    return lines_of([head, *([what, "; ".join(cells)] for what, cells in lines.items())])


def grid(title: str, rows: list[Row]) -> str:
    """Of rows called `title, column: line`, one line for each line."""
    by_place = {tuple(row.what.removeprefix(f"{title}, ").split(": ")): row for row in rows}
    columns = list(dict.fromkeys(column for column, _ in by_place))
    cells = [[title, *columns]]
    for line in dict.fromkeys(line for _, line in by_place):
        places = [by_place.get((column, line)) for column in columns]
        cells.append([line, *("–" if row is None else shown(row) for row in places)])
    return lines_of(cells)
