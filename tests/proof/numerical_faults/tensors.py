"""Checkpoints read and written again with other numbers, under a right digest."""

from __future__ import annotations

import array
import json
import math
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

from harness import safetensors

Metadata = dict[str, str]


@dataclass
class Checkpoint:
    metadata: Metadata
    shapes: dict[str, list[int]]
    values: dict[str, array.array[float]]  # of float32

    @classmethod
    def read(cls, path: Path) -> Checkpoint:
        tensors = safetensors.read(path)
        return cls(tensors.metadata, tensors.shapes,
                   {name: array.array("f", data) for name, data in tensors.values.items()})

    def write(self, path: Path) -> None:
        self.metadata["digest"] = self.digest()
        header: dict[str, object] = {"__metadata__": self.metadata}
        data = b""
        for name in sorted(self.values):
            part = self.values[name].tobytes()
            header[name] = {"dtype": "F32", "shape": self.shapes[name],
                            "data_offsets": [len(data), len(data) + len(part)]}
            data += part
        text = json.dumps(header, ensure_ascii=False).encode()
        path.write_bytes(struct.pack("<Q", len(text)) + text + data)

    def digest(self) -> str:
        """As include/bnn/files/checkpoint_file.h describes it."""
        def counted(content: bytes) -> bytes:
            return struct.pack("<Q", len(content)) + content
        said = struct.pack("<Q", len(self.values))
        for name in sorted(self.values):
            shape = self.shapes[name]
            said += counted(name.encode()) + struct.pack(f"<{1 + len(shape)}Q", len(shape), *shape)
            said += counted(self.values[name].tobytes())
        entries = sorted((key, value) for key, value in self.metadata.items() if key != "digest")
        said += struct.pack("<Q", len(entries))
        for key, value in entries:
            said += counted(key.encode()) + counted(value.encode())
        return f"crc32:{zlib.crc32(said):08x}"

    def not_finite(self) -> str:
        """The first tensor with such a number, or nothing."""
        return next((name for name, values in self.values.items()
                     if not all(math.isfinite(value) for value in values)), "")
