"""What single runs measured, and how they are put together: medians of ratios of one round."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Key:
    """What was measured: training, prediction (a second), sgemm (FLOP/s), memory (bytes) or start
    (seconds). `program` is bnn or torch, `kind` flipout or deterministic."""

    quantity: str
    program: str
    network: str
    kind: str
    threads: int


@dataclass(frozen=True)
class Spread:
    """The median of some numbers, and their range."""

    median: float
    low: float
    high: float


class Records:
    """The value of every run by what it measured and by its round."""

    def __init__(self) -> None:
        self.values: dict[Key, dict[int, float]] = {}

    def add(self, key: Key, round_number: int, value: float) -> None:
        """Notes the value of one run."""
        self.values.setdefault(key, {})[round_number] = value

    def spread(self, key: Key) -> Spread:
        """Of the values of all rounds."""
        return spread_of(list(self.values[key].values()))

    def ratio(self, above: Key, below: Key, factor: float = 1.0) -> Spread:
        """Of factor * above / below, each pair from one round."""
        denominators = self.values[below]
        return spread_of([factor * value / denominators[round_number]
                          for round_number, value in self.values[above].items()])

    def to_json(self) -> list[dict]:
        """Every run."""
        return [{**vars(key), "round": round_number, "value": value}
                for key, rounds in self.values.items() for round_number, value in rounds.items()]


def spread_of(values: list[float]) -> Spread:
    """Median and range."""
    return Spread(median(values), min(values), max(values))
