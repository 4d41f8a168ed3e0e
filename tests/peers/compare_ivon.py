"""Steps of bnn-train's ivon beside those of its authors' optimizer, ivon-opt, on a network of PyTorch, from the
same weights and with the same noise. Kernels and biases are random, and one draw of them serves the whole
batch, as ivon-opt draws."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from unittest import mock

import ivon
import numpy as np
import torch
from safetensors.numpy import load_file

import philox
from comparison import Comparison, peer
from digits_run import CLASSES, TRAIN, DigitsRun

PEER = f"{peer('ivon-opt')}, {peer('torch')}"
SINGLE = 1e-5
STEPS, SEED, HIDDEN, PIXELS = 6, 11, 12, 64
LAMBDA = 0.3
EFFECTIVE_SIZE = TRAIN / LAMBDA
EPSILON = 2.0 ** -23
# Tensor, prior's scale, initial untransformed scale.
TENSORS = {"hidden/kernel": (0.5, -4.0), "hidden/bias": (0.7, -3.5), "logits/kernel": (0.3, -3.0),
           "logits/bias": (1.0, -5.0)}


@dataclass(frozen=True)
class Case:
    """Keys of the optimizer, and others of the training."""

    what: str
    optimizer: dict = field(default_factory=dict)
    training: dict = field(default_factory=dict)


CASES = [
    Case("defaults"),
    Case("learning_rate, beta_1, beta_2", {"learning_rate": 0.5, "beta_1": 0.6, "beta_2": 0.7}),
    Case("clip_radius", {"clip_radius": 0.002, "learning_rate": 1}),
    Case("rescale_learning_rate", {"rescale_learning_rate": False, "learning_rate": 0.1}),
    Case("samples", training={"samples": 3}),
    Case("learning_rate_schedule", training={"learning_rate_schedule": {"type": "cosine"}}),
]


def layer(name: str, **keys) -> dict:
    """A dense layer of our config."""
    config = {"type": "dense_reparameterization", "name": name, **keys}
    for tensor in ("kernel", "bias"):
        scale, untransformed = TENSORS[f"{name}/{tensor}"]
        config[f"{tensor}_prior_fn"] = {"scale": scale}
        config[f"{tensor}_posterior_fn"] = {
            "is_singular": False,
            "untransformed_scale_initializer": {"type": "constant", "value": untransformed}}
    return config


def config_of(case: Case) -> dict:
    """The whole config: one batch of all images, whose order does not matter."""
    return {"name": "ivon",
            "data": {"format": "idx", "standardize": "none",
                     "train": {"images": "train-images", "labels": "train-labels"}},
            "model": {"input": {"height": 8, "width": 8, "channels": 1},
                      "layers": [{"type": "flatten"}, layer("hidden", units=HIDDEN, activation="tanh"),
                                 layer("logits", units=CLASSES)]},
            "training": {"batch_size": TRAIN, "epochs": STEPS, "seed": SEED, "kl": {"weight": LAMBDA},
                         "optimizer": {"type": "ivon", **case.optimizer}, **case.training}}


def our_steps(digits: DigitsRun, case: Case) -> list[dict[str, np.ndarray]]:
    """The tensors of the last checkpoint before the first step and after each."""
    (digits.folder / "ivon.json").write_text(json.dumps(config_of(case)))
    states = []
    for step in range(STEPS + 1):
        digits.program("bnn-train", "--config", "ivon.json", "--data", ".", "--out", "ivon", "--max-steps",
                       str(step), "--resume" if step else "--overwrite")
        states.append(load_file(digits.folder / "ivon/checkpoints/last.safetensors"))
    return states


class PeerNetwork:
    """The network in PyTorch, trained by ivon-opt in double precision."""

    def __init__(self, case: Case, weights: dict[str, np.ndarray]) -> None:
        self.samples = case.training.get("samples", 1)
        self.tensors = {name: torch.nn.Parameter(torch.tensor(weights[f"{name}_posterior_loc"], dtype=torch.float64))
                        for name in TENSORS}
        keys = case.optimizer
        groups = [{"params": [self.tensors[name]], **self.curvature(*TENSORS[name])} for name in TENSORS]
        self.rate = keys.get("learning_rate", 0.1)
        self.optimizer = ivon.IVON(groups, self.rate, EFFECTIVE_SIZE, mc_samples=self.samples,
                                   beta1=keys.get("beta_1", 0.9), beta2=keys.get("beta_2", max(0.9, 1 - 2 / STEPS)),
                                   clip_radius=keys.get("clip_radius", float("inf")),
                                   rescale_lr=keys.get("rescale_learning_rate", True))
        cosine = case.training.get("learning_rate_schedule", {}).get("type") == "cosine"
        self.rates = [self.rate * (1 + np.cos(np.pi * i / STEPS)) / 2 if cosine else self.rate for i in range(STEPS)]

    @staticmethod
    def curvature(prior_scale: float, untransformed: float) -> dict:
        """delta of the prior, and h of the initial scale."""
        sigma, delta = EPSILON + np.log1p(np.exp(untransformed)), 1 / (EFFECTIVE_SIZE * prior_scale ** 2)
        return {"weight_decay": delta, "hess_init": 1 / (EFFECTIVE_SIZE * sigma ** 2) - delta}

    def loss(self, x: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """The mean NLL at the present weights."""
        hidden = torch.tanh(x @ self.tensors["hidden/kernel"] + self.tensors["hidden/bias"])
        logits = hidden @ self.tensors["logits/kernel"] + self.tensors["logits/bias"]
        return torch.nn.functional.cross_entropy(logits, labels)

    def step(self, number: int, x: torch.Tensor, labels: torch.Tensor) -> None:
        """One step, whose noise is that of our step of this number, from 1."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.rates[number - 1]
        for sample in range(self.samples):
            with mock.patch("torch.randn", Noise(number * self.samples + sample)), \
                    self.optimizer.sampled_params(train=True):
                self.optimizer.zero_grad()
                self.loss(x, labels).backward()
        self.optimizer.step()

    def values(self) -> dict[str, dict[str, np.ndarray]]:
        """Mean, scale, momentum and h + delta of each tensor."""
        result = {}
        for name, group in zip(TENSORS, self.optimizer.param_groups):
            curvature = (group["hess"] + group["weight_decay"]).numpy()
            result[name] = {"mean": self.tensors[name].detach().numpy().ravel(),
                            "scale": 1 / np.sqrt(EFFECTIVE_SIZE * curvature),
                            "momentum": group["momentum"].numpy(), "curvature": curvature}
        return result


class Noise:
    """Stands for torch.randn: our noise of one draw, tensor by tensor in the order of the groups."""

    def __init__(self, draw: int) -> None:
        self.draw, self.calls = draw, 0

    def __call__(self, size: int, **_) -> torch.Tensor:
        scale = 2 * self.calls + 1  # variables are loc and untransformed scale in turn
        self.calls += 1
        return torch.tensor(philox.normal(SEED, scale, self.draw, size))


def our_values(tensors: dict[str, np.ndarray], name: str) -> dict[str, np.ndarray]:
    """The same of a checkpoint."""
    loc, scale = f"{name}_posterior_loc", f"{name}_posterior_untransformed_scale"
    return {"mean": tensors[loc].ravel(),
            "scale": EPSILON + np.logaddexp(0, tensors[scale].astype(np.float64)).ravel(),
            "momentum": tensors[f"optimizer/estimate/{loc}"].ravel(),
            "curvature": tensors[f"optimizer/estimate/{scale}"].ravel()}


def run(digits: DigitsRun, rows: Comparison) -> None:
    """Each case step by step; at last with a rate that is 1 % higher, and with scales that are."""
    images, labels = digits.digits
    x = torch.tensor(images[:TRAIN].reshape(TRAIN, PIXELS) / 255.0)
    y = torch.tensor(labels[:TRAIN].astype(np.int64))
    for case in CASES:
        ours = our_steps(digits, case)
        network = PeerNetwork(case, ours[0])
        for step in range(1, STEPS + 1):
            network.step(step, x, y)
            theirs = network.values()
            for name in TENSORS:
                mine = our_values(ours[step], name)
                for what in ("mean", "momentum"):
                    rows.add(f"{what} in each of {STEPS} steps: {case.what}", PEER, mine[what],
                             theirs[name][what], SINGLE)
                for what in ("scale", "curvature"):  # relative, as they are small
                    rows.add(f"{what} in each of {STEPS} steps: {case.what}", PEER,
                             mine[what] / theirs[name][what], np.ones_like(mine[what]), SINGLE)
    name = "logits/kernel"
    faster = our_steps(digits, Case("", {"learning_rate": 0.101}, case.training))[STEPS]
    rows.control(f"mean after {STEPS} steps with a rate that is 1 % higher", PEER, our_values(faster, name)["mean"],
                 theirs[name]["mean"], SINGLE)
    shorter = our_steps(digits, Case("", {"beta_2": 0.901}, case.training))[STEPS]
    rows.control(f"scale after {STEPS} steps with a beta_2 of 0.901", PEER,
                 our_values(shorter, name)["scale"] / theirs[name]["scale"], np.ones(theirs[name]["scale"].size),
                 SINGLE)
