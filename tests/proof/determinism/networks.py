"""Small networks and trainings in which every pair of two choices occurs."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

from harness import tiny

Choice = dict[str, object]

FACTORS: dict[str, tuple[object, ...]] = {
    "kernel": ("conv2d", "depthwise_conv2d", "separable_conv2d", "conv2d_transpose"),
    "estimator": ("flipout", "reparameterization", "local_reparameterization", "independent",
                  "deterministic"),
    "normalization": (None, "batch_normalization", "group_normalization",
                      "filter_response_normalization"),
    "activation": ("relu", "tanh", "gelu"),
    "pooling": ("max_pooling2d", "average_pooling2d", "upsampling2d"),
    "optimizer": ("adam", "adamw", "sgd", "ivon"),
    "average": (None, "ema_decay", "swa_epochs"),
    "batch_size": (24, 10, 7),
    "shards": (8, 1, 3),
    "samples": (1, 2),
    "prior": ("fixed", "trainable", "monte_carlo"),
    "extra": (None, "mixup", "clip", "balanced", "dropout", "shared"),
}


def is_possible(choice: Choice) -> bool:
    """bnn refuses the others: IVON sets the scales of posteriors from one fixed normal prior and
    from gradients that nothing has shortened."""
    if choice["optimizer"] != "ivon":
        return True
    return (choice["prior"] == "fixed" and choice["extra"] != "clip" and choice["estimator"] in
            ("flipout", "reparameterization"))


def pairs_of(choice: Choice) -> set[tuple[str, object, str, object]]:
    return {(a, choice[a], b, choice[b]) for a, b in itertools.combinations(FACTORS, 2)}


def covering(seed: int) -> list[Choice]:
    """Choices until every possible pair of values has occurred. Each is the best of some drawn at
    random: it has most pairs that are new."""
    numbers = random.Random(seed)

    def draw(fixed: Choice) -> Choice:
        while True:
            drawn = {name: numbers.choice(values) for name, values in FACTORS.items()} | fixed
            if is_possible(drawn):
                return drawn

    missing = {(a, x, b, y) for a, b in itertools.combinations(FACTORS, 2)
               for x in FACTORS[a] for y in FACTORS[b] if can_occur({a: x, b: y})}
    chosen: list[Choice] = []
    while missing:
        a, x, b, y = min(missing, key=repr)
        best = max((draw({a: x, b: y}) for _ in range(30)),
                   key=lambda choice: len(pairs_of(choice) & missing))
        missing -= pairs_of(best)
        chosen.append(best)
    return chosen


def can_occur(pair: Choice) -> bool:
    defaults: Choice = {"optimizer": "adam", "prior": "fixed", "estimator": "flipout",
                        "extra": None}
    return is_possible(defaults | pair)


def typed(kind: str, choice: Choice, **options: object) -> Choice:
    """A layer with weights: with or without posteriors."""
    if choice["estimator"] == "deterministic":
        return {"type": kind, **options}
    return {"type": f"{kind}_flipout", "estimator": choice["estimator"], **options}


def layers_of(choice: Choice) -> list[Choice]:
    size: Choice = {"kernel_size": 3, "padding": "same"}
    kernels: Choice = {"depth_multiplier": 2} if choice["kernel"] == "depthwise_conv2d" else {
        "filters": 4}
    layers = [typed("conv2d", choice, filters=4, **size), typed(str(choice["kernel"]), choice,
                                                                **kernels, **size)]
    normalization = choice["normalization"]
    if normalization:
        groups: Choice = {"groups": 2} if normalization == "group_normalization" else {}
        layers.append({"type": normalization, **groups})
    layers.append({"type": "activation", "activation": choice["activation"]})
    pooling = str(choice["pooling"])
    layers.append({"type": pooling, ("size" if pooling == "upsampling2d" else "pool_size"): 2})
    if choice["extra"] == "dropout":
        layers.append({"type": "dropout", "rate": 0.2})
    layers.append({"type": "flatten"})
    if choice["extra"] == "shared":
        dense = typed("dense", choice, units=16, activation="relu")
        layers += [{**dense, "name": "before"}, {**dense, "name": "shared"},
                   {"type": dense["type"], "name": "shared", "reuse": True, "activation": "relu"}]
    layers.append(typed("dense", choice, name="logits", units=tiny.CLASSES))
    if choice["estimator"] != "deterministic":
        add_priors(layers, choice)
    return layers


def add_priors(layers: Sequence[Choice], choice: Choice) -> None:
    prior: Choice = {"type": "normal", "loc": 0, "scale": 0.3}
    if choice["prior"] == "trainable":
        prior["trainable"] = True
    for layer in layers:
        kind = str(layer["type"])
        if "_flipout" not in kind or "reuse" in layer:
            continue
        for weights in weights_of(kind):
            layer[f"{weights}_prior_fn"] = prior
            if choice["prior"] == "monte_carlo":
                layer[f"{weights}_divergence_fn"] = {"type": "monte_carlo", "samples": 2}


def weights_of(kind: str) -> tuple[str, ...]:
    if kind.startswith("separable"):
        return ("depthwise", "pointwise")
    return ("depthwise",) if kind.startswith("depthwise") else ("kernel",)


def config_of(choice: Choice) -> Choice:
    """Two epochs of a few steps, with a checkpoint after each."""
    optimizer = choice["optimizer"]
    training: Choice = {
        "epochs": 2, "batch_size": choice["batch_size"], "shards": choice["shards"],
        "samples": choice["samples"], "checkpoint_steps": 1,
        "optimizer": {"type": optimizer, "learning_rate": 0.05 if optimizer == "ivon" else 0.01}}
    if choice["average"]:
        training[str(choice["average"])] = 0.9 if choice["average"] == "ema_decay" else 1
    extra = choice["extra"]
    if extra == "clip":
        training["gradient_clip_norm"] = 0.5
    if extra == "balanced":
        training["sampling"] = "balanced"
    config = tiny.config(layers_of(choice), **training)
    if extra == "mixup":
        config["data"] |= {"augment": {"mixup": 0.4}}  # type: ignore[operator]
    return config
