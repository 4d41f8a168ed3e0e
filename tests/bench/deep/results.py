"""The CSV of results: a row for each finished run."""

from __future__ import annotations

import csv
import os
from pathlib import Path

SCORES = ("max_probability", "predictive_entropy", "expected_entropy", "mutual_information",
          "energy", "max_logit", "mahalanobis")
COLUMNS = (
    "name", "command", "commit", "processor", "threads",
    "epochs", "minutes", "cpu_minutes", "seconds_per_epoch",
    "heldout_accuracy", "heldout_nll", "heldout_ece",
    "accuracy", "nll", "ece", "mean_weights_accuracy", "mean_weights_nll", "mean_weights_ece",
    "score", "auroc", *(f"corrupted_{name}" for name in SCORES),
    *(f"auroc_{name}" for name in SCORES), "note")


def read_rows(path: Path) -> dict[str, dict[str, str]]:
    """The rows by name; of a file that does not exist, none."""
    if not path.exists():
        return {}
    with open(path, newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise SystemExit(f"error: {path}: its columns are not those of results.py; move it "
                             "away or rename the columns")
        return {row["name"]: row for row in reader}


def append_row(path: Path, row: dict[str, object]) -> None:
    """Adds a row by replacing the file, so that an interrupted write leaves the one before."""
    rows = [*read_rows(path).values(), {key: text_of(value) for key, value in row.items()}]
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    with open(temporary, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    os.replace(temporary, path)


def text_of(value: object) -> object:
    """Numbers with six digits."""
    return f"{value:.6g}" if isinstance(value, float) else value


def number(row: dict[str, str], column: str) -> float | None:
    """A number of a row, or None where the run has none."""
    return float(row[column]) if row.get(column) else None
