"""Five steps of bnn-train on the negative evidence lower bound beside the same steps made of TensorFlow
Probability's layers and PyTorch's optimizers, from the same weights. Layers use the means of their posteriors, so
that nothing is drawn; scales then move by the KL alone."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
import tf_keras as keras
import torch
from safetensors.numpy import load_file

from comparison import Comparison, peer
from digits_run import CLASSES, TRAIN, DigitsRun
from tfp_layer import make, variable_name

PEER = f"{peer('tensorflow-probability')}, {peer('torch')}"
SINGLE = 1e-5
STEPS = 5
RATE, EPSILON = 0.02, 1e-3  # a larger epsilon than usual: rounding must not turn into the sign of an update

MEAN = {"kernel_posterior_tensor_fn": "mean", "kernel_prior_fn": {"scale": 0.3}}
CONV = {"type": "conv2d_flipout", "name": "conv", "filters": 4, "kernel_size": 3, "padding": "same",
        "activation": "tanh", **MEAN}
SHARED = {"type": "conv2d_flipout", "name": "step", "filters": 4, "kernel_size": 3, "padding": "same",
          "activation": "tanh", **MEAN}
SHARED_AGAIN = {"type": "conv2d_flipout", "name": "step", "reuse": True, "padding": "same", "activation": "tanh"}
LOGITS = {"type": "dense_flipout", "name": "logits", "units": CLASSES, **MEAN}
POOL, FLATTEN = {"type": "max_pooling2d", "pool_size": 2}, {"type": "flatten"}
# Trained in one shard, which is Keras's batch, and by SGD: before the layer, a bias has a gradient near 0, and Adam
# would make steps of its rounding.
NORMALIZATION = {"type": "batch_normalization", "name": "norm", "momentum": 0.8, "epsilon": 0.01}


@dataclass(frozen=True)
class Case:
    """A training, and which key it is about."""

    key: str
    training: dict = field(default_factory=dict)
    layers: tuple[dict, ...] = (CONV, POOL, FLATTEN, LOGITS)


def with_posterior(**keys) -> tuple[dict, ...]:
    """The network whose kernels have these keys of posteriors."""
    posterior = {"kernel_posterior_fn": keys}
    return {**CONV, **posterior}, POOL, FLATTEN, {**LOGITS, **posterior}


SCHEDULES = ({"type": "step", "milestones": [2, 4], "factor": 0.3}, {"type": "cosine", "final_fraction": 0.1},
             {"type": "exponential", "decay": 0.7})
CONSTRAINTS = ({"type": "clip", "min": -0.1, "max": 0.12}, "non_neg", {"type": "max_norm", "max": 0.35},
               "unit_norm")
OPTIMIZERS = (
    {"type": "sgd", "learning_rate": RATE}, {"type": "sgd", "learning_rate": RATE, "momentum": 0.8},
    {"type": "sgd", "learning_rate": RATE, "momentum": 0.8, "nesterov": True, "scale_learning_rate_factor": 5},
    {"type": "adamw", "learning_rate": RATE, "epsilon": EPSILON, "weight_decay": 0.5},
    {"type": "adam", "learning_rate": RATE, "epsilon": EPSILON, "scale_learning_rate_factor": 5})
CASES = [
    Case("kl.weight"), Case("kl.weight", {"kl": {"weight": 0.3}}),
    Case("kl.annealing_epochs", {"kl": {"annealing_epochs": 4}}),
    Case("gradient_clip_norm", {"gradient_clip_norm": 0.2}),
    Case("class_weights", {"class_weights": [1, 2, 0.5, 1, 1, 3, 0, 1, 1, 0.7]}),
    Case("class_weights", {"class_weights": "balanced"}),
    Case("beta_1, beta_2", {"optimizer": {"learning_rate": RATE, "epsilon": EPSILON, "beta_1": 0.7,
                                          "beta_2": 0.95}}),
    *(Case(f"optimizer {keys['type']}", {"optimizer": keys}) for keys in OPTIMIZERS),
    *(Case("learning_rate_schedule", {"learning_rate_schedule": schedule}) for schedule in SCHEDULES),
    *(Case("loc_constraint", layers=with_posterior(loc_constraint=constraint)) for constraint in CONSTRAINTS),
    Case("untransformed_scale_constraint",
         layers=with_posterior(untransformed_scale_constraint={"type": "clip", "max": -2.95})),
    Case("loc_regularizer", layers=with_posterior(loc_regularizer={"l1": 1e-3, "l2": 2e-3})),
    Case("trainable", layers=({**CONV, "trainable": False}, POOL, FLATTEN, LOGITS)),
    Case("batch_normalization, running statistics",
         {"shards": 1, "optimizer": {"type": "sgd", "learning_rate": RATE}},
         layers=(CONV, NORMALIZATION, POOL, FLATTEN, LOGITS)),
    Case("reuse", layers=(CONV, SHARED, SHARED_AGAIN, POOL, FLATTEN, LOGITS)),
]


def config_of(case: Case) -> dict:
    """The whole config: one batch of all images, whose order does not matter."""
    optimizer = {"learning_rate": RATE, "epsilon": EPSILON}
    return {"name": "steps",
            "data": {"format": "idx", "standardize": "none",
                     "train": {"images": "train-images", "labels": "train-labels"}},
            "model": {"input": {"height": 8, "width": 8, "channels": 1}, "layers": list(case.layers)},
            "training": {"batch_size": TRAIN, "epochs": STEPS, "optimizer": optimizer, **case.training}}


def our_weights(digits: DigitsRun, steps: int) -> dict[str, np.ndarray]:
    """After so many steps, of the config in steps.json."""
    digits.program("bnn-train", "--config", "steps.json", "--data", ".", "--out", "steps", "--overwrite",
                   "--max-steps", str(steps), *(("--epochs", "0") if steps == 0 else ()))
    return {name: value for name,
            value in load_file(digits.folder / "steps/checkpoints/last.safetensors").items()
            if not name.startswith("optimizer/")}


class PeerNetwork:
    """The network of TensorFlow Probability's layers."""

    def __init__(self, case: Case, weights: dict[str, np.ndarray]) -> None:
        self.layers, self.order = {}, []
        for config in case.layers:
            name = config.get("name")
            if config["type"] == "flatten":
                self.order.append(keras.layers.Flatten())
            elif config["type"] == "max_pooling2d":
                self.order.append(keras.layers.MaxPool2D(config["pool_size"]))
            elif config["type"] == "batch_normalization":
                options = {key: value for key, value in config.items() if key != "type"}
                self.layers[name] = keras.layers.BatchNormalization(fused=False, **options)
                self.order.append(self.layers[name])
            else:
                if name not in self.layers:
                    self.layers[name] = make(config)
                self.order.append(self.layers[name])
        self(tf.zeros((1, 8, 8, 1)))
        self.variables = {f"{name}/{variable_name(variable)}": variable
                          for name, layer in self.layers.items() for variable in layer.variables}
        self.trainable = [name for name, variable in self.variables.items() if variable.trainable]
        for name, variable in self.variables.items():
            variable.assign(weights[name])

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        """Logits."""
        for layer in self.order:
            x = layer(x, training=True) if isinstance(layer, keras.layers.BatchNormalization) else layer(x)
        return x

    def kl(self) -> tf.Tensor:
        """Of every layer once."""
        return tf.add_n([tfp.distributions.kl_divergence(layer.kernel_posterior, layer.kernel_prior)
                         for layer in self.layers.values() if hasattr(layer, "kernel_posterior")])

    def penalty(self, case: Case) -> tf.Tensor:
        """Of regularizers, which the layers list beside their KL."""
        has_penalty = any("loc_regularizer" in layer.get("kernel_posterior_fn", {}) for layer in case.layers)
        losses = [loss for layer in self.layers.values() for loss in layer.losses]
        return tf.add_n(losses) - self.kl() if has_penalty else tf.constant(0.0)


def project(constraint: dict | str, variable: tf.Variable) -> None:
    """Keras's constraint over the weights into each output; it has none that clips."""
    kind = constraint if isinstance(constraint, str) else constraint["type"]
    axis = list(range(len(variable.shape) - 1))
    if kind == "clip":
        variable.assign(tf.clip_by_value(variable, constraint.get("min", -1e30), constraint.get("max", 1e30)))
        return
    keras_constraint = {"non_neg": lambda: keras.constraints.NonNeg(),
                        "max_norm": lambda: keras.constraints.MaxNorm(constraint["max"], axis),
                        "unit_norm": lambda: keras.constraints.UnitNorm(axis)}[kind]()
    variable.assign(keras_constraint(variable))


def scheduler_of(optimizer: torch.optim.Optimizer, schedule: dict):
    """PyTorch's schedule; an epoch has one step."""
    schedulers = torch.optim.lr_scheduler
    match schedule.get("type", "constant"):
        case "step":
            return schedulers.MultiStepLR(optimizer, schedule["milestones"], schedule["factor"])
        case "cosine":
            return schedulers.CosineAnnealingLR(optimizer, STEPS, RATE * schedule["final_fraction"])
        case "exponential":
            return schedulers.ExponentialLR(optimizer, schedule["decay"])
    return schedulers.ConstantLR(optimizer, 1.0)


def optimizer_of(keys: dict, parameters: dict[str, torch.nn.Parameter]) -> torch.optim.Optimizer:
    """PyTorch's, which decays kernels only and has a rate of its own for scales. Under a constant rate its SGD
    is Keras's."""
    kind, decay = keys.get("type", "adam"), keys.get("weight_decay", 0)
    factor = keys.get("scale_learning_rate_factor", 1)
    groups = [{"params": [parameter],
               "lr": RATE * (factor if name.endswith("untransformed_scale") else 1),
               "weight_decay": decay if name.endswith("kernel_posterior_loc") else 0}
              for name, parameter in parameters.items()]
    if kind == "sgd":
        return torch.optim.SGD(groups, RATE, keys.get("momentum", 0), nesterov=keys.get("nesterov", False))
    make = torch.optim.AdamW if kind == "adamw" else torch.optim.Adam
    return make(groups, RATE, eps=EPSILON, betas=(keys.get("beta_1", 0.9), keys.get("beta_2", 0.999)))


def class_weights_of(training: dict, labels: np.ndarray) -> np.ndarray:
    """The factor of each image's loss."""
    weights = training.get("class_weights")
    if weights == "balanced":
        weights = len(labels) / (CLASSES * np.bincount(labels, minlength=CLASSES))
    return np.ones(len(labels)) if weights is None else np.asarray(weights, np.float64)[labels]


def train_peer(case: Case, network: PeerNetwork, images: np.ndarray, labels: np.ndarray) -> None:
    """The steps."""
    keys = config_of(case)["training"]
    parameters = {name: torch.nn.Parameter(torch.tensor(network.variables[name].numpy()))
                  for name in network.trainable}
    optimizer = optimizer_of(keys["optimizer"], parameters)
    scheduler = scheduler_of(optimizer, keys.get("learning_rate_schedule", {}))
    x = tf.constant(images[..., None].astype(np.float32) / 255)
    factors = tf.constant(class_weights_of(keys, labels), tf.float32)
    for step in range(1, STEPS + 1):
        annealing = keys.get("kl", {}).get("annealing_epochs", 0)
        weight = keys.get("kl", {}).get("weight", 1.0) * (min(1.0, step / annealing) if annealing else 1.0)
        with tf.GradientTape() as tape:
            nll = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, network(x))
            loss = tf.reduce_mean(factors * nll) + weight / len(labels) * network.kl() + network.penalty(case)
        gradients = tape.gradient(loss, [network.variables[name] for name in network.trainable])
        if "gradient_clip_norm" in keys:
            gradients, _ = tf.clip_by_global_norm(gradients, keys["gradient_clip_norm"])
        for name, gradient in zip(network.trainable, gradients):
            parameters[name].grad = torch.tensor(gradient.numpy())
        optimizer.step()
        scheduler.step()
        constrain(case, network, parameters)


def constrain(case: Case, network: PeerNetwork, parameters: dict[str, torch.nn.Parameter]) -> None:
    """Takes the new values over and projects those that have a constraint, there and back."""
    posteriors = {layer.get("name"): layer.get("kernel_posterior_fn", {}) for layer in case.layers}
    for name, parameter in parameters.items():
        variable = network.variables[name]
        variable.assign(parameter.detach().numpy())
        layer, tensor = name.split("/")
        constraint = posteriors[layer].get(f"{tensor.removeprefix('kernel_posterior_')}_constraint")
        if constraint and tensor.startswith("kernel"):
            project(constraint, variable)
        with torch.no_grad():
            parameter.copy_(torch.tensor(variable.numpy()))


def run(digits: DigitsRun, rows: Comparison) -> None:
    """Each key; at last with a rate that is 1 % higher."""
    images, labels = (values[:TRAIN] for values in digits.digits)
    for case in CASES:
        (digits.folder / "steps.json").write_text(json.dumps(config_of(case)))
        network = PeerNetwork(case, our_weights(digits, 0))
        train_peer(case, network, images, labels.astype(np.int32))
        ours = our_weights(digits, STEPS)
        for name, variable in network.variables.items():
            rows.add(f"weights after {STEPS} steps: {case.key}", PEER, ours[name], variable.numpy(), SINGLE)
    faster = {**config_of(case)["training"]["optimizer"], "learning_rate": RATE * 1.01}
    (digits.folder / "steps.json").write_text(json.dumps(config_of(Case("", {"optimizer": faster},
                                                                        case.layers))))
    ours = our_weights(digits, STEPS)
    name = "logits/kernel_posterior_loc"
    rows.control(f"weights after {STEPS} steps with a rate that is 1 % higher", PEER, ours[name],
                 network.variables[name].numpy(), SINGLE)
