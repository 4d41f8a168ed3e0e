"""Trainings whose numbers leave float32 for what the config and the images say."""

from __future__ import annotations

import shutil
import struct
from dataclasses import dataclass, field
from pathlib import Path

from harness import tiny
from harness.proof import Part
from numerical_faults.commands import (LAST, RESUME, TRAIN, evaluate, faults_of_end,
                                       faults_of_folder, run)
from numerical_faults.networks import LAYERS, TRAININGS, Layer

Keys = dict[str, object]


@dataclass(frozen=True)
class Setting:
    """What is set, beside a network and a training: keys of both, and the images."""

    title: str
    training: Keys = field(default_factory=dict)
    optimizer: Keys = field(default_factory=dict)
    layers: Keys = field(default_factory=dict)  # of every layer with a posterior
    pixels: bytes = b""                         # repeated over all images; none: those of tiny
    standardize: object = "channel"


def all_settings() -> list[Setting]:
    settings = [Setting("nothing")]
    settings += [Setting(f"learning rate {rate}", optimizer={"learning_rate": rate})
                 for rate in (1e2, 1e4, 1e6)]
    settings += [Setting(f"λ {weight}", {"kl": {"weight": weight}}) for weight in (1e3, 1e9)]
    settings += [Setting(f"clip {norm} at learning rate 1e6", {"gradient_clip_norm": norm},
                         {"learning_rate": 1e6}) for norm in (1e-30, 1.0, 1e30)]
    settings += [Setting(f"prior scale {scale}",
                         layers={"kernel_prior_fn": {"type": "normal", "scale": scale}})
                 for scale in (1e-15, 1e-9, 1e-3, 1e15)]
    settings += [Setting(f"prior location {loc}",
                         layers={"kernel_prior_fn": {"type": "normal", "loc": loc}})
                 for loc in (1e9, 1e15)]
    settings += [Setting(f"first scales {scale}", layers={"kernel_posterior_fn": {
        "type": "mean_field_normal",
        "untransformed_scale_initializer": {"type": "constant", "value": scale}}})
        for scale in (-1e15, -200.0, -50.0, 80.0, 1e9, 1e15)]
    settings += [Setting(f"first means {mean}", layers={"kernel_posterior_fn": {
        "type": "mean_field_normal", "loc_initializer": {"type": "constant", "value": mean}}})
        for mean in (1e9, 1e15, -1e15)]
    settings += [Setting(f"pixels {pixels.hex()}, {standardize}", pixels=pixels,
                         standardize=standardize)
                 for pixels in (b"\0", b"\xff", b"\7", b"\0\xff", b"\0" * 63 + b"\1")
                 for standardize in ("channel", "none", {"mean": [0.0], "std": [1e-6]},
                                     {"mean": [1e6], "std": [1e-6]})]
    return settings


@dataclass(frozen=True)
class Hard:
    network: str
    training: str
    setting: Setting

    @property
    def title(self) -> str:
        return f"{self.network}, {self.training}, {self.setting.title}"


def all_hard() -> list[Hard]:
    return [Hard(network, training, setting) for setting in all_settings()
            for network in LAYERS for training in TRAININGS]


def config_of(hard: Hard) -> Keys:
    setting = hard.setting
    def is_random(layer: Layer) -> bool:
        return str(layer["type"]).startswith(("conv2d_", "dense_"))
    layers = [{**layer, **setting.layers} if is_random(layer) else layer
              for layer in LAYERS[hard.network]]
    training = {**TRAININGS[hard.training], **setting.training}
    assert isinstance(training["optimizer"], dict)
    training["optimizer"] = {**training["optimizer"], **setting.optimizer}
    config = tiny.config(layers, checkpoint_steps=1, **training)
    assert isinstance(config["data"], dict)
    config["data"]["standardize"] = setting.standardize
    return config


def write_images(folder: Path, pixels: bytes) -> None:
    path = folder / "images"
    size = path.stat().st_size - 16
    count = size // tiny.SIDE ** 2
    content = (pixels * size)[:size]
    path.write_bytes(struct.pack(">4I", 2051, count, tiny.SIDE, tiny.SIDE) + content)


def attack(part: Part, hard: Hard, folder: Path) -> tuple[str, list[str]]:
    """How it ended, and what does not hold."""
    tiny.write_data(folder)
    if hard.setting.pixels:
        write_images(folder, hard.setting.pixels)
    tiny.write_config(folder / "tiny.json", config_of(hard))
    done = run(part, folder, "bnn-train", TRAIN)
    wrong = faults_of_end(done, {0, 3, 7})
    places = (b"step ", b"validation", b"tensor ")  # the last: of the checkpoint to be written
    if done.returncode == 7 and not any(place in done.stderr for place in places):
        wrong.append(f"said {done.stderr!r}, without a place")
    wrong += faults_of_folder(folder)
    if (folder / LAST).exists():
        wrong += evaluate(part, folder, {0, 7})
        kept = (folder / LAST).read_bytes()
        again = run(part, folder, "bnn-train", RESUME)
        if again.returncode != done.returncode or (done.returncode == 7 and
                                                       again.stderr != done.stderr):
            wrong.append(f"resumed, it ended with {again.returncode}: {again.stderr!r}; "
                         f"at first with {done.returncode}: {done.stderr!r}")
        if (folder / LAST).read_bytes() != kept:
            wrong.append("resumed, it has another checkpoint")
    shutil.rmtree(folder)
    return str(done.returncode), [f"{hard.title}: {what}" for what in wrong]
