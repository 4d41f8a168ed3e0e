"""The initial values of variables beside those of Keras's initialisers: both draw, so distributions are
compared."""

from __future__ import annotations

import json

import numpy as np
import tf_keras as keras
from safetensors.numpy import load_file
from scipy.stats import ks_2samp

from comparison import Comparison, peer
from digits_run import CONFIG, DigitsRun

KERAS = peer("tf-keras")
UNITS = 512
SHAPE = (64, UNITS)
CRITICAL = 1.95 * np.sqrt(2 / np.prod(SHAPE))  # of Kolmogorov and Smirnov's statistic, one case in a thousand

INITIALIZERS = {
    "random_normal": ({"type": "random_normal", "mean": 0.1, "stddev": 0.2},
                      keras.initializers.RandomNormal(0.1, 0.2)),
    "truncated_normal": ({"type": "truncated_normal", "mean": 0.1, "stddev": 0.2},
                         keras.initializers.TruncatedNormal(0.1, 0.2)),
    "he_normal": ("he_normal", keras.initializers.HeNormal()),
    "glorot_uniform": ("glorot_uniform", keras.initializers.GlorotUniform()),
    "glorot_normal": ("glorot_normal", keras.initializers.GlorotNormal()),
}
# Of posteriors that say nothing: TensorFlow Probability's defaults, and those of TensorFlow 1.6.
PRESETS = {
    "tfp": {"loc": keras.initializers.RandomNormal(0, 0.1),
            "untransformed_scale": keras.initializers.RandomNormal(-3, 0.1)},
    "r1_6": {"loc": keras.initializers.GlorotUniform(),
             "untransformed_scale": keras.initializers.GlorotUniform()},
}


def initial_values(digits: DigitsRun, posterior: dict) -> dict[str, np.ndarray]:
    """Of a dense layer of 64 inputs, as bnn-train writes them before the first step."""
    hidden = {"type": "dense_flipout", "name": "hidden", "units": UNITS, "kernel_posterior_fn": posterior}
    layers = [{"type": "flatten"}, hidden, {"type": "dense_flipout", "units": 10}]
    config = {**CONFIG, "model": {**CONFIG["model"], "layers": layers}}
    (digits.folder / "initial.json").write_text(json.dumps(config))
    digits.program("bnn-train", "--config", "initial.json", "--data", ".", "--out", "initial", "--overwrite",
                   "--epochs", "0")
    return load_file(digits.folder / "initial/checkpoints/last.safetensors")


def run(digits: DigitsRun, rows: Comparison) -> None:
    """Kolmogorov and Smirnov's statistic: 0 if both samples have one distribution."""
    keras.utils.set_random_seed(0)
    statistic = lambda ours, theirs: ks_2samp(ours.ravel(), theirs(SHAPE).numpy().ravel()).statistic
    for name, (config, theirs) in INITIALIZERS.items():
        ours = initial_values(digits, {"loc_initializer": config})["hidden/kernel_posterior_loc"]
        distance = statistic(ours, theirs)
        rows.add(f"initial values, {name}: distance of distributions", KERAS, distance, 0, CRITICAL)
    for preset, variables in PRESETS.items():
        ours = initial_values(digits, {"preset": preset})
        for variable, theirs in variables.items():
            distance = statistic(ours[f"hidden/kernel_posterior_{variable}"], theirs)
            rows.add(f"initial values, preset {preset}: distance of distributions", KERAS, distance, 0, CRITICAL)
    ours = initial_values(digits, {"loc_initializer": "he_normal"})["hidden/kernel_posterior_loc"] * 1.1
    distance = statistic(ours, keras.initializers.HeNormal())
    rows.control("initial values, he_normal, 10 % wider", KERAS, distance, 0, CRITICAL)
