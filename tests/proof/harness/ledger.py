"""The committed list of what was tried, a row for each part that was run."""

from __future__ import annotations

import csv
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.machine import ROOT, processor
from harness.proof import Outcome, Part, Proof

COLUMNS = ["proof", "part", "seed", "tried", "found", "seconds", "source", "commit", "date",
           "processor", "detail", "findings"]


@dataclass(frozen=True)
class Version:
    """Of the tree when a part began, since a commit may come while it runs."""

    source: str
    commit: str


LISTED, LONGEST = 50, 500  # findings of a row, characters of one


def text_of(findings: Sequence[str]) -> str:
    """On one line, and not too long: csv reads no field beyond 128 KiB."""
    listed = [" ".join(finding.replace("\0", "?").split())[:LONGEST] for finding in findings[:LISTED]]
    more = [f"and {len(findings) - LISTED} more"] if len(findings) > LISTED else []
    return " | ".join(listed + more)


def without_places(text: str, part: Part) -> str:
    """Paths of this machine say nothing to others."""
    for place, name in ((part.folder, "FOLDER"), (part.build, "BUILD"), (ROOT, "TREE")):
        text = text.replace(str(place), name)
    return text


class Ledger:
    def __init__(self, path: Path):
        self.path = path

    def rows(self) -> list[dict[str, str]]:
        if not self.path.exists():
            return []
        with self.path.open(newline="") as file:
            return list(csv.DictReader(file))

    def add(self, proof: Proof, part: Part, outcome: Outcome, seconds: float, version: Version
            ) -> None:
        is_new = not self.path.exists()
        with self.path.open("a", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            if is_new:
                writer.writeheader()
            writer.writerow({
                "proof": proof.name, "part": f"{part.index}/{part.count}", "seed": part.seed,
                "tried": outcome.tried, "found": len(outcome.findings), "seconds": round(seconds),
                "source": version.source, "commit": version.commit, "date": time.strftime("%Y-%m-%d"),
                "processor": processor(), "detail": without_places(outcome.detail, part),
                "findings": without_places(text_of(outcome.findings), part)})

    def of(self, proof: Proof, of_source: str) -> list[dict[str, str]]:
        """The rows of a proof for one source: each part and seed once, its last row."""
        rows = {(row["part"], row["seed"]): row for row in self.rows()
                if row["proof"] == proof.name and row["source"] == of_source}
        return list(rows.values())

    def whole(self, proof: Proof, of_source: str) -> list[dict[str, str]]:
        """Of these rows the parts of full strength with one seed, which has most of them. Other seeds and
        other numbers of parts try some cases again, which must not count twice."""
        rows = [row for row in self.of(proof, of_source) if row["part"].endswith(f"/{proof.parts}")]
        seeds = Counter(row["seed"] for row in rows).most_common(1)
        return [row for row in rows if row["seed"] == seeds[0][0]]

    def missing(self, proof: Proof, of_source: str, seed: int) -> list[int]:
        """The parts of full strength that have no row."""
        there = {row["part"] for row in self.of(proof, of_source) if row["seed"] == str(seed)}
        return [index for index in range(1, proof.parts + 1)
                if f"{index}/{proof.parts}" not in there]

    def summary(self, proofs: Sequence[Proof], of_source: str) -> str:
        """A table in Markdown: what was tried and found for a source, and how many parts lack."""
        lines = ["| proof | tried | of | found | parts |", "| --- | ---: | ---: | ---: | ---: |"]
        for proof in proofs:
            rows = self.whole(proof, of_source)
            tried = sum(int(row["tried"]) for row in rows)
            found = sum(int(row["found"]) for row in self.of(proof, of_source))  # of all seeds
            lines.append(f"| {proof.name} | {tried:,} {proof.unit} | "
                         f"{f'{proof.full:,}' if proof.full else 'all'} | {found} | "
                         f"{len(rows)} of {proof.parts} |")
        return "\n".join(lines)
