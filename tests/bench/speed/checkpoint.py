"""Reading a checkpoint of bnn: safetensors is a length, a header in JSON, and raw numbers."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np


def read_checkpoint(path: Path) -> dict[str, np.ndarray]:
    """The float32 tensors of a safetensors file by name."""
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8:8 + length])
    values = content[8 + length:]
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__" or entry["dtype"] != "F32":
            continue
        begin, end = entry["data_offsets"]
        tensors[name] = np.frombuffer(values[begin:end], np.float32).reshape(entry["shape"])
    return tensors
