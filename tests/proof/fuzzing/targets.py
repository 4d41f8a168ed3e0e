"""What each target is tried with, and how full strength is cut into slots of one process each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

SLOT_SECONDS = 1700  # of one process on one core; a slot that needs more ends then


@dataclass(frozen=True)
class Target:
    name: str
    inputs: int  # of full strength
    rate: int  # inputs a second that libFuzzer tries, roughly, in a second of one core
    length: int  # bytes of an input at most
    quick: int = 2000  # mutations of a quick part

    @property
    def slots(self) -> int:
        return -(-self.inputs // (self.rate * SLOT_SECONDS))


MANY, SOME, FEW = 40_000_000, 10_000_000, 2_000_000  # the last where an input is a training step
TARGETS = [
    Target("json", MANY, 4000, 4096),
    Target("override", FEW, 300, 1024, 1000),
    Target("path_list", MANY, 6000, 1024),
    Target("class_names", MANY, 5000, 1024),
    Target("torch_map", MANY, 4500, 1024),
    Target("config", FEW, 400, 8192),
    Target("onnx", FEW, 1300, 8192),
    Target("safetensors", MANY, 9000, 8192),
    Target("torch", MANY, 6000, 8192),
    Target("checkpoint", FEW, 500, 16384, 1000),
    Target("features", SOME, 2700, 4096),
    Target("evaluation_part", SOME, 2700, 4096),
    Target("library", FEW, 1200, 16384, 1000),
    Target("calibration", SOME, 3000, 4096),
    Target("events", MANY, 40000, 4096),
    Target("metrics", FEW, 1000, 4096, 1000),
    Target("cifar", MANY, 25000, 8192),
    Target("idx", MANY, 7000, 1024),
    Target("csv", SOME, 3900, 1024),
    Target("class_folders", FEW, 1500, 512, 1000),
    Target("png", MANY, 20000, 2048),
    Target("jpeg", MANY, 8000, 4096),
    Target("webp", SOME, 700, 4096),
    Target("tiff", SOME, 1200, 2048),
    Target("gif", SOME, 500, 2048),
    Target("bmp", MANY, 9000, 2048),
    Target("exif", MANY, 35000, 512),
]


@dataclass(frozen=True)
class Slot:
    """A share of a target's inputs, with random numbers of its own."""

    target: Target
    number: int

    @property
    def inputs(self) -> int:
        return -(-self.target.inputs // self.target.slots)

    @property
    def title(self) -> str:
        return f"{self.target.name} {self.number}/{self.target.slots}"


def all_slots() -> Iterator[Slot]:
    for target in TARGETS:
        yield from (Slot(target, number) for number in range(1, target.slots + 1))
