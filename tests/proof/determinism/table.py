"""The table of what is equal and what is promised."""

from __future__ import annotations

from dataclasses import dataclass

from determinism.comparison import BYTES, NOTHING, TENSORS, Equality
from determinism.variations import Variation
from harness.machine import commit, processor


@dataclass
class Row:
    """Counts the comparisons of a variation."""

    variation: Variation
    tried: int = 0
    bytes: int = 0
    tensors: int = 0
    distance: float = 0

    def add(self, equality: Equality) -> None:
        self.tried += 1
        self.bytes += equality.level == BYTES
        self.tensors += equality.level in (BYTES, TENSORS)
        self.distance = max(self.distance, equality.distance)

    def line(self) -> str:
        promise = "–" if self.variation.promise == NOTHING else self.variation.promise
        distance = f"{self.distance:.1g}" if self.distance else "–"
        return (f"| {self.variation.what} | {self.variation.name} | {promise} | {self.tried} "
                f"| {self.bytes} | {self.tensors} | {distance} |")


def text_of(rows: list[Row], networks: int) -> str:
    lines = [
        "# What is equal", "",
        f"Made by `./tests/proof/run.sh determinism` at {commit()}, on {processor()}: "
        f"{networks} networks and trainings in which", "every possible pair of two choices occurs.",
        "Each row compares with the same training, evaluation or prediction by the native build "
        "on two threads. `all tensors`:", "the header may name another processor or build. The "
        "distance is the largest difference of two numbers of a", "checkpoint after two epochs, "
        "over the largest of their tensor.", "",
        "| of | what varies | promised | compared | equal bytes | equal tensors | distance |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: |", *(row.line() for row in rows)]
    return "\n".join(lines) + "\n"
