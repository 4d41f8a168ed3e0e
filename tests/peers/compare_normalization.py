"""Normalisation layers in one pass, with the same inputs and parameters: batch and group normalisation beside
Keras's own, filter response normalisation beside its formula in TensorFlow. One shard, so that a virtual batch is
the batch."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
import tf_keras as keras

from comparison import Comparison, peer
from compare_layers import Probe
from digits_run import DigitsRun

KERAS, FORMULA = peer("tf-keras"), f"the formula in {peer('tensorflow')}"
SINGLE = 1e-5
EXAMPLES = 5
IMAGES = ((5, 4, 6), (1, 3, 12), (7, 7, 6))

CASES = (
    {"type": "batch_normalization"}, {"type": "batch_normalization", "epsilon": 0.3, "center": False},
    {"type": "batch_normalization", "scale": False}, {"type": "batch_normalization", "trainable": False},
    *({"type": "group_normalization", "groups": groups} for groups in (1, 2, 3, 6, -1)),
    {"type": "group_normalization", "groups": 3, "epsilon": 0.3, "scale": False},
    {"type": "group_normalization", "groups": 2, "center": False},
    {"type": "filter_response_normalization"},
    {"type": "filter_response_normalization", "threshold": False, "epsilon": 0.3},
)


class FilterResponse(keras.layers.Layer):
    """max(gamma x / sqrt(mean of x² over the pixels + epsilon) + beta, tau) (Singh and Krishnan, 2020)."""

    def __init__(self, epsilon: float = 1e-6, threshold: bool = True) -> None:
        super().__init__()
        self.epsilon, self.threshold = epsilon, threshold

    def build(self, shape: tuple[int, ...]) -> None:
        names = ("gamma", "beta", "tau") if self.threshold else ("gamma", "beta")
        for name in names:
            setattr(self, name, self.add_weight(name=name, shape=shape[-1:]))
        super().build(shape)

    def call(self, x: tf.Tensor) -> tf.Tensor:
        scale = tf.sqrt(tf.reduce_mean(x * x, (1, 2), keepdims=True) + self.epsilon)
        y = self.gamma * x / scale + self.beta
        return tf.maximum(y, self.tau) if self.threshold else y


def peers_of(config: dict) -> keras.layers.Layer:
    """The peer's layer of a config."""
    options = {key: value for key, value in config.items() if key != "type"}
    makers = {"batch_normalization": lambda **keys: keras.layers.BatchNormalization(fused=False, **keys),
              "group_normalization": keras.layers.GroupNormalization,
              "filter_response_normalization": FilterResponse}
    return makers[config["type"]](**options)


def name_of(variable: tf.Variable) -> str:
    """`gamma`."""
    return variable.name.rpartition("/")[2].removesuffix(":0")


def random_parameters(layer: keras.layers.Layer, random: np.random.Generator) -> dict[str, np.ndarray]:
    """Of the layer's variables. Variances and gains are positive; both outcomes of tau occur."""
    means = {"gamma": 1.2, "moving_variance": 1.5}
    return {name_of(variable): (means.get(name_of(variable), 0.1) + random.uniform(-0.5, 0.5, variable.shape)
                                ).astype(np.float32) for variable in layer.variables}


def peer_results(config: dict, layer: keras.layers.Layer, parameters: dict[str, np.ndarray], x: np.ndarray,
                 upstream: np.ndarray) -> dict[str, np.ndarray]:
    """Outputs and gradients of a training pass, under the names of the probe."""
    for variable in layer.variables:
        variable.assign(parameters[name_of(variable)])
    inputs, keys = tf.constant(x), {"training": True} if config["type"].startswith("batch") else {}
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = layer(inputs, **keys)
    variables = layer.trainable_variables
    gradients = tape.gradient(outputs, [inputs, *variables], upstream)
    result = {"outputs": outputs.numpy(), "inputs_gradient": gradients[0].numpy()}
    return result | {f"gradient/layer/{name_of(variable)}": gradient.numpy()
                     for variable, gradient in zip(variables, gradients[1:])}


def compare_case(probe: Probe, rows: Comparison, config: dict, size: tuple[int, ...],
                 random: np.random.Generator) -> None:
    """One layer on one size of image, once more with a gain that is 1 % larger."""
    x = random.normal(0.7, 1.5, (EXAMPLES, *size)).astype(np.float32)
    upstream = random.normal(0, 1, x.shape).astype(np.float32)
    layer = peers_of(config)
    layer.build(x.shape)
    parameters = random_parameters(layer, random)
    tensors = {f"layer/{name}": value for name, value in parameters.items()}
    ours = probe.run(config, {"inputs": x, "output_gradient": upstream, **tensors})
    what = config["type"] + (", running statistics" if config.get("trainable") is False else "")
    who = FORMULA if config["type"].startswith("filter") else KERAS
    for name, theirs in peer_results(config, layer, parameters, x, upstream).items():
        rows.add(f"{what}: {name.rpartition('/')[2]}", who, ours[name], theirs, SINGLE)
    if "gamma" in parameters:
        broken = peer_results(config, layer, {**parameters, "gamma": parameters["gamma"] * 1.01}, x, upstream)
        rows.control(f"{what}: gains 1 % larger", who, ours["outputs"], broken["outputs"], SINGLE)


def run(digits: DigitsRun, rows: Comparison) -> None:
    """Every case on every size of image."""
    probe, random = Probe(digits), np.random.default_rng(0)
    for config in CASES:
        for size in IMAGES:
            compare_case(probe, rows, config, size, random)
