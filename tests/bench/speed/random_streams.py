"""The named random streams of bnn in NumPy, written from the description in core/random.h.

They exist so that PyTorch can be given the very noise, signs and order of images that bnn draws.
Element i of a stream is a function of i and of the stream's name.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

ROUNDS = 10
MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
WEYL = (0x9E3779B9, 0xBB67AE85)
LOW = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)


class Site(IntEnum):
    """What a stream is used for."""

    WEIGHT_NOISE = 1
    SIGN_INPUT = 2
    SIGN_OUTPUT = 3
    SHUFFLE = 4
    PREDICT_NOISE = 8
    PREDICT_SIGN_INPUT = 9
    PREDICT_SIGN_OUTPUT = 10


@dataclass(frozen=True)
class Stream:
    """The name of a stream."""

    seed: int
    site: Site
    index: int = 0
    step: int = 0
    example: int = 0


def philox4x32(counter: list[np.ndarray], key: list[int]) -> list[np.ndarray]:
    """Philox4x32-10 (Salmon et al., 2011): four words, as uint64 arrays, for each counter."""
    for _ in range(ROUNDS):
        first, second = MULTIPLIERS[0] * counter[0], MULTIPLIERS[1] * counter[2]
        counter = [(second >> HALF) ^ counter[1] ^ np.uint64(key[0]), second & LOW,
                   (first >> HALF) ^ counter[3] ^ np.uint64(key[1]), first & LOW]
        key = [(word + step) & 0xFFFFFFFF for word, step in zip(key, WEYL)]
    return counter


def words(stream: Stream, count: int) -> np.ndarray:
    """The first `count` words of the stream, as uint64."""
    blocks = np.arange((count + 3) // 4, dtype=np.uint64)
    use = (int(stream.site) << 24) | stream.index
    fixed = [np.full_like(blocks, value) for value in (stream.example, stream.step, use)]
    key = [stream.seed & 0xFFFFFFFF, stream.seed >> 32]
    return np.stack(philox4x32([blocks, *fixed], key), axis=1).reshape(-1)[:count]


def normals(stream: Stream, count: int) -> np.ndarray:
    """Standard normal numbers (Box and Muller): two of each two words, cosine first."""
    units = ((words(stream, count + count % 2) >> np.uint64(8)) + 0.5) / 2.0 ** 24
    radius, angle = np.sqrt(-2.0 * np.log(units[0::2])), 2.0 * np.pi * units[1::2]
    pairs = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return pairs.reshape(-1)[:count].astype(np.float32)


def signs(stream: Stream, count: int) -> np.ndarray:
    """Fair signs: one for each bit of a word, lowest first; a set bit is +1."""
    bits = words(stream, (count + 31) // 32)[:, None] >> np.arange(32, dtype=np.uint64)
    return ((bits & np.uint64(1)).reshape(-1)[:count] * 2.0 - 1.0).astype(np.float32)


def shuffled(stream: Stream, count: int) -> np.ndarray:
    """0, 1, ... in the order of Fisher and Yates, from the last place down."""
    drawn = words(stream, count)
    order = np.arange(count)
    for i in range(count - 1, 0, -1):
        other = (int(drawn[i]) * (i + 1)) >> 32
        order[i], order[other] = order[other], order[i]
    return order
