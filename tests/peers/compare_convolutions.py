"""Depthwise, separable and transposed convolutions beside Keras's layers with the same weights: outputs and
the gradients for inputs and weights. TensorFlow Probability has none of them: flipout and one shared sample are
made of Keras's layers and our noise."""

from __future__ import annotations

import os

os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"  # oneDNN has no form of some of these gradients

import numpy as np
import tensorflow as tf
import tf_keras as keras

from compare_layers import Probe
from comparison import Comparison, peer
from digits_run import DigitsRun

PEER = peer("tensorflow")
SINGLE = 1e-5
EXAMPLES, CHANNELS = 5, 3
CLASSES = {"depthwise_conv2d": keras.layers.DepthwiseConv2D, "separable_conv2d": keras.layers.SeparableConv2D,
           "conv2d_transpose": keras.layers.Conv2DTranspose}
SCALE = "_posterior_untransformed_scale"

WINDOWS = [{"kernel_size": size, "strides": stride, "padding": padding}
           for size in (1, 2, 3, 5) for stride in (1, 2, 3) for padding in ("same", "valid")]
WINDOWS += [{"kernel_size": [3, 2], "dilation_rate": 2, "padding": padding} for padding in ("same", "valid")]
SHAPES = {
    "depthwise_conv2d": [{**w, "depth_multiplier": m} for w in WINDOWS for m in (1, 3)],
    "separable_conv2d": [{**w, "depth_multiplier": m, "filters": 4} for w in WINDOWS for m in (1, 3)],
    "conv2d_transpose": [{**w, "filters": 4} for w in [
        *WINDOWS, {"kernel_size": [2, 5], "strides": [1, 2]},
        *({"kernel_size": 3, "strides": 2, "padding": padding, "output_padding": more}
          for padding in ("same", "valid") for more in (0, 1)),
        {"kernel_size": [4, 5], "strides": 3, "padding": "same", "output_padding": [2, 0]}]],
}


def keras_layer(kind: str, config: dict, x: np.ndarray) -> keras.layers.Layer:
    """Built, with TensorFlow's first weights."""
    keys = {name: tuple(value) if isinstance(value, list) else value for name, value in config.items()}
    layer = CLASSES[kind](**keys, activation="tanh")
    layer.build(x.shape)
    return layer


def peer_results(layer: keras.layers.Layer, x: np.ndarray, upstream: np.ndarray) -> dict[str, np.ndarray]:
    """Outputs and gradients of sum(upstream * outputs), by our names."""
    inputs = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = layer(inputs)
        loss = tf.reduce_sum(outputs * upstream)
    names = [variable.name.split("/")[-1].split(":")[0] for variable in layer.weights]
    gradients = tape.gradient(loss, [inputs, *layer.weights])
    return {"outputs": outputs.numpy(), "inputs_gradient": gradients[0].numpy(),
            **{f"gradient/layer/{name}": g.numpy() for name, g in zip(names, gradients[1:])}}


def run_point(probe: Probe, kind: str, config: dict, random: np.random.Generator, rows: Comparison) -> None:
    """A layer without a posterior."""
    x = random.normal(0, 1, (EXAMPLES, 6, 5, CHANNELS)).astype(np.float32)
    layer = keras_layer(kind, config, x)
    values = [random.normal(0, 0.5, variable.shape).astype(np.float32) for variable in layer.weights]
    layer.set_weights(values)
    upstream = random.normal(0, 1, layer(x).shape).astype(np.float32)
    names = [variable.name.split("/")[-1].split(":")[0] for variable in layer.weights]
    ours = probe.run({"type": kind, "activation": "tanh", **config},
                     {"inputs": x, "output_gradient": upstream,
                      **{f"layer/{name}": value for name, value in zip(names, values)}})
    theirs = peer_results(layer, x, upstream)
    for name, value in theirs.items():
        rows.add(f"{kind}: outputs and gradients", PEER, ours[name], value, SINGLE)
    layer.set_weights([1.01 * value for value in values])
    rows.control(f"{kind}: weights 1 % larger", PEER, ours["outputs"], layer(x).numpy(), SINGLE)


def run_random(probe: Probe, kind: str, config: dict, random: np.random.Generator, rows: Comparison) -> None:
    """Flipout, W = M + (s rᵀ) ∘ D for each example, and one sample M + D for all of them."""
    x = random.normal(0, 1, (EXAMPLES, 6, 5, CHANNELS)).astype(np.float32)
    layer = keras_layer(kind, config, x)
    tensor = "kernel" if kind == "conv2d_transpose" else "depthwise_kernel"
    kernel, bias = (tuple(variable.shape) for variable in layer.weights)
    mean, scale = random.normal(0, 0.5, kernel), random.normal(-2, 0.7, kernel)
    offset = random.normal(0, 0.5, bias)
    upstream = random.normal(0, 1, layer(x).shape).astype(np.float32)
    weights = {f"layer/{tensor}_posterior_loc": mean, f"layer/{tensor}{SCALE}": scale,
               "layer/bias_posterior_loc": offset}
    for estimator in ("flipout", "reparameterization"):
        ours = probe.run({"type": f"{kind}_{estimator}", "activation": "tanh", **config},
                         {"inputs": x, "output_gradient": upstream,
                          **{name: value.astype(np.float32) for name, value in weights.items()}})
        drawn = (2.0 ** -23 + np.log1p(np.exp(scale))) * ours[f"noise/layer/{tensor}{SCALE}"]
        for b in range(EXAMPLES):
            sign = 1.0
            if estimator == "flipout":
                s, r = ours["noise/input_signs"][b], ours["noise/output_signs"][b]
                sign = (r[:, None] * s[None, :] if kind == "conv2d_transpose"
                        else s[:, None] * r.reshape(len(s), -1))
            layer.set_weights([mean + sign * drawn, offset])
            rows.add(f"{kind}: {estimator}", PEER, ours["outputs"][b], layer(x[b:b + 1]).numpy()[0], SINGLE)
            theirs = peer_results(layer, x[b:b + 1], upstream[b:b + 1])
            rows.add(f"{kind}: {estimator}", PEER, ours["inputs_gradient"][b], theirs["inputs_gradient"][0],
                     SINGLE)


def run(digits: DigitsRun, rows: Comparison) -> None:
    """Every kind with every window."""
    probe = Probe(digits)
    random = np.random.default_rng(3)
    for kind, configs in SHAPES.items():
        for config in configs:
            run_point(probe, kind, config, random, rows)
            if kind != "separable_conv2d":
                run_random(probe, kind, config, random, rows)
