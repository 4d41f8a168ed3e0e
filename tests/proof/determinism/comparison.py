"""How equal two files are: all bytes, the bits of all tensors, or close."""

from __future__ import annotations

import array
import json
import math
import struct
from dataclasses import dataclass
from pathlib import Path

BYTES, TENSORS, NOTHING = "all bytes", "all tensors", "nothing"


@dataclass
class Equality:
    """`level` is the strongest that holds. `distance` is the largest difference of two numbers, over
    the largest number of their tensor."""

    level: str
    distance: float = 0

    def keeps(self, promise: str) -> bool:
        return promise == NOTHING or self.level == BYTES or (promise == TENSORS == self.level)


def tensors_of(path: Path) -> dict[str, bytes]:
    """Of a safetensors file."""
    content = path.read_bytes()
    size = struct.unpack_from("<Q", content)[0]
    header = json.loads(content[8:8 + size])
    data = content[8 + size:]
    return {name: data[slice(*entry["data_offsets"])] for name, entry in header.items()
            if name != "__metadata__"}


def distance_of(ours: bytes, theirs: bytes) -> float:
    x, y = array.array("f", ours), array.array("f", theirs)
    largest = max(map(abs, x), default=0) or 1
    return max((abs(a - b) for a, b in zip(x, y)), default=0) / largest


def compare_checkpoints(ours: Path, theirs: Path) -> Equality:
    if ours.read_bytes() == theirs.read_bytes():
        return Equality(BYTES)
    x, y = tensors_of(ours), tensors_of(theirs)
    if x == y:
        return Equality(TENSORS)
    if x.keys() != y.keys():
        return Equality(NOTHING, math.inf)
    return Equality(NOTHING, max(distance_of(x[name], y[name]) for name in x))


def compare_texts(ours: bytes, theirs: bytes) -> Equality:
    return Equality(BYTES) if ours == theirs else Equality(NOTHING, math.inf)
