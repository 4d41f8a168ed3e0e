"""Networks that bnn-export writes, run by ONNX Runtime. The digits are too small for the larger of
Winograd's forms, so float32 sums in another order are all that differs."""

from __future__ import annotations

import json

import numpy as np
import onnxruntime

import definitions
from comparison import Comparison, peer
from digits_run import CLASSES, CONFIG, DigitsRun

ONNX = peer("onnxruntime")
SINGLE = 1e-6
SAMPLES, SEED = 8, 3


# A network of the layers that the other one does not have.
LAYERS = [
    {"type": "zero_padding2d", "padding": [[2, 0], [1, 3]]},
    {"type": "conv2d_flipout", "filters": 6, "kernel_size": 3, "strides": 2},
    {"type": "prelu", "alpha_initializer": {"type": "constant", "value": 0.3}, "name": "features"},
    {"type": "global_average_pooling2d"},
    {"type": "dense", "units": 6, "activation": "sigmoid", "name": "gate"},
    {"type": "multiply", "inputs": ["features", "gate"]},
    {"type": "spatial_dropout2d", "rate": 0.3},
    {"type": "upsampling2d", "size": [2, 3]},
    {"type": "upsampling2d", "size": [3, 2], "interpolation": "bilinear"},
    {"type": "flatten"},
    {"type": "dense_flipout", "name": "logits", "units": CLASSES}]


def outputs_of(digits: DigitsRun, images: np.ndarray, *options: str,
               checkpoint: str = DigitsRun.checkpoint) -> dict[str, np.ndarray]:
    """What an exported network gives for images, by the names of its outputs."""
    digits.program("bnn-export", checkpoint, "--format", "onnx", "--output", "network.onnx", *options)
    session = onnxruntime.InferenceSession(digits.folder / "network.onnx", providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    inputs = images[:, None].astype(np.float32) / 255
    return dict(zip(names, session.run(names, {"images": inputs})))


def compare_outputs(rows: Comparison, what: str, theirs: dict[str, np.ndarray], samples: np.ndarray) -> None:
    """Probabilities and entropies of our samples [samples][images][classes] beside those of the network."""
    samples = samples.astype(np.float64)
    predictive, expected = definitions.entropy(samples.mean(0)), definitions.entropy(samples).mean(0)
    ours = {"probabilities": samples.mean(0), "predictive_entropy": predictive, "expected_entropy": expected,
            "mutual_information": predictive - expected}
    for name, value in ours.items():
        rows.add(f"ONNX, {what}: {name.replace('_', ' ')}", ONNX, value, theirs[name].reshape(value.shape),
                 SINGLE)


def compare_other_layers(digits: DigitsRun, rows: Comparison) -> None:
    """The network of LAYERS, which is trained for an epoch."""
    config = {**CONFIG, "model": {**CONFIG["model"], "layers": LAYERS}}
    (digits.folder / "layers.json").write_text(json.dumps(config))
    digits.program("bnn-train", "--config", "layers.json", "--data", ".", "--out", "layers", "--epochs", "1",
                   "--overwrite")
    checkpoint = "layers/checkpoints/last.safetensors"
    digits.program("bnn-predict", checkpoint, "test-images", "--samples", str(SAMPLES), "--shared-draws",
                   "--save-samples", "onnx.npy")
    theirs = outputs_of(digits, digits.test_images, "--samples", str(SAMPLES), checkpoint=checkpoint)
    compare_outputs(rows, "other layers", theirs, np.load(digits.folder / "onnx.npy"))


def run(digits: DigitsRun, rows: Comparison) -> None:
    """Samples of the weights, then their means; a batch of one as well."""
    ways = {f"{SAMPLES} samples": (("--samples", str(SAMPLES), "--seed", str(SEED)), ("--shared-draws",)),
            "mean weights": (("--mean-weights",), ())}
    for what, (options, more) in ways.items():
        digits.program("bnn-predict", digits.checkpoint, "test-images", *options, *more, "--save-samples",
                       "onnx.npy")
        samples = np.load(digits.folder / "onnx.npy")
        compare_outputs(rows, what, outputs_of(digits, digits.test_images, *options), samples)
        compare_outputs(rows, f"{what}, one image", outputs_of(digits, digits.test_images[:1], *options),
                        samples[:, :1])
    brighter = np.minimum(digits.test_images.astype(np.float64) * 1.01, 255)
    rows.control("ONNX, mean weights, of images 1 % brighter", ONNX, samples.mean(0),
                 outputs_of(digits, brighter, "--mean-weights")["probabilities"], SINGLE)
    compare_other_layers(digits, rows)
