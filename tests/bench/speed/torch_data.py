"""Images in memory for PyTorch: bytes, standardised per channel batch by batch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from image_files import read_images
from networks import Network

CHUNK = 1000  # images whose pixels are counted at once, so that counting needs little memory


def channel_moments(pixels: np.ndarray) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each channel of bytes [N][channels][...]."""
    counts = np.zeros((pixels.shape[1], 256))
    for first in range(0, len(pixels), CHUNK):
        for channel, count in enumerate(counts):
            part = pixels[first:first + CHUNK, channel].reshape(-1)
            count += np.bincount(part, minlength=256)
    values, totals = np.arange(256), counts.sum(axis=1)
    mean = counts @ values / totals
    variance = (counts * (values - mean[:, None]) ** 2).sum(axis=1) / totals
    return (torch.tensor(mean, dtype=torch.float32).reshape(1, -1, 1, 1),
            torch.tensor(np.sqrt(variance), dtype=torch.float32).reshape(1, -1, 1, 1))


class Images:
    """Bytes [N][channels][size][size] and labels. `memory_format` is that of the batches."""

    def __init__(self, network: Network, folder: Path, memory_format: torch.memory_format) -> None:
        pixels, labels = read_images(network, folder)
        self.pixels = torch.from_numpy(pixels)
        self.labels = torch.from_numpy(labels.astype(np.int64))
        self.memory_format = memory_format
        self.mean, self.deviation = channel_moments(pixels)

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, chosen: Tensor) -> tuple[Tensor, Tensor]:
        """Standardised images and labels of these indices."""
        pixels = self.pixels[chosen].to(torch.float32, memory_format=self.memory_format)
        return pixels.sub_(self.mean).div_(self.deviation), self.labels[chosen]
