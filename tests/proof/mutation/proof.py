"""One operator, constant or statement of the arithmetic is changed at a time; a test must fail."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness.machine import ROOT
from harness.proof import Outcome, Part, Proof
from mutation.base import NUMERICAL, Base
from mutation.cases import measure
from mutation.equivalent import equivalents, key_of, stale
from mutation.known_fates import wrong_fates
from mutation.mutants import Mutant, all_mutants, shuffled
from mutation.results import Results
from mutation.self_test import wrong_mutants
from mutation.trial import Fate, Verdict, tried
from mutation.worker import Worker

FULL, PARTS = 500, 10


class Run:
    """A share of the shuffled mutants is tried until enough of them count."""

    def __init__(self, part: Part, wanted: int):
        self.kept = part.folder.parent / "mutation-kept"  # the base and results outlive a part
        self.base = Base(self.kept / "base")
        self.workers = len(os.sched_getaffinity(0))
        self.base.build(self.workers)
        self.cases = measure(self.base)
        self.results = Results(self.kept, ROOT)
        own = part.own(shuffled(all_mutants(ROOT, NUMERICAL), part.seed))
        listed = equivalents()
        self.left = [mutant for mutant in own if key_of(mutant) not in listed]
        self.wanted = wanted
        self.verdicts: list[tuple[Mutant, Verdict]] = []
        self.lock = threading.Lock()

    @property
    def counted(self) -> int:
        return sum(verdict.fate.counts for _, verdict in self.verdicts)

    def next(self) -> Mutant | None:
        with self.lock:
            return self.left.pop(0) if self.left and self.counted < self.wanted else None

    def work(self, number: int) -> None:
        worker = Worker(self.base, self.kept / f"worker-{number}")
        while mutant := self.next():
            verdict = self.results.known.get(mutant.key)
            if not verdict:
                start = time.monotonic()
                verdict = tried(worker, mutant, self.cases)
                self.results.add(mutant, verdict, time.monotonic() - start)
            with self.lock:
                self.verdicts.append((mutant, verdict))

    def all(self) -> Outcome:
        with ThreadPoolExecutor(self.workers) as pool:
            list(pool.map(self.work, range(self.workers)))
        fates = Counter(verdict.fate for _, verdict in self.verdicts)
        survivors = [mutant for mutant, verdict in self.verdicts if verdict.fate == Fate.survived]
        return Outcome(self.counted, [f"no test sees {mutant}" for mutant in survivors],
                       ", ".join(f"{fates[fate]} {fate.value}" for fate in Fate))


def checked(folder: Path) -> Outcome:
    """The proof itself: the mutants of a sample, the list, and mutants whose fates are known."""
    count, wrong = wrong_fates(folder)
    return Outcome(count, wrong_mutants() + stale(ROOT) + wrong,
                   "mutants of the control and of math/softmax.cpp")


def run(part: Part) -> Outcome:
    control = checked(part.folder)
    if part.is_quick or control.findings:
        return control
    return Run(part, FULL // part.count).all()


PROOF = Proof(name="mutation", order=12, unit="mutants", full=FULL, parts=PARTS, minutes=45, run=run)
