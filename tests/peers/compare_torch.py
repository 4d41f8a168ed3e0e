"""A residual network with batch normalisation that PyTorch trains for a moment and writes, beside the network
that `bnn-train --init-from` makes of its weights: the class probabilities of all test images, before a step of
training. Modules have the names of torchvision's ResNets."""

from __future__ import annotations

import json

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

from comparison import Comparison, peer
from digits_run import CLASSES, TRAIN, DigitsRun

PEER = peer("torch")
SINGLE = 1e-5
CHANNELS = 8
PAD, RELU = {"type": "zero_padding2d"}, {"type": "activation", "activation": "relu"}


class Block(nn.Module):
    """A residual block; where it makes the image smaller, a convolution of one pixel is its shortcut."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        stride = outputs // inputs
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride > 1:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False),
                                            nn.BatchNorm2d(outputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class Network(nn.Module):
    """Two stages of a block each, and a dense layer that reads the whole image."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, CHANNELS, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(CHANNELS)
        self.layer1 = nn.Sequential(Block(CHANNELS, CHANNELS))
        self.layer2 = nn.Sequential(Block(CHANNELS, 2 * CHANNELS))
        self.fc = nn.Linear(2 * CHANNELS * 4 * 4, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(self.bn1(self.conv1(x)))
        return self.fc(self.layer2(self.layer1(y)).flatten(1))


def trained(digits: DigitsRun) -> Network:
    """After a few steps, so that its statistics are those of images."""
    torch.manual_seed(0)
    network, images = Network(), torch.tensor(digits.digits[0][:TRAIN, None] / 255.0).float()
    labels = torch.tensor(digits.digits[1][:TRAIN])
    optimizer = torch.optim.Adam(network.parameters(), 0.01)
    for _ in range(10):
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(images), labels).backward()
        optimizer.step()
    return network.eval()


def convolution(conv: str, norm: str, filters: int, size: int, stride: int, folds: bool, **more) -> list[dict]:
    """One with its normalisation, or with the normalisation folded into it."""
    layers = [PAD] if size == 3 else []
    if layers and "inputs" in more:
        layers = [{**PAD, "inputs": more.pop("inputs")}]
    layers.append({"type": "conv2d", "name": conv, "filters": filters, "kernel_size": size, "strides": stride,
                   "use_bias": folds, **more})
    if not folds:
        layers.append({"type": "batch_normalization", "name": norm, "epsilon": 1e-5})
    return layers


def block(stage: int, filters: int, stride: int, before: str, folds: bool) -> list[dict]:
    """The layers of a residual block, named as those of the presets; the last is `…_relu`."""
    name = f"stage{stage}_block1"
    last = lambda conv, norm: f"{name}_{conv if folds else norm}"
    layers = convolution(f"{name}_conv1", f"{name}_norm1", filters, 3, stride, folds, inputs=[before])
    layers += [RELU, *convolution(f"{name}_conv2", f"{name}_norm2", filters, 3, 1, folds)]
    shortcut = before
    if stride > 1:
        layers += convolution(f"{name}_shortcut_conv", f"{name}_shortcut_norm", filters, 1, stride, folds,
                              inputs=[before])
        shortcut = last("shortcut_conv", "shortcut_norm")
    return [*layers, {"type": "add", "name": f"{name}_add", "inputs": [last("conv2", "norm2"), shortcut]},
            {**RELU, "name": f"{name}_relu"}]


def config_of(folds: bool, dense: str) -> dict:
    """Our network of the same modules."""
    layers = [*convolution("conv1", "norm1", CHANNELS, 3, 1, folds), {**RELU, "name": "relu"},
              *block(1, CHANNELS, 1, "relu", folds), *block(2, 2 * CHANNELS, 2, "stage1_block1_relu", folds),
              {"type": "flatten"}, {"type": dense, "name": "logits", "units": CLASSES}]
    return {"name": "torch",
            "data": {"format": "idx", "standardize": "none",
                     "train": {"images": "train-images", "labels": "train-labels"}},
            "model": {"input": {"height": 8, "width": 8, "channels": 1}, "layers": layers},
            "training": {"epochs": 0}}


def our_probabilities(digits: DigitsRun, folds: bool, dense: str) -> np.ndarray:
    """Of the network that starts from network.safetensors."""
    (digits.folder / "torch.json").write_text(json.dumps(config_of(folds, dense)))
    digits.program("bnn-train", "--config", "torch.json", "--data", ".", "--out", "torch", "--overwrite",
                   "--init-from", "network.safetensors")
    digits.program("bnn-predict", "torch/checkpoints/last.safetensors", "test-images", "--mean-weights",
                   "--save-samples", "torch.npy")
    return np.load(digits.folder / "torch.npy")[0]


def their_probabilities(network: Network, digits: DigitsRun) -> np.ndarray:
    """Of PyTorch."""
    with torch.no_grad():
        return network(torch.tensor(digits.test_images[:, None] / 255.0).float()).softmax(1).numpy()


def run(digits: DigitsRun, rows: Comparison) -> None:
    """Float32 and smaller numbers; normalisation folded or kept; a Bayesian last layer."""
    network = trained(digits)
    for dtype in (torch.float32, torch.bfloat16, torch.float16):
        state = {name: value.to(dtype) if value.is_floating_point() else value
                 for name, value in network.state_dict().items()}
        save_file(state, digits.folder / "network.safetensors")
        network.load_state_dict(state)  # rounded
        theirs = their_probabilities(network, digits)
        name = f"--init-from, {str(dtype).removeprefix('torch.')}"
        for folds, what in ((True, "folded"), (False, "kept")):
            ours = our_probabilities(digits, folds, "dense")
            rows.add(f"{name}: normalisation {what}", PEER, ours, theirs, SINGLE)
        rows.add(f"{name}: Bayesian last layer", PEER, our_probabilities(digits, True, "dense_flipout"), theirs,
                 SINGLE)
    network.layer2[0].bn1.running_var.mul_(1.01)
    rows.control("--init-from: a variance 1 % larger", PEER, ours, their_probabilities(network, digits), SINGLE)
