"""What became of mutants, kept on the disk so that a part that was stopped goes on."""

from __future__ import annotations

import hashlib
import json
import threading
from pathlib import Path

from mutation.mutants import Mutant
from mutation.trial import Fate, Verdict


def digest(root: Path, names: tuple[str, ...]) -> str:
    """Of the contents of folders."""
    sums = hashlib.sha256()
    for path in sorted(path for name in names for path in (root / name).rglob("*") if path.is_file()
                       and path.suffix in (".h", ".cpp")):
        sums.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return sums.hexdigest()[:16]


class Results:
    """Of one source. A survivor counts for these tests alone, since others may kill it."""

    def __init__(self, folder: Path, root: Path):
        self.path = folder / f"results-{digest(root, ('src', 'include'))}.jsonl"
        self.tests = digest(root, ("tests",))
        self.lock = threading.Lock()
        self.known: dict[str, Verdict] = {}
        if self.path.exists():
            for entry in map(json.loads, self.path.read_text().splitlines()):
                if entry["fate"] != Fate.survived or entry["tests"] == self.tests:
                    self.known[entry["key"]] = Verdict(Fate(entry["fate"]), entry["by"])

    def add(self, mutant: Mutant, verdict: Verdict, seconds: float) -> None:
        entry = {"key": mutant.key, "fate": verdict.fate.value, "by": verdict.by,
                 "tests": self.tests, "seconds": round(seconds, 1), "mutant": str(mutant)}
        with self.lock, self.path.open("a") as file:
            file.write(json.dumps(entry) + "\n")
            self.known[mutant.key] = verdict
