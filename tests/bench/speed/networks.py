"""The networks that are measured, each described once for both sides.

A network is a list of layers. `bnn_model` says it in the words of a config of bnn-train;
torch_port.py builds the PyTorch module from the same list.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator, Union


@dataclass(frozen=True)
class Conv:
    """A convolution of stride 1 with `same` padding, and ReLU."""

    filters: int
    kernel_size: int


@dataclass(frozen=True)
class Pool:
    """Max pooling, 2x2, stride 2."""


@dataclass(frozen=True)
class Flatten:
    """From an image to a vector."""


@dataclass(frozen=True)
class Dense:
    """A dense layer, with ReLU unless it gives the logits."""

    units: int
    relu: bool


Layer = Union[Conv, Pool, Flatten, Dense]


@dataclass(frozen=True)
class Network:
    """A network for square images of `size` x `size` x `channels`.

    `examples` is how many a training run visits in an epoch, `predicted` how many are predicted: as
    many as take seconds.
    """

    name: str
    size: int
    channels: int
    layers: tuple[Layer, ...]
    examples: int
    predicted: int


CLASSES = 10
BATCH_SIZE = 128
LEARNING_RATE = 0.001

CONV5X5 = Network(
    "conv5x5", 32, 3, (Conv(64, 5), Pool(), Flatten(), Dense(CLASSES, False)), 1920, 256)
SIX_CONVOLUTIONS = Network(
    "six_convolutions", 32, 3,
    (Conv(32, 3), Conv(32, 3), Pool(), Conv(64, 3), Conv(64, 3), Pool(),
     Conv(128, 3), Conv(128, 3), Pool(), Flatten(), Dense(CLASSES, False)), 640, 128)
LENET5 = Network(
    "lenet5", 28, 1,
    (Conv(6, 5), Pool(), Conv(16, 5), Pool(), Conv(120, 5), Flatten(),
     Dense(84, True), Dense(CLASSES, False)), 3840, 512)
MLP = Network(
    "mlp", 28, 1,
    (Flatten(), Dense(400, True), Dense(400, True), Dense(CLASSES, False)), 12800, 2048)

NETWORKS = {network.name: network for network in (CONV5X5, SIX_CONVOLUTIONS, LENET5, MLP)}
KINDS = ("flipout", "deterministic")


@dataclass(frozen=True)
class Placed:
    """A layer and what it reads: images of `size` x `size` x `channels`, or vectors (`size` 0)."""

    layer: Layer
    size: int
    channels: int


def placed_layers(network: Network) -> Iterator[Placed]:
    """The layers in order, with the shape of what each reads."""
    size, channels = network.size, network.channels
    for layer in network.layers:
        yield Placed(layer, size, channels)
        if isinstance(layer, Conv):
            channels = layer.filters
        elif isinstance(layer, Pool):
            size //= 2
        elif isinstance(layer, Flatten):
            size, channels = 0, size * size * channels
        else:
            channels = layer.units


def layer_name(number: int) -> str:
    """The name of a layer in our config, and of its variables in checkpoints; counted from 1, as
    bnn numbers layers."""
    return f"layer{number}"


def bnn_layer(layer: Layer, kind: str) -> dict:
    """The keys of one layer in a config of bnn-train, but for its name."""
    suffix = "_flipout" if kind == "flipout" else ""
    if isinstance(layer, Conv):
        return {"type": "conv2d" + suffix, "filters": layer.filters,
                "kernel_size": layer.kernel_size, "padding": "same", "activation": "relu"}
    if isinstance(layer, Dense):
        return {"type": "dense" + suffix, "units": layer.units,
                "activation": "relu" if layer.relu else None}
    if isinstance(layer, Pool):
        return {"type": "max_pooling2d", "pool_size": 2}
    return {"type": "flatten"}


def bnn_model(network: Network, kind: str) -> dict:
    """`model` of a config of bnn-train; `kind` is one of KINDS."""
    size = {"height": network.size, "width": network.size, "channels": network.channels}
    return {"input": size,
            "layers": [{"name": layer_name(number), **bnn_layer(layer, kind)}
                       for number, layer in enumerate(network.layers, 1)]}


def training_flops(network: Network) -> float:
    """Floating-point operations that one image needs in one training step: two for each
    multiply-add of the forward pass, of the gradient of the weights and of that of the inputs,
    which the first layer with weights does not need. One product a layer: what flipout does beyond
    a deterministic network is not counted."""
    total = 0.0
    first = True
    for placed in placed_layers(network):
        layer = placed.layer
        if isinstance(layer, Conv):
            pixels = placed.size * placed.size
            products = pixels * layer.kernel_size ** 2 * placed.channels * layer.filters
        elif isinstance(layer, Dense):
            products = placed.channels * layer.units
        else:
            continue
        total += 2.0 * products * (2 if first else 3)
        first = False
    return total
