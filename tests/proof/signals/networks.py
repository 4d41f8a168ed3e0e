"""The trainings that are stopped: deep and shallow networks with every kind of state that a run carries."""

from __future__ import annotations

from dataclasses import dataclass, field

CLASSES = 10
ADAM = {"type": "adam", "learning_rate": 0.002}
ADAMW = {"type": "adamw", "learning_rate": 0.002, "weight_decay": 0.01}
SGD = {"type": "sgd", "learning_rate": 0.01, "momentum": 0.9, "nesterov": True}
IVON = {"type": "ivon", "learning_rate": 0.1}
HE = {"preset": "he"}
Layer = dict[str, object]


@dataclass(frozen=True)
class Network:
    name: str
    model: dict[str, object]
    epochs: int
    training: dict[str, object] = field(default_factory=dict)
    data: dict[str, object] = field(default_factory=dict)
    options: tuple[str, ...] = ()

    def config(self, files: dict[str, object]) -> dict[str, object]:
        return {
            "name": "stopped",
            "data": {**files, **self.data},
            "model": self.model,
            "training": {"epochs": self.epochs, "batch_size": 25, "kl": {"weight": 0.05}, "seed": 3,
                         "optimizer": ADAM, **self.training},
            "evaluation": {"samples": 2, "validation_samples": 2}}


def preset(name: str, width: float, estimator: str = "flipout", **more: object) -> dict[str, object]:
    return {"preset": name, "width": width, "estimator": estimator, **more}


def resnet(normalization: str | None, estimator: str = "flipout") -> dict[str, object]:
    return preset("resnet20", 0.25, estimator, normalization=normalization)


def layered(*layers: Layer) -> dict[str, object]:
    return {"input": {"height": 28, "width": 28, "channels": 1}, "defaults": {"padding": "same"},
            "layers": [*layers, {"type": "flatten"},
                       {"type": "dense_flipout", "name": "logits", "units": CLASSES}]}


POOL: Layer = {"type": "max_pooling2d", "pool_size": 4}


def conv(kind: str, **more: object) -> Layer:
    return {"type": f"{kind}_flipout", "kernel_size": 3, "activation": "relu", **more}


SHARED = layered(
    {"type": "max_pooling2d", "pool_size": 2}, conv("conv2d", filters=8, name="stem"),
    conv("conv2d", filters=8, name="step"),
    {"type": "conv2d_flipout", "name": "step", "activation": "relu", "reuse": True},
    {"type": "conv2d_flipout", "name": "step", "activation": "relu", "reuse": True}, POOL)
SEPARABLE = layered(
    POOL, conv("separable_conv2d", filters=8), {"type": "batch_normalization"},
    conv("depthwise_conv2d", estimator="local_reparameterization"), {"type": "prelu"},
    conv("conv2d_transpose", filters=4, strides=2), {"type": "spatial_dropout2d", "rate": 0.2})
PRIORS = layered(
    POOL, conv("conv2d", filters=8, kernel_prior_fn={"type": "normal", "trainable": True}),
    conv("conv2d", filters=8, kernel_prior_fn={"type": "student_t", "df": 4},
         kernel_divergence_fn={"type": "monte_carlo", "samples": 2}), {"type": "group_normalization", "groups": 4})

EARLY: dict[str, object] = {"early_stopping": {"patience": 2, "min_delta": 0.0001}}
COSINE: dict[str, object] = {"learning_rate_schedule": {"type": "cosine", "warmup_epochs": 0.5}}
FLIPS: dict[str, object] = {"augment": {"flip_horizontal": True, "crop_padding": 2, "mixup": 0.2, "cutout": 4}}

NETWORKS = [
    Network("ResNet-20, filter response", resnet("filter_response"), 6, {"checkpoint_steps": 1}),
    Network("ResNet-20, batch, SGD, SWA", resnet("batch"), 8,
            {"optimizer": SGD, "swa_epochs": 2, "checkpoint_steps": 3}),
    Network("ResNet-20, group, EMA", resnet("group"), 8, {"ema_decay": 0.95, **COSINE}),
    Network("ResNet-20, no normalisation, IVON", resnet(None), 9, {"optimizer": IVON}),
    Network("ResNet-20, deterministic, AdamW", resnet("batch", "deterministic"), 9,
            {"optimizer": ADAMW, "checkpoint_steps": 2}, FLIPS),
    Network("ResNet-18, reparameterization", preset("resnet18", 0.0625, "reparameterization"), 8,
            {"checkpoint_steps": 1, "gradient_clip_norm": 1.0}),
    Network("LeNet-5", preset("lenet5", 0.5), 16, EARLY, options=("--tensorboard",)),
    Network("LeNet-5, local reparameterization, SGD", preset("lenet5", 0.5, "local_reparameterization"), 14,
            {"optimizer": SGD, "ema_decay": 0.9, "swa_epochs": 3}),
    Network("LeNet-5, independent", preset("lenet5", 0.25, "independent"), 16, {"checkpoint_steps": 1}),
    Network("LeNet-5, IVON, SWA", preset("lenet5", 0.5), 18, {"optimizer": IVON, "swa_epochs": 4}),
    Network("dense", preset("mlp", 0.5), 14, {"checkpoint_steps": 1, "sampling": "balanced"}),
    Network("dense, OpenBLAS, AdamW", preset("mlp", 0.25), 40,
            {"optimizer": ADAMW, "products": "openblas", "samples": 2, **EARLY}),
    Network("dense, IVON, EMA", preset("mlp", 0.5), 20, {"optimizer": IVON, "ema_decay": 0.9}),
    Network("six convolutions, mixtures", preset("cnn6", 0.25), 24, {"label_smoothing": 0.1, **COSINE}, FLIPS),
    Network("small, many draws", preset("small", 0.5), 24, {"samples": 3, "checkpoint_steps": 5}),
    Network("shared layers, step schedule", SHARED, 40,
            {"learning_rate_schedule": {"type": "step", "milestones": [2, 4]}, "checkpoint_steps": 1}),
    Network("separable, transposed, dropout", SEPARABLE, 60, {"class_weights": "balanced", "checkpoint_steps": 4},
            options=("--tensorboard",)),
    Network("trained prior, Student's t", PRIORS, 80, {"kl": {"weight": 0.1, "annealing_epochs": 2}, **EARLY})]
