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
# Of NETWORKS: logits of about 10 have a rounding of 1e-6, once for each of five layers and more.
DEEPER = 1e-5
SAMPLES, SEED = 8, 3
# Networks of layers that the network of digits does not have, before its last layer.
NETWORKS = {
    "convolutions": [
        {"type": "depthwise_conv2d_flipout", "kernel_size": [3, 2], "depth_multiplier": 3, "padding": "same",
         "activation": "elu"},
        {"type": "separable_conv2d_flipout", "filters": 5, "kernel_size": 3, "strides": 2, "depth_multiplier": 2,
         "padding": "same", "activation": "tanh"},
        {"type": "conv2d_transpose_flipout", "filters": 4, "kernel_size": [2, 3], "strides": [3, 2],
         "activation": "tanh"},
        {"type": "conv2d_transpose", "filters": 3, "kernel_size": 3, "strides": 2, "padding": "same",
         "output_padding": [0, 1]},
        {"type": "conv2d_transpose", "filters": 3, "kernel_size": 2, "dilation_rate": 2}],
    "resampling and channels": [
        {"type": "zero_padding2d", "padding": [[2, 0], [1, 3]]},
        {"type": "conv2d_flipout", "filters": 6, "kernel_size": 3, "strides": 2},
        {"type": "prelu", "alpha_initializer": {"type": "constant", "value": 0.3}, "name": "features"},
        {"type": "global_average_pooling2d"},
        {"type": "dense", "units": 6, "activation": "sigmoid", "name": "gate"},
        {"type": "multiply", "inputs": ["features", "gate"]},
        {"type": "spatial_dropout2d", "rate": 0.3},
        {"type": "upsampling2d", "size": [2, 3]},
        {"type": "upsampling2d", "size": [3, 2], "interpolation": "bilinear"}],
    "normalisation": [
        {"type": "conv2d_flipout", "filters": 6, "kernel_size": 3},
        {"type": "batch_normalization", "activation": "relu"},
        {"type": "conv2d_flipout", "filters": 6, "kernel_size": 3, "padding": "same"},
        {"type": "group_normalization", "groups": 3, "activation": "tanh"},
        {"type": "conv2d_flipout", "filters": 6, "kernel_size": 3, "padding": "same"},
        {"type": "filter_response_normalization"}]}


def outputs_of(digits: DigitsRun, images: np.ndarray, *options: str,
               checkpoint: str = DigitsRun.checkpoint) -> dict[str, np.ndarray]:
    """What an exported network gives for images, by the names of its outputs."""
    digits.program("bnn-export", checkpoint, "--format", "onnx", "--output", "network.onnx", *options)
    session = onnxruntime.InferenceSession(digits.folder / "network.onnx", providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    inputs = images[:, None].astype(np.float32) / 255
    return dict(zip(names, session.run(names, {"images": inputs})))


def compare_outputs(rows: Comparison, what: str, theirs: dict[str, np.ndarray], samples: np.ndarray,
                    tolerance: float = SINGLE) -> None:
    """Probabilities and entropies of our samples [samples][images][classes] beside those of the network."""
    samples = samples.astype(np.float64)
    predictive, expected = definitions.entropy(samples.mean(0)), definitions.entropy(samples).mean(0)
    ours = {"probabilities": samples.mean(0), "predictive_entropy": predictive, "expected_entropy": expected,
            "mutual_information": predictive - expected}
    for name, value in ours.items():
        rows.add(f"ONNX, {what}: {name.replace('_', ' ')}", ONNX, value, theirs[name].reshape(value.shape),
                 tolerance)


def compare_network(digits: DigitsRun, rows: Comparison, name: str) -> None:
    """One of NETWORKS, which is trained for an epoch."""
    layers = NETWORKS[name] + [{"type": "flatten"}, {"type": "dense_flipout", "name": "logits", "units": CLASSES}]
    config = {**CONFIG, "model": {**CONFIG["model"], "layers": layers}}
    (digits.folder / "network.json").write_text(json.dumps(config))
    digits.program("bnn-train", "--config", "network.json", "--data", ".", "--out", "network", "--epochs", "1",
                   "--overwrite")
    checkpoint = "network/checkpoints/last.safetensors"
    options = ("--samples", str(SAMPLES), "--seed", str(SEED))
    digits.program("bnn-predict", checkpoint, "test-images", *options, "--shared-draws", "--save-samples",
                   "onnx.npy")
    theirs = outputs_of(digits, digits.test_images, *options, checkpoint=checkpoint)
    compare_outputs(rows, name, theirs, np.load(digits.folder / "onnx.npy"), DEEPER)


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
    for name in NETWORKS:
        compare_network(digits, rows, name)
