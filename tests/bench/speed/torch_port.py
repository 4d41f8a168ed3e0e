"""The measured networks in PyTorch: flipout as it is usually written, and plain layers.

A flipout layer computes y = f(x * M + ((x s) * D) r + b) in two products: means M, perturbation
D = sigma eps drawn once for the batch, and signs s and r for each example and channel.
sigma = 2^-23 + softplus(u), the loss is the mean NLL plus KL / N, as bnn-train has them.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import networks
from networks import Block, Conv, Dense, Flatten, Network, placed_layers

SCALE_EPSILON = 2.0 ** -23


def random_signs(rows: int, columns: int) -> Tensor:
    """[rows][columns] of fair signs, +1 or -1."""
    return torch.randint(0, 2, (rows, columns), dtype=torch.float32).mul_(2).sub_(1)


class Flipout(nn.Module):
    """What flipout layers share: the posterior N(loc, sigma) of a kernel, and a bias."""

    def __init__(self, kernel_shape: tuple[int, ...]) -> None:
        super().__init__()
        self.loc = nn.Parameter(torch.empty(kernel_shape).normal_(0.0, 0.1))
        self.untransformed_scale = nn.Parameter(torch.empty(kernel_shape).normal_(-3.0, 0.1))
        self.bias = nn.Parameter(torch.empty(kernel_shape[0]).normal_(0.0, 0.1))
        self.scale = torch.empty(0)  # of the latest pass, for the KL

    def draw(self, examples: int) -> tuple[Tensor, Tensor, Tensor]:
        """Noise of the kernel's shape, and signs of the inputs' and of the outputs' channels."""
        outputs, inputs = self.loc.shape[:2]
        return (torch.randn_like(self.loc), random_signs(examples, inputs),
                random_signs(examples, outputs))

    def perturbation(self, noise: Tensor) -> Tensor:
        """D = sigma eps."""
        self.scale = F.softplus(self.untransformed_scale) + SCALE_EPSILON
        return self.scale * noise

    def kl(self) -> Tensor:
        """KL(N(loc, sigma) || N(0, 1)) of the kernel, for the sigma of the latest pass."""
        loc, scale = self.loc.flatten(), self.scale.flatten()
        squares = torch.dot(loc, loc) + torch.dot(scale, scale)
        return 0.5 * (squares - loc.numel()) - scale.log().sum()


class FlipoutConv2d(Flipout):
    """A flipout convolution with `same` padding, and ReLU unless a sum follows."""

    def __init__(self, channels: int, layer: Conv, stride: int = 1, relu: bool = True) -> None:
        super().__init__((layer.filters, channels, layer.kernel_size, layer.kernel_size))
        self.stride, self.padding = stride, layer.kernel_size // 2
        self.relu = relu

    def forward(self, x: Tensor) -> Tensor:
        noise, s, r = self.draw(x.shape[0])
        perturbed = F.conv2d(x * s[:, :, None, None], self.perturbation(noise), None, self.stride,
                             self.padding)
        y = F.conv2d(x, self.loc, self.bias, self.stride, self.padding)
        y.addcmul_(perturbed, r[:, :, None, None])
        return y.relu_() if self.relu else y


class FlipoutDense(Flipout):
    """A flipout dense layer."""

    def __init__(self, channels: int, layer: Dense) -> None:
        super().__init__((layer.units, channels))
        self.relu = layer.relu

    def forward(self, x: Tensor) -> Tensor:
        noise, s, r = self.draw(x.shape[0])
        perturbed = F.linear(x * s, self.perturbation(noise))
        y = F.linear(x, self.loc, self.bias).addcmul_(perturbed, r)
        return y.relu_() if self.relu else y


class Plain(nn.Conv2d):
    """A convolution with `same` padding, and ReLU unless a sum follows."""

    def __init__(self, channels: int, layer: Conv, stride: int = 1, relu: bool = True) -> None:
        super().__init__(channels, layer.filters, layer.kernel_size, stride,
                         layer.kernel_size // 2)
        self.relu = relu

    def forward(self, x: Tensor) -> Tensor:
        y = super().forward(x)
        return y.relu_() if self.relu else y


class Residual(nn.Module):
    """A residual block of convolutions of either kind."""

    def __init__(self, channels: int, block: Block, kind: str) -> None:
        super().__init__()
        conv = FlipoutConv2d if kind == "flipout" else Plain
        self.conv1 = conv(channels, Conv(block.filters, 3), block.stride)
        self.conv2 = conv(block.filters, Conv(block.filters, 3), relu=False)
        changes = block.stride != 1 or channels != block.filters
        self.shortcut = conv(channels, Conv(block.filters, 1), block.stride, False) if changes \
            else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.conv2(self.conv1(x)) + self.shortcut(x))


class Mean(nn.Module):
    """The mean over an image's pixels."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean((2, 3))


def build(network: Network, kind: str) -> nn.Sequential:
    """The network as a module from [N][channels][size][size] to logits; `kind` is one of KINDS."""
    modules: list[nn.Module] = []
    for placed in placed_layers(network):
        layer, channels = placed.layer, placed.channels
        if isinstance(layer, Conv) and kind == "flipout":
            modules.append(FlipoutConv2d(channels, layer))
        elif isinstance(layer, Conv):
            modules += [nn.Conv2d(channels, layer.filters, layer.kernel_size,
                                  padding=layer.kernel_size // 2), nn.ReLU(inplace=True)]
        elif isinstance(layer, Dense) and kind == "flipout":
            modules.append(FlipoutDense(channels, layer))
        elif isinstance(layer, Dense):
            modules.append(nn.Linear(channels, layer.units))
            if layer.relu:
                modules.append(nn.ReLU(inplace=True))
        elif isinstance(layer, Block):
            modules.append(Residual(channels, layer, kind))
        elif isinstance(layer, networks.Mean):
            modules.append(Mean())
        elif isinstance(layer, Flatten):
            modules.append(nn.Flatten())
        else:
            modules.append(nn.MaxPool2d(2))
    return nn.Sequential(*modules)


def loss_of(model: nn.Sequential, images: Tensor, labels: Tensor, examples: int) -> Tensor:
    """Mean NLL of the batch plus KL / examples, in nats."""
    loss = F.cross_entropy(model(images), labels)
    kls = [layer.kl() for layer in model.modules() if isinstance(layer, Flipout)]
    return loss + sum(kls) / examples if kls else loss
