"""What becomes of one mutant."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from mutation.cases import Case, batches
from mutation.mutants import Mutant
from mutation.worker import NotBuilt, Worker


class Fate(str, Enum):
    not_built = "not built"  # the compiler refuses it
    equal_code = "equal code"  # the compiler makes the same of it
    killed = "killed"
    survived = "survived"

    @property
    def counts(self) -> bool:
        return self in (Fate.killed, Fate.survived)


@dataclass(frozen=True)
class Verdict:
    fate: Fate
    by: str = ""  # the batch of tests that killed it


def tried(worker: Worker, mutant: Mutant, cases: list[Case]) -> Verdict:
    try:
        tests = worker.near_tests(mutant)
    except NotBuilt:
        return Verdict(Fate.not_built)
    if not tests:
        return Verdict(Fate.equal_code)
    for batch in batches(cases, mutant.room):
        if batch.is_far:
            tests = worker.all_tests(mutant)
        if not worker.passes(tests, batch.write(worker.folder), batch.timeout):
            return Verdict(Fate.killed, batch.title)
    return Verdict(Fate.survived)
