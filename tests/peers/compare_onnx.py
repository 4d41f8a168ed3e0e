"""Networks that bnn-export writes, run by ONNX Runtime. The digits are too small for the larger of
Winograd's forms, so float32 sums in another order are all that differs."""

from __future__ import annotations

import numpy as np
import onnxruntime

import definitions
from comparison import Comparison, peer
from digits_run import DigitsRun

ONNX = peer("onnxruntime")
SINGLE = 1e-6
SAMPLES, SEED = 8, 3


def outputs_of(digits: DigitsRun, images: np.ndarray, *options: str) -> dict[str, np.ndarray]:
    """What an exported network gives for images, by the names of its outputs."""
    digits.program("bnn-export", digits.checkpoint, "--format", "onnx", "--output", "network.onnx", *options)
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
