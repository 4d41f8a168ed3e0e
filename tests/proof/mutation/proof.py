"""One operator, constant or statement of the arithmetic is changed at a time; a test must fail."""

from __future__ import annotations

import os
import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness.machine import ROOT
from harness.proof import Outcome, Part, Proof
from mutation.base import Base
from mutation.cases import NUMERICAL, Case, measure
from mutation.equivalent import equivalents, key_of, stale
from mutation.known_fates import wrong_fates
from mutation.mutants import Mutant, all_mutants
from mutation.results import Results
from mutation.self_test import wrong_mutants
from mutation.trial import Fate, Verdict, tried
from mutation.worker import Worker

FULL, PARTS = 500, 10
KILLED_AT_LEAST = 0.95


class Run:
    """A share of the shuffled mutants is tried until enough of them count."""

    def __init__(self, part: Part, wanted: int):
        self.kept = part.folder.parent / "mutation-kept"  # the base and results outlive a part
        self.base = Base(self.kept / "base")
        self.jobs = len(os.sched_getaffinity(0))
        self.base.build(self.jobs)
        self.cases: list[Case] = measure(self.base)
        self.results = Results(self.kept, ROOT)
        mutants = all_mutants(ROOT, NUMERICAL)
        random.Random(part.seed).shuffle(mutants)
        listed = equivalents()
        self.listed = [mutant for mutant in part.own(mutants) if key_of(mutant) in listed]
        self.left = [mutant for mutant in part.own(mutants) if key_of(mutant) not in listed]
        self.wanted = wanted
        self.verdicts: list[tuple[Mutant, Verdict]] = []
        self.lock = threading.Lock()

    def next(self) -> Mutant | None:
        with self.lock:
            return self.left.pop(0) if self.left and self.counted < self.wanted else None

    @property
    def counted(self) -> int:
        return sum(verdict.fate.counts for _, verdict in self.verdicts)

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
        with ThreadPoolExecutor(self.jobs) as pool:
            list(pool.map(self.work, range(self.jobs)))
        fates = Counter(verdict.fate for _, verdict in self.verdicts)
        outcome = Outcome(tried=self.counted)
        outcome.findings = [f"no test sees {mutant}" for mutant, verdict in self.verdicts
                            if verdict.fate == Fate.survived]
        outcome.detail = ", ".join(f"{fates[fate]} {fate.value}" for fate in Fate)
        return outcome


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


PROOF = Proof(name="mutation", order=9, unit="mutants", full=FULL, parts=PARTS, minutes=45, run=run)
