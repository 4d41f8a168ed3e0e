"""Our random numbers made again in NumPy: Philox4x32-10 (Salmon et al., SC 2011) and Box and Muller's
transform, with streams named as include/bnn/core/random.h names them."""

from __future__ import annotations

import numpy as np

WEIGHT_NOISE = 1  # the site of the noise of weights in training
ROUNDS, WORDS = 10, 4
MULTIPLIERS, WEYL = (0xD2511F53, 0xCD9E8D57), (0x9E3779B9, 0xBB67AE85)
LOW = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)


def blocks(counter: list[np.ndarray], key: list[int]) -> list[np.ndarray]:
    """Four words of 32 bits, in arrays of 64, for each counter."""
    for _ in range(ROUNDS):
        first, second = (np.uint64(multiplier) * word for multiplier, word in zip(MULTIPLIERS, counter[::2]))
        counter = [second >> HALF ^ counter[1] ^ np.uint64(key[0]), second & LOW,
                   first >> HALF ^ counter[3] ^ np.uint64(key[1]), first & LOW]
        key = [(word + step) & 0xFFFFFFFF for word, step in zip(key, WEYL)]
    return counter


def normal(seed: int, variable: int, draw: int, size: int) -> np.ndarray:
    """The standard normal noise of a training's draw for the untransformed scale number `variable`."""
    count = (size + WORDS - 1) // WORDS
    counter = [np.arange(count, dtype=np.uint64),
               *(np.full(count, word, np.uint64) for word in (0, draw, WEIGHT_NOISE << 24 | variable))]
    words = blocks(counter, [seed & 0xFFFFFFFF, seed >> 32])
    units = [((word >> np.uint64(8)).astype(np.float64) + 0.5) / 2 ** 24 for word in words]
    result = np.empty((count, WORDS))
    for pair in (0, 2):
        radius, angle = np.sqrt(-2 * np.log(units[pair])), 2 * np.pi * units[pair + 1]
        result[:, pair], result[:, pair + 1] = radius * np.cos(angle), radius * np.sin(angle)
    return result.ravel()[:size]
