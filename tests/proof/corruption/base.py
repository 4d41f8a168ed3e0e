"""A small run with every file that a reader of bnn takes from elsewhere."""

from __future__ import annotations

from pathlib import Path

from harness import images, tiny
from harness.proof import Part

LAYERS: list[dict[str, object]] = [
    {"type": "conv2d_flipout", "filters": 2, "kernel_size": 3, "padding": "same"},
    {"type": "batch_normalization"},
    {"type": "activation", "activation": "relu"},
    {"type": "max_pooling2d", "pool_size": 4},
    {"type": "flatten"},
    {"type": "dense", "name": "hidden", "units": 3, "activation": "tanh"},
    {"type": "dense_flipout", "name": "logits", "units": tiny.CLASSES}]
CHECKPOINT = Path("run/checkpoints/last.safetensors")
PNG = Path("png")


def succeed(part: Part, folder: Path, program: str, *words: str | Path) -> None:
    done = tiny.run([part.program(program), *words, "--quiet"], folder)
    if done.returncode != 0:
        raise RuntimeError(f"{program}: {done.stderr.decode()}")


def make_run(part: Part, folder: Path) -> None:
    """Adam's moments, averaged weights, running statistics, calibration, features; six PNG files."""
    tiny.write_data(folder)
    images.write_class_folders(folder / PNG, images=2)
    tiny.write_config(folder / "tiny.json", tiny.config(LAYERS, ema_decay=0.9))
    succeed(part, folder, "bnn-train", "--config", "tiny.json", "--out", "run")
    succeed(part, folder, "bnn-eval", CHECKPOINT, "--fit-calibration")
    succeed(part, folder, "bnn-eval", CHECKPOINT, "--fit-features")
