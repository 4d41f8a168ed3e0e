"""A small trained network to compare with: scikit-learn's 1,797 digits of 8x8 pixels, and as images of
another kind 330 pieces of its two photos. The package brings both, so nothing is downloaded. One test label
in twelve is wrong, so that the surest predictions are too sure and the others not sure enough: then the
calibration errors differ from each other."""

from __future__ import annotations

import json
import struct
import subprocess
from functools import cached_property
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits, load_sample_images

HELD_OUT = 192
TRAIN = 600 + HELD_OUT
TEST = 1005  # fifteen bins of equal count, as all peers cut them
CLASSES = 10
WRONG_LABEL = 12

CONFIG = {
    "name": "digits",
    "data": {"format": "idx", "validation": HELD_OUT,
             "train": {"images": "train-images", "labels": "train-labels"},
             "test": {"images": "test-images", "labels": "test-labels"}},
    "model": {
        "input": {"height": 8, "width": 8, "channels": 1},
        "layers": [
            {"type": "conv2d_flipout", "name": "conv", "filters": 8, "kernel_size": 3, "padding": "same",
             "activation": "relu"},
            {"type": "max_pooling2d", "pool_size": 2},
            {"type": "flatten"},
            {"type": "dense_flipout", "name": "logits", "units": CLASSES}]},
    "training": {"epochs": 7, "batch_size": 32, "optimizer": {"learning_rate": 0.004},
                 "kl": {"weight": 0.05}},
    "evaluation": {"samples": 16},
}


def write_idx(path: Path, values: np.ndarray) -> None:
    """An IDX file of unsigned bytes."""
    header = bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
    path.write_bytes(header + values.astype(np.uint8).tobytes())


class DigitsRun:
    """Data, config and what our programs make of them, in a folder."""

    def __init__(self, build: Path, folder: Path) -> None:
        self.build, self.folder = build, folder

    def program(self, name: str, *arguments: str | Path) -> str:
        """Standard output of one of our programs. Its message ends the comparison if it fails."""
        command = [str(self.build / name), *map(str, arguments)]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
        return done.stdout

    def make(self) -> None:
        """Writes the data, trains two networks of different seeds and fits a calibration."""
        self.folder.mkdir(parents=True, exist_ok=True)
        images, labels = self.digits
        for part, where in {"train": slice(TRAIN), "test": slice(TRAIN, None)}.items():
            write_idx(self.folder / f"{part}-images", images[where])
            write_idx(self.folder / f"{part}-labels", labels[where])
        write_idx(self.folder / "outside", self.outside)
        (self.folder / "digits.json").write_text(json.dumps(CONFIG))
        for run, seed in {"run": 0, "other": 1}.items():
            self.program("bnn-train", "--config", "digits.json", "--data", ".", "--out", run, "--seed",
                         str(seed),
                         "--overwrite", "--tensorboard")
        self.program("bnn-eval", self.checkpoint, "--fit-calibration")

    checkpoint = "run/checkpoints/best.safetensors"
    other_checkpoint = "other/checkpoints/best.safetensors"

    def evaluate(self, *arguments: str) -> dict:
        """The JSON of bnn-eval."""
        return json.loads(self.program("bnn-eval", *arguments, "--format", "json"))

    def evaluate_samples(self, *arguments: str) -> tuple[dict, np.ndarray]:
        """The same, and each sample's class probabilities [samples][images][classes]."""
        result = self.evaluate(*arguments, "--save-samples", "samples.npy")
        return result, np.load(self.folder / "samples.npy")

    def held_out(self) -> tuple[np.ndarray, np.ndarray]:
        """The samples of the held-out images, and their labels. Which images these are follows from the
        samples, since an image has the same noise in every program."""
        _, held_out = self.evaluate_samples(self.checkpoint, "--split", "validation")
        self.program("bnn-predict", self.checkpoint, "train-images", "--save-samples", "all.npy")
        every = np.load(self.folder / "all.npy")
        places = [np.flatnonzero((every == held_out[:, i:i + 1]).all((0, 2))).item() for i in range(HELD_OUT)]
        return held_out, self.digits[1][places]

    def predict(self, *arguments: str) -> list[dict]:
        """The lines of bnn-predict."""
        return [json.loads(line) for line in self.program("bnn-predict", *arguments).splitlines()]

    @cached_property
    def digits(self) -> tuple[np.ndarray, np.ndarray]:
        """Images and labels in a random order."""
        digits, random = load_digits(), np.random.default_rng(0)
        order = random.permutation(len(digits.target))
        labels = digits.target[order]
        labels[TRAIN::WRONG_LABEL] = (labels[TRAIN::WRONG_LABEL] + 1) % CLASSES
        return (digits.images[order] * 15).astype(np.uint8), labels

    @cached_property
    def outside(self) -> np.ndarray:
        """Grey pieces of photos."""
        photos = [photo.mean(-1) for photo in load_sample_images().images]
        return np.stack([photo[y:y + 8, x:x + 8] for photo in photos
                         for y in range(0, 400, 28) for x in range(0, 600, 56)]).astype(np.uint8)

    @property
    def test_images(self) -> np.ndarray:
        """[images][8][8], bytes."""
        return self.digits[0][TRAIN:]

    @property
    def test_labels(self) -> np.ndarray:
        """Of the test images."""
        return self.digits[1][TRAIN:]
