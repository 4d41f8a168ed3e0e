"""How PyTorch is set up outside of its program, and the search for the fastest set-up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Callable

# What threads do while they wait for each other. OpenMP's default, to spin for long, is not among
# these: whatever else runs on the machine for a moment brings it to a crawl.
WAITING = {"sleep": {"OMP_WAIT_POLICY": "passive"}, "spin": {"GOMP_SPINCOUNT": "1000"}}
# Memory that is freed stays with the process instead of going back to the kernel, which would have
# to clear the pages of every large tensor again in each step.
KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": "4294967296", "MALLOC_TRIM_THRESHOLD_": "4294967296",
               "MALLOC_TOP_PAD_": "67108864"}


@dataclass(frozen=True)
class TorchSetup:
    """One set-up: the layout of images in memory, a key of WAITING, and whether memory is kept."""

    channels_last: bool = False
    waiting: str = "sleep"
    keep_memory: bool = True

    def environment(self, threads: int) -> dict[str, str]:
        """The variables that say so."""
        return {**WAITING[self.waiting], **(KEEP_MEMORY if self.keep_memory else {}),
                "OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)}


def fastest(rate: Callable[[TorchSetup], float], has_images: bool, threads: int) -> TorchSetup:
    """The set-up of the highest rate in one trial of each: first of the layouts, where layers see
    images, then of the ways to wait, where threads do."""
    best = TorchSetup()
    best_rate = rate(best)
    for change in ([{"channels_last": True}] if has_images else []) + (
            [{"waiting": name} for name in WAITING if name != best.waiting] if threads > 1 else []):
        candidate = replace(best, **change)
        candidate_rate = rate(candidate)
        if candidate_rate > best_rate:
            best, best_rate = candidate, candidate_rate
    return best
