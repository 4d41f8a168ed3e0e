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
        worker.compile_mutant(mutant)
        if worker.is_equal_code():
            return Verdict(Fate.equal_code)
        tests = worker.link_tests()
    except NotBuilt:
        return Verdict(Fate.not_built)
    for batch in batches(cases, mutant.room):
        if batch.needs_programs:
            tests = worker.link_with_programs()
        if not worker.passes(tests, batch.write(worker.folder), batch.timeout):
            return Verdict(Fate.killed, batch.title)
    return Verdict(Fate.survived)
