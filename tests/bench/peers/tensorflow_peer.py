"""One run of TensorFlow in a process of its own, with TensorFlow Probability's flipout layers or plain
Keras layers: trains on images in memory, prints images a second.

The step is one tf.function, compiled by XLA in the variant "xla". The loss is the mean NLL plus the
layers' own KL terms / N, minimised by Adam.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

os.environ["TF_USE_LEGACY_KERAS"] = "1"  # the layers of TensorFlow Probability are for Keras 2
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import tensorflow as tf  # noqa: E402
import tensorflow_probability as tfp  # noqa: E402
import tf_keras as keras  # noqa: E402

sys.path.insert(0, str(Path(__file__).parent.parent / "speed"))
import networks  # noqa: E402
from networks import CLASSES, KINDS, LEARNING_RATE, Network, placed_layers  # noqa: E402
from peer_networks import PEER_NETWORKS  # noqa: E402

EXAMPLES = 50_000  # by which the KL is divided


def conv(kind: str, filters: int, size: int, stride: int, relu: bool) -> keras.layers.Layer:
    """A convolution with `same` padding."""
    layer = (tfp.layers.Convolution2DFlipout if kind == "flipout" else keras.layers.Conv2D)
    return layer(filters, size, strides=stride, padding="same",
                 activation="relu" if relu else None)


def block(kind: str, placed: networks.Placed, x: tf.Tensor) -> tf.Tensor:
    """A residual block."""
    filters, stride = placed.layer.filters, placed.layer.stride
    y = conv(kind, filters, 3, stride, True)(x)
    y = conv(kind, filters, 3, 1, False)(y)
    if stride != 1 or placed.channels != filters:
        x = conv(kind, filters, 1, stride, False)(x)
    return keras.layers.ReLU()(keras.layers.Add()([y, x]))


def build(network: Network, kind: str) -> keras.Model:
    """The network as a Keras model from images, channels last, to logits."""
    image = keras.Input((network.size, network.size, network.channels))
    x = image
    for placed in placed_layers(network):
        layer = placed.layer
        if isinstance(layer, networks.Conv):
            x = conv(kind, layer.filters, layer.kernel_size, 1, True)(x)
        elif isinstance(layer, networks.Block):
            x = block(kind, placed, x)
        elif isinstance(layer, networks.Pool):
            x = keras.layers.MaxPool2D()(x)
        elif isinstance(layer, networks.Mean):
            x = keras.layers.GlobalAveragePooling2D()(x)
        elif isinstance(layer, networks.Flatten):
            x = keras.layers.Flatten()(x)
        else:
            dense = tfp.layers.DenseFlipout if kind == "flipout" else keras.layers.Dense
            x = dense(layer.units, activation="relu" if layer.relu else None)(x)
    return keras.Model(image, x)


def main() -> None:
    """Reads the command line and does one run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", choices=PEER_NETWORKS)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("variant", choices=("graph", "xla"))
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    options = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    network = PEER_NETWORKS[options.network]
    model = build(network, options.kind)
    optimizer = keras.optimizers.Adam(LEARNING_RATE)
    shape = (network.batch_size, network.size, network.size, network.channels)
    batches = [tf.random.normal(shape) for _ in range(4)]
    labels = tf.random.uniform((network.batch_size,), 0, CLASSES, tf.int32)

    @tf.function(jit_compile=options.variant == "xla")
    def step(images: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            nll = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, model(images))
            loss = tf.reduce_mean(nll)
            if model.losses:
                loss += tf.add_n(model.losses) / EXAMPLES
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        return loss

    optimizer.build(model.trainable_variables)
    for number in range(3):
        step(batches[number % len(batches)]).numpy()
    times: list[float] = []
    start = time.perf_counter()
    while len(times) < 5 or time.perf_counter() - start < options.seconds:
        before = time.perf_counter()
        step(batches[len(times) % len(batches)]).numpy()
        times.append(time.perf_counter() - before)
    print(network.batch_size / statistics.median(times))


if __name__ == "__main__":
    main()
