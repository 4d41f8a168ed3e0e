"""CIFAR-10 for torch_train.py: the images, the split, flips and crops."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

PADDING = 4


@dataclass(frozen=True)
class Images:
    """Standardised images [N][3][32][32] and labels [N]."""

    pixels: Tensor
    labels: Tensor

    def chosen(self, indices: Tensor) -> Images:
        """Some of them."""
        return Images(self.pixels[indices], self.labels[indices])


def read(paths: list[Path]) -> tuple[np.ndarray, np.ndarray]:
    """Bytes and labels of binary files."""
    records = np.concatenate([np.fromfile(path, np.uint8) for path in paths]).reshape(-1, 3073)
    return records[:, 1:].reshape(-1, 3, 32, 32), records[:, 0].astype(np.int64)


def load(folder: Path, held_out: int, seed: int) -> tuple[Images, Images, Images]:
    """Images to train on, held-out images, of each class the same share, and test images."""
    pixels, labels = read(sorted(folder.glob("data_batch_*.bin")))
    random = np.random.default_rng(seed)
    is_held_out = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = random.permutation(np.flatnonzero(labels == label))
        is_held_out[members[:round(held_out * len(members) / len(labels))]] = True
    train = pixels[~is_held_out]
    mean = train.mean((0, 2, 3)).reshape(1, 3, 1, 1)
    deviation = train.std((0, 2, 3)).reshape(1, 3, 1, 1)

    def images(values: np.ndarray, classes: np.ndarray) -> Images:
        standardised = ((values - mean) / deviation).astype(np.float32)
        return Images(torch.from_numpy(standardised), torch.from_numpy(classes))

    return (images(train, labels[~is_held_out]), images(pixels[is_held_out], labels[is_held_out]),
            images(*read([folder / "test_batch.bin"])))


def augmented(pixels: Tensor) -> Tensor:
    """Each image flipped or not, and cut out of a frame of zeros, which are the mean colour."""
    count, size = len(pixels), pixels.shape[-1]
    flipped = torch.where(torch.rand(count, 1, 1, 1) < 0.5, pixels.flip(3), pixels)
    padded = torch.nn.functional.pad(flipped, [PADDING] * 4)
    rows = torch.randint(0, 2 * PADDING + 1, (count, 1)) + torch.arange(size)
    columns = torch.randint(0, 2 * PADDING + 1, (count, 1)) + torch.arange(size)
    return padded[torch.arange(count)[:, None, None, None], torch.arange(3)[None, :, None, None],
                  rows[:, None, :, None], columns[:, None, None, :]]
