"""How equal two files are: all bytes, the bits of all tensors, or close."""

from __future__ import annotations

import array
import math
from dataclasses import dataclass
from pathlib import Path

from harness import safetensors

BYTES, TENSORS, NOTHING = "all bytes", "all tensors", "nothing"


@dataclass
class Equality:
    """`level` is the strongest that holds. `distance` is the largest difference of two numbers, over
    the largest number of their tensor."""

    level: str
    distance: float = 0

    def keeps(self, promise: str) -> bool:
        return promise == NOTHING or self.level == BYTES or (promise == TENSORS == self.level)


def distance_of(ours: bytes, theirs: bytes) -> float:
    x, y = array.array("f", ours), array.array("f", theirs)
    largest = max(map(abs, x), default=0) or 1
    return max((abs(a - b) for a, b in zip(x, y)), default=0) / largest


def compare_checkpoints(ours: Path, theirs: Path) -> Equality:
    if ours.read_bytes() == theirs.read_bytes():
        return Equality(BYTES)
    x, y = (safetensors.read(path).values for path in (ours, theirs))
    if x == y:
        return Equality(TENSORS)
    if x.keys() != y.keys():
        return Equality(NOTHING, math.inf)
    return Equality(NOTHING, max(distance_of(x[name], y[name]) for name in x))


def compare_texts(ours: bytes, theirs: bytes) -> Equality:
    return Equality(BYTES) if ours == theirs else Equality(NOTHING, math.inf)
