"""Runs small enough to be repeated a thousand times: made-up images, configs, programs."""

from __future__ import annotations

import json
import random
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path

SIDE, CLASSES = 8, 10


def write_data(folder: Path, examples: int = 60, seed: int = 1) -> None:
    """Images of noise with a bright band whose place is the label, as IDX files."""
    numbers = random.Random(seed)
    labels = [i % CLASSES for i in range(examples)]
    pixels = bytearray()
    for label in labels:
        for row in range(SIDE):
            bright = 128 if row * CLASSES // SIDE == label else 0
            pixels += bytes(numbers.randrange(64) + bright for _ in range(SIDE))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "images").write_bytes(struct.pack(">4I", 2051, examples, SIDE, SIDE) + pixels)
    (folder / "labels").write_bytes(struct.pack(">2I", 2049, examples) + bytes(labels))


def config(layers: Sequence[dict[str, object]] | None = None, **training: object) -> dict[str, object]:
    """Of a training on `write_data`, two epochs of two steps if `training` does not say otherwise."""
    layers = layers or [
        {"type": "conv2d_flipout", "filters": 4, "kernel_size": 3, "padding": "same",
         "activation": "relu"},
        {"type": "max_pooling2d", "pool_size": 2},
        {"type": "flatten"},
        {"type": "dense_flipout", "name": "logits", "units": CLASSES}]
    files = {"images": "images", "labels": "labels"}
    return {
        "name": "tiny",
        "data": {"format": "idx", "train": files, "test": files, "validation": 12},
        "model": {"input": {"height": SIDE, "width": SIDE, "channels": 1}, "layers": list(layers)},
        "training": {"epochs": 2, "batch_size": 24, "kl": {"weight": 0.1}, **training},
        "evaluation": {"samples": 4, "validation_samples": 2}}


def write_config(path: Path, content: dict[str, object]) -> None:
    path.write_text(json.dumps(content, indent=1))


def run(words: Sequence[str | Path], folder: Path, timeout: float = 60, **options: object
        ) -> subprocess.CompletedProcess[bytes]:
    """Runs a program to its end in a folder; its output is kept. Raises TimeoutExpired if it hangs."""
    return subprocess.run([str(word) for word in words], cwd=folder, timeout=timeout,
                          capture_output=True, check=False, **options)  # type: ignore[call-overload]


def timeless_metrics(path: Path) -> list[dict[str, object]]:
    """The lines of a metrics file without what depends on the clock."""
    clock = ("examples_per_second", "elapsed_seconds")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return [{key: value for key, value in line.items() if key not in clock} for line in lines]
