"""The preset resnet20 in PyTorch: flipout as ../speed/torch_port.py has it, batch normalisation, and
the initial values, prior and loss of the config."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

sys.path.append(str(Path(__file__).parent.parent / "speed"))
from networks import CLASSES, Conv, Dense  # noqa: E402
from torch_port import Flipout, FlipoutConv2d, FlipoutDense  # noqa: E402

PRIOR_SCALE = 0.1
CONV_DEPTHS = ((16, 1), (32, 2), (64, 2))  # filters and first stride of each stage


def unit(channels: int, filters: int, size: int, stride: int) -> nn.Sequential:
    """A convolution and its normalisation, with the constants of Keras."""
    return nn.Sequential(FlipoutConv2d(channels, Conv(filters, size), stride, relu=False),
                         nn.BatchNorm2d(filters, eps=1e-3, momentum=0.01))


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions around a shortcut, and ReLU after the first and after the sum."""

    def __init__(self, channels: int, filters: int, stride: int) -> None:
        super().__init__()
        self.branch = nn.Sequential(unit(channels, filters, 3, stride), nn.ReLU(),
                                    unit(filters, filters, 3, 1))
        self.shortcut = unit(channels, filters, 1, stride) if stride > 1 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.branch(x) + self.shortcut(x))


def build() -> nn.Sequential:
    """From images [N][3][32][32] to logits."""
    channels = CONV_DEPTHS[0][0]
    modules: list[nn.Module] = [unit(3, channels, 3, 1), nn.ReLU()]
    for filters, stride in CONV_DEPTHS:
        for number in range(3):
            modules.append(ResidualBlock(channels, filters, stride if number == 0 else 1))
            channels = filters
    modules += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), FlipoutDense(channels, Dense(CLASSES, False))]
    model = nn.Sequential(*modules)
    for layer in flipout_layers(model):
        fan_in = layer.loc[0].numel()
        nn.init.trunc_normal_(layer.loc, 0, 1, -2, 2)  # He's normal, as Keras cuts it
        layer.loc.data *= math.sqrt(2 / fan_in) / 0.87962566
        nn.init.normal_(layer.untransformed_scale, -5, 0.1)
        nn.init.zeros_(layer.bias)
    return model


def flipout_layers(model: nn.Module) -> list[Flipout]:
    """The layers with a posterior."""
    return [layer for layer in model.modules() if isinstance(layer, Flipout)]


def loss_of(model: nn.Module, images: Tensor, labels: Tensor, kl_factor: float) -> Tensor:
    """Mean NLL plus kl_factor times the KL to N(0, PRIOR_SCALE), in nats."""
    nll = F.cross_entropy(model(images), labels)
    return nll + kl_factor * sum(kl_of(layer) for layer in flipout_layers(model))


def kl_of(layer: Flipout) -> Tensor:
    """KL(N(loc, sigma) || N(0, s)) = sum of (loc² + sigma²) / 2s² - 1/2 - ln(sigma / s)."""
    loc, scale = layer.loc.flatten(), layer.scale.flatten()
    squares = torch.dot(loc, loc) + torch.dot(scale, scale)
    return (squares / (2 * PRIOR_SCALE ** 2) - (scale / PRIOR_SCALE).log().sum() -
            0.5 * loc.numel())
