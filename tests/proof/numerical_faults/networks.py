"""Networks for faults: every optimizer, normalisation and kind of state."""

from __future__ import annotations

from harness import tiny

Layer = dict[str, object]


def optimizer(kind: str, **keys: object) -> dict[str, object]:
    return {"type": kind, **({"learning_rate": 0.01} | keys)}


FLIPOUT: list[Layer] = [
    {"type": "conv2d_flipout", "filters": 2, "kernel_size": 3, "activation": "relu"},
    {"type": "batch_normalization"}, {"type": "max_pooling2d", "pool_size": 2},
    {"type": "flatten"}, {"type": "dense_flipout", "name": "logits", "units": tiny.CLASSES}]
LOCAL: list[Layer] = [
    {"type": "depthwise_conv2d_local_reparameterization", "kernel_size": 3, "activation": "tanh"},
    {"type": "filter_response_normalization"}, {"type": "global_average_pooling2d"},
    {"type": "dense_local_reparameterization", "units": 4, "activation": "softplus"},
    {"type": "dense_local_reparameterization", "name": "logits", "units": tiny.CLASSES}]
POINTS: list[Layer] = [
    {"type": "separable_conv2d_reparameterization", "filters": 2, "kernel_size": 3},
    {"type": "group_normalization", "groups": 2}, {"type": "prelu"},
    {"type": "average_pooling2d", "pool_size": 2}, {"type": "flatten"},
    {"type": "dense", "units": 4, "activation": "sigmoid"}, {"type": "dropout", "rate": 0.2},
    {"type": "dense", "name": "logits", "units": tiny.CLASSES}]

LAYERS = {"flipout": FLIPOUT, "local": LOCAL, "points": POINTS}
TRAININGS: dict[str, dict[str, object]] = {
    "adam": {"optimizer": optimizer("adam"), "ema_decay": 0.9},
    "adamw": {"optimizer": optimizer("adamw"), "gradient_clip_norm": 1.0},
    "sgd": {"optimizer": optimizer("sgd", momentum=0.9)},
    "ivon": {"optimizer": optimizer("ivon"), "swa_epochs": 1}}
