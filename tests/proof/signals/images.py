"""The first images of Fashion-MNIST, where Debian's package has it, else made-up ones of the same size."""

from __future__ import annotations

import gzip
import random
import struct
from pathlib import Path

FASHION = Path("/usr/share/datasets/fashion-mnist")
SIDE = 28


def write_images(folder: Path, count: int) -> str:
    """And says which they are."""
    if (FASHION / "train-images-idx3-ubyte.gz").exists():
        with gzip.open(FASHION / "train-images-idx3-ubyte.gz") as images:
            pixels = images.read(16 + count * SIDE * SIDE)[16:]
        with gzip.open(FASHION / "train-labels-idx1-ubyte.gz") as labels:
            classes = labels.read(8 + count)[8:]
        kind = "Fashion-MNIST"
    else:
        numbers = random.Random(1)
        classes = bytes(i % 10 for i in range(count))
        pixels = b"".join(bytes(numbers.randrange(64) + (128 if row * 10 // SIDE == label else 0)
                                for row in range(SIDE) for _ in range(SIDE)) for label in classes)
        kind = "made-up images, since Fashion-MNIST is not installed"
    (folder / "images").write_bytes(struct.pack(">4I", 2051, count, SIDE, SIDE) + pixels)
    (folder / "labels").write_bytes(struct.pack(">2I", 2049, count) + classes)
    return kind


def files(validation: int) -> dict[str, object]:
    pair = {"images": "images", "labels": "labels"}
    return {"format": "idx", "train": pair, "test": pair, "validation": validation}
