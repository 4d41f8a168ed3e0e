"""Random images in the file formats that bnn reads: speed does not depend on what they show."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from networks import CLASSES, Network

SEED = 1
PART = 1000  # images that are made at once
IDX_HEADERS = {"images": 16, "labels": 8}  # bytes


def file_names(network: Network) -> list[str]:
    """The files of a set of images, labels last."""
    return ["images.bin"] if network.channels == 3 else ["images", "labels"]


def data_config(network: Network) -> dict:
    """The `data` of a config for such files: records like CIFAR-10's for three channels, IDX for
    one."""
    if network.channels == 3:
        return {"format": "cifar", "train": ["images.bin"], "test": ["images.bin"]}
    files = {"images": "images", "labels": "labels"}
    return {"format": "idx", "train": files, "test": files}


def write_images(network: Network, folder: Path, examples: int) -> None:
    """Writes that many random images and labels. A part at a time: the memory that this process
    ever held would count as that of the programs it starts."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(SEED)
    labels = random.integers(0, CLASSES, examples, dtype=np.uint8)
    bytes_each = network.size ** 2 * network.channels
    with open(folder / file_names(network)[0], "wb") as images:
        if network.channels == 1:
            images.write(struct.pack(">IIII", 0x803, examples, network.size, network.size))
        for first in range(0, examples, PART):
            part = labels[first:first + PART, None]
            pixels = random.integers(0, 256, (len(part), bytes_each), dtype=np.uint8)
            images.write((np.hstack([part, pixels]) if network.channels == 3 else pixels).tobytes())
    if network.channels == 1:
        (folder / "labels").write_bytes(struct.pack(">II", 0x801, examples) + labels.tobytes())


def read_images(network: Network, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """What write_images wrote: bytes [N][channels][size][size], not copied, and labels [N]."""
    size, channels = network.size, network.channels
    if channels == 3:
        records = np.fromfile(folder / "images.bin", np.uint8).reshape(-1, 1 + channels * size ** 2)
        return records[:, 1:].reshape(-1, channels, size, size), records[:, 0]
    pixels = np.fromfile(folder / "images", np.uint8, offset=IDX_HEADERS["images"])
    labels = np.fromfile(folder / "labels", np.uint8, offset=IDX_HEADERS["labels"])
    return pixels.reshape(-1, channels, size, size), labels
