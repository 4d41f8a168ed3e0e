"""Measurements over time, and whether they stay flat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

MAX_GROWTH = 1 << 20  # bytes, from the second quarter to the last
# Last quarter by first. Other programs share the machine, so that the clock alone proves nothing.
MAX_CPU, MAX_TIME, MIN_CPU = 1.35, 2.0, 1.1


@dataclass(frozen=True)
class Sample:
    at: float  # seconds
    bytes: int  # of resident memory
    descriptors: int
    cpu: float  # seconds of the processor so far
    units: int  # what was done so far: steps, saves, images, rounds


def quarter(samples: Sequence[Sample], number: int) -> Sequence[Sample]:
    size = len(samples) // 4
    return samples[number * size:(number + 1) * size]


def cost_of_unit(samples: Sequence[Sample]) -> tuple[float, float]:
    """Seconds of the processor, whose clock is coarse: of all; seconds of the clock: the median of intervals."""
    clock = [(last.at - first.at) / (last.units - first.units)
             for first, last in zip(samples, samples[1:]) if last.units > first.units]
    if not clock:
        return 0.0, 0.0
    return (samples[-1].cpu - samples[0].cpu) / (samples[-1].units - samples[0].units), median(clock)


def check_memory(samples: Sequence[Sample]) -> list[str]:
    """The first quarter warms up."""
    before, after = (median(sample.bytes for sample in quarter(samples, number)) for number in (1, 3))
    if after - before <= MAX_GROWTH:
        return []
    return [f"memory grew from {before / 1e6:.1f} MB to {after / 1e6:.1f} MB"]


def check_descriptors(samples: Sequence[Sample]) -> list[str]:
    """A save opens some and closes them, so that the smallest numbers are compared."""
    before, after = (min(sample.descriptors for sample in quarter(samples, number)) for number in (1, 3))
    return [f"descriptors grew from {before} to {after}"] if after > before else []


def check_time(samples: Sequence[Sample]) -> list[str]:
    (cpu_before, before), (cpu_after, after) = (cost_of_unit(quarter(samples, number)) for number in (0, 3))
    if min(before, after) == 0:
        return ["nothing was done in the first or in the last quarter"]
    if cpu_after > MAX_CPU * cpu_before and after > MAX_CPU * before:
        return [f"a unit took {1e3 * cpu_before:.2f} ms of the processor, then {1e3 * cpu_after:.2f} ms"]
    if after > MAX_TIME * before and cpu_after > MIN_CPU * cpu_before:
        return [f"a unit took {1e3 * before:.2f} ms, then {1e3 * after:.2f} ms"]
    return []


def check(name: str, samples: Sequence[Sample]) -> list[str]:
    if len(samples) < 20:
        return [f"{name}: only {len(samples)} samples"]
    return [f"{name}: {sentence}"
            for sentence in check_memory(samples) + check_descriptors(samples) + check_time(samples)]


def summary(name: str, unit: str, samples: Sequence[Sample]) -> str:
    if len(samples) < 4:
        return f"{name}: no samples"
    growth = median(s.bytes for s in quarter(samples, 3)) - median(s.bytes for s in quarter(samples, 1))
    return (f"{name} {samples[-1].units:,} {unit}, {samples[-1].bytes / 1e6:.0f} MB "
            f"({growth / 1e3:+.0f} kB), {samples[-1].descriptors} descriptors")
