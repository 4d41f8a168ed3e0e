"""The committed list of what was tried, a row for each part that was run."""

from __future__ import annotations

import csv
import time
from collections.abc import Sequence
from pathlib import Path

from harness.machine import commit, processor, source
from harness.proof import Outcome, Part, Proof

COLUMNS = ["proof", "part", "seed", "tried", "found", "seconds", "source", "commit", "date",
           "processor", "detail", "findings"]


class Ledger:
    def __init__(self, path: Path):
        self.path = path

    def rows(self) -> list[dict[str, str]]:
        if not self.path.exists():
            return []
        with self.path.open(newline="") as file:
            return list(csv.DictReader(file))

    def add(self, proof: Proof, part: Part, outcome: Outcome, seconds: float) -> None:
        is_new = not self.path.exists()
        with self.path.open("a", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            if is_new:
                writer.writeheader()
            writer.writerow({
                "proof": proof.name, "part": f"{part.index}/{part.count}", "seed": part.seed,
                "tried": outcome.tried, "found": len(outcome.findings), "seconds": round(seconds),
                "source": source(), "commit": commit(), "date": time.strftime("%Y-%m-%d"),
                "processor": processor(), "detail": outcome.detail,
                "findings": " | ".join(outcome.findings)})

    def of(self, proof: Proof, of_source: str) -> list[dict[str, str]]:
        """The rows of a proof for one source: each part and seed once, its last row."""
        rows = {(row["part"], row["seed"]): row for row in self.rows()
                if row["proof"] == proof.name and row["source"] == of_source}
        return list(rows.values())

    def missing(self, proof: Proof, of_source: str, seed: int) -> list[int]:
        """The parts of full strength that have no row."""
        there = {row["part"] for row in self.of(proof, of_source) if row["seed"] == str(seed)}
        return [index for index in range(1, proof.parts + 1)
                if f"{index}/{proof.parts}" not in there]

    def summary(self, proofs: Sequence[Proof], of_source: str) -> str:
        """A table in Markdown: what was tried and found for a source, and how many parts lack."""
        lines = ["| proof | tried | of | found | parts |", "| --- | ---: | ---: | ---: | ---: |"]
        for proof in proofs:
            rows = self.of(proof, of_source)
            tried, found = (sum(int(row[key]) for row in rows) for key in ("tried", "found"))
            lines.append(f"| {proof.name} | {tried:,} {proof.unit} | "
                         f"{f'{proof.full:,}' if proof.full else 'all'} | {found} | "
                         f"{len(rows)} of {proof.parts} |")
        return "\n".join(lines)
