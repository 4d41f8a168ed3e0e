"""What each target is tried with, and how full strength is cut into slots of one process each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

SLOT_SECONDS = 1700  # of one process on one core; a slot that needs more ends then


@dataclass(frozen=True)
class Target:
    name: str
    inputs: int  # of full strength
    rate: int  # inputs a second that libFuzzer tries, measured on one core of an AVX-512 server
    length: int  # bytes of an input at most
    quick: int = 2000  # mutations of a quick part

    @property
    def slots(self) -> int:
        return -(-self.inputs // (self.rate * SLOT_SECONDS))


MANY = 40_000_000
TARGETS = [
    Target("json", MANY, 8000, 4096),
    Target("override", MANY, 4000, 1024, 1000),
    Target("path_list", MANY, 8000, 1024),
    Target("class_names", MANY, 8000, 1024),
    Target("torch_map", MANY, 8000, 1024),
    Target("config", 4_000_000, 1000, 8192),
    Target("onnx", 4_000_000, 1000, 8192),
    Target("safetensors", MANY, 8000, 8192),
    Target("torch", MANY, 8000, 8192),
    Target("checkpoint", 4_000_000, 1000, 16384, 1000),
    Target("features", MANY, 4000, 4096),
    Target("evaluation_part", MANY, 4000, 4096),
    Target("library", 4_000_000, 1000, 16384, 1000),
    Target("calibration", MANY, 4000, 4096),
    Target("events", MANY, 20000, 4096),
    Target("metrics", 4_000_000, 1500, 4096, 1000),
    Target("cifar", MANY, 8000, 8192),
    Target("idx", MANY, 4000, 1024),
    Target("csv", MANY, 4000, 1024),
    Target("class_folders", 4_000_000, 1000, 512, 1000),
    Target("png", MANY, 8000, 2048),
    Target("jpeg", MANY, 8000, 4096),
    Target("webp", MANY, 8000, 4096),
    Target("tiff", MANY, 8000, 2048),
    Target("gif", MANY, 8000, 2048),
    Target("bmp", MANY, 8000, 2048),
    Target("exif", MANY, 20000, 512),
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
