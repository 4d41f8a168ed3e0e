"""Makes the PyTorch port compute with bnn's own parameters, noise and signs.

bnn keeps a convolution's kernel as [height][width][inputs][outputs] and a dense one as
[inputs][outputs], and flattens images pixel by pixel; PyTorch keeps outputs and inputs first and
flattens channel by channel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from networks import Conv, Dense, Flatten, Network, layer_name, placed_layers
from random_streams import Site, Stream, normals, signs
from torch_port import Flipout

VARIABLES_PER_LAYER = 3  # of a flipout layer: loc, untransformed scale, bias


@dataclass(frozen=True)
class Weights:
    """A layer with weights: its numbers within the network, and how its inputs are laid out."""

    number: int      # among all layers, counted from 1
    position: int    # among the layers with weights, counted from 0
    kernel_shape: tuple[int, ...]  # bnn's
    image: tuple[int, int] | None  # (pixels, channels) of the image that its inputs were

    @property
    def outputs(self) -> int:
        """Channels or units that it gives."""
        return self.kernel_shape[-1]

    @property
    def inputs(self) -> int:
        """Channels or numbers that it reads."""
        return self.kernel_shape[-2]

    def input_order(self) -> np.ndarray:
        """For each input in PyTorch's order its place in bnn's."""
        pixels, channels = self.image or (1, self.inputs)
        return np.arange(self.inputs).reshape(pixels, channels).T.reshape(-1)

    def to_torch(self, kernel: np.ndarray) -> Tensor:
        """A kernel, or noise of its shape, in PyTorch's layout."""
        ordered = kernel.reshape(self.kernel_shape)[..., self.input_order(), :]
        axes = (3, 2, 0, 1) if ordered.ndim == 4 else (1, 0)
        return torch.from_numpy(np.ascontiguousarray(ordered.transpose(axes)))


def weights_of(network: Network) -> list[Weights]:
    """The layers with weights, in order."""
    found: list[Weights] = []
    image: tuple[int, int] | None = None
    for number, placed in enumerate(placed_layers(network), 1):
        layer, inputs = placed.layer, placed.channels
        if isinstance(layer, Flatten):
            image = (placed.size ** 2, inputs)
        elif isinstance(layer, Conv):
            size = layer.kernel_size
            found.append(Weights(number, len(found), (size, size, inputs, layer.filters), None))
        elif isinstance(layer, Dense):
            found.append(Weights(number, len(found), (inputs, layer.units), image))
            image = None
    return found


def torch_tensors(weights: Weights, kind: str,
                  checkpoint: dict[str, np.ndarray]) -> dict[str, Tensor]:
    """A layer's tensors of a checkpoint, in PyTorch's layout, by the names of the port."""
    name = layer_name(weights.number) + "/"
    if kind == "deterministic":
        return {"weight": weights.to_torch(checkpoint[name + "kernel"]),
                "bias": torch.from_numpy(checkpoint[name + "bias"].copy())}
    kernel = name + "kernel_posterior_"
    return {"loc": weights.to_torch(checkpoint[kernel + "loc"]),
            "untransformed_scale": weights.to_torch(checkpoint[kernel + "untransformed_scale"]),
            "bias": torch.from_numpy(checkpoint[name + "bias_posterior_loc"].copy())}


def layers_with_weights(model: nn.Sequential) -> list[nn.Module]:
    """The modules that belong to weights_of."""
    return [module for module in model if any(True for _ in module.parameters())]


def load(model: nn.Sequential, network: Network, kind: str,
         checkpoint: dict[str, np.ndarray]) -> None:
    """Sets the port's parameters to those of the checkpoint."""
    for module, weights in zip(layers_with_weights(model), weights_of(network)):
        module.load_state_dict(torch_tensors(weights, kind, checkpoint))


@dataclass
class SharedNoise:
    """Gives flipout layers what bnn draws in one pass: training draw or Monte Carlo sample `step`.

    `wrong_sign` turns one sign of the first layer around, to see that a check notices.
    """

    seed: int
    predicting: bool
    step: int = 0
    wrong_sign: bool = False

    def use_in(self, model: nn.Sequential, network: Network) -> None:
        """Replaces what the model's flipout layers draw."""
        for module, weights in zip(layers_with_weights(model), weights_of(network)):
            if isinstance(module, Flipout):
                module.draw = lambda examples, w=weights: self.draw(w, examples)

    def draw(self, weights: Weights, examples: int) -> tuple[Tensor, Tensor, Tensor]:
        """Flipout.draw with bnn's streams. The noise is named by the number of the variable that
        it scales, signs by the number of the layer and by the example."""
        site = Site.PREDICT_NOISE if self.predicting else Site.WEIGHT_NOISE
        variable = VARIABLES_PER_LAYER * weights.position + 1
        count = int(np.prod(weights.kernel_shape))
        noise = normals(Stream(self.seed, site, variable, self.step), count)
        site = Site.PREDICT_SIGN_INPUT if self.predicting else Site.SIGN_INPUT
        s = self.signs(site, weights.number, examples, weights.inputs)[:, weights.input_order()]
        if self.wrong_sign and weights.position == 0:
            s[0, 0] *= -1.0
        site = Site.PREDICT_SIGN_OUTPUT if self.predicting else Site.SIGN_OUTPUT
        r = self.signs(site, weights.number, examples, weights.outputs)
        return weights.to_torch(noise), torch.from_numpy(s), torch.from_numpy(r)

    def signs(self, site: Site, layer: int, examples: int, count: int) -> np.ndarray:
        """[examples][count] of signs in bnn's order."""
        return np.stack([signs(Stream(self.seed, site, layer, self.step, example), count)
                         for example in range(examples)])
