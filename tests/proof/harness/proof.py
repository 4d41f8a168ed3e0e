"""What a proof is: something that is tried many times, in parts, and finds nothing if all holds."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

Case = TypeVar("Case")


class NotPossible(Exception):
    """This system forbids what the proof needs, such as to trace a program."""


@dataclass(frozen=True)
class Part:
    """One of `count` parts of a proof, which together try everything.

    `build` holds the built programs. `folder` is empty and the proof's own. A quick part stands for
    the proof in the ordinary test run: at most 40 seconds on two cores, with every kind of case in it.
    """

    index: int  # from 1
    count: int
    seed: int
    is_quick: bool
    build: Path
    folder: Path

    def own(self, cases: Sequence[Case]) -> list[Case]:
        """Every count-th case, from the index-th on."""
        return list(cases[self.index - 1::self.count])

    def owns(self, name: str) -> bool:
        """Whether a case belongs to the part by its name, where the number of cases differs between runs."""
        return zlib.crc32(name.encode()) % self.count == self.index - 1

    def program(self, name: str) -> str:
        return str(self.build / name)


@dataclass
class Outcome:
    """What a part tried, and a sentence for each thing that did not hold."""

    tried: int = 0
    findings: list[str] = field(default_factory=list)
    detail: str = ""  # one line: numbers of each kind, what was left out and why


@dataclass(frozen=True)
class Proof:
    """A row of the README's table.

    `full` is the number of cases of full strength where it is fixed, and 0 where it is all there are.
    `parts` is how many parts that takes, each within an hour; `minutes` what one takes at most.
    """

    name: str
    order: int  # of its row
    unit: str  # "kill points"
    full: int
    parts: int
    minutes: float
    run: Callable[[Part], Outcome]
