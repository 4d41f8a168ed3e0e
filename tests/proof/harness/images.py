"""Class folders of made-up PNG images."""

from __future__ import annotations

import random
import struct
import zlib
from pathlib import Path


def png(side: int, rows: list[bytes]) -> bytes:
    """A grey image of eight bits."""
    def chunk(kind: bytes, content: bytes) -> bytes:
        return (struct.pack(">I", len(content)) + kind + content
                + struct.pack(">I", zlib.crc32(kind + content)))
    header = struct.pack(">2I5B", side, side, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def write_class_folders(folder: Path, classes: int = 3, images: int = 20, side: int = 8,
                        seed: int = 1) -> None:
    """Noise with a bright band whose place is the class."""
    numbers = random.Random(seed)
    for label in range(classes):
        place = folder / f"class-{label}"
        place.mkdir(parents=True, exist_ok=True)
        for image in range(images):
            rows = [bytes(numbers.randrange(64) + (128 if row * classes // side == label else 0)
                          for _ in range(side)) for row in range(side)]
            (place / f"{image:03}.png").write_bytes(png(side, rows))
