"""Metrics straight from their definitions, in double precision: for what no peer has, or has otherwise."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

BINS = 15


def bin_of(probability: np.ndarray) -> np.ndarray:
    """The bin (lower, upper] of equal width, from 0."""
    return np.clip(np.ceil(probability * BINS).astype(int) - 1, 0, BINS - 1)


def gaps_by_bin(probability: np.ndarray, hit: np.ndarray, bins: np.ndarray) -> list[tuple]:
    """Of each bin with examples: its share, its mean probability, its share of hits."""
    return [(np.mean(bins == b), probability[bins == b].mean(), hit[bins == b].mean())
            for b in np.unique(bins)]


def calibration_error(probability: np.ndarray, hit: np.ndarray, bins: np.ndarray) -> float:
    """Sum over bins of share |accuracy - confidence|."""
    return sum(share * abs(hits - mean) for share, mean, hits in gaps_by_bin(probability, hit, bins))


def equal_count_bins(confidence: np.ndarray) -> np.ndarray:
    """Bin b holds the sorted examples floor(b N / 15) up to floor((b + 1) N / 15)."""
    count = len(confidence)
    bins = np.empty(count, int)
    edges = [b * count // BINS for b in range(BINS + 1)]
    bins[np.argsort(confidence, kind="stable")] = np.repeat(np.arange(BINS), np.diff(edges))
    return bins


def brier_parts(p: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Reliability, resolution (generalised: Stephenson, Coelho and Jolliffe, 2008) and uncertainty, summed
    over the classes."""
    parts = {"reliability": 0.0, "resolution": 0.0, "uncertainty": 0.0}
    for k in range(p.shape[1]):
        hit, probability = (labels == k).astype(float), p[:, k]
        bins, base = bin_of(probability), hit.mean()
        parts["uncertainty"] += base * (1 - base)
        for b in np.unique(bins):
            inside, outcome = probability[bins == b], hit[bins == b]
            share = len(inside) / len(probability)
            parts["reliability"] += share * (inside.mean() - outcome.mean()) ** 2
            within = inside - inside.mean()
            parts["resolution"] += share * ((outcome.mean() - base) ** 2 - np.mean(within ** 2)
                                            + 2 * np.mean(within * (outcome - outcome.mean())))
    return parts


def smooth_calibration_error(confidence: np.ndarray, hit: np.ndarray) -> float:
    """smECE (Błasiok and Nakkiran, ICLR 2024): the width that equals the integral of |r| smoothed by it. Every
    prediction has a Gaussian of its own, reflected at 0 and 1 as often as matters; an interval's share of a
    Gaussian is exact."""
    edges = np.linspace(0, 1, 1001)

    def smoothed(width: float) -> float:
        mass = np.zeros(len(edges) - 1)
        for shift in range(-2, 3):
            for sign in (1, -1):
                centre = 2 * shift + sign * confidence
                shares = np.diff(ndtr((edges[:, None] - centre) / width), axis=0)
                mass += shares @ (hit - confidence)
        return np.abs(mass).sum() / len(confidence)

    low, high = 0.0, 1.0
    for _ in range(22):
        width = (low + high) / 2
        low, high = (width, high) if smoothed(width) > width else (low, width)
    return high


def scaled(p: np.ndarray, temperature: float) -> np.ndarray:
    """softmax(log p / T); probabilities are floored at the smallest normal float."""
    logits = np.log(np.maximum(p, np.finfo(np.float32).tiny)) / temperature
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def entropy(p: np.ndarray) -> np.ndarray:
    """In nats, over the last axis."""
    return -np.sum(np.where(p > 0, p * np.log(np.where(p > 0, p, 1)), 0), axis=-1)


def scaled_entropies(samples: np.ndarray, temperature: float) -> dict[str, np.ndarray]:
    """Predictive entropy of p_T and its two parts: samples are weighted, class by class, by p^(1/T - 1)."""
    p = np.maximum(samples.mean(0), np.finfo(np.float32).tiny)
    weighted = samples * p ** (1 / temperature - 1)
    shares = weighted.sum(-1, keepdims=True)
    predictive = entropy(scaled(samples.mean(0), temperature))
    expected = np.sum(shares[..., 0] * entropy(weighted / shares), 0) / shares[..., 0].sum(0)
    return {"predictive_entropy": predictive, "expected_entropy": expected,
            "mutual_information": predictive - expected}


def conformal_scores(p: np.ndarray, score: str) -> np.ndarray:
    """Of every class: lac, aps without randomisation, raps with 0.01 for each rank after the second."""
    if score == "lac":
        return 1 - p
    order = np.argsort(-p, axis=-1, kind="stable")
    ranked = np.take_along_axis(p, order, -1)
    before = np.cumsum(ranked, -1) - ranked
    if score == "raps":
        before = before + 0.01 * np.maximum(np.arange(1, p.shape[-1] + 1) - 2, 0)
    scores = np.empty_like(before)
    np.put_along_axis(scores, order, before, -1)
    return scores
