"""The safetensors format, as include/bnn/files/safetensors.h describes it."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Tensors:
    """A file's metadata, and the shape and bytes of each tensor."""

    metadata: dict[str, str]
    shapes: dict[str, list[int]]
    values: dict[str, bytes]


def read(path: Path) -> Tensors:
    content = path.read_bytes()
    (length,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8:8 + length])
    metadata, data = header.pop("__metadata__"), content[8 + length:]
    return Tensors(metadata, {name: entry["shape"] for name, entry in header.items()},
                   {name: data[slice(*entry["data_offsets"])] for name, entry in header.items()})
