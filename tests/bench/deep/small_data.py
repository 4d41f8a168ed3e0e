"""The first images of each data file, for a trial of the whole script in a minute."""

from __future__ import annotations

import gzip
import shutil
import struct
from dataclasses import replace
from pathlib import Path

from places import Places

IMAGES = 256  # of each file
CIFAR_BYTES = 1 + 3 * 32 * 32


def small_places(places: Places) -> Places:
    """The same places with small data files, which are made here."""
    cifar, fashion = places.out / "small-cifar", places.out / "small-fashion"
    for folder in (cifar, fashion):
        folder.mkdir(parents=True, exist_ok=True)
    for path in places.cifar.glob("*.bin"):
        with open(path, "rb") as file:
            (cifar / path.name).write_bytes(file.read(IMAGES * CIFAR_BYTES))
    shutil.copy(places.cifar / "batches.meta.txt", cifar)
    for path in places.fashion.glob("*-ubyte.gz"):
        with gzip.open(path) as file, gzip.open(fashion / path.name, "wb") as small:
            small.write(first_records(file.read()))
    return replace(places, cifar=cifar, fashion=fashion)


def first_records(content: bytes) -> bytes:
    """An IDX file of bytes, shortened: two zeros, type, dimensions, sizes, records."""
    dimensions = content[3]
    sizes = struct.unpack_from(f">{dimensions}I", content, 4)
    record = 1
    for size in sizes[1:]:
        record *= size
    header = 4 + 4 * dimensions
    return (content[:4] + struct.pack(f">{dimensions}I", IMAGES, *sizes[1:]) +
            content[header:header + IMAGES * record])
