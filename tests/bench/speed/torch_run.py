"""One run of the PyTorch port in a process of its own: trains or predicts, prints one JSON object.

Training: {"examples_per_second": rate of the second epoch}; the first epoch warms up. Prediction:
{"samples_per_second": images times Monte Carlo samples a second}, after two passes to warm up.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import torch
from torch import nn

from networks import KINDS, LEARNING_RATE, NETWORKS
from torch_data import Images
from torch_port import build, loss_of

PREDICTION_BATCH = 512  # faster than 128, since a pass draws and makes its weights once a batch


def train_epoch(model: nn.Sequential, optimizer: torch.optim.Optimizer, images: Images,
                batch_size: int, max_steps: int | None) -> float:
    """Visits every image once in random order, or so many batches of them; images a second."""
    start = time.perf_counter()
    batches = torch.randperm(len(images)).split(batch_size)[:max_steps]
    for chosen in batches:
        pixels, labels = images.batch(chosen)
        optimizer.zero_grad(set_to_none=True)
        loss_of(model, pixels, labels, len(images)).backward()
        optimizer.step()
    return sum(map(len, batches)) / (time.perf_counter() - start)


def train(model: nn.Sequential, images: Images, batch_size: int,
          max_steps: int | None) -> dict:
    """Trains two epochs, or one that stops after `max_steps`."""
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, foreach=True)
    for _ in range(1 if max_steps else 2):
        rate = train_epoch(model, optimizer, images, batch_size, max_steps)
    return {"examples_per_second": rate}


@torch.no_grad()
def predict_batch(model: nn.Sequential, pixels: torch.Tensor, samples: int) -> torch.Tensor:
    """Class probabilities, averaged over so many forward passes."""
    mean = model(pixels).softmax(1)
    for _ in range(samples - 1):
        mean += model(pixels).softmax(1)
    return mean.div_(samples)


def predict(model: nn.Sequential, images: Images, samples: int) -> dict:
    """Predicts all images, batch by batch."""
    batches = torch.arange(len(images)).split(PREDICTION_BATCH)
    predict_batch(model, images.batch(batches[0])[0], 2)
    start = time.perf_counter()
    for chosen in batches:
        predict_batch(model, images.batch(chosen)[0], samples)
    return {"samples_per_second": len(images) * samples / (time.perf_counter() - start)}


def main() -> None:
    """Reads the command line and does one run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", choices=NETWORKS)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("data", type=Path)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("--max-steps", type=int)
    parser.add_argument("--predict-samples", type=int)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    memory_format = torch.channels_last if options.channels_last else torch.contiguous_format
    network = NETWORKS[options.network]
    model = build(network, options.kind).to(memory_format=memory_format)
    images = Images(network, options.data, memory_format)
    if options.predict_samples:
        result = predict(model, images, options.predict_samples)
    else:
        result = train(model, images, network.batch_size, options.max_steps)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
