"""The three configs whose runs are attacked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness import images, tiny

Layers = list[dict[str, object]]


@dataclass(frozen=True)
class Network:
    """`write` makes config.json and data in a folder; `options` of bnn-train belong to it."""

    name: str
    write: Callable[[Path], None]
    options: tuple[str, ...] = ()


def write_convolutions(folder: Path) -> None:
    """The plain case: flipout layers, Adam, a checkpoint after every step."""
    tiny.write_data(folder)
    tiny.write_config(folder / "config.json", tiny.config(checkpoint_steps=1))


def write_normalized(folder: Path) -> None:
    """Running statistics, an average of the weights, early stopping, a best checkpoint."""
    layers: Layers = [
        {"type": "conv2d_flipout", "filters": 4, "kernel_size": 3, "padding": "same"},
        {"type": "batch_normalization", "activation": "relu"},
        {"type": "flatten"},
        {"type": "dense_flipout", "name": "logits", "units": tiny.CLASSES}]
    tiny.write_data(folder)
    tiny.write_config(folder / "config.json", tiny.config(
        layers, checkpoint_steps=1, ema_decay=0.9,
        early_stopping={"patience": 2, "monitor": "validation_nll"}))


def write_residual(folder: Path) -> None:
    """A residual network on class folders of PNG images, decoded into a cache, with IVON."""
    layers: Layers = [
        {"type": "conv2d_flipout", "name": "first", "filters": 4, "kernel_size": 3,
         "padding": "same", "activation": "relu"},
        {"type": "conv2d_flipout", "name": "second", "filters": 4, "kernel_size": 3,
         "padding": "same"},
        {"type": "add", "inputs": ["first", "second"]},
        {"type": "global_average_pooling2d"},
        {"type": "dense_flipout", "name": "logits", "units": 3}]
    folder.mkdir(parents=True)
    images.write_class_folders(folder / "train")
    images.write_class_folders(folder / "test", images=5, seed=2)
    config = tiny.config(layers, checkpoint_steps=1,
                         optimizer={"type": "ivon", "learning_rate": 0.1})
    config["data"] = {"format": "folder", "train": "train", "test": "test", "validation": 12}
    tiny.write_config(folder / "config.json", config)


NETWORKS = (
    Network("convolutions", write_convolutions),
    Network("normalized", write_normalized, ("--tensorboard",)),
    Network("residual", write_residual, ("--image-cache", "cache")))
