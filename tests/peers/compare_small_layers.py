"""Layers whose outputs follow from their inputs and at most one vector, beside Keras's own, with the same
inputs: outputs, and the gradients for inputs and slopes."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
import tf_keras as keras

from comparison import Comparison, peer
from compare_layers import Probe
from digits_run import DigitsRun

PEER = peer("tf-keras")
SINGLE = 1e-5
EXAMPLES = 3
IMAGES = ((5, 4, 3), (1, 1, 2), (3, 7, 6))


def peers_of(config: dict) -> keras.layers.Layer:
    """Keras's layer of a config."""
    options = {key: value for key, value in config.items() if key != "type"}
    makers = {"zero_padding2d": keras.layers.ZeroPadding2D, "upsampling2d": keras.layers.UpSampling2D,
              "prelu": lambda: keras.layers.PReLU(shared_axes=[1, 2])}
    return makers[config["type"]](**options)


CASES = (
    *({"type": "zero_padding2d", "padding": padding} for padding in (0, 2, (1, 3), ((1, 2), (0, 4)))),
    *({"type": "upsampling2d", "size": size, "interpolation": way}
      for size in (2, (3, 1), (4, 5)) for way in ("nearest", "bilinear")),
    {"type": "prelu"},
)


def peer_results(config: dict, x: np.ndarray, alpha: np.ndarray, upstream: np.ndarray) -> dict:
    """Keras's outputs and gradients, under the names of the probe."""
    layer, inputs = peers_of(config), tf.constant(x)
    layer.build(x.shape)
    for variable in layer.variables:
        variable.assign(alpha.reshape(variable.shape))
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = layer(inputs)
    gradients = tape.gradient(outputs, [inputs, *layer.variables], upstream)
    result = {"outputs": outputs.numpy(), "inputs_gradient": gradients[0].numpy()}
    if layer.variables:
        result["gradient/layer/alpha"] = gradients[1].numpy().ravel()
    return result


def run(digits: DigitsRun, rows: Comparison) -> None:
    """Every case on every size of image; once with a slope that is 1 % larger."""
    probe, random = Probe(digits), np.random.default_rng(0)
    for config in CASES:
        for size in IMAGES:
            x = random.normal(0, 1, (EXAMPLES, *size)).astype(np.float32)
            alpha = random.normal(0.2, 0.1, size[-1]).astype(np.float32)
            outputs = peers_of(config)(x).shape
            upstream = random.normal(0, 1, outputs).astype(np.float32)
            ours = probe.run(config, {"inputs": x, "output_gradient": upstream, "layer/alpha": alpha})
            for name, theirs in peer_results(config, x, alpha, upstream).items():
                rows.add(f"{config['type']}: {name.rpartition('/')[2]}", PEER, ours[name], theirs, SINGLE)
            if config["type"] == "prelu":
                broken = peer_results(config, x, alpha * 1.01, upstream)
                rows.control("prelu: slopes 1 % larger", PEER, ours["outputs"], broken["outputs"], SINGLE)
