"""Checks that bnn and the PyTorch port compute the same function, before anything is timed.

For every network that is measured, from one initial checkpoint, with the same noise and signs:

* prediction: the class probabilities of every Monte Carlo sample of every image;
* training: every tensor after three steps (the last on a smaller batch) in the same order of
  images, by bnn-train and by autograd, once without the KL, which would hide small errors. Adam
  has an epsilon of 1, so that its steps are nearly proportional to gradients.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

from checkpoint import read_checkpoint
from networks import KINDS, LENET5, NETWORKS, Network
from programs import Programs
from random_streams import Site, Stream, shuffled
from shared_noise import SharedNoise, layers_with_weights, load, torch_tensors, weights_of
from torch_data import Images
from torch_port import build, loss_of

SEED = 7
EXAMPLES, BATCH, SAMPLES = 80, 32, 3
LEARNING_RATE, EPSILON = 0.1, 1.0
MAX_PROBABILITY_ERROR = 1e-4
MAX_STEP_ERROR = 1e-2


class Case:
    """One network of one kind, with its initial checkpoint."""

    def __init__(self, programs: Programs, network: Network, kind: str) -> None:
        self.programs, self.network, self.kind = programs, network, kind
        self.data = programs.data(network, EXAMPLES)
        self.images = Images(network, self.data, torch.contiguous_format)
        self.initial = self.train("--epochs", "0")
        self.start = read_checkpoint(self.initial)

    def train(self, *options: str) -> Path:
        """Runs bnn-train; the path of its checkpoint, which the next run replaces."""
        config = self.programs.config(self.network, self.kind, {
            "epochs": 1, "batch_size": BATCH, "seed": SEED,
            "optimizer": {"learning_rate": LEARNING_RATE, "epsilon": EPSILON}})
        _, out = self.programs.bnn_train(config, self.data, 2, *options)
        return out / "checkpoints" / "last.safetensors"

    def model(self, noise: SharedNoise) -> nn.Sequential:
        """The port with the initial parameters and bnn's noise."""
        model = build(self.network, self.kind)
        load(model, self.network, self.kind, self.start)
        noise.use_in(model, self.network)
        return model

    @torch.no_grad()
    def prediction_error(self, wrong_sign: bool = False) -> float:
        """Largest difference of two probabilities. Runs on the initial checkpoint."""
        saved = self.programs.work / "samples.npy"
        self.programs.bnn_predict(self.initial, self.data, self.network, SAMPLES, saved)
        ours = torch.from_numpy(np.load(saved))
        noise = SharedNoise(SEED, predicting=True, wrong_sign=wrong_sign)
        model = self.model(noise)
        pixels, _ = self.images.batch(torch.arange(EXAMPLES))
        largest = 0.0
        for noise.step in range(len(ours)):  # a deterministic network has one
            error = (model(pixels).softmax(1) - ours[noise.step]).abs().max()
            largest = max(largest, float(error))
        return largest

    def torch_steps(self, kl_weight: float, wrong_sign: bool) -> nn.Sequential:
        """The port after an epoch."""
        noise = SharedNoise(SEED, predicting=False, wrong_sign=wrong_sign)
        model = self.model(noise)
        optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, eps=EPSILON)
        order = torch.from_numpy(shuffled(Stream(SEED, Site.SHUFFLE), EXAMPLES))
        for noise.step, chosen in enumerate(order.split(BATCH), 1):
            pixels, labels = self.images.batch(chosen)
            optimizer.zero_grad(set_to_none=True)
            kl_divisor = EXAMPLES / kl_weight if kl_weight else math.inf
            loss_of(model, pixels, labels, kl_divisor).backward()
            optimizer.step()
        return model

    def training_error(self, kl_weight: float, wrong_sign: bool = False) -> float:
        """Norm of the difference of two tensors over that of the change by training; the largest
        of all tensors."""
        trained = read_checkpoint(self.train("--set", f"training.kl.weight={kl_weight}"))
        model = self.torch_steps(kl_weight, wrong_sign)
        largest = 0.0
        for module, weights in zip(layers_with_weights(model), weights_of(self.network)):
            before = torch_tensors(weights, self.kind, self.start)
            for name, ours in torch_tensors(weights, self.kind, trained).items():
                error = (module.get_parameter(name).detach() - ours).norm()
                largest = max(largest, float(error / (ours - before[name]).norm()))
        return largest


def errors_of(case: Case, wrong_sign: bool = False) -> dict[str, tuple[float, float]]:
    """What was compared, with the error found and the largest that is allowed."""
    errors = {"probabilities": (case.prediction_error(wrong_sign), MAX_PROBABILITY_ERROR)}
    for weight in (0.0, 1.0) if case.kind == "flipout" else (0.0,):
        errors[f"training, KL weight {weight:g}"] = (case.training_error(weight, wrong_sign),
                                                     MAX_STEP_ERROR)
    return errors


def check(programs: Programs) -> list[dict]:
    """Ends the program unless both compute the same, and unless one wrong sign is noticed.
    Returns what was found."""
    found = []
    for network in NETWORKS.values():
        for kind in KINDS:
            for what, (error, allowed) in errors_of(Case(programs, network, kind)).items():
                found.append({"network": network.name, "kind": kind, "compared": what,
                              "error": error, "allowed": allowed})
                if not error <= allowed:
                    sys.exit(f"error: {network.name}, {kind}: {what}: bnn and the PyTorch port "
                             f"differ by {error:.3g}, expected at most {allowed:g}")
    for what, (error, allowed) in errors_of(Case(programs, LENET5, "flipout"), True).items():
        found.append({"network": LENET5.name, "kind": "flipout", "error": error, "allowed": None,
                      "compared": what + ", one wrong sign"})
        if error <= allowed:
            sys.exit(f"error: {what}: one wrong sign in the PyTorch port made a difference of only "
                     f"{error:.3g}, expected more than {allowed:g}: the check sees nothing")
    return found


def main() -> None:
    """Checks the programs in the first folder named on the command line, works in the second, and
    prints what was found as JSON."""
    print(json.dumps(check(Programs(Path(sys.argv[1]), Path(sys.argv[2])))))


if __name__ == "__main__":
    main()
