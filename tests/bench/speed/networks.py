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


@dataclass(frozen=True)
class Block:
    """A residual block: two 3x3 convolutions, the first of this stride, around a shortcut, which is
    a 1x1 convolution where the shape changes; ReLU behind each convolution and behind the sum."""

    filters: int
    stride: int


@dataclass(frozen=True)
class Mean:
    """The mean over an image's pixels, a vector of channels."""


Layer = Union[Conv, Pool, Flatten, Dense, Block, Mean]


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
    batch_size: int = 128


CLASSES = 10
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


def resnet20(name: str, size: int, examples: int, batch_size: int) -> Network:
    """ResNet-20 of 16, 32 and 64 filters, without normalisation."""
    stages = [[Block(filters, stride), Block(filters, 1), Block(filters, 1)]
              for filters, stride in ((16, 1), (32, 2), (64, 2))]
    layers = (Conv(16, 3), *sum(stages, []), Mean(), Dense(CLASSES, False))
    return Network(name, size, 3, layers, examples, 128, batch_size)


RESNET20 = resnet20("resnet20", 32, 640, 64)
RESNET20_96 = resnet20("resnet20_96", 96, 128, 32)

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
        elif isinstance(layer, Block):
            size, channels = -(-size // layer.stride), layer.filters
        elif isinstance(layer, Mean):
            size = 0
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
    if isinstance(layer, Mean):
        return {"type": "global_average_pooling2d"}
    return {"type": "flatten"}


def bnn_block(placed: Placed, kind: str, name: str, before: str) -> list[dict]:
    """The layers of a residual block called `name` that reads the layer called `before`."""
    block = placed.layer

    def conv(part: str, kernel_size: int, stride: int, reads: str, activation: str | None) -> dict:
        return {"name": f"{name}/{part}",
                "type": "conv2d_flipout" if kind == "flipout" else "conv2d",
                "filters": block.filters, "kernel_size": kernel_size, "strides": stride,
                "padding": "same", "activation": activation, "inputs": reads}

    layers = [conv("conv1", 3, block.stride, before, "relu"),
              conv("conv2", 3, 1, f"{name}/conv1", None)]
    shortcut = before
    if block.stride != 1 or placed.channels != block.filters:
        layers.append(conv("shortcut", 1, block.stride, before, None))
        shortcut = f"{name}/shortcut"
    return layers + [
        {"name": f"{name}/sum", "type": "add", "inputs": [f"{name}/conv2", shortcut]},
        {"name": name, "type": "activation", "activation": "relu", "inputs": f"{name}/sum"}]


def bnn_model(network: Network, kind: str) -> dict:
    """`model` of a config of bnn-train; `kind` is one of KINDS."""
    size = {"height": network.size, "width": network.size, "channels": network.channels}
    layers: list[dict] = []
    for number, placed in enumerate(placed_layers(network), 1):
        if isinstance(placed.layer, Block):
            layers += bnn_block(placed, kind, layer_name(number), layer_name(number - 1))
        else:
            layers.append({"name": layer_name(number), **bnn_layer(placed.layer, kind)})
    return {"input": size, "layers": layers}


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
